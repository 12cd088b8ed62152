#include "overrides.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint64_t add_bytes(uint64_t digest, const void *data, size_t len)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < len; i++)
        digest = (digest ^ bytes[i]) * UINT64_C(0x100000001b3);
    return digest;
}

/* FNV-1a. Whoever finds two overrides of one digest has only deceived himself. */
static uint64_t digest_of(const struct endpoint *ep)
{
    uint64_t digest = UINT64_C(0xcbf29ce484222325);
    if (ep->domain)
        digest = add_bytes(digest, ep->domain, strlen(ep->domain));
    digest = add_bytes(digest, &ep->ip, sizeof(ep->ip));
    return add_bytes(digest, &ep->port, sizeof(ep->port));
}

void overrides_done(struct overrides *o)
{
    free(o->list);
    *o = OVERRIDES_INIT;
}

static int compare(const void *a, const void *b)
{
    return memcmp(((const struct override_seen *)a)->key.bytes,
                  ((const struct override_seen *)b)->key.bytes, KEY_LEN);
}

/* Where the key is, or belongs. */
static size_t lower_bound(const struct overrides *o, const struct key *key)
{
    size_t low = 0;
    size_t high = o->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (memcmp(o->list[mid].key.bytes, key->bytes, KEY_LEN) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static bool is_at(const struct overrides *o, size_t at, const struct key *key)
{
    return at < o->n && memcmp(o->list[at].key.bytes, key->bytes, KEY_LEN) == 0;
}

const struct override_seen *overrides_find(const struct overrides *o, const struct key *key)
{
    size_t at = lower_bound(o, key);
    return is_at(o, at, key) ? &o->list[at] : NULL;
}

bool override_is(const struct override_seen *seen, const struct endpoint *override)
{
    return seen->digest == digest_of(override);
}

int overrides_reserve(struct overrides *o, size_t n)
{
    struct override_seen *list = reallocarray(o->list, n + 1, sizeof(*list));
    if (!list)
        return -ENOMEM;
    o->list = list;
    o->cap = n + 1;
    return 0;
}

void overrides_add_seen(struct overrides *o, const struct override_seen *seen)
{
    o->list[o->n++] = *seen;
}

void overrides_add(struct overrides *o, const struct key *key, const struct endpoint *override)
{
    o->list[o->n++] = (struct override_seen){.key = *key, .digest = digest_of(override)};
}

void overrides_sort(struct overrides *o)
{
    qsort(o->list, o->n, sizeof(*o->list), compare);
}

void overrides_remove(struct overrides *o, const struct key *key)
{
    size_t at = lower_bound(o, key);
    if (!is_at(o, at, key))
        return;
    o->n--;
    memmove(o->list + at, o->list + at + 1, (o->n - at) * sizeof(*o->list));
}

void overrides_put(struct overrides *o, const struct key *key, const struct endpoint *override)
{
    size_t at = lower_bound(o, key);
    if (!is_at(o, at, key)) {
        if (o->n >= o->cap && overrides_reserve(o, o->n + o->n / 8 + 8) < 0)
            return;
        memmove(o->list + at + 1, o->list + at, (o->n - at) * sizeof(*o->list));
        o->n++;
    }
    o->list[at] = (struct override_seen){.key = *key, .digest = digest_of(override)};
}
