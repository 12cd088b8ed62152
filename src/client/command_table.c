#include "command_table.h"

#include "command_options.h"
#include "commands.h"
#include "innernet/cli_shared.h"
#include "options.h"

static const struct cli_positional interface_optional[] = {
    {.name = "INTERFACE",
     .help = "Interface of the network; all of them if not given",
     .check = cli_check_interface,
     .hint = CLI_HINT_INTERFACE},
    {0},
};

static const struct cli_positional invitation_only[] = {
    {.name = "INVITE",
     .help = "Path of the invitation file",
     .required = true,
     .hint = CLI_HINT_FILE},
    {0},
};

/* --- commands ----------------------------------------------------------------------------------
 */

const struct cli_command client_commands[] = {
    {.name = "install",
     .alias = "redeem",
     .alias_hidden = true,
     .summary = "Join a network with an invitation",
     .positionals = invitation_only,
     .options =
         CLI_OPTIONS(install_options, cli_hosts_options, cli_host_suffix_options, options_nat),
     .run = cmd_install},
    {.name = "show",
     .alias = "list",
     .alias_hidden = true,
     .summary = "Show networks and their peers",
     .positionals = interface_optional,
     .options = CLI_OPTIONS(show_options),
     .run = cmd_show},
    {.name = "up",
     .summary = "Bring interfaces up, and fetch the peers",
     .positionals = interface_optional,
     .options = CLI_OPTIONS(up_options, cli_hosts_options, cli_host_suffix_options, options_nat),
     .run = cmd_up},
    {.name = "fetch",
     .summary = "Fetch the peers of an interface that is up",
     .positionals = cli_interface,
     .options = CLI_OPTIONS(cli_hosts_options, cli_host_suffix_options, options_nat),
     .run = cmd_fetch},
    {.name = "uninstall",
     .summary = "Leave a network for good, and delete its files",
     .positionals = cli_interface,
     .options = CLI_OPTIONS(cli_yes_options, cli_hosts_options, cli_host_suffix_options),
     .run = cmd_uninstall},
    {.name = "down",
     .summary = "Bring an interface down",
     .positionals = cli_interface,
     .run = cmd_down},
    CLI_MANAGING_COMMANDS("innernet"),
    {.name = "set-listen-port",
     .summary = "Set the port the interface listens on",
     .positionals = cli_interface,
     .options = CLI_OPTIONS(listen_port_options, cli_yes_options),
     .run = cmd_set_listen_port},
    {.name = "override-endpoint",
     .summary = "Tell the server under which endpoint this peer can be reached",
     .positionals = cli_interface,
     .options = CLI_OPTIONS(endpoint_options, cli_yes_options),
     .run = cmd_override_endpoint},
    {.name = "override-peer-endpoint",
     .summary = "Use another endpoint for a peer than the server's, on this machine",
     .positionals = cli_interface,
     .options = CLI_OPTIONS(cli_peer_name_options, endpoint_options, cli_yes_options),
     .run = cmd_override_peer_endpoint},
    {0},
};
