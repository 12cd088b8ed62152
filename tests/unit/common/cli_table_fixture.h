#pragma once
/* A command table with one of each thing, shared by the cli tests. */

#include <stddef.h>

#include "innernet/cli.h"

static const char *const fixture_backends[] = {"kernel", "userspace", NULL};

static const struct cli_option fixture_globals[] = {
    {.name = "verbose", .short_name = 'v', .kind = CLI_COUNT, .help = "Say more"},
    {.name = "config-dir",
     .short_name = 'c',
     .kind = CLI_VALUE,
     .value_name = "PATH",
     .help = "Where configs are",
     .default_value = "/etc/innernet",
     .hint = CLI_HINT_DIR},
    {.name = "no-routing", .kind = CLI_FLAG, .help = "No routes"},
    {.name = "backend", .kind = CLI_VALUE, .help = "Device kind", .choices = fixture_backends},
    {0},
};

static const struct cli_option fixture_hosts[] = {
    {.name = "hosts-path",
     .kind = CLI_VALUE,
     .value_name = "PATH",
     .help = "Hosts file",
     .default_value = "/etc/hosts",
     .hint = CLI_HINT_FILE,
     .conflicts = {"no-write-hosts"}},
    {.name = "no-write-hosts", .kind = CLI_FLAG, .help = "Leave the hosts file alone"},
    {.name = "host-suffix",
     .kind = CLI_VALUE,
     .value_name = "TEXT",
     .help = "What follows names",
     .allow_empty = true},
    {0},
};

static const struct cli_option fixture_up[] = {
    {.name = "daemon", .short_name = 'd', .kind = CLI_FLAG, .help = "Stay in the foreground"},
    {.name = "quick", .short_name = 'q', .kind = CLI_FLAG, .help = "Hurry"},
    {.name = "interval",
     .short_name = 'i',
     .kind = CLI_VALUE,
     .value_name = "SECONDS",
     .help = "Pause between two fetches",
     .default_value = "60",
     .check = cli_check_u64},
    {.name = "exclude",
     .short_name = 'x',
     .kind = CLI_LIST,
     .value_name = "CIDR",
     .help = "Leave out a network",
     .check = cli_check_network},
    {.name = "yes", .kind = CLI_FLAG, .help = "Do not ask", .requires = "interval"},
    {0},
};

static const struct cli_option *const fixture_up_options[] = {fixture_up, fixture_hosts, NULL};

static const struct cli_positional fixture_up_positionals[] = {
    {.name = "INTERFACE",
     .help = "Network to bring up",
     .required = true,
     .check = cli_check_interface,
     .hint = CLI_HINT_INTERFACE},
    {.name = "LABEL", .help = "Any text"},
    {0},
};

static const struct cli_positional fixture_load_positionals[] = {
    {.name = "FILE", .help = "Files", .required = true, .repeated = true, .hint = CLI_HINT_FILE},
    {0},
};

static int fixture_runs;

static int fixture_run(const struct cli_args *args, void *user)
{
    fixture_runs++;
    if (user)
        *(const struct cli_command **)user = cli_args_command(args);
    return 7;
}

static const struct cli_command fixture_commands[] = {
    {.name = "up",
     .alias = "raise",
     .summary = "Bring a network up",
     .details = "Some more words about bringing up networks, to be read at leisure.",
     .example = "tool up evilcorp --interval 5 \\\n    --yes",
     .positionals = fixture_up_positionals,
     .options = fixture_up_options,
     .run = fixture_run},
    {.name = "show",
     .alias = "list",
     .alias_hidden = true,
     .summary = "Show it's state",
     .run = fixture_run},
    {.name = "load",
     .summary = "Load files",
     .positionals = fixture_load_positionals,
     .run = fixture_run},
    {0},
};

static const struct cli_program fixture_program = {
    .name = "tool",
    .version = "1.2.3",
    .about = "A tool for tests",
    .global_options = fixture_globals,
    .commands = fixture_commands,
    .default_command = "show",
};
