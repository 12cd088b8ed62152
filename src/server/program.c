#include "program.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "commands.h"
#include "innernet/cli_shared.h"
#include "innernet/log.h"
#include "innernet/version.h"
#include "options.h"

static const struct cli_command commands[] = {
    {.name = "new",
     .alias = "init",
     .summary = "Create a new network",
     .options = CLI_OPTIONS(cmd_new_options),
     .run = cmd_new},
    {.name = "uninstall",
     .summary = "Take a network's interface down and delete its files",
     .positionals = cli_interface,
     .options = CLI_OPTIONS(cli_hosts_options, cli_yes_options),
     .run = cmd_uninstall},
    {.name = "serve",
     .summary = "Bring a network's interface up and serve its peers",
     .positionals = cli_interface,
     .options = CLI_OPTIONS(options_network, cli_hosts_options, cli_host_suffix_options),
     .run = cmd_serve},
    CLI_MANAGING_COMMANDS("innernet-server"),
    {.name = "list-peers",
     .summary = "List peers",
     .details =
         "One line per peer, in ascending id:\n\n"
         "<id>: <ip> <name> (<cidr>)\n\n"
         "followed by what else there is to know, each after a comma: admin; disabled; invited "
         "until <date>, for a peer that has not yet redeemed its invitation, or invitation "
         "expired <date>. Dates are in UTC.",
     .positionals = cli_interface,
     .run = cmd_list_peers},
    {0},
};

static const struct cli_program program = {
    .name = "innernet-server",
    .version = INNERNET_VERSION,
    .about = "The server of a private network over WireGuard.",
    .global_options = options_global,
    .commands = commands,
};

static int before_run(const struct cli_args *args, void *user)
{
    (void)user;
    log_init(stderr, log_level_parse(getenv("RUST_LOG"), LOG_LEVEL_WARN));
    if (getuid() == 0 || cli_args_command(args)->any_user)
        return 0;
    fputs("error: innernet-server must be run as root\n", stderr);
    return 1;
}

int server_main(int argc, char **argv)
{
    return cli_main(&program, argc, argv, before_run, NULL);
}
