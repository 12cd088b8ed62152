#include "bring_up.h"

#include <errno.h>

#include "innernet/log.h"
#include "innernet/netif.h"
#include "innernet/record.h"

static int resolve(const struct endpoint *ep, struct resolver *resolver, struct sock_addr *ret,
                   struct err *err)
{
    if (!resolver)
        return resolve_endpoint(ep, RESOLVE_TIMEOUT_MS, ret, err);
    if (resolver_lookup(resolver, ep, ret))
        return 0;
    if (resolver_is_asking(resolver, ep))
        return err_set(err, -EALREADY, "the name is being looked up");
    return err_set(err, -EHOSTUNREACH, "the name does not resolve; check the name server");
}

int bring_up_resolve(const struct client_config *config, struct resolver *resolver,
                     struct sock_addr *ret, struct err *err)
{
    int r = resolve(&config->server_external, resolver, ret, err);
    if (r < 0) {
        CLEAN_FREE char *endpoint = endpoint_text(&config->server_external);
        return err_prefix(err, r, "the server's endpoint %s", endpoint ? endpoint : "");
    }
    if (ip_is_unspecified(&ret->ip))
        return err_set(err, -EINVAL,
                       "the server's external-endpoint is an unspecified address; put a reachable "
                       "one into the configuration");
    return 0;
}

int bring_up(const struct client *client, struct wg *wg, const char *interface,
             const struct client_config *config, const struct sock_addr *server, bool *ret_created,
             struct err *err)
{
    struct network internal = network_of_ip(&config->server_internal.ip);
    struct wg_peer_update peer = {.public_key = config->server_key,
                                  .has_endpoint = true,
                                  .endpoint = *server,
                                  .has_keepalive = true,
                                  .keepalive_s = KEEPALIVE_DEFAULT_S,
                                  .allowed_ips = &internal,
                                  .n_allowed_ips = 1};
    struct wg_update update = {.has_private_key = true,
                               .private_key = config->private_key,
                               .has_listen_port = config->has_listen_port,
                               .listen_port = config->listen_port,
                               .peers = &peer,
                               .n_peers = 1};
    int r = netif_bring_up(wg,
                           &(struct netif_bring_up){.name = interface,
                                                    .update = &update,
                                                    .address = config->address,
                                                    .mtu = client->mtu,
                                                    .no_routing = client->no_routing},
                           ret_created, err);
    key_wipe(&update.private_key);
    return r < 0 ? err_prefix(err, r, "%s could not be brought up", interface) : 0;
}
