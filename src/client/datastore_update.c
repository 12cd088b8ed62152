#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "datastore.h"
#include "innernet/map.h"

#define DISABLE 4 /* a mark of ours: the server does not list it any more */

/* Where the server's records go: at[i] is the place of record i, at the end for new ones. Mostly
 * both lists have one order; only for the rest a table is needed. */
struct plan {
    size_t *at;
    size_t n; /* peers in the store afterwards */
    unsigned char *marks;
    bool is_exact;
};

static void plan_done(struct plan *p)
{
    free(p->at);
    free(p->marks);
}

static int index_by_ip(const struct state *old, size_t extra, struct map *by_ip)
{
    int r = map_reserve(by_ip, old->n_peers + extra);
    for (size_t i = 0; r == 0 && i < old->n_peers; i++)
        if (map_add(by_ip, IP_KEY(&old->peers[i].ip), i) == -ENOMEM)
            r = -ENOMEM;
    return r;
}

static int find_places(const struct state *old, const struct state *server, struct plan *p)
{
    CLEAN_MAP struct map by_ip = MAP_INIT;
    size_t next = 0;
    p->n = old->n_peers;
    for (size_t i = 0; i < server->n_peers; i++, next++) {
        const struct ip *ip = &server->peers[i].ip;
        if (next < old->n_peers && ip_equal(&old->peers[next].ip, ip)) {
            p->at[i] = next;
            continue;
        }
        if (by_ip.n_slots == 0 && index_by_ip(old, server->n_peers - i, &by_ip) < 0)
            return -ENOMEM;
        if (!map_get(&by_ip, IP_KEY(ip), &next)) {
            next = p->n++;
            if (map_add(&by_ip, IP_KEY(ip), next) < 0)
                return -ENOMEM;
        }
        p->at[i] = next;
    }
    return 0;
}

/* Stored peers that the server does not list stay, disabled unless their key is listed under
 * another IP (spec/client.md 3.5). */
static int mark_missing(const struct state *old, const struct state *server, struct plan *p)
{
    CLEAN_MAP struct map keys = MAP_INIT;
    for (size_t i = 0; i < old->n_peers; i++) {
        if (p->marks[i] || old->peers[i].is_disabled)
            continue;
        if (keys.n_slots == 0) {
            int r = map_reserve(&keys, server->n_peers + 1);
            for (size_t k = 0; r == 0 && k < server->n_peers; k++)
                r = map_put(&keys, server->peers[k].public_key.bytes, KEY_LEN, k);
            if (r < 0)
                return r;
        }
        if (map_get(&keys, old->peers[i].public_key.bytes, KEY_LEN, NULL))
            p->is_exact = false;
        else
            p->marks[i] = DISABLE;
    }
    return 0;
}

static int plan_update(const struct state *old, const struct state *server, struct plan *p)
{
    p->is_exact = true;
    p->at = calloc(server->n_peers + 1, sizeof(*p->at));
    p->marks = calloc(old->n_peers + server->n_peers + 1, sizeof(*p->marks));
    if (!p->at || !p->marks)
        return -ENOMEM;
    int r = find_places(old, server, p);
    for (size_t i = 0; r == 0 && i < server->n_peers; i++) {
        unsigned char *mark = &p->marks[p->at[i]];
        if (*mark) /* one IP twice */
            p->is_exact = false;
        *mark = DATASTORE_LISTED;
    }
    return r < 0 ? r : mark_missing(old, server, p);
}

static bool same_name(const struct peer *a, const struct peer *b)
{
    return a->is_disabled == b->is_disabled && strcmp(a->name, b->name) == 0;
}

static void take_peer(struct datastore *d, size_t at, struct peer *from, bool is_new)
{
    struct peer *to = &d->state.peers[at];
    if (!is_new && peer_equal(to, from))
        return;
    d->is_changed = true;
    d->marks[at] |= DATASTORE_CHANGED;
    if (is_new || !same_name(to, from))
        d->names_changed = true;
    if (!is_new)
        peer_done(to);
    *to = *from;
    *from = (struct peer){0};
}

static bool cidrs_equal(const struct state *a, const struct state *b)
{
    bool equal = a->n_cidrs == b->n_cidrs;
    for (size_t i = 0; equal && i < a->n_cidrs; i++) {
        const struct cidr *x = &a->cidrs[i], *y = &b->cidrs[i];
        equal = x->id == y->id && strcmp(x->name, y->name) == 0 &&
                network_equal(&x->net, &y->net) && x->has_parent == y->has_parent &&
                (!x->has_parent || x->parent == y->parent);
    }
    return equal;
}

static void take_cidrs(struct datastore *d, struct state *server)
{
    if (cidrs_equal(&d->state, server))
        return;
    cidrs_free(d->state.cidrs, d->state.n_cidrs);
    d->state.cidrs = TAKE_PTR(server->cidrs);
    d->state.n_cidrs = server->n_cidrs;
    server->n_cidrs = 0;
    d->is_changed = true;
}

static void disable_missing(struct datastore *d, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!(d->marks[i] & DISABLE))
            continue;
        d->state.peers[i].is_disabled = true;
        d->marks[i] = DATASTORE_CHANGED;
        d->is_changed = d->names_changed = true;
    }
}

int datastore_update(struct datastore *d, struct state *server, struct err *err)
{
    CLEANUP(plan_done) struct plan p = {0};
    size_t n_old = d->state.n_peers;
    struct peer *peers = NULL;
    if (plan_update(&d->state, server, &p) == 0)
        peers = reallocarray(d->state.peers, p.n + 1, sizeof(*peers));
    if (!peers)
        return err_set(err, -ENOMEM, "%s - out of memory", d->path);
    d->state.peers = peers;
    d->state.n_peers = p.n;
    memset(&peers[n_old], 0, (p.n + 1 - n_old) * sizeof(*peers));
    free(d->marks);
    d->marks = TAKE_PTR(p.marks);
    d->is_exact = p.is_exact;
    d->names_changed = false;
    for (size_t i = 0; i < server->n_peers; i++)
        take_peer(d, p.at[i], &server->peers[i], p.at[i] >= n_old && !peers[p.at[i]].name);
    disable_missing(d, n_old);
    take_cidrs(d, server);
    return 0;
}
