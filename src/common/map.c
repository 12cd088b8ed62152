#include "innernet/map.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sodium.h>
#include <stdint.h>
#include <string.h>

#define MIN_SLOTS 8
#define MAX_SLOTS ((size_t)PTRDIFF_MAX / sizeof(struct map_entry)) /* no allocation is larger */

static unsigned char hash_key[crypto_shorthash_KEYBYTES];

static void draw_hash_key(void)
{
    if (sodium_init() < 0)
        abort(); /* no source of randomness: nothing in this program can be right then */
    randombytes_buf(hash_key, sizeof(hash_key));
}

static size_t home_slot(const struct map *m, const void *key, size_t key_len)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, draw_hash_key);
    unsigned char digest[crypto_shorthash_BYTES];
    crypto_shorthash(digest, key, key_len, hash_key);
    uint64_t hash;
    static_assert(sizeof(hash) == sizeof(digest), "the digest is one word");
    memcpy(&hash, digest, sizeof(hash));
    return (size_t)hash & (m->n_slots - 1);
}

/* The slot that holds the key, or else the free slot where it belongs. The table is never full. */
static struct map_entry *find_slot(const struct map *m, const void *key, size_t key_len)
{
    size_t at = home_slot(m, key, key_len);
    for (;; at = (at + 1) & (m->n_slots - 1)) {
        struct map_entry *e = &m->slots[at];
        if (!e->key || (e->key_len == key_len && memcmp(e->key, key, key_len) == 0))
            return e;
    }
}

void map_done(struct map *m)
{
    free(m->slots);
    *m = MAP_INIT;
}

void map_clear(struct map *m)
{
    if (m->n_slots)
        memset(m->slots, 0, m->n_slots * sizeof(*m->slots));
    m->n_entries = 0;
}

static int resize(struct map *m, size_t n_slots)
{
    struct map bigger = {.n_slots = n_slots, .n_entries = m->n_entries};
    bigger.slots = calloc(n_slots, sizeof(*bigger.slots));
    if (!bigger.slots)
        return -ENOMEM;
    for (size_t i = 0; i < m->n_slots; i++)
        if (m->slots[i].key)
            *find_slot(&bigger, m->slots[i].key, m->slots[i].key_len) = m->slots[i];
    free(m->slots);
    *m = bigger;
    return 0;
}

int map_reserve(struct map *m, size_t n)
{
    size_t slots = m->n_slots ? m->n_slots : MIN_SLOTS;
    while (slots - slots / 4 < n) /* at most three quarters full */
        if ((slots *= 2) > MAX_SLOTS)
            return -ENOMEM;
    return slots == m->n_slots ? 0 : resize(m, slots);
}

static int insert(struct map *m, struct map_entry entry, bool replace)
{
    struct map_entry *e = m->n_slots ? find_slot(m, entry.key, entry.key_len) : NULL;
    if (e && e->key) {
        if (!replace)
            return -EEXIST;
        *e = entry;
        return 0;
    }
    size_t before = m->n_slots;
    if (map_reserve(m, m->n_entries + 1) < 0)
        return -ENOMEM;
    if (!e || m->n_slots != before)
        e = find_slot(m, entry.key, entry.key_len);
    *e = entry;
    m->n_entries++;
    return 0;
}

int map_add(struct map *m, const void *key, size_t key_len, size_t value)
{
    return insert(m, (struct map_entry){key, key_len, value}, false);
}

int map_put(struct map *m, const void *key, size_t key_len, size_t value)
{
    return insert(m, (struct map_entry){key, key_len, value}, true);
}

bool map_get(const struct map *m, const void *key, size_t key_len, size_t *ret_value)
{
    if (!m->n_entries)
        return false;
    const struct map_entry *e = find_slot(m, key, key_len);
    if (!e->key)
        return false;
    if (ret_value)
        *ret_value = e->value;
    return true;
}

/* Linear probing has no gaps between an entry and its home slot. So after a removal each entry
 * further on moves into the gap, unless its home lies behind the gap. */
static void close_gap(struct map *m, size_t gap)
{
    size_t mask = m->n_slots - 1;
    for (size_t at = (gap + 1) & mask; m->slots[at].key; at = (at + 1) & mask) {
        size_t home = home_slot(m, m->slots[at].key, m->slots[at].key_len);
        if (((at - home) & mask) < ((at - gap) & mask))
            continue;
        m->slots[gap] = m->slots[at];
        gap = at;
    }
    m->slots[gap] = (struct map_entry){0};
}

bool map_remove(struct map *m, const void *key, size_t key_len)
{
    if (!m->n_entries)
        return false;
    struct map_entry *e = find_slot(m, key, key_len);
    if (!e->key)
        return false;
    close_gap(m, (size_t)(e - m->slots));
    m->n_entries--;
    return true;
}
