#include "program.h"

#include <malloc.h>

#include "client.h"
#include "command_options.h"
#include "command_table.h"
#include "innernet/log.h"
#include "innernet/version.h"

#define LARGE_BLOCK_MAX (32 << 20) /* the most that mallopt takes */
#define TOP_PAD (1 << 20)

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

/* Files, answers and dumps of a large network are a few megabytes each, one after the other: giving
 * each back to the kernel and getting the next from it page by page costs more than reading them.
 */
static void keep_large_blocks(void)
{
    mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK_MAX);
    mallopt(M_TRIM_THRESHOLD, LARGE_BLOCK_MAX);
    mallopt(M_TOP_PAD, TOP_PAD);
}

int client_main(int argc, char **argv)
{
    struct client client = {0};
    keep_large_blocks();
    return cli_main(&program, argc, argv, before_run, &client);
}
