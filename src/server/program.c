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
    {.name = "add-peer",
     .summary = "Invite a peer: write an invitation file for it",
     .positionals = cli_interface,
     .options = CLI_OPTIONS(cli_new_peer_options),
     .run = cmd_add_peer},
    {.name = "disable-peer",
     .summary = "Disable a peer",
     .positionals = cli_interface,
     .options = CLI_OPTIONS(cli_peer_name_options, cli_yes_with_name_options),
     .run = cmd_disable_peer},
    {.name = "enable-peer",
     .summary = "Enable a disabled peer",
     .positionals = cli_interface,
     .options = CLI_OPTIONS(cli_peer_name_options, cli_yes_with_name_options),
     .run = cmd_enable_peer},
    {.name = "rename-peer",
     .summary = "Rename a peer",
     .positionals = cli_interface,
     .options = CLI_OPTIONS(cli_peer_name_options, cli_new_peer_name_options, cli_yes_options),
     .run = cmd_rename_peer},
    {.name = "add-cidr",
     .summary = "Add a CIDR, a group of peers with an address range",
     .positionals = cli_interface,
     .options = CLI_OPTIONS(cli_new_cidr_options, cli_yes_options),
     .run = cmd_add_cidr},
    {.name = "rename-cidr",
     .summary = "Rename a CIDR",
     .positionals = cli_interface,
     .options = CLI_OPTIONS(cli_cidr_name_options, cli_new_cidr_name_options, cli_yes_options),
     .run = cmd_rename_cidr},
    {.name = "delete-cidr",
     .summary = "Delete a CIDR that has neither peers nor children",
     .positionals = cli_interface,
     .options = CLI_OPTIONS(cli_cidr_name_options, cli_yes_options),
     .run = cmd_delete_cidr},
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
