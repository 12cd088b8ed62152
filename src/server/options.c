#include "options.h"

#include "innernet/cli_shared.h"

const struct cli_option options_global[] = {
    CLI_FOLDER_OPTIONS("/etc/innernet-server", "/var/lib/innernet-server"),
    CLI_NETWORK_OPTIONS,
    {0},
};

const struct cli_option options_network[] = {CLI_NETWORK_OPTIONS, {0}};

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
