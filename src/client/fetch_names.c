#include <errno.h>
#include <stdlib.h>

#include "fetch_internal.h"
#include "innernet/map.h"
#include "nat.h"

/* --- waiting for them --------------------------------------------------------------------------
 */

/* In parallel; what is an address needs nothing. */
static int resolve_waiting(const struct fetch *f, size_t n, struct sock_addr *addrs, bool *ok)
{
    CLEAN_FREE const struct endpoint **eps = calloc(n, sizeof(*eps));
    CLEAN_FREE size_t *index = calloc(n, sizeof(*index));
    CLEAN_FREE struct sock_addr *found = calloc(n, sizeof(*found));
    CLEAN_FREE bool *found_ok = calloc(n, sizeof(*found_ok));
    if (!eps || !index || !found || !found_ok)
        return -ENOMEM;
    n = 0;
    for (size_t i = 0; i < f->n_peers; i++) {
        if (!ok[i] || !f->peers[i].endpoint.domain)
            continue;
        eps[n] = &f->peers[i].endpoint;
        index[n++] = i;
    }
    int r = resolve_endpoints(eps, n, RESOLVE_TIMEOUT_MS, found, found_ok);
    if (r < 0)
        return r;
    for (size_t i = 0; i < n; i++) {
        ok[index[i]] = found_ok[i];
        addrs[index[i]] = found[i];
    }
    return 0;
}

/* --- in the background -------------------------------------------------------------------------
 */

/* An address past its time serves until there is a new one. */
static bool look_up(struct fetch *f, const struct peer *p, struct sock_addr *ret, bool *ret_ok)
{
    *ret_ok = resolver_lookup(f->resolver, &p->endpoint, ret);
    return *ret_ok && !resolver_is_asking(f->resolver, &p->endpoint);
}

static int index_awaited(const struct fetch *f, struct map *ret)
{
    int r = map_reserve(ret, f->n_awaited + 1);
    for (size_t i = 0; r == 0 && i < f->n_awaited; i++)
        r = map_put(ret, f->awaited[i].bytes, KEY_LEN, i);
    return r;
}

static int resolve_later(struct fetch *f, size_t n, struct sock_addr *addrs, bool *ok)
{
    CLEAN_MAP struct map by_key = MAP_INIT;
    struct key *awaited = reallocarray(f->awaited, f->n_awaited + n, sizeof(*awaited));
    if (!awaited)
        return -ENOMEM;
    f->awaited = awaited;
    int r = index_awaited(f, &by_key);
    for (size_t i = 0; r == 0 && i < f->n_peers; i++) {
        const struct peer *p = &f->peers[i];
        if (!ok[i] || !p->endpoint.domain || look_up(f, p, &addrs[i], &ok[i]) ||
            map_get(&by_key, p->public_key.bytes, KEY_LEN, NULL))
            continue;
        f->awaited[f->n_awaited] = p->public_key;
        r = map_add(&by_key, f->awaited[f->n_awaited].bytes, KEY_LEN, f->n_awaited);
        f->n_awaited++;
    }
    return r;
}

int fetch_resolve(struct fetch *f, bool whole, struct sock_addr *addrs, bool *ok)
{
    size_t n = 0;
    if (whole)
        f->n_awaited = 0;
    for (size_t i = 0; i < f->n_peers; i++)
        if (ok[i] && !endpoint_to_sock_addr(&f->peers[i].endpoint, &addrs[i]))
            n++;
    if (n == 0)
        return 0;
    return f->resolver ? resolve_later(f, n, addrs, ok) : resolve_waiting(f, n, addrs, ok);
}

bool fetch_awaits_names(const struct fetch *f)
{
    return f->n_awaited > 0;
}

/* Whom NAT traversal is at work on: it comes to the endpoint by itself, as the last thing. */
static int index_tried(const struct fetch *f, struct map *ret)
{
    return f->nat ? nat_index_tried(f->nat, ret) : 0;
}

int fetch_take_names(struct fetch *f, bool **ret_settled, size_t *ret_n)
{
    CLEAN_MAP struct map awaited = MAP_INIT;
    CLEAN_MAP struct map tried = MAP_INIT;
    CLEAN_FREE struct key *left = calloc(f->n_awaited + 1, sizeof(*left));
    CLEAN_FREE bool *is_settled = calloc(f->n_peers + 1, sizeof(*is_settled));
    size_t n_left = 0;
    if (!left || !is_settled || index_awaited(f, &awaited) < 0 || index_tried(f, &tried) < 0)
        return -ENOMEM;
    *ret_n = 0;
    for (size_t i = 0; i < f->n_peers; i++) {
        const struct peer *p = &f->peers[i];
        struct sock_addr addr;
        bool ok;
        is_settled[i] = true;
        if (!p->endpoint.domain || !map_remove(&awaited, p->public_key.bytes, KEY_LEN))
            continue;
        if (!look_up(f, p, &addr, &ok)) {
            left[n_left++] = p->public_key;
        } else if (!map_get(&tried, p->public_key.bytes, KEY_LEN, NULL)) {
            is_settled[i] = false;
            (*ret_n)++;
        }
    }
    free(f->awaited);
    f->awaited = TAKE_PTR(left);
    f->n_awaited = n_left;
    *ret_settled = TAKE_PTR(is_settled);
    return 0;
}
