#include "wg_build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "innernet/util.h"

void wg_device_done(struct wg_device *d)
{
    free(d->peers);
    free(d->all_allowed_ips);
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
    size_t wanted = *cap ? *cap * 2 : 4;
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
    return 0;
}

int wg_build_allowed_ip(struct wg_build *b, const struct network *net)
{
    struct wg_device *d = b->device;
    if (b->n_ips >= WG_ALLOWED_IPS_MAX)
        return -E2BIG;
    void *items = d->all_allowed_ips;
    int rc = make_room(&items, b->n_ips, &b->ips_cap, sizeof(*d->all_allowed_ips));
    d->all_allowed_ips = items;
    if (rc < 0)
        return rc;
    d->all_allowed_ips[b->n_ips++] = *net;
    d->peers[d->n_peers - 1].n_allowed_ips++;
    return 0;
}

/* A shorter piece where the memory can give one, else the piece as it is. */
static void *shrink(void *items, size_t n, size_t size)
{
    void *shorter = n ? reallocarray(items, n, size) : NULL;
    return shorter ? shorter : items;
}

void wg_build_finish(struct wg_build *b)
{
    struct wg_device *d = b->device;
    d->peers = shrink(d->peers, d->n_peers, sizeof(*d->peers));
    d->all_allowed_ips = shrink(d->all_allowed_ips, b->n_ips, sizeof(*d->all_allowed_ips));
    size_t at = 0;
    for (size_t i = 0; i < d->n_peers; i++) {
        struct wg_peer *p = &d->peers[i];
        p->allowed_ips = p->n_allowed_ips ? d->all_allowed_ips + at : NULL;
        at += p->n_allowed_ips;
    }
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
