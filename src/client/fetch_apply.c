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
#include "innernet/resolve.h"
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
    log_info("Bringing up interface %s", f->interface);
    int r = bring_up(f->client, f->wg, f->interface, &f->config, &created, err);
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
    f->peers[at].endpoint = o->endpoint;
}

/* The state's peers with the overrides of the configuration; the store keeps the server's values.
 */
static int override_peers(struct fetch *f)
{
    CLEAN_MAP struct map by_ip = MAP_INIT;
    int r = map_reserve(&by_ip, f->state->n_peers);
    if (r < 0)
        return r;
    f->peers = calloc(f->state->n_peers + 1, sizeof(*f->peers));
    if (!f->peers)
        return -ENOMEM;
    for (size_t i = 0; i < f->state->n_peers; i++) {
        f->peers[i] = f->state->peers[i];
        r = map_add(&by_ip, IP_KEY(&f->peers[i].ip), i);
        if (r == -ENOMEM)
            return r;
    }
    for (size_t i = 0; i < f->config.n_overrides; i++)
        apply_override(f, &by_ip, &f->config.overrides[i]);
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

static int resolve_selected(const struct fetch *f, struct resolved *ret)
{
    size_t n = 0, n_peers = f->state->n_peers;
    CLEAN_FREE const struct endpoint **eps = calloc(n_peers + 1, sizeof(*eps));
    CLEAN_FREE size_t *index = calloc(n_peers + 1, sizeof(*index));
    CLEAN_FREE struct sock_addr *addrs = calloc(n_peers + 1, sizeof(*addrs));
    CLEAN_FREE bool *ok = calloc(n_peers + 1, sizeof(*ok));
    if (!eps || !index || !addrs || !ok)
        return -ENOMEM;
    for (size_t i = 0; i < n_peers; i++) {
        if (!ret->ok[i])
            continue;
        eps[n] = &f->peers[i].endpoint;
        index[n++] = i;
    }
    int r = resolve_endpoints(eps, n, RESOLVE_TIMEOUT_MS, addrs, ok);
    if (r < 0)
        return r;
    for (size_t i = 0; i < n; i++) {
        ret->ok[index[i]] = ok[i];
        ret->addrs[index[i]] = addrs[i];
    }
    return 0;
}

static int compute_diffs(struct fetch *f)
{
    CLEANUP(resolved_done) struct resolved resolved = {0};
    int64_t now_s = time(NULL);
    resolved.addrs = calloc(f->state->n_peers + 1, sizeof(*resolved.addrs));
    resolved.ok = calloc(f->state->n_peers + 1, sizeof(*resolved.ok));
    if (!resolved.addrs || !resolved.ok)
        return -ENOMEM;
    int r = diff_find_stale(&f->device, f->peers, f->state->n_peers, now_s, resolved.ok);
    if (r == 0)
        r = resolve_selected(f, &resolved);
    if (r < 0)
        return r;
    return diff_compute(&(struct diff_input){.device = &f->device,
                                             .peers = f->peers,
                                             .n_peers = f->state->n_peers,
                                             .server_key = &f->config.server_key,
                                             .now_s = now_s,
                                             .endpoints = resolved.addrs,
                                             .has_endpoint = resolved.ok},
                        &f->diffs);
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

int fetch_apply(struct fetch *f, struct err *err)
{
    int r = override_peers(f);
    if (r < 0)
        return err_set(err, r, "%s - out of memory", f->interface);
    r = wg_get(f->wg, f->interface, &f->device, err);
    if (r < 0)
        return err_prefix(err, r, "%s", f->interface);
    r = compute_diffs(f);
    if (r == 0)
        r = diff_log(&f->diffs, &f->store.state);
    if (r < 0)
        return err_set(err, r, "%s - out of memory", f->interface);
    r = update_device(f, err);
    if (r < 0)
        return r;
    f->applied_at_ms = stop_clock_ms();
    if (f->options->write_hosts)
        fetch_update_hosts(f);
    tell_result(f);
    return 0;
}
