#pragma once
/* Picking peers, CIDRs and associations: by the argument that names one, or from a menu of those
 * that can be meant. The arguments are those of cli_shared.h. Every answer is an index into the
 * array given. Unknown names are -ENOENT; other errors are those of prompt.h, and -ENOMEM. Source:
 * spec/client.md 6.2, spec/server.md part 6. */

#include "innernet/ask.h"
#include "innernet/cidr_tree.h"
#include "innernet/record.h"

struct choice {
    const char *question; /* of the menu, e.g. "Peer to rename" */
    const char *none;     /* the error when the menu would be empty */
    bool bare;            /* items are names only, not "<name> (<ip or cidr>)" */
};

/* Can this one be meant? */
typedef bool (*choice_cidr_fn)(const void *user, const struct cidr *c);
typedef bool (*choice_peer_fn)(const void *user, const struct peer *p);

/* The first CIDR of that name. */
int choice_find_cidr(const struct cidr *cidrs, size_t n, const char *name, size_t *ret,
                     struct err *err);

/* --name, of any CIDR; or a menu of those that `offer` (NULL = every) lets through. */
int choice_cidr(const struct cli_args *args, const struct choice *c, choice_cidr_fn offer,
                const void *user, const struct cidr *cidrs, size_t n, size_t *ret, struct err *err);
/* --parent, or a menu of all but the server's. */
int choice_parent(const struct cli_args *args, const struct cidr *cidrs, size_t n, size_t *ret,
                  struct err *err);
/* --cidr, which must name a leaf of the tree; or a menu of the leaves but the server's. */
int choice_leaf(const struct cli_args *args, const struct cidr_tree *tree, size_t *ret,
                struct err *err);

/* --name, or a menu; both know only peers that `offer` lets through. */
int choice_peer(const struct cli_args *args, const struct choice *c, choice_peer_fn offer,
                const void *user, const struct peer *const *peers, size_t n, size_t *ret,
                struct err *err);

/* [CIDR1] and [CIDR2], each from a menu of all CIDRs but the server's where it is missing.
 * *ret_named tells that neither was, so that nothing is left to confirm. */
int choice_cidr_pair(const struct cli_args *args, const struct cidr *cidrs, size_t n, size_t *ret_a,
                     size_t *ret_b, bool *ret_named, struct err *err);
/* The association of [CIDR1] and [CIDR2] in either order; or, unless both are given, from a menu of
 * all (a warning says so when one was). */
int choice_association(const struct cli_args *args, const struct cidr *cidrs, size_t n_cidrs,
                       const struct association *list, size_t n, size_t *ret, struct err *err);
