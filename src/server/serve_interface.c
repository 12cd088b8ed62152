/* The server's WireGuard interface: up at the start, and up again when it was taken away. */
#include <errno.h>
#include <net/if.h>
#include <unistd.h>

#include "innernet/log.h"
#include "innernet/netif.h"
#include "listener.h"
#include "serve.h"

int serve_interface_up(struct server *s, struct err *err)
{
    struct wg_update update = {.has_private_key = true,
                               .private_key = s->config.private_key,
                               .has_listen_port = true,
                               .listen_port = s->config.listen_port};
    const struct netif_bring_up how = {
        .name = s->options->interface,
        .update = &update,
        .address = {.addr = s->config.address, .prefix = s->config.network_cidr_prefix},
        .mtu = s->options->network.mtu,
        .no_routing = s->options->network.no_routing,
    };
    log_info("bringing up the interface %s", s->options->interface);
    int r = netif_bring_up(s->wg, &how, NULL, err);
    key_wipe(&update.private_key);
    if (r == 0)
        s->if_index = if_nametoindex(s->options->interface);
    return r;
}

static int make_again(struct server *s, struct err *err)
{
    /* Uninstalled under our feet: it went on purpose. */
    if (access(s->options->config_path, F_OK) < 0)
        return err_set_os(err, -errno, "%s", s->options->config_path);
    int r = serve_interface_up(s, err);
    return r < 0 ? r : listener_follow(s->listen_fd, s->options->interface, err);
}

void serve_interface_keep(struct server *s)
{
    struct err err = ERR_INIT;
    if (s->if_index != 0 && if_nametoindex(s->options->interface) == s->if_index)
        return;
    if (s->if_index != 0)
        log_error("the interface %s is gone, making it again", s->options->interface);
    bool is_news = s->if_index != 0;
    s->if_index = 0;
    if (make_again(s, &err) == 0)
        return;
    s->if_index = 0;
    if (is_news)
        log_error("cannot make the interface %s again, trying every 10 seconds: %s",
                  s->options->interface, err.text);
}
