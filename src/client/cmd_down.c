#include "commands.h"
#include "innernet/wg.h"
#include "output.h"

/* Works on any WireGuard device, like wg-quick: neither configuration nor lock is needed. */
static int down(const struct cli_args *args, const struct client *client, struct err *err)
{
    CLEAN_WG struct wg *wg = NULL;
    const char *interface = cli_positional(args, 0);
    int r = wg_open(client->backend, &wg, err);
    if (r == 0)
        r = wg_delete(wg, interface, err);
    return r < 0 ? err_prefix(err, r, "%s", interface) : 0;
}

int cmd_down(const struct cli_args *args, void *client)
{
    struct err err = ERR_INIT;
    return output_finish(down(args, client, &err), &err);
}
