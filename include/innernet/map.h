#pragma once
/* Hash table from byte strings (raw keys, IPs, names) to a size_t, usually an array index. Keys are
 * hashed with SipHash under a key drawn at start-up, so that nobody outside can build collisions.
 * Keys are borrowed: the bytes must stay where they are as long as the entry exists. */

#include <stdbool.h>
#include <stddef.h>

#include "innernet/util.h"

struct map_entry {
    const void *key;
    size_t key_len;
    size_t value;
};

struct map {
    struct map_entry *slots; /* NULL key = free */
    size_t n_slots;          /* 0 or a power of two */
    size_t n_entries;
};

#define MAP_INIT ((struct map){0})
#define CLEAN_MAP CLEANUP(map_done)

void map_done(struct map *m);
void map_clear(struct map *m); /* drops all entries, keeps the table */
/* Makes room for n entries at once. 0 or -ENOMEM. */
int map_reserve(struct map *m, size_t n);
/* Inserts; -EEXIST leaves the present entry alone, -ENOMEM leaves the table as it was. */
int map_add(struct map *m, const void *key, size_t key_len, size_t value);
/* Inserts or replaces (key pointer and value). 0 or -ENOMEM. */
int map_put(struct map *m, const void *key, size_t key_len, size_t value);
/* True and *ret_value (nullable) set when present. */
bool map_get(const struct map *m, const void *key, size_t key_len, size_t *ret_value);
/* Removes; false when it was not there. */
bool map_remove(struct map *m, const void *key, size_t key_len);
