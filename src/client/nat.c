#include "nat.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "innernet/log.h"
#include "innernet/resolve.h"
#include "nat_plan.h"
#include "stop.h"

#define STEP_MS 5000
#define POLL_MS 100

struct nat {
    struct fetch *f;
    struct nat_plan plan;
    bool is_partial;    /* not about everybody */
    bool is_trying;     /* the first candidates have been set */
    long long until_ms; /* the present endpoints have their chance until then */
};

static int refresh(struct nat *nat, struct err *err)
{
    CLEAN_WG_DEVICE struct wg_device device = {0};
    size_t before = nat->plan.n;
    int r = wg_get(nat->f->wg, nat->f->interface, &device, err);
    if (r < 0)
        return err_prefix(err, r, "%s: NAT traversal", nat->f->interface);
    r = nat_plan_refresh(&nat->plan, &device, time(NULL));
    if (r < 0)
        return err_set(err, r, "%s - out of memory", nat->f->interface);
    if (nat->plan.n < before)
        log_debug("%zu peer(s) are connected, gone, or out of candidates", before - nat->plan.n);
    return 0;
}

/* What each remaining peer tries next; without a resolver names are waited for, in parallel. */
struct attempts {
    const struct endpoint **eps;
    struct sock_addr *addrs;
    bool *ok;
    struct wg_peer_update *updates;
};

static void attempts_done(struct attempts *a)
{
    free(a->eps);
    free(a->addrs);
    free(a->ok);
    free(a->updates);
}

static int attempts_init(struct nat *nat, struct attempts *a)
{
    size_t n = nat->plan.n;
    a->eps = calloc(n + 1, sizeof(*a->eps));
    a->addrs = calloc(n + 1, sizeof(*a->addrs));
    a->ok = calloc(n + 1, sizeof(*a->ok));
    a->updates = calloc(n + 1, sizeof(*a->updates));
    if (!a->eps || !a->addrs || !a->ok || !a->updates)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        if (nat->f->resolver)
            a->ok[i] = nat_peer_pop_address(&nat->plan.peers[i], nat->f->resolver, &a->addrs[i]);
        else
            a->eps[i] = nat_peer_pop(&nat->plan.peers[i]);
    }
    return nat->f->resolver ? 0 : resolve_endpoints(a->eps, n, RESOLVE_TIMEOUT_MS, a->addrs, a->ok);
}

static void log_attempt(const struct peer *p, const struct sock_addr *addr)
{
    char text[SOCK_ADDR_TEXT_MAX];
    log_debug("Trying endpoint %s for peer %s", sock_addr_format(addr, text), p->name);
}

/* A peer that has left the device meanwhile must not come back by this. */
static int set_next(struct nat *nat, struct err *err)
{
    CLEANUP(attempts_done) struct attempts a = {0};
    size_t n = 0;
    int r = attempts_init(nat, &a);
    if (r < 0)
        return err_set(err, r, "%s - out of memory", nat->f->interface);
    for (size_t i = 0; i < nat->plan.n; i++) {
        if (!a.ok[i] || ip_is_unspecified(&a.addrs[i].ip))
            continue;
        log_attempt(nat->plan.peers[i].peer, &a.addrs[i]);
        a.updates[n++] = (struct wg_peer_update){.public_key = nat->plan.peers[i].peer->public_key,
                                                 .update_only = true,
                                                 .has_endpoint = true,
                                                 .endpoint = a.addrs[i]};
    }
    if (n == 0)
        return 0;
    r = wg_set(nat->f->wg, nat->f->interface, &(struct wg_update){.peers = a.updates, .n_peers = n},
               err);
    return r < 0 ? err_prefix(err, r, "%s: NAT traversal", nat->f->interface) : 0;
}

static int finish(const struct nat *nat)
{
    CLEAN_BUF struct buf text = BUF_INIT;
    bool is_news = nat_told_update(&nat->f->told, &nat->plan, nat->is_partial);
    nat_plan_tell_silent(&nat->plan, nat->f->interface, &text);
    if (is_news && text.data && !text.failed)
        log_warn("%s", text.data);
    log_debug("NAT traversal is finished");
    return 0;
}

/* One candidate for everybody that remains. */
static int try_next(struct nat *nat, struct err *err)
{
    int r = refresh(nat, err);
    if (r < 0 || nat->plan.n == 0)
        return r;
    log_info("Trying to reach %zu peer(s) of %s that are not connected yet", nat->plan.n,
             nat->f->interface);
    r = set_next(nat, err);
    nat->is_trying = true;
    nat->until_ms = stop_clock_ms() + STEP_MS;
    return r;
}

int nat_step(struct nat *nat, long long *ret_wake_ms, struct err *err)
{
    int r = 0;
    bool is_next = stop_clock_ms() >= nat->until_ms;
    /* the endpoints that were just set get their chance first */
    if (!is_next && !nat->is_trying) {
        *ret_wake_ms = nat->until_ms;
        return 1;
    }
    if (is_next)
        r = try_next(nat, err);
    if (r == 0)
        r = refresh(nat, err);
    if (r < 0)
        return r;
    if (nat->plan.n == 0)
        return finish(nat);
    *ret_wake_ms = stop_clock_ms() + POLL_MS;
    return 1;
}

int nat_index_tried(const struct nat *nat, struct map *ret)
{
    int r = map_reserve(ret, nat->plan.n + 1);
    for (size_t i = 0; r == 0 && i < nat->plan.n; i++)
        if (nat->plan.peers[i].is_tried)
            r = map_put(ret, nat->plan.peers[i].peer->public_key.bytes, KEY_LEN, i);
    return r;
}

void nat_free(struct nat *nat)
{
    if (!nat)
        return;
    nat_plan_done(&nat->plan);
    free(nat);
}

int nat_take(struct fetch *f, bool is_partial, struct err *err)
{
    if (!is_partial) {
        nat_free(f->nat);
        f->nat = NULL;
    }
    bool is_new = !f->nat;
    if (is_new)
        f->nat = calloc(1, sizeof(*f->nat));
    int r = f->nat ? nat_plan_add(&f->nat->plan, &f->diffs, &f->config, time(NULL)) : -ENOMEM;
    if (r < 0)
        return err_set(err, r, "%s - out of memory", f->interface);
    if (is_new) {
        f->nat->f = f;
        f->nat->is_partial = is_partial;
        f->nat->until_ms = f->applied_at_ms + STEP_MS;
    }
    if (f->nat->plan.n > 0)
        return 0;
    if (!is_partial)
        nat_told_clear(&f->told);
    nat_free(f->nat);
    f->nat = NULL;
    return 0;
}
