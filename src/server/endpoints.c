#include "endpoints.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void endpoints_done(struct endpoints *e)
{
    map_done(&e->by_key);
    free(e->list);
    *e = ENDPOINTS_INIT;
}

const struct sock_addr *endpoints_find(const struct endpoints *e, const struct key *key)
{
    size_t at;
    return map_get(&e->by_key, key->bytes, KEY_LEN, &at) ? &e->list[at].addr : NULL;
}

static int collect(const struct wg_device *device, struct endpoints *fresh)
{
    fresh->list = calloc(device->n_peers + 1, sizeof(*fresh->list));
    int r = fresh->list ? map_reserve(&fresh->by_key, device->n_peers) : -ENOMEM;
    for (size_t i = 0; r == 0 && i < device->n_peers; i++) {
        const struct wg_peer *p = &device->peers[i];
        if (!p->has_endpoint || ip_is_unspecified(&p->endpoint.ip))
            continue;
        struct observed *o = &fresh->list[fresh->n];
        *o = (struct observed){.key = p->public_key, .addr = p->endpoint};
        r = map_put(&fresh->by_key, o->key.bytes, KEY_LEN, fresh->n);
        fresh->n++;
    }
    return r;
}

static bool same(const struct endpoints *a, const struct endpoints *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++) {
        const struct sock_addr *other = endpoints_find(b, &a->list[i].key);
        if (!other || !sock_addr_equal(other, &a->list[i].addr))
            return false;
    }
    return true;
}

int endpoints_update(struct endpoints *e, const struct wg_device *device)
{
    struct endpoints fresh = ENDPOINTS_INIT;
    int r = collect(device, &fresh);
    if (r < 0 || same(e, &fresh)) {
        endpoints_done(&fresh);
        return r;
    }
    fresh.generation = e->generation + 1;
    endpoints_done(e);
    *e = fresh;
    return 0;
}

/* Steps 1 to 3: which endpoint is shown. */
static void choose_endpoint(const struct endpoint *seen, struct peer *p)
{
    if (!endpoint_is_set(&p->endpoint)) {
        if (seen)
            p->endpoint = *seen;
    } else if (endpoint_is_unspecified(&p->endpoint)) {
        uint16_t port = p->endpoint.port;
        p->endpoint = ENDPOINT_INIT;
        if (seen)
            p->endpoint = (struct endpoint){.ip = seen->ip, .port = port};
    }
}

static bool is_candidate(const struct peer *p, const struct endpoint *ep)
{
    for (size_t i = 0; i < p->n_candidates; i++)
        if (endpoint_equal(&p->candidates[i], ep))
            return true;
    return false;
}

int endpoints_inject(const struct endpoints *e, const struct peer *p, struct peer *ret,
                     struct endpoint **ret_candidates)
{
    struct peer copy = *p;
    const struct sock_addr *addr = endpoints_find(e, &p->public_key);
    *ret_candidates = NULL;
    if (!addr) {
        choose_endpoint(NULL, &copy);
        *ret = copy;
        return 0;
    }
    struct endpoint seen = endpoint_from_sock_addr(addr);
    choose_endpoint(&seen, &copy);
    if (!endpoint_equal(&copy.endpoint, &seen) && !is_candidate(&copy, &seen)) {
        struct endpoint *more = calloc(copy.n_candidates + 1, sizeof(*more));
        if (!more)
            return -ENOMEM;
        if (copy.n_candidates)
            memcpy(more, copy.candidates, copy.n_candidates * sizeof(*more));
        more[copy.n_candidates++] = seen;
        copy.candidates = more;
        *ret_candidates = more;
    }
    *ret = copy;
    return 0;
}
