#include "device.h"

#include "reconcile.h"

int device_put_peer(struct wg *wg, const char *interface, const struct peer *p, struct err *err)
{
    struct wanted_peer entry = reconcile_entry(p, NULL, 0);
    entry.has_endpoint = endpoint_is_set(&p->endpoint) && !endpoint_is_unspecified(&p->endpoint) &&
                         endpoint_to_sock_addr(&p->endpoint, &entry.endpoint);
    const struct wg_peer_update change = reconcile_update(&entry);
    const struct wg_update update = {.peers = &change, .n_peers = 1};
    return wg_set(wg, interface, &update, err);
}

int device_remove_peer(struct wg *wg, const char *interface, const struct key *key, struct err *err)
{
    const struct wg_peer_update change = {.public_key = *key, .remove = true, .update_only = true};
    const struct wg_update update = {.peers = &change, .n_peers = 1};
    return wg_set(wg, interface, &update, err);
}
