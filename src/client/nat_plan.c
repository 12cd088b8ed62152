#include "nat_plan.h"

#include <errno.h>
#include <stdlib.h>

#include "innernet/map.h"

/* The endpoint the server reported goes to the front: it is tried last, and stays. */
static struct nat_peer nat_peer_of(const struct peer *p)
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

int nat_plan_init(const struct diffs *diffs, const struct client_config *config,
                  struct nat_plan *ret)
{
    struct nat_peer *peers = calloc(diffs->n + 1, sizeof(*peers));
    if (!peers)
        return -ENOMEM;
    *ret = (struct nat_plan){.peers = peers};
    for (size_t i = 0; i < diffs->n; i++) {
        const struct peer *p = diffs->items[i].peer;
        if (p && !client_config_override(config, &p->ip))
            peers[ret->n++] = nat_peer_of(p);
    }
    return 0;
}

void nat_plan_done(struct nat_plan *plan)
{
    free(plan->peers);
    *plan = (struct nat_plan){0};
}

int nat_plan_refresh(struct nat_plan *plan, const struct wg_device *device, int64_t now_s)
{
    CLEAN_MAP struct map by_key = MAP_INIT;
    size_t kept = 0, at;
    int r = map_reserve(&by_key, device->n_peers);
    for (size_t i = 0; r == 0 && i < device->n_peers; i++)
        r = map_put(&by_key, device->peers[i].public_key.bytes, KEY_LEN, i);
    if (r < 0)
        return r;
    for (size_t i = 0; i < plan->n; i++) {
        const struct nat_peer *p = &plan->peers[i];
        if (p->n > 0 && map_get(&by_key, p->peer->public_key.bytes, KEY_LEN, &at) &&
            !diff_recently_connected(&device->peers[at], now_s))
            plan->peers[kept++] = *p;
    }
    plan->n = kept;
    return 0;
}

const struct endpoint *nat_peer_pop(struct nat_peer *p)
{
    return p->n > 0 ? p->candidates[--p->n] : NULL;
}
