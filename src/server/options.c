#include "options.h"

#include "innernet/hosts.h"

static const char *const backends[] = {"kernel", "userspace", NULL};

#define NETWORK_OPTIONS                                                                            \
    {.name = "no-routing",                                                                         \
     .kind = CLI_FLAG,                                                                             \
     .help = "Do not add a route to the network; the operator does it"},                           \
        {.name = "backend",                                                                        \
         .kind = CLI_VALUE,                                                                        \
         .value_name = "BACKEND",                                                                  \
         .help = "WireGuard implementation; without it what exists is used, the kernel first",     \
         .choices = backends},                                                                     \
    {                                                                                              \
        .name = "mtu", .kind = CLI_VALUE, .value_name = "MTU",                                     \
        .help = "MTU of the interface; 1280 unless given", .check = cli_check_u32                  \
    }

const struct cli_option options_global[] = {
    {.name = "config-dir",
     .short_name = 'c',
     .kind = CLI_VALUE,
     .value_name = "PATH",
     .help = "Folder of the networks' configuration files",
     .default_value = "/etc/innernet-server",
     .hint = CLI_HINT_DIR},
    {.name = "data-dir",
     .short_name = 'd',
     .kind = CLI_VALUE,
     .value_name = "PATH",
     .help = "Folder of the networks' databases",
     .default_value = "/var/lib/innernet-server",
     .hint = CLI_HINT_DIR},
    NETWORK_OPTIONS,
    {0},
};

const struct cli_option options_network[] = {NETWORK_OPTIONS, {0}};

const struct cli_option options_hosts[] = {
    {.name = "hosts-path",
     .kind = CLI_VALUE,
     .value_name = "PATH",
     .help = "Hosts file that gets the names of the peers",
     .default_value = HOSTS_PATH_DEFAULT,
     .hint = CLI_HINT_FILE},
    {.name = "no-write-hosts",
     .kind = CLI_FLAG,
     .help = "Leave the hosts file alone",
     .conflicts = {"hosts-path"}},
    {0},
};

const struct cli_option options_yes[] = {
    {.name = "yes", .kind = CLI_FLAG, .help = "Do not ask for confirmation"},
    {0},
};

const struct cli_positional options_interface[] = {
    {.name = "INTERFACE",
     .help = "Name of the network",
     .required = true,
     .check = cli_check_interface,
     .hint = CLI_HINT_INTERFACE},
    {0},
};

static void read_backend(const char *text, struct network_options *o)
{
    if (text)
        wg_backend_parse(text, &o->backend); /* the table lets only known words through */
}

struct network_options options_read_network(const struct cli_args *args, bool own)
{
    struct network_options o = {.backend = WG_BACKEND_AUTO};
    const char *mtu = cli_global_value(args, "mtu");
    o.no_routing = cli_global_given(args, "no-routing");
    read_backend(cli_global_value(args, "backend"), &o);
    if (own) {
        o.no_routing = o.no_routing || cli_given(args, "no-routing");
        read_backend(cli_value(args, "backend"), &o);
        if (cli_value(args, "mtu"))
            mtu = cli_value(args, "mtu");
    }
    o.mtu = mtu ? (uint32_t)cli_u64(mtu) : 0;
    return o;
}
