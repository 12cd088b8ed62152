#include "keeper.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

#include "innernet/log.h"

void keeper_done(struct keeper *k)
{
    overrides_done(&k->known);
    free(k->switches);
    k->switches = NULL;
    k->n_switches = 0;
    key_wipe(&k->private_key);
}

/* Is there an override that can be configured? The resolver answers from its cache or starts to
 * look. */
static bool has_override(const struct peer *p)
{
    return endpoint_is_set(&p->endpoint) && !endpoint_is_unspecified(&p->endpoint);
}

static void fill_endpoint(const struct keeper *k, struct wanted_peer *w)
{
    const struct override_seen *known = overrides_find(&k->known, &w->key);
    w->endpoint_changed = known && !override_is(known, &w->peer->endpoint);
    if (!has_override(w->peer))
        return;
    w->has_endpoint = k->resolver ? resolver_lookup(k->resolver, &w->peer->endpoint, &w->endpoint)
                                  : endpoint_to_sock_addr(&w->peer->endpoint, &w->endpoint);
    if (w->has_endpoint && ip_is_unspecified(&w->endpoint.ip))
        w->has_endpoint = false;
}

/* A name that is still being looked up stays new. */
static bool is_settled(const struct wanted_peer *w)
{
    return w->has_endpoint || !has_override(w->peer);
}

/* After an update: remembers the overrides of what is wanted, forgets the rest. */
static void remember_all(struct keeper *k, const struct wanted_peer *wanted, size_t n)
{
    struct overrides fresh = OVERRIDES_INIT;
    if (overrides_reserve(&fresh, n) < 0)
        return;
    for (size_t i = 0; i < n; i++) {
        const struct override_seen *old = overrides_find(&k->known, &wanted[i].key);
        if (is_settled(&wanted[i]))
            overrides_add(&fresh, &wanted[i].key, &wanted[i].peer->endpoint);
        else if (old)
            overrides_add_seen(&fresh, old);
    }
    overrides_sort(&fresh);
    overrides_done(&k->known);
    k->known = fresh;
}

static int apply(struct keeper *k, const struct wg_device *device,
                 const struct reconcile_plan *plan, struct err *err)
{
    CLEAN_KEY struct key public_key = key_public(&k->private_key);
    struct wg_update update = {.peers = plan->updates, .n_peers = plan->n_updates};
    if (!device->has_key || !key_equal(&device->public_key, &public_key)) {
        update.has_private_key = true;
        update.private_key = k->private_key;
    }
    if (k->listen_port && device->listen_port != k->listen_port) {
        update.has_listen_port = true;
        update.listen_port = k->listen_port;
    }
    int r = 0;
    if (plan->n_updates > 0 || update.has_private_key || update.has_listen_port)
        r = wg_set(k->wg, k->interface, &update, err);
    key_wipe(&update.private_key);
    if (r == 0 && plan->n_updates > 0)
        log_info("%s: %zu peers added, %zu removed, %zu mended", k->interface, plan->n_added,
                 plan->n_removed, plan->n_mended);
    return r;
}

static int run(struct keeper *k, int64_t now_s, struct err *err)
{
    CLEAN_WG_DEVICE struct wg_device device = {0};
    CLEAN_RECONCILE_PLAN struct reconcile_plan plan = {0};
    CLEAN_FREE struct wanted_peer *wanted = NULL;
    size_t n;
    int r = wg_get(k->wg, k->interface, &device, err);
    if (r < 0)
        return r;
    r = endpoints_update(k->endpoints, &device);
    if (r == 0)
        r = reconcile_want(k->model, &k->self, k->switches, k->n_switches, now_s, &wanted, &n);
    if (r < 0)
        return err_set(err, r, "out of memory");
    for (size_t i = 0; i < n; i++)
        fill_endpoint(k, &wanted[i]);
    if (reconcile_diff(&device, wanted, n, now_s, &plan) < 0)
        return err_set(err, -ENOMEM, "out of memory");
    r = apply(k, &device, &plan, err);
    if (r == 0)
        remember_all(k, wanted, n);
    return r;
}

void keeper_run(struct keeper *k, int64_t now_s)
{
    struct err err = ERR_INIT;
    int r = run(k, now_s, &err);
    if (r < 0 && !k->device_failed)
        log_error("cannot bring %s up to date: %s", k->interface, err.text);
    else if (r == 0 && k->device_failed)
        log_info("%s is up to date again", k->interface);
    k->device_failed = r < 0;
    malloc_trim(0); /* the lists of everything there is */
}

static int put_peer(struct keeper *k, const struct peer *p, struct err *err)
{
    struct wanted_peer w = reconcile_entry(p, k->switches, k->n_switches);
    bool is_known = overrides_find(&k->known, &w.key) != NULL;
    fill_endpoint(k, &w);
    struct wg_peer_update change = reconcile_update(&w);
    /* A peer that is there already may have moved: only a new override overrules that. */
    change.has_endpoint = w.has_endpoint && (!is_known || w.endpoint_changed);
    const struct wg_update update = {.peers = &change, .n_peers = 1};
    int r = wg_set(k->wg, k->interface, &update, err);
    if (r == 0 && is_settled(&w))
        overrides_put(&k->known, &w.key, &p->endpoint);
    return r;
}

static int remove_peer(struct keeper *k, const struct peer *p, struct err *err)
{
    struct wanted_peer w = reconcile_entry(p, k->switches, k->n_switches);
    const struct wg_peer_update change = {.public_key = w.key, .remove = true, .update_only = true};
    const struct wg_update update = {.peers = &change, .n_peers = 1};
    overrides_remove(&k->known, &w.key);
    return wg_set(k->wg, k->interface, &update, err);
}

int keeper_add_peer(struct keeper *k, const struct peer *p, int64_t now_s, struct err *err)
{
    return reconcile_wants(p, &k->self, now_s) ? put_peer(k, p, err) : 0;
}

void keeper_peer_changed(struct keeper *k, int64_t id, int64_t now_s)
{
    struct err err = ERR_INIT;
    const struct peer *p = model_find_peer(k->model, id);
    if (!p || ip_equal(&p->ip, &k->self.ip) || key_equal(&p->public_key, &k->self.public_key))
        return;
    int r = reconcile_wants(p, &k->self, now_s) ? put_peer(k, p, &err) : remove_peer(k, p, &err);
    if (r < 0)
        log_error("cannot update peer %lld on %s, trying again soon: %s", (long long)id,
                  k->interface, err.text);
}

void keeper_peer_redeemed(struct keeper *k, int64_t id, const struct key *old_key, uint64_t now_ms)
{
    struct key_switch *more = reallocarray(k->switches, k->n_switches + 1, sizeof(*k->switches));
    if (!more) {
        log_error("out of memory: peer %lld gets its new key at once", (long long)id);
        return;
    }
    k->switches = more;
    k->switches[k->n_switches++] = (struct key_switch){
        .peer_id = id, .old_key = *old_key, .due_ms = now_ms + REDEEM_WINDOW_MS};
}

bool keeper_end_switches(struct keeper *k, uint64_t now_ms)
{
    size_t kept = 0;
    for (size_t i = 0; i < k->n_switches; i++)
        if (k->switches[i].due_ms > now_ms)
            k->switches[kept++] = k->switches[i];
    bool any = kept < k->n_switches;
    k->n_switches = kept;
    return any;
}

uint64_t keeper_next_switch_ms(const struct keeper *k)
{
    uint64_t next = UINT64_MAX;
    for (size_t i = 0; i < k->n_switches; i++)
        if (k->switches[i].due_ms < next)
            next = k->switches[i].due_ms;
    return next;
}
