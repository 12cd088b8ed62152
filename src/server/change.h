#pragma once
/* Changes of the database, one kind for each thing that can be changed. A change passes through the
 * hands of two: who has the model says whether it is allowed and lets the model follow, who has the
 * connection writes. On the command line both are one; in the server these are loop and worker.
 * registry.h has the order of things. Source: spec/server.md parts 2 and 4, D27. */

#include <stdbool.h>
#include <stdint.h>

#include "innernet/err.h"
#include "innernet/key.h"
#include "model.h"
#include "store.h"

/* Everything is right already: nothing has to be written. */
#define CHANGE_NOTHING 1

struct change;

struct change_kind {
    /* Asks the rules (validate.h). 0, CHANGE_NOTHING, or an error. May be asked more than once. */
    int (*check)(struct change *c, const struct model *m, const struct key *own_key,
                 struct err *err);
    /* The statements, and what the model will need of what they have made; errors of store.h. */
    int (*write)(struct change *c, struct store *s, struct err *err);
    /* Once it is committed. 0 or -ENOMEM: the model has to be loaded anew. */
    int (*follow)(struct change *c, struct model *m);
};

/* A step between insert and commit, with the peer's id filled in: a negative answer undoes the
 * insert and is -EIO to the caller (spec/server.md D8, D13). */
typedef int (*change_step_fn)(void *user, const struct peer *p, struct err *err);

struct change {
    const struct change_kind *kind;
    int64_t id; /* which row; of a new one, once it is written */
    int64_t by; /* the peer who asked for it; 0 = nobody in particular */
    /* What is wanted, owned, as far as the kind needs it. */
    struct peer peer;
    struct cidr cidr;
    struct association association;
    struct key key;
    int64_t now_s;
    int32_t now_ns;
    change_step_fn step; /* NULL = none */
    void *step_user;
    /* What came of it. */
    struct key old_key;
    size_t n_swept;
    struct peer row;    /* the peer's, after the statement */
    struct cidr *cidrs; /* all of them, likewise */
    struct association *associations;
    size_t n_cidrs;
    size_t n_associations;
    int64_t base;    /* the version of the database that it was checked against */
    int64_t version; /* after the commit */
};

#define CLEAN_CHANGE CLEANUP(change_done)
void change_done(struct change *c); /* idempotent */

/* change.c. The server's public key, which nobody else may have, comes with the check. */
extern const struct change_kind change_add_peer;       /* peer, step */
extern const struct change_kind change_update_peer;    /* id, peer: name, endpoint, is_admin,
                                                          is_disabled, candidates */
extern const struct change_kind change_rename_peer;    /* id, peer.name */
extern const struct change_kind change_set_disabled;   /* id, peer.is_disabled */
extern const struct change_kind change_set_endpoint;   /* id, peer.endpoint */
extern const struct change_kind change_set_candidates; /* id, peer.candidates */
/* id, key, now. -EALREADY when redeemed, -EKEYEXPIRED when the invitation has run out by then.
 * old_key becomes the key that the invitation held. */
extern const struct change_kind change_redeem;
extern const struct change_kind
    change_sweep; /* now_s: deletes expired invitations (5.3), n_swept */

/* change_cidrs.c. Deleting what is not there is fine. */
extern const struct change_kind change_add_cidr;           /* cidr */
extern const struct change_kind change_rename_cidr;        /* id, cidr.name */
extern const struct change_kind change_delete_cidr;        /* id */
extern const struct change_kind change_add_association;    /* association */
extern const struct change_kind change_delete_association; /* id */
