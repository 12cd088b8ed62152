#include "nat_plan.h"

#include <errno.h>
#include <stdlib.h>

#include "innernet/log.h"
#include "innernet/map.h"

#define SILENT_NAMES_MAX 10
#define PEER_NAME_SHOWN_MAX 256

/* The endpoint the server reported goes to the front: it is tried last, and stays. */
static struct nat_peer nat_peer_of(struct peer *p)
{
    struct nat_peer ret = {.peer = p};
    size_t n = p->n_candidates < NAT_CANDIDATES_MAX ? p->n_candidates : NAT_CANDIDATES_MAX;
    bool has_endpoint = endpoint_is_set(&p->endpoint);
    if (has_endpoint)
        ret.candidates[ret.n++] = &p->endpoint;
    for (size_t i = 0; i < n; i++)
        if (!has_endpoint || !endpoint_equal(&p->candidates[i], &p->endpoint))
            ret.candidates[ret.n++] = &p->candidates[i];
    return ret;
}

static void free_peer(struct peer *p)
{
    if (p)
        peer_done(p);
    free(p);
}

static struct peer *copy_of(const struct peer *p)
{
    struct peer *copy = calloc(1, sizeof(*copy));
    if (copy && peer_copy(p, copy) < 0) {
        free(copy);
        return NULL;
    }
    return copy;
}

static bool takes_part(const struct diff *d, const struct client_config *config, int64_t now_s)
{
    const struct peer *p = d->peer;
    return p && (p->n_candidates > 0 || endpoint_is_set(&p->endpoint)) &&
           !diff_recently_connected(d->before, now_s) && !client_config_override(config, &p->ip);
}

static int make_room(struct nat_plan *plan, size_t extra)
{
    struct nat_peer *peers = reallocarray(plan->peers, plan->n + extra + 1, sizeof(*peers));
    if (!peers)
        return -ENOMEM;
    plan->peers = peers;
    size_t n = plan->n + plan->n_silent + extra + 1;
    struct peer **silent = reallocarray(plan->silent, n, sizeof(*silent));
    if (!silent)
        return -ENOMEM;
    plan->silent = silent;
    return 0;
}

/* Takes out who starts anew. */
static int forget(struct nat_plan *plan, const struct diffs *diffs)
{
    CLEAN_MAP struct map again = MAP_INIT;
    size_t kept = 0, silent = 0;
    int r = map_reserve(&again, diffs->n + 1);
    for (size_t i = 0; r == 0 && i < diffs->n; i++)
        if (diffs->items[i].peer)
            r = map_put(&again, diffs->items[i].peer->public_key.bytes, KEY_LEN, i);
    if (r < 0)
        return r;
    for (size_t i = 0; i < plan->n; i++) {
        if (map_get(&again, plan->peers[i].peer->public_key.bytes, KEY_LEN, NULL))
            free_peer(plan->peers[i].peer);
        else
            plan->peers[kept++] = plan->peers[i];
    }
    for (size_t i = 0; i < plan->n_silent; i++) {
        if (map_get(&again, plan->silent[i]->public_key.bytes, KEY_LEN, NULL))
            free_peer(plan->silent[i]);
        else
            plan->silent[silent++] = plan->silent[i];
    }
    plan->n = kept;
    plan->n_silent = silent;
    return 0;
}

int nat_plan_add(struct nat_plan *plan, const struct diffs *diffs,
                 const struct client_config *config, int64_t now_s)
{
    int r = make_room(plan, diffs->n);
    if (r == 0 && plan->n + plan->n_silent > 0)
        r = forget(plan, diffs);
    for (size_t i = 0; r == 0 && i < diffs->n; i++) {
        if (!takes_part(&diffs->items[i], config, now_s))
            continue;
        struct peer *copy = copy_of(diffs->items[i].peer);
        if (!copy)
            return -ENOMEM;
        plan->peers[plan->n++] = nat_peer_of(copy);
    }
    return r;
}

void nat_plan_done(struct nat_plan *plan)
{
    for (size_t i = 0; i < plan->n; i++)
        free_peer(plan->peers[i].peer);
    for (size_t i = 0; i < plan->n_silent; i++)
        free_peer(plan->silent[i]);
    free(plan->peers);
    free(plan->silent);
    *plan = (struct nat_plan){0};
}

/* Still on the device, and without a handshake? */
static bool needs_help(const struct wg_device *device, const struct map *by_key,
                       const struct peer *p, int64_t now_s)
{
    size_t at;
    return map_get(by_key, p->public_key.bytes, KEY_LEN, &at) &&
           !diff_recently_connected(&device->peers[at], now_s);
}

int nat_plan_refresh(struct nat_plan *plan, const struct wg_device *device, int64_t now_s)
{
    CLEAN_MAP struct map by_key = MAP_INIT;
    size_t kept = 0, silent = 0;
    int r = map_reserve(&by_key, device->n_peers);
    for (size_t i = 0; r == 0 && i < device->n_peers; i++)
        r = map_put(&by_key, device->peers[i].public_key.bytes, KEY_LEN, i);
    if (r < 0)
        return r;
    for (size_t i = 0; i < plan->n_silent; i++) {
        if (needs_help(device, &by_key, plan->silent[i], now_s))
            plan->silent[silent++] = plan->silent[i];
        else
            free_peer(plan->silent[i]);
    }
    for (size_t i = 0; i < plan->n; i++) {
        const struct nat_peer *p = &plan->peers[i];
        bool is_kept = needs_help(device, &by_key, p->peer, now_s);
        if (is_kept && p->n > 0)
            plan->peers[kept++] = *p;
        else if (is_kept && p->is_tried)
            plan->silent[silent++] = p->peer;
        else
            free_peer(p->peer);
    }
    plan->n = kept;
    plan->n_silent = silent;
    return 0;
}

const struct endpoint *nat_peer_pop(struct nat_peer *p)
{
    p->is_tried = p->is_tried || p->n > 0;
    return p->n > 0 ? p->candidates[--p->n] : NULL;
}

bool nat_peer_pop_address(struct nat_peer *p, struct resolver *resolver, struct sock_addr *ret)
{
    const struct endpoint *later[NAT_CANDIDATES_MAX + 1], *ep;
    size_t n_later = 0;
    bool found = false;
    while (!found && (ep = nat_peer_pop(p))) {
        bool is_too_early = n_later > 0 && ep == &p->peer->endpoint;
        found = !is_too_early && resolver_lookup(resolver, ep, ret);
        if (is_too_early || (!found && resolver_is_asking(resolver, ep)))
            later[n_later++] = ep;
        if (is_too_early)
            break;
    }
    while (n_later > 0)
        p->candidates[p->n++] = later[--n_later];
    return found;
}

void nat_plan_tell_silent(const struct nat_plan *plan, const char *interface, struct buf *out)
{
    char name[PEER_NAME_SHOWN_MAX];
    if (plan->n_silent == 0)
        return;
    buf_printf(out, "%s: no handshake yet with ", interface);
    for (size_t i = 0; i < plan->n_silent && i < SILENT_NAMES_MAX; i++)
        buf_printf(out, "%s%s", i ? ", " : "", log_safe(plan->silent[i]->name, name, sizeof(name)));
    if (plan->n_silent > SILENT_NAMES_MAX)
        buf_printf(out, " and %zu more", plan->n_silent - SILENT_NAMES_MAX);
    buf_printf(out,
               ": neither endpoint nor candidates answered. A peer that is not offline may be "
               "behind a NAT that cannot be traversed; it can be given a fixed address: innernet "
               "override-peer-endpoint %s",
               interface);
}
