#pragma once
/* Peers, CIDRs and associations in memory, with indexes: what requests are authenticated against
 * and answered from. Filled from the store by the registry; pure apart from memory. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "innernet/cidr_tree.h"
#include "innernet/key.h"
#include "innernet/map.h"
#include "innernet/record.h"

struct model {
    struct peer **peers; /* ascending id; pointers stay valid until the peer is replaced */
    size_t n_peers;
    size_t cap_peers;
    struct map peer_by_ip; /* value: the pointer to the peer */
    struct map peer_by_key;
    struct cidr *cidrs; /* ascending id */
    size_t n_cidrs;
    struct association *associations; /* ascending id */
    size_t n_associations;
    struct cidr_tree tree;
    size_t *links_start; /* CIDR index i is associated with links[links_start[i] .. [i+1]) */
    size_t *links;       /* CIDR indexes, both directions */
    uint64_t generation; /* grows with every change */
};

#define MODEL_INIT ((struct model){0})
#define CLEAN_MODEL CLEANUP(model_done)

void model_done(struct model *m); /* idempotent */
/* Takes the record over (also on failure): inserts, or replaces the peer of that id. 0 or -ENOMEM.
 */
int model_put_peer(struct model *m, struct peer *p);
/* For filling an empty model: takes the peer over (also on failure), whose id is above all so far;
 * it can be found by id only until model_index_peers. 0 or -ENOMEM. */
int model_append_peer(struct model *m, struct peer *p);
int model_index_peers(struct model *m);
/* Removes the peers for which `match` is true. */
void model_remove_peers(struct model *m, bool (*match)(const void *user, const struct peer *p),
                        const void *user);
/* Takes over arrays in ascending id (NULL when empty), also on failure, and replaces what was
 * there. 0, or -ENOMEM: what was there stays. */
int model_set_cidrs(struct model *m, struct cidr *cidrs, size_t n_cidrs,
                    struct association *associations, size_t n_associations);

/* The peers as functions want them that only read. */
static inline const struct peer *const *model_peers(const struct model *m)
{
    return (const struct peer *const *)m->peers;
}

/* NULL when unknown. */
const struct peer *model_find_peer(const struct model *m, int64_t id);
const struct peer *model_find_peer_by_ip(const struct model *m, const struct ip *ip);
const struct peer *model_find_peer_by_key(const struct model *m, const struct key *key);
const struct peer *model_find_peer_by_name(const struct model *m, const char *name);
const struct cidr *model_find_cidr(const struct model *m, int64_t id);
const struct cidr *model_find_cidr_by_name(const struct model *m, const char *name);
const struct association *model_find_association(const struct model *m, int64_t id);
