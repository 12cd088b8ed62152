#include "innernet/cli_shared.h"

#include "innernet/hosts.h"

const char *const cli_backends[] = {"kernel", "userspace", NULL};
static const char *const booleans[] = {"true", "false", NULL};

/* --- positionals -------------------------------------------------------------------------------
 */

#define INTERFACE                                                                                  \
    {                                                                                              \
        .name = "INTERFACE", .help = "Interface of the network", .required = true,                 \
        .check = cli_check_interface, .hint = CLI_HINT_INTERFACE                                   \
    }

const struct cli_positional cli_interface[] = {INTERFACE, {0}};

const struct cli_positional cli_interface_and_cidrs[] = {
    INTERFACE,
    {.name = "CIDR1", .help = "Name of the first CIDR"},
    {.name = "CIDR2", .help = "Name of the second CIDR"},
    {0},
};

/* --- options -----------------------------------------------------------------------------------
 */

#define YES .name = "yes", .kind = CLI_FLAG, .help = "Do not ask for confirmation"

const struct cli_option cli_yes_options[] = {{YES}, {0}};
const struct cli_option cli_yes_with_name_options[] = {{YES, .requires = "name"}, {0}};

const struct cli_option cli_hosts_options[] = {
    {.name = "hosts-path",
     .kind = CLI_VALUE,
     .value_name = "PATH",
     .help = "The hosts file that peers' names are written to",
     .default_value = HOSTS_PATH_DEFAULT,
     .hint = CLI_HINT_FILE,
     .conflicts = {"no-write-hosts"}},
    {.name = "no-write-hosts", .kind = CLI_FLAG, .help = "Do not write to the hosts file"},
    {0},
};

const struct cli_option cli_host_suffix_options[] = {
    {.name = "host-suffix",
     .kind = CLI_VALUE,
     .value_name = "SUFFIX",
     .help = "End host names in this (empty: bare names) instead of <interface>.wg",
     .allow_empty = true},
    {0},
};

const struct cli_option cli_new_peer_options[] = {
    {.name = "name",
     .kind = CLI_VALUE,
     .value_name = "NAME",
     .help = "Name of the new peer",
     .check = cli_check_hostname},
    {.name = "ip",
     .kind = CLI_VALUE,
     .value_name = "IP",
     .help = "Address of the new peer inside the network",
     .check = cli_check_ip,
     .conflicts = {"auto-ip"}},
    {.name = "auto-ip", .kind = CLI_FLAG, .help = "Take the lowest free address of the CIDR"},
    {.name = "cidr",
     .kind = CLI_VALUE,
     .value_name = "CIDR",
     .help = "Name of the CIDR the peer shall be in; one without CIDRs below it",
     .allow_empty = true},
    {.name = "admin",
     .kind = CLI_VALUE,
     .value_name = "BOOL",
     .help = "Whether the new peer is an admin",
     .choices = booleans},
    {YES},
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

const struct cli_option cli_peer_name_options[] = {
    {.name = "name",
     .kind = CLI_VALUE,
     .value_name = "NAME",
     .help = "Name of the peer",
     .check = cli_check_hostname},
    {0},
};

const struct cli_option cli_new_peer_name_options[] = {
    {.name = "new-name",
     .kind = CLI_VALUE,
     .value_name = "NAME",
     .help = "New name of the peer",
     .check = cli_check_hostname},
    {0},
};

const struct cli_option cli_new_cidr_options[] = {
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

const struct cli_option cli_cidr_name_options[] = {
    {.name = "name",
     .kind = CLI_VALUE,
     .value_name = "NAME",
     .help = "Name of the CIDR",
     .allow_empty = true},
    {0},
};

const struct cli_option cli_new_cidr_name_options[] = {
    {.name = "new-name",
     .kind = CLI_VALUE,
     .value_name = "NAME",
     .help = "New name of the CIDR",
     .allow_empty = true},
    {0},
};

const struct cli_option cli_list_cidrs_options[] = {
    {.name = "tree",
     .short_name = 't',
     .kind = CLI_FLAG,
     .help = "Indent CIDRs below their parent"},
    {0},
};
