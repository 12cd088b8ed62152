#include "command_table.h"

#include "commands.h"
#include "options.h"

static const char *const backends[] = {"kernel", "userspace", NULL};
static const char *const booleans[] = {"true", "false", NULL};

const struct cli_option client_global_options[] = {
    {.name = "verbose",
     .short_name = 'v',
     .kind = CLI_COUNT,
     .help = "Say more: -v for debugging, -vv for everything; show then prints whole keys"},
    {.name = "config-dir",
     .short_name = 'c',
     .kind = CLI_VALUE,
     .value_name = "PATH",
     .help = "Where interface configurations are",
     .default_value = "/etc/innernet",
     .hint = CLI_HINT_DIR},
    {.name = "data-dir",
     .short_name = 'd',
     .kind = CLI_VALUE,
     .value_name = "PATH",
     .help = "Where the networks' data are stored",
     .default_value = "/var/lib/innernet",
     .hint = CLI_HINT_DIR},
    {.name = "no-routing", .kind = CLI_FLAG, .help = "Add no route when bringing an interface up"},
    {.name = "backend",
     .kind = CLI_VALUE,
     .value_name = "BACKEND",
     .help = "Which WireGuard to use. Without it: that of the existing device, else the kernel's, "
             "else a userspace implementation that is installed",
     .choices = backends},
    {.name = "mtu",
     .kind = CLI_VALUE,
     .value_name = "MTU",
     .help = "MTU of the interface, 1280 if not given",
     .check = cli_check_u32},
    {0},
};

static const struct cli_positional interface_only[] = {
    {.name = "INTERFACE",
     .help = "Interface of the network",
     .required = true,
     .check = cli_check_interface,
     .hint = CLI_HINT_INTERFACE},
    {0},
};

static const struct cli_positional interface_optional[] = {
    {.name = "INTERFACE",
     .help = "Interface of the network; all of them if not given",
     .check = cli_check_interface,
     .hint = CLI_HINT_INTERFACE},
    {0},
};

static const struct cli_positional interface_and_cidrs[] = {
    {.name = "INTERFACE",
     .help = "Interface of the network",
     .required = true,
     .check = cli_check_interface,
     .hint = CLI_HINT_INTERFACE},
    {.name = "CIDR1", .help = "Name of the first CIDR"},
    {.name = "CIDR2", .help = "Name of the second CIDR"},
    {0},
};

static const struct cli_positional invitation_only[] = {
    {.name = "INVITE",
     .help = "Path of the invitation file",
     .required = true,
     .hint = CLI_HINT_FILE},
    {0},
};

/* --- options of single commands ----------------------------------------------------------------
 */

static const struct cli_option yes_options[] = {
    {.name = "yes", .kind = CLI_FLAG, .help = "Do not ask for confirmation"},
    {0},
};
#define OPTIONS(...) ((const struct cli_option *const[]){__VA_ARGS__, NULL})

static const struct cli_option install_options[] = {
    {.name = "name",
     .kind = CLI_VALUE,
     .value_name = "NAME",
     .help = "Name of the interface",
     .allow_empty = true,
     .conflicts = {"default-name"}},
    {.name = "default-name", .kind = CLI_FLAG, .help = "Name the interface as the invitation says"},
    {.name = "delete-invite",
     .short_name = 'd',
     .kind = CLI_FLAG,
     .help = "Delete the invitation after it is redeemed"},
    {0},
};

static const struct cli_option show_options[] = {
    {.name = "short", .short_name = 's', .kind = CLI_FLAG, .help = "One line per peer"},
    {.name = "tree", .short_name = 't', .kind = CLI_FLAG, .help = "Peers in a tree of CIDRs"},
    {0},
};

static const struct cli_option up_options[] = {
    {.name = "daemon",
     .short_name = 'd',
     .kind = CLI_FLAG,
     .help = "Stay and fetch again and again"},
    {.name = "interval",
     .kind = CLI_VALUE,
     .value_name = "SECONDS",
     .help = "Pause between two fetches of the daemon",
     .default_value = "60",
     .check = cli_check_u64},
    {0},
};

static const struct cli_option list_cidrs_options[] = {
    {.name = "tree",
     .short_name = 't',
     .kind = CLI_FLAG,
     .help = "Indent CIDRs below their parent"},
    {0},
};

static const struct cli_option add_peer_options[] = {
    {.name = "name",
     .kind = CLI_VALUE,
     .value_name = "NAME",
     .help = "Name of the new peer",
     .check = cli_check_hostname},
    {.name = "ip",
     .kind = CLI_VALUE,
     .value_name = "IP",
     .help = "Address of the new peer",
     .check = cli_check_ip,
     .conflicts = {"auto-ip"}},
    {.name = "auto-ip", .kind = CLI_FLAG, .help = "Take the first free address of the CIDR"},
    {.name = "cidr",
     .kind = CLI_VALUE,
     .value_name = "CIDR",
     .help = "Name of the CIDR the peer shall be in",
     .allow_empty = true},
    {.name = "admin",
     .kind = CLI_VALUE,
     .value_name = "BOOL",
     .help = "Whether the new peer is an admin",
     .choices = booleans},
    {.name = "yes", .kind = CLI_FLAG, .help = "Do not ask for confirmation"},
    {.name = "save-config",
     .kind = CLI_VALUE,
     .value_name = "PATH",
     .help = "Where to write the invitation",
     .allow_empty = true,
     .hint = CLI_HINT_FILE},
    {.name = "invite-expires",
     .kind = CLI_VALUE,
     .value_name = "TIME",
     .help = "How long the invitation is good: a number and one of s, m, h, d, w, as in 14d",
     .check = cli_check_timestring},
    {0},
};

static const struct cli_option peer_name_options[] = {
    {.name = "name",
     .kind = CLI_VALUE,
     .value_name = "NAME",
     .help = "Name of the peer",
     .check = cli_check_hostname},
    {0},
};

static const struct cli_option new_hostname_options[] = {
    {.name = "new-name",
     .kind = CLI_VALUE,
     .value_name = "NAME",
     .help = "New name of the peer",
     .check = cli_check_hostname},
    {0},
};

static const struct cli_option yes_with_name_options[] = {
    {.name = "yes", .kind = CLI_FLAG, .help = "Do not ask for confirmation", .requires = "name"},
    {0},
};

static const struct cli_option add_cidr_options[] = {
    {.name = "name",
     .kind = CLI_VALUE,
     .value_name = "NAME",
     .help = "Name of the new CIDR",
     .check = cli_check_hostname},
    {.name = "cidr",
     .kind = CLI_VALUE,
     .value_name = "CIDR",
     .help = "Its addresses, as in 10.42.3.0/24",
     .check = cli_check_network},
    {.name = "parent",
     .kind = CLI_VALUE,
     .value_name = "NAME",
     .help = "Name of the CIDR it is in",
     .allow_empty = true},
    {0},
};

static const struct cli_option cidr_name_options[] = {
    {.name = "name",
     .kind = CLI_VALUE,
     .value_name = "NAME",
     .help = "Name of the CIDR",
     .allow_empty = true},
    {0},
};

static const struct cli_option new_cidr_name_options[] = {
    {.name = "new-name",
     .kind = CLI_VALUE,
     .value_name = "NAME",
     .help = "New name of the CIDR",
     .allow_empty = true},
    {0},
};

static const struct cli_option listen_port_options[] = {
    {.name = "listen-port",
     .short_name = 'l',
     .kind = CLI_VALUE,
     .value_name = "PORT",
     .help = "The port to listen on",
     .check = cli_check_u16,
     .conflicts = {"unset"}},
    {.name = "unset", .short_name = 'u', .kind = CLI_FLAG, .help = "Listen on a random port"},
    {0},
};

static const struct cli_option endpoint_options[] = {
    {.name = "endpoint",
     .short_name = 'e',
     .kind = CLI_VALUE,
     .value_name = "ENDPOINT",
     .help = "The endpoint, host:port",
     .check = cli_check_endpoint,
     .conflicts = {"unset"}},
    {.name = "unset", .short_name = 'u', .kind = CLI_FLAG, .help = "Take the override back"},
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
     .options = OPTIONS(install_options, options_hosts, options_nat),
     .run = cmd_install},
    {.name = "show",
     .alias = "list",
     .alias_hidden = true,
     .summary = "Show networks and their peers",
     .positionals = interface_optional,
     .options = OPTIONS(show_options),
     .run = cmd_show},
    {.name = "up",
     .summary = "Bring interfaces up, and fetch the peers",
     .positionals = interface_optional,
     .options = OPTIONS(up_options, options_hosts, options_nat),
     .run = cmd_up},
    {.name = "fetch",
     .summary = "Fetch the peers of an interface that is up",
     .positionals = interface_only,
     .options = OPTIONS(options_hosts, options_nat),
     .run = cmd_fetch},
    {.name = "uninstall",
     .summary = "Leave a network for good, and delete its files",
     .positionals = interface_only,
     .options = OPTIONS(yes_options, options_hosts),
     .run = cmd_uninstall},
    {.name = "down",
     .summary = "Bring an interface down",
     .positionals = interface_only,
     .run = cmd_down},
    {.name = "add-peer",
     .summary = "Add a peer, and write its invitation",
     .example = "innernet add-peer evilcorp --name laptop --cidr humans --auto-ip --admin false "
                "--invite-expires 14d --save-config laptop.toml --yes",
     .positionals = interface_only,
     .options = OPTIONS(add_peer_options),
     .run = cmd_add_peer},
    {.name = "rename-peer",
     .summary = "Rename a peer",
     .example = "innernet rename-peer evilcorp --name laptop --new-name workstation --yes",
     .positionals = interface_only,
     .options = OPTIONS(peer_name_options, new_hostname_options, yes_options),
     .run = cmd_rename_peer},
    {.name = "add-cidr",
     .summary = "Add a CIDR",
     .positionals = interface_only,
     .options = OPTIONS(add_cidr_options, yes_options),
     .run = cmd_add_cidr},
    {.name = "rename-cidr",
     .summary = "Rename a CIDR",
     .example = "innernet rename-cidr evilcorp --name humans --new-name people --yes",
     .positionals = interface_only,
     .options = OPTIONS(cidr_name_options, new_cidr_name_options, yes_options),
     .run = cmd_rename_cidr},
    {.name = "delete-cidr",
     .summary = "Delete a CIDR that nobody is in",
     .positionals = interface_only,
     .options = OPTIONS(cidr_name_options, yes_options),
     .run = cmd_delete_cidr},
    {.name = "list-cidrs",
     .summary = "List CIDRs",
     .positionals = interface_only,
     .options = OPTIONS(list_cidrs_options),
     .run = cmd_list_cidrs},
    {.name = "disable-peer",
     .summary = "Disable an enabled peer",
     .positionals = interface_only,
     .options = OPTIONS(peer_name_options, yes_with_name_options),
     .run = cmd_disable_peer},
    {.name = "enable-peer",
     .summary = "Enable a disabled peer",
     .positionals = interface_only,
     .options = OPTIONS(peer_name_options, yes_with_name_options),
     .run = cmd_enable_peer},
    {.name = "add-association",
     .summary = "Let the peers of two CIDRs see each other",
     .positionals = interface_and_cidrs,
     .options = OPTIONS(yes_options),
     .run = cmd_add_association},
    {.name = "delete-association",
     .summary = "Take an association of two CIDRs back",
     .positionals = interface_and_cidrs,
     .options = OPTIONS(yes_options),
     .run = cmd_delete_association},
    {.name = "list-associations",
     .summary = "List associations of CIDRs",
     .positionals = interface_only,
     .run = cmd_list_associations},
    {.name = "set-listen-port",
     .summary = "Set the port the interface listens on",
     .positionals = interface_only,
     .options = OPTIONS(listen_port_options, yes_options),
     .run = cmd_set_listen_port},
    {.name = "override-endpoint",
     .summary = "Tell the server under which endpoint this peer can be reached",
     .positionals = interface_only,
     .options = OPTIONS(endpoint_options, yes_options),
     .run = cmd_override_endpoint},
    {.name = "override-peer-endpoint",
     .summary = "Use another endpoint for a peer than the server's, on this machine",
     .positionals = interface_only,
     .options = OPTIONS(peer_name_options, endpoint_options, yes_options),
     .run = cmd_override_peer_endpoint},
    {0},
};
