#include "diff.h"

#include <errno.h>
#include <stdlib.h>

#include "innernet/map.h"

bool diff_recently_connected(const struct wg_peer *peer, int64_t now_s)
{
    if (!peer || peer->last_handshake_s == 0 || peer->last_handshake_s > now_s)
        return false;
    return now_s - peer->last_handshake_s <= RECENTLY_CONNECTED_S;
}

static int index_device(const struct wg_device *device, struct map *ret)
{
    int r = map_reserve(ret, device->n_peers + 1);
    for (size_t i = 0; r == 0 && i < device->n_peers; i++)
        r = map_put(ret, device->peers[i].public_key.bytes, KEY_LEN, i);
    return r;
}

/* Where both lists have one order, as a device that this program filled has, no table is needed. */
int diff_match(const struct wg_device *device, const struct peer *peers, size_t n_peers,
               size_t **ret)
{
    CLEAN_MAP struct map by_key = MAP_INIT;
    CLEAN_FREE size_t *match = calloc(n_peers + 1, sizeof(*match));
    size_t next = 0;
    if (!match)
        return -ENOMEM;
    for (size_t i = 0; i < n_peers; i++) {
        const struct key *key = &peers[i].public_key;
        size_t at = next;
        if (at >= device->n_peers || !key_equal(&device->peers[at].public_key, key)) {
            if (by_key.n_slots == 0 && index_device(device, &by_key) < 0)
                return -ENOMEM;
            if (!map_get(&by_key, key->bytes, KEY_LEN, &at))
                at = DIFF_NO_MATCH;
        }
        match[i] = at;
        if (at != DIFF_NO_MATCH)
            next = at + 1;
    }
    *ret = TAKE_PTR(match);
    return 0;
}

static const struct wg_peer *device_peer(const struct diff_input *in, size_t at)
{
    return in->match[at] == DIFF_NO_MATCH ? NULL : &in->device->peers[in->match[at]];
}

/* Disabled peers are as good as absent, and we are no peer of ourselves. */
static bool takes_part(const struct wg_device *device, const struct peer *p)
{
    return !p->is_disabled && !(device->has_key && key_equal(&p->public_key, &device->public_key));
}

static bool is_left_alone(const struct diff_input *in, size_t at, const struct wg_peer *before)
{
    return before && in->is_settled && in->is_settled[at];
}

void diff_find_stale(const struct diff_input *in, bool *ret_stale)
{
    for (size_t i = 0; i < in->n_peers; i++) {
        const struct peer *p = &in->peers[i];
        const struct wg_peer *before = device_peer(in, i);
        ret_stale[i] = takes_part(in->device, p) && endpoint_is_set(&p->endpoint) &&
                       !is_left_alone(in, i, before) && !diff_recently_connected(before, in->now_s);
    }
}

static void diff_endpoint(const struct diff_input *in, size_t at, struct diff *d)
{
    if (diff_recently_connected(d->before, in->now_s))
        return;
    if (in->has_endpoint[at] && !ip_is_unspecified(&in->endpoints[at].ip)) {
        d->endpoint = in->endpoints[at];
        d->sets_endpoint = !d->before || !d->before->has_endpoint ||
                           !sock_addr_equal(&d->before->endpoint, &d->endpoint);
    }
    d->reattempts = !d->sets_endpoint && d->peer->n_candidates > 0;
}

static bool diff_peer(const struct diff_input *in, size_t at, const struct wg_peer *before,
                      struct diff *d)
{
    const struct peer *p = &in->peers[at];
    *d = (struct diff){.action = before ? DIFF_MODIFY : DIFF_ADD, .peer = p, .before = before};
    d->allowed_ip = network_of_ip(&p->ip);
    d->sets_allowed_ips = !before || before->n_allowed_ips != 1 ||
                          !network_equal(&before->allowed_ips[0], &d->allowed_ip);
    d->keepalive_s = p->has_keepalive ? p->keepalive_s : 0;
    d->sets_keepalive = before ? before->keepalive_s != d->keepalive_s : true;
    diff_endpoint(in, at, d);
    return d->sets_allowed_ips || d->sets_keepalive || d->sets_endpoint || d->reattempts;
}

/* What has been handled: device peers by index, others by key. A key listed twice is handled once,
 * otherwise the two would replace each other. */
struct seen {
    bool *on_device;
    struct map others;
};

static void seen_done(struct seen *s)
{
    free(s->on_device);
    map_done(&s->others);
}

static int see(struct seen *s, const struct diff_input *in, size_t at)
{
    size_t match = in->match[at];
    if (match == DIFF_NO_MATCH)
        return map_add(&s->others, in->peers[at].public_key.bytes, KEY_LEN, at);
    if (s->on_device[match])
        return -EEXIST;
    s->on_device[match] = true;
    return 0;
}

static void diff_removals(const struct diff_input *in, const struct seen *seen, struct diffs *d)
{
    for (size_t i = 0; i < in->device->n_peers; i++) {
        const struct wg_peer *before = &in->device->peers[i];
        if (seen->on_device[i])
            continue;
        if (in->server_key && key_equal(in->server_key, &before->public_key))
            continue;
        d->items[d->n++] = (struct diff){.action = DIFF_REMOVE, .before = before};
        d->n_changes++;
    }
}

static int diff_fill(const struct diff_input *in, struct seen *seen, struct diffs *d)
{
    for (size_t i = 0; i < in->n_peers; i++) {
        if (!takes_part(in->device, &in->peers[i]))
            continue;
        int r = see(seen, in, i);
        if (r == -EEXIST)
            continue;
        if (r < 0)
            return r;
        struct diff *next = &d->items[d->n];
        const struct wg_peer *before = device_peer(in, i);
        if (is_left_alone(in, i, before) || !diff_peer(in, i, before, next))
            continue;
        d->n++;
        if (next->sets_allowed_ips || next->sets_keepalive || next->sets_endpoint)
            d->n_changes++;
    }
    diff_removals(in, seen, d);
    return 0;
}

int diff_compute(const struct diff_input *in, struct diffs *ret)
{
    CLEANUP(seen_done) struct seen seen = {.others = MAP_INIT};
    CLEAN_DIFFS struct diffs d = {0};
    seen.on_device = calloc(in->device->n_peers + 1, sizeof(*seen.on_device));
    d.items = malloc((in->n_peers + in->device->n_peers + 1) * sizeof(*d.items));
    if (!seen.on_device || !d.items)
        return -ENOMEM;
    int r = diff_fill(in, &seen, &d);
    if (r < 0)
        return r;
    *ret = d;
    d = (struct diffs){0};
    return 0;
}

void diffs_done(struct diffs *d)
{
    free(d->items);
    *d = (struct diffs){0};
}

static struct wg_peer_update to_update(const struct diff *d)
{
    if (d->action == DIFF_REMOVE)
        return (struct wg_peer_update){.public_key = d->before->public_key, .remove = true};
    return (struct wg_peer_update){
        .public_key = d->peer->public_key,
        .has_endpoint = d->sets_endpoint,
        .endpoint = d->endpoint,
        .has_keepalive = d->sets_keepalive,
        .keepalive_s = d->keepalive_s,
        .replace_allowed_ips = d->sets_allowed_ips,
        .allowed_ips = d->sets_allowed_ips ? &d->allowed_ip : NULL,
        .n_allowed_ips = d->sets_allowed_ips ? 1 : 0,
    };
}

int diff_to_updates(const struct diffs *d, struct wg_peer_update **ret)
{
    struct wg_peer_update *updates = NULL;
    size_t n = 0;
    if (d->n_changes > 0) {
        updates = calloc(d->n_changes, sizeof(*updates));
        if (!updates)
            return -ENOMEM;
    }
    for (size_t i = 0; i < d->n && n < d->n_changes; i++) {
        const struct diff *item = &d->items[i];
        if (item->action == DIFF_REMOVE || item->sets_allowed_ips || item->sets_keepalive ||
            item->sets_endpoint)
            updates[n++] = to_update(item);
    }
    *ret = updates;
    return 0;
}
