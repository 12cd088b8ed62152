#include "program.h"

#include "client.h"
#include "command_options.h"
#include "command_table.h"
#include "heap.h"
#include "innernet/log.h"
#include "innernet/version.h"

static const struct cli_program program = {
    .name = "innernet",
    .version = INNERNET_VERSION,
    .about = "A private network over WireGuard: join it, keep it up, administer it.",
    .global_options = client_global_options,
    .commands = client_commands,
    .default_command = "show",
};

static enum log_level level_of(unsigned verbosity)
{
    if (verbosity == 0)
        return LOG_LEVEL_INFO;
    return verbosity == 1 ? LOG_LEVEL_DEBUG : LOG_LEVEL_TRACE;
}

static int before_run(const struct cli_args *args, void *user)
{
    struct client *client = user;
    const char *mtu = cli_global_value(args, "mtu");
    const char *backend = cli_global_value(args, "backend");
    client->config_dir = cli_global_value(args, "config-dir");
    client->data_dir = cli_global_value(args, "data-dir");
    client->no_routing = cli_global_given(args, "no-routing");
    client->verbosity = cli_global_count(args, "verbose");
    client->mtu = mtu ? (uint32_t)cli_u64(mtu) : 0;
    client->backend = WG_BACKEND_AUTO;
    if (backend)
        wg_backend_parse(backend, &client->backend);
    log_init(stdout, level_of(client->verbosity));
    return 0;
}

int client_main(int argc, char **argv)
{
    struct client client = {0};
    heap_init();
    return cli_main(&program, argc, argv, before_run, &client);
}
