#include "command_options.h"

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

/* --- options of single commands ----------------------------------------------------------------
 */

const struct cli_option yes_options[] = {
    {.name = "yes", .kind = CLI_FLAG, .help = "Do not ask for confirmation"},
    {0},
};

const struct cli_option install_options[] = {
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

const struct cli_option show_options[] = {
    {.name = "short", .short_name = 's', .kind = CLI_FLAG, .help = "One line per peer"},
    {.name = "tree", .short_name = 't', .kind = CLI_FLAG, .help = "Peers in a tree of CIDRs"},
    {0},
};

const struct cli_option up_options[] = {
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

const struct cli_option list_cidrs_options[] = {
    {.name = "tree",
     .short_name = 't',
     .kind = CLI_FLAG,
     .help = "Indent CIDRs below their parent"},
    {0},
};

const struct cli_option add_peer_options[] = {
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

const struct cli_option peer_name_options[] = {
    {.name = "name",
     .kind = CLI_VALUE,
     .value_name = "NAME",
     .help = "Name of the peer",
     .check = cli_check_hostname},
    {0},
};

const struct cli_option new_hostname_options[] = {
    {.name = "new-name",
     .kind = CLI_VALUE,
     .value_name = "NAME",
     .help = "New name of the peer",
     .check = cli_check_hostname},
    {0},
};

const struct cli_option yes_with_name_options[] = {
    {.name = "yes", .kind = CLI_FLAG, .help = "Do not ask for confirmation", .requires = "name"},
    {0},
};

const struct cli_option add_cidr_options[] = {
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

const struct cli_option cidr_name_options[] = {
    {.name = "name",
     .kind = CLI_VALUE,
     .value_name = "NAME",
     .help = "Name of the CIDR",
     .allow_empty = true},
    {0},
};

const struct cli_option new_cidr_name_options[] = {
    {.name = "new-name",
     .kind = CLI_VALUE,
     .value_name = "NAME",
     .help = "New name of the CIDR",
     .allow_empty = true},
    {0},
};

const struct cli_option listen_port_options[] = {
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

const struct cli_option endpoint_options[] = {
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
