#pragma once
/* Which override each device entry was last made with: so that a change of it can be told from a
 * peer that has moved on since. Ten thousand of them are kept, so of an override there is only a
 * digest. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "innernet/addr.h"
#include "innernet/key.h"

struct override_seen {
    struct key key;
    uint64_t digest;
};

struct overrides {
    struct override_seen *list; /* ascending keys, owned */
    size_t n;
    size_t cap;
};

#define OVERRIDES_INIT ((struct overrides){0})

void overrides_done(struct overrides *o);
/* NULL when the key is not there. */
const struct override_seen *overrides_find(const struct overrides *o, const struct key *key);
bool override_is(const struct override_seen *seen, const struct endpoint *override);
/* Inserts or replaces. When memory is short it is forgotten, which only means that a change of the
 * override waits for the session to end. */
void overrides_put(struct overrides *o, const struct key *key, const struct endpoint *override);
void overrides_remove(struct overrides *o, const struct key *key);

/* For all at once: room for n in an empty list (0 or -ENOMEM), add in any order, then sort. */
int overrides_reserve(struct overrides *o, size_t n);
void overrides_add(struct overrides *o, const struct key *key, const struct endpoint *override);
void overrides_add_seen(struct overrides *o, const struct override_seen *seen);
void overrides_sort(struct overrides *o);
