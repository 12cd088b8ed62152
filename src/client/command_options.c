#include "command_options.h"

#include "innernet/cli_shared.h"

const struct cli_option client_global_options[] = {
    {.name = "verbose",
     .short_name = 'v',
     .kind = CLI_COUNT,
     .help = "Say more: -v for debugging, -vv for everything; show then prints whole keys"},
    CLI_FOLDER_OPTIONS("/etc/innernet", "/var/lib/innernet"),
    CLI_NETWORK_OPTIONS,
    {0},
};

/* --- options of single commands ----------------------------------------------------------------
 */

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
