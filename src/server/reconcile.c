#include "reconcile.h"

#include <errno.h>
#include <stdlib.h>

#include "innernet/map.h"

bool reconcile_wants(const struct peer *p, const struct reconcile_self *self, int64_t now_s)
{
    if (p->is_disabled || key_is_zero(&p->public_key))
        return false;
    if (ip_equal(&p->ip, &self->ip) || key_equal(&p->public_key, &self->public_key))
        return false;
    return p->is_redeemed || !p->has_invite_expires || p->invite_expires_s >= now_s;
}

struct wanted_peer reconcile_entry(const struct peer *p, const struct key_switch *switches,
                                   size_t n_switches)
{
    struct wanted_peer w = {.peer = p, .key = p->public_key, .allowed_ip = network_of_ip(&p->ip)};
    for (size_t i = 0; i < n_switches; i++)
        if (switches[i].peer_id == p->id)
            w.key = switches[i].old_key;
    return w;
}

/* Entries come in ascending id, as peers do. NULL when it is not wanted. */
static struct wanted_peer *find_wanted(struct wanted_peer *wanted, size_t n, int64_t id)
{
    size_t low = 0;
    size_t high = n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (wanted[mid].peer->id < id)
            low = mid + 1;
        else
            high = mid;
    }
    return low < n && wanted[low].peer->id == id ? &wanted[low] : NULL;
}

int reconcile_want(const struct model *m, const struct reconcile_self *self,
                   const struct key_switch *switches, size_t n_switches, int64_t now_s,
                   struct wanted_peer **ret, size_t *ret_n)
{
    struct wanted_peer *wanted = calloc(m->n_peers + 1, sizeof(*wanted));
    if (!wanted)
        return -ENOMEM;
    size_t n = 0;
    for (size_t i = 0; i < m->n_peers; i++)
        if (reconcile_wants(m->peers[i], self, now_s))
            wanted[n++] = reconcile_entry(m->peers[i], NULL, 0);
    for (size_t i = 0; i < n_switches; i++) {
        struct wanted_peer *w = find_wanted(wanted, n, switches[i].peer_id);
        if (w)
            w->key = switches[i].old_key;
    }
    *ret = wanted;
    *ret_n = n;
    return 0;
}

struct wg_peer_update reconcile_update(const struct wanted_peer *w)
{
    return (struct wg_peer_update){
        .public_key = w->key,
        .has_endpoint = w->has_endpoint,
        .endpoint = w->endpoint,
        .has_keepalive = true,
        .keepalive_s = KEEPALIVE_DEFAULT_S,
        .replace_allowed_ips = true,
        .allowed_ips = &w->allowed_ip,
        .n_allowed_ips = 1,
    };
}

static bool has_session(const struct wg_peer *p, int64_t now_s)
{
    return p->last_handshake_s > 0 && now_s - p->last_handshake_s <= SESSION_MAX_AGE_S;
}

static bool needs_endpoint(const struct wg_peer *on_device, const struct wanted_peer *w,
                           int64_t now_s)
{
    if (!w->has_endpoint)
        return false;
    if (!on_device->has_endpoint)
        return true;
    if (sock_addr_equal(&on_device->endpoint, &w->endpoint))
        return false;
    return w->endpoint_changed || !has_session(on_device, now_s);
}

static bool is_right(const struct wg_peer *on_device, const struct wanted_peer *w)
{
    return on_device->keepalive_s == KEEPALIVE_DEFAULT_S && on_device->n_allowed_ips == 1 &&
           network_equal(&on_device->allowed_ips[0], &w->allowed_ip);
}

static int index_wanted(struct map *map, const struct wanted_peer *wanted, size_t n)
{
    int r = map_reserve(map, n);
    for (size_t i = 0; r == 0 && i < n; i++)
        r = map_put(map, wanted[i].key.bytes, KEY_LEN, i);
    return r;
}

/* Removals come first, so that an allowed IP is free before another key gets it. */
static void plan_removals(const struct wg_device *device, const struct map *wanted_by_key,
                          struct reconcile_plan *plan)
{
    for (size_t i = 0; i < device->n_peers; i++) {
        if (map_get(wanted_by_key, device->peers[i].public_key.bytes, KEY_LEN, NULL))
            continue;
        plan->updates[plan->n_updates++] = (struct wg_peer_update){
            .public_key = device->peers[i].public_key, .remove = true, .update_only = true};
        plan->n_removed++;
    }
}

static void plan_one(const struct wg_peer *on_device, const struct wanted_peer *w, int64_t now_s,
                     struct reconcile_plan *plan)
{
    struct wg_peer_update update = reconcile_update(w);
    if (!on_device) {
        plan->n_added++;
    } else {
        update.has_endpoint = needs_endpoint(on_device, w, now_s);
        if (is_right(on_device, w) && !update.has_endpoint)
            return;
        plan->n_mended++;
    }
    plan->updates[plan->n_updates++] = update;
}

int reconcile_diff(const struct wg_device *device, const struct wanted_peer *wanted, size_t n,
                   int64_t now_s, struct reconcile_plan *ret)
{
    CLEAN_MAP struct map wanted_by_key = MAP_INIT;
    CLEAN_MAP struct map device_by_key = MAP_INIT;
    struct reconcile_plan plan = {0};
    int r = index_wanted(&wanted_by_key, wanted, n);
    for (size_t i = 0; r == 0 && i < device->n_peers; i++)
        r = map_put(&device_by_key, device->peers[i].public_key.bytes, KEY_LEN, i);
    if (r == 0)
        plan.updates = calloc(device->n_peers + n + 1, sizeof(*plan.updates));
    if (!plan.updates)
        return -ENOMEM;
    plan_removals(device, &wanted_by_key, &plan);
    for (size_t i = 0; i < n; i++) {
        size_t at;
        bool found = map_get(&device_by_key, wanted[i].key.bytes, KEY_LEN, &at);
        plan_one(found ? &device->peers[at] : NULL, &wanted[i], now_s, &plan);
    }
    *ret = plan;
    return 0;
}

void reconcile_plan_done(struct reconcile_plan *plan)
{
    free(plan->updates);
    *plan = (struct reconcile_plan){0};
}
