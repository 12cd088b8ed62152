#pragma once
/* The tree that CIDRs form by their parent ids, for menus, listings and visibility. Pure; refers to
 * the array it was built from, which must outlive it. Survives nonsense: cycles, missing parents and
 * duplicate ids make CIDRs unreachable from the root, never an endless walk. Building is O(n)
 * (O(n log n) when the ids do not ascend).
 * Source: spec/client.md A.8, 4.1. */

#include <stdbool.h>
#include <stddef.h>

#include "innernet/err.h"
#include "innernet/map.h"
#include "innernet/record.h"

#define CIDR_TREE_NONE ((size_t)-1)

struct cidr_tree {
    const struct cidr *cidrs;
    size_t n;
    size_t root;          /* index of the shortest prefix, first on ties; CIDR_TREE_NONE when empty */
    size_t *parent;       /* index of the parent, or CIDR_TREE_NONE */
    size_t *first_child;  /* children of a node in ascending id */
    size_t *next_sibling;
    struct map by_id;     /* &cidr.id (8 bytes) -> index; the first of duplicates */
};

/* 0 or -ENOMEM. An empty array is fine. */
int cidr_tree_init(struct cidr_tree *t, const struct cidr *cidrs, size_t n);
void cidr_tree_done(struct cidr_tree *t);
#define CLEAN_CIDR_TREE CLEANUP(cidr_tree_done)
/* CIDR_TREE_NONE when unknown. */
size_t cidr_tree_find_id(const struct cidr_tree *t, int64_t id);
size_t cidr_tree_find_name(const struct cidr_tree *t, const char *name); /* first in list order */
/* Depth-first from `start` in pre-order (children ascending by id), start included at level 0. Stops
 * early when visit returns false. */
typedef bool (*cidr_tree_visit_fn)(void *user, size_t index, unsigned level);
void cidr_tree_walk(const struct cidr_tree *t, size_t start, cidr_tree_visit_fn visit, void *user);
/* Leaves reachable from the root (nobody's parent), depth-first *in list order* as menus show them;
 * the root itself when it has no children. Caller frees *ret. 0 or -ENOMEM. */
int cidr_tree_leaves(const struct cidr_tree *t, size_t **ret, size_t *ret_n);
