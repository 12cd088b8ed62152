#include "nat_plan.h"

#include <errno.h>
#include <stdlib.h>

#include "innernet/log.h"
#include "innernet/map.h"

#define SILENT_NAMES_MAX 10
#define PEER_NAME_SHOWN_MAX 256

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
    const struct peer **silent = calloc(diffs->n + 1, sizeof(*silent));
    if (!peers || !silent) {
        free(peers);
        free(silent);
        return -ENOMEM;
    }
    *ret = (struct nat_plan){.peers = peers, .silent = silent};
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
    for (size_t i = 0; i < plan->n_silent; i++)
        if (needs_help(device, &by_key, plan->silent[i], now_s))
            plan->silent[silent++] = plan->silent[i];
    for (size_t i = 0; i < plan->n; i++) {
        const struct nat_peer *p = &plan->peers[i];
        if (!needs_help(device, &by_key, p->peer, now_s))
            continue;
        if (p->n > 0)
            plan->peers[kept++] = *p;
        else if (p->is_tried)
            plan->silent[silent++] = p->peer;
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
