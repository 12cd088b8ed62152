#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bring_up.h"
#include "diff_log.h"
#include "fetch_internal.h"
#include "innernet/log.h"
#include "innernet/map.h"
#include "innernet/netif.h"
#include "nat.h"
#include "output.h"
#include "stop.h"

int fetch_ensure_up(struct fetch *f, struct err *err)
{
    bool created, has_address = false;
    /* A device without its address is a leftover of something that broke off half-way. */
    bool is_up =
        wg_exists(f->wg, f->interface) &&
        netif_has_address(f->interface, &f->config.address.addr, &has_address, NULL) == 0 &&
        has_address;
    if (is_up)
        return 0;
    if (!f->options->may_bring_up)
        return err_set(err, -ENETDOWN, "%s is not up; bring it up with: innernet up %s",
                       f->interface, f->interface);
    struct sock_addr server;
    int r = bring_up_resolve(&f->config, f->resolver, &server, err);
    if (r < 0)
        return r;
    log_info("Bringing up interface %s", f->interface);
    r = bring_up(f->client, f->wg, f->interface, &f->config, &server, &created, err);
    f->brought_up = r == 0;
    return r;
}

static void apply_override(struct fetch *f, const struct map *by_ip,
                           const struct endpoint_override *o)
{
    size_t at;
    char ip[IP_TEXT_MAX];
    if (!map_get(by_ip, IP_KEY(&o->peer_ip), &at))
        return;
    CLEAN_FREE char *text = endpoint_text(&o->endpoint);
    log_debug("Using the local endpoint override %s for %s", text ? text : "",
              ip_format(&o->peer_ip, ip));
    f->own_peers[at].endpoint = o->endpoint;
}

static unsigned marks_of(const struct datastore *store, size_t at)
{
    return store->marks ? store->marks[at] : DATASTORE_LISTED;
}

/* After an update the peers that are followed are those that the server lists. */
static bool follows_all(const struct fetch *f)
{
    for (size_t i = 0; i < f->store.state.n_peers; i++)
        if (!(marks_of(&f->store, i) & DATASTORE_LISTED))
            return false;
    return f->config.n_overrides == 0;
}

static int select_peers(struct fetch *f)
{
    const struct state *state = &f->store.state;
    bool all = follows_all(f);
    f->is_settled = calloc(state->n_peers + 1, sizeof(*f->is_settled));
    if (!all)
        f->own_peers = malloc((state->n_peers + 1) * sizeof(*f->own_peers));
    if (!f->is_settled || (!all && !f->own_peers))
        return -ENOMEM;
    for (size_t i = 0; i < state->n_peers; i++) {
        unsigned marks = marks_of(&f->store, i);
        if (!(marks & DATASTORE_LISTED))
            continue;
        f->is_settled[f->n_peers] = !(marks & DATASTORE_CHANGED);
        if (!all)
            f->own_peers[f->n_peers] = state->peers[i];
        f->n_peers++;
    }
    return 0;
}

/* The store keeps the server's values. */
static int override_peers(struct fetch *f)
{
    CLEAN_MAP struct map by_ip = MAP_INIT;
    if (f->config.n_overrides == 0)
        return 0;
    int r = map_reserve(&by_ip, f->n_peers + 1);
    for (size_t i = 0; r == 0 && i < f->n_peers; i++)
        if (map_add(&by_ip, IP_KEY(&f->own_peers[i].ip), i) == -ENOMEM)
            r = -ENOMEM;
    for (size_t i = 0; r == 0 && i < f->config.n_overrides; i++)
        apply_override(f, &by_ip, &f->config.overrides[i]);
    return r;
}

static int make_peers(struct fetch *f)
{
    if (f->peers)
        return 0;
    fetch_drop_peers(f);
    int r = select_peers(f);
    if (r == 0)
        r = override_peers(f);
    if (r < 0) {
        fetch_drop_peers(f);
        return r;
    }
    /* an array even when there is none */
    static const struct peer nobody;
    f->peers = f->own_peers ? f->own_peers : f->store.state.peers;
    if (!f->peers)
        f->peers = &nobody;
    return 0;
}

/* Endpoints by index of f->peers: only those are resolved that the diff asks for. */
struct resolved {
    struct sock_addr *addrs;
    bool *ok;
};

static void resolved_done(struct resolved *r)
{
    free(r->addrs);
    free(r->ok);
}

/* `is_settled`: who is left alone (diff.h); NULL = nobody. */
static int compute_diffs(struct fetch *f, const bool *is_settled)
{
    CLEANUP(resolved_done) struct resolved resolved = {0};
    CLEAN_FREE size_t *match = NULL;
    resolved.addrs = malloc((f->n_peers + 1) * sizeof(*resolved.addrs));
    resolved.ok = calloc(f->n_peers + 1, sizeof(*resolved.ok));
    int r = resolved.addrs && resolved.ok ? diff_match(&f->device, f->peers, f->n_peers, &match)
                                          : -ENOMEM;
    if (r < 0)
        return r;
    struct diff_input in = {.device = &f->device,
                            .peers = f->peers,
                            .n_peers = f->n_peers,
                            .match = match,
                            .is_settled = is_settled,
                            .server_key = &f->config.server_key,
                            .now_s = time(NULL),
                            .endpoints = resolved.addrs,
                            .has_endpoint = resolved.ok};
    diff_find_stale(&in, resolved.ok);
    r = fetch_resolve(f, !is_settled, resolved.addrs, resolved.ok);
    if (r < 0)
        return r;
    diffs_done(&f->diffs);
    return diff_compute(&in, &f->diffs);
}

static int read_device(struct fetch *f, struct err *err)
{
    struct wg_device device = {0};
    int r = wg_get(f->wg, f->interface, &device, err);
    if (r < 0)
        return err_prefix(err, r, "%s", f->interface);
    diffs_done(&f->diffs); /* they refer to the old one */
    wg_device_done(&f->device);
    f->device = device;
    return 0;
}

static int update_device(struct fetch *f, struct err *err)
{
    CLEAN_FREE struct wg_peer_update *updates = NULL;
    int r = diff_to_updates(&f->diffs, &updates);
    if (r < 0)
        return err_set(err, r, "%s - out of memory", f->interface);
    if (f->diffs.n_changes == 0)
        return 0;
    r = wg_set(f->wg, f->interface,
               &(struct wg_update){.peers = updates, .n_peers = f->diffs.n_changes}, err);
    return r < 0 ? err_prefix(err, r, "%s could not be updated", f->interface) : 0;
}

static int change_device(struct fetch *f, const bool *is_settled, struct err *err)
{
    int r = compute_diffs(f, is_settled);
    if (r == 0)
        r = diff_log(&f->diffs, &f->store.state);
    if (r < 0)
        return err_set(err, r, "%s - out of memory", f->interface);
    r = update_device(f, err);
    f->applied_at_ms = stop_clock_ms();
    return r;
}

static void tell_result(const struct fetch *f)
{
    if (f->diffs.n_changes > 0 || f->brought_up) {
        CLEAN_BUF struct buf name = BUF_INIT;
        paint(&name, SGR_YELLOW, f->interface);
        output_blank_line();
        log_info("Updated interface %s", name.failed ? f->interface : name.data);
        output_blank_line();
    } else {
        CLEAN_BUF struct buf text = BUF_INIT;
        paint(&text, SGR_GREEN, "Already up to date.");
        log_info("%s", text.failed ? "Already up to date." : text.data);
    }
}

int fetch_apply(struct fetch *f, bool whole, struct err *err)
{
    int r = make_peers(f);
    if (r < 0)
        return err_set(err, r, "%s - out of memory", f->interface);
    r = read_device(f, err);
    if (r < 0)
        return r;
    r = change_device(f, whole ? NULL : f->is_settled, err);
    if (r < 0)
        return r;
    if (f->options->write_hosts)
        fetch_update_hosts(f);
    tell_result(f);
    return f->options->no_nat_traversal ? 0 : nat_take(f, !whole, err);
}

int fetch_apply_names(struct fetch *f, struct err *err)
{
    CLEAN_FREE bool *is_settled = NULL;
    size_t n;
    int r = make_peers(f);
    if (r == 0)
        r = fetch_take_names(f, &is_settled, &n);
    if (r < 0)
        return err_set(err, r, "%s - out of memory", f->interface);
    if (n == 0)
        return 0;
    r = read_device(f, err);
    if (r == 0)
        r = change_device(f, is_settled, err);
    if (r < 0)
        return r;
    if (f->diffs.n_changes > 0)
        tell_result(f);
    return f->options->no_nat_traversal ? 0 : nat_take(f, true, err);
}
