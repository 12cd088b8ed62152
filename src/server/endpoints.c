#include "endpoints.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void endpoints_done(struct endpoints *e)
{
    free(e->list);
    *e = ENDPOINTS_INIT;
}

static int compare(const void *a, const void *b)
{
    return memcmp(((const struct observed *)a)->key.bytes, ((const struct observed *)b)->key.bytes,
                  KEY_LEN);
}

const struct sock_addr *endpoints_find(const struct endpoints *e, const struct key *key)
{
    const struct observed wanted = {.key = *key};
    const struct observed *o =
        e->n ? bsearch(&wanted, e->list, e->n, sizeof(wanted), compare) : NULL;
    return o ? &o->addr : NULL;
}

static int collect(const struct wg_device *device, struct endpoints *fresh)
{
    fresh->list = calloc(device->n_peers + 1, sizeof(*fresh->list));
    if (!fresh->list)
        return -ENOMEM;
    for (size_t i = 0; i < device->n_peers; i++) {
        const struct wg_peer *p = &device->peers[i];
        if (p->has_endpoint && !ip_is_unspecified(&p->endpoint.ip))
            fresh->list[fresh->n++] = (struct observed){.key = p->public_key, .addr = p->endpoint};
    }
    qsort(fresh->list, fresh->n, sizeof(*fresh->list), compare);
    return 0;
}

static bool same(const struct endpoints *a, const struct endpoints *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (!key_equal(&a->list[i].key, &b->list[i].key) ||
            !sock_addr_equal(&a->list[i].addr, &b->list[i].addr))
            return false;
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
