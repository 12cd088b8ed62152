#pragma once
/* The endpoints under which the device sees its peers, and how they enter answers. Source:
 * spec/server.md 3.3, 5.2, D24, D25. Pure. */

#include <stdbool.h>
#include <stdint.h>

#include "innernet/record.h"
#include "innernet/wg.h"

struct observed {
    struct key key;
    struct sock_addr addr;
};

struct endpoints {
    struct observed *list; /* ascending keys, owned */
    size_t n;
    uint64_t generation; /* grows when something changed */
};

#define ENDPOINTS_INIT ((struct endpoints){0})

void endpoints_done(struct endpoints *e);
/* Rebuilds the table from a read of the device; unspecified endpoints count as none. 0 or -ENOMEM
 * (the old table stays). */
int endpoints_update(struct endpoints *e, const struct wg_device *device);
/* NULL when the key has not been seen. */
const struct sock_addr *endpoints_find(const struct endpoints *e, const struct key *key);

/* The peer as answers show it (spec/server.md 3.3): a shallow copy of `p` in *ret which borrows
 * everything from it, but for *ret_candidates: a new array when a candidate was added, else NULL.
 * The caller frees that array (not its elements) after use. 0 or -ENOMEM. */
int endpoints_inject(const struct endpoints *e, const struct peer *p, struct peer *ret,
                     struct endpoint **ret_candidates);
