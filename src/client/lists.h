#pragma once
/* Arrays from the server that free themselves. */

#include <stdlib.h>

#include "innernet/record.h"

struct cidr_list {
    struct cidr *items;
    size_t n;
};

static inline void cidr_list_done(struct cidr_list *l)
{
    cidrs_free(l->items, l->n);
}
#define CLEAN_CIDR_LIST CLEANUP(cidr_list_done)

struct peer_list {
    struct peer *items;
    size_t n;
    const struct peer **refs; /* to the items */
};

static inline void peer_list_done(struct peer_list *l)
{
    peers_free(l->items, l->n);
    free(l->refs);
}
#define CLEAN_PEER_LIST CLEANUP(peer_list_done)

struct association_list {
    struct association *items;
    size_t n;
};

static inline void association_list_done(struct association_list *l)
{
    free(l->items);
}
#define CLEAN_ASSOCIATION_LIST CLEANUP(association_list_done)
