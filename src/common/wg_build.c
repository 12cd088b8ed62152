#include "wg_build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "innernet/util.h"

void wg_device_done(struct wg_device *d)
{
    for (size_t i = 0; i < d->n_peers; i++)
        free(d->peers[i].allowed_ips);
    free(d->peers);
    key_wipe(&d->private_key);
    *d = (struct wg_device){0};
}

void wg_build_reset(struct wg_build *b)
{
    wg_device_done(b->device);
    *b = (struct wg_build){.device = b->device};
}

/* Makes room for one more element: *cap and *items grow together. */
static int make_room(void **items, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return 0;
    size_t wanted = *cap ? *cap * 2 : 1;
    void *grown = reallocarray(*items, wanted, size);
    if (!grown)
        return -ENOMEM;
    *items = grown;
    *cap = wanted;
    return 0;
}

int wg_build_peer(struct wg_build *b, const struct key *public_key, struct wg_peer **ret)
{
    struct wg_device *d = b->device;
    if (d->n_peers > 0 && key_equal(&d->peers[d->n_peers - 1].public_key, public_key)) {
        *ret = &d->peers[d->n_peers - 1];
        return 0;
    }
    if (d->n_peers >= WG_PEERS_MAX)
        return -E2BIG;
    void *items = d->peers;
    int rc = make_room(&items, d->n_peers, &b->peers_cap, sizeof(*d->peers));
    d->peers = items;
    if (rc < 0)
        return rc;
    *ret = &d->peers[d->n_peers++];
    **ret = (struct wg_peer){.public_key = *public_key};
    b->ips_cap = 0;
    return 0;
}

int wg_build_allowed_ip(struct wg_build *b, const struct network *net)
{
    struct wg_peer *p = &b->device->peers[b->device->n_peers - 1];
    if (b->total_ips >= WG_ALLOWED_IPS_MAX)
        return -E2BIG;
    void *items = p->allowed_ips;
    int rc = make_room(&items, p->n_allowed_ips, &b->ips_cap, sizeof(*p->allowed_ips));
    p->allowed_ips = items;
    if (rc < 0)
        return rc;
    p->allowed_ips[p->n_allowed_ips++] = *net;
    b->total_ips++;
    return 0;
}

void wg_build_private_key(struct wg_build *b, const struct key *private_key)
{
    struct wg_device *d = b->device;
    d->has_key = !key_is_zero(private_key);
    if (!d->has_key)
        return;
    d->private_key = *private_key;
    d->public_key = key_public(private_key);
}
