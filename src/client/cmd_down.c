#include <errno.h>
#include <unistd.h>

#include "commands.h"
#include "innernet/wg.h"
#include "output.h"
#include "paths.h"

/* Works on any WireGuard device, like wg-quick: no configuration is needed. But a fetch that works
 * on the interface ends first, so that it does not find it gone half-way. */
static int lock_installed(const struct client *client, const char *interface, int *ret_fd,
                          struct err *err)
{
    CLEAN_FREE char *config = paths_config(client, interface);
    if (!config)
        return err_set(err, -ENOMEM, "%s - out of memory", interface);
    return access(config, F_OK) == 0 ? paths_lock(client, interface, ret_fd, err) : 0;
}

static int down(const struct cli_args *args, const struct client *client, struct err *err)
{
    CLEAN_WG struct wg *wg = NULL;
    CLEAN_CLOSE int lock = -1;
    const char *interface = cli_positional(args, 0);
    int r = lock_installed(client, interface, &lock, err);
    if (r < 0)
        return r;
    r = wg_open(client->backend, &wg, err);
    if (r == 0)
        r = wg_delete(wg, interface, err);
    return r < 0 ? err_prefix(err, r, "%s", interface) : 0;
}

int cmd_down(const struct cli_args *args, void *client)
{
    struct err err = ERR_INIT;
    return output_finish(down(args, client, &err), &err);
}
