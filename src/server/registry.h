#pragma once
/* The store and its model in memory as one thing: every change is checked and written in one
 * transaction, and the model follows. What other processes write is seen at the next registry_sync.
 * Source: spec/server.md parts 2 and 4, D27.
 *
 * Changes return what validate.h and store.h return. They never leave a transaction open. */

#include <stdbool.h>
#include <stdint.h>

#include "innernet/err.h"
#include "innernet/key.h"
#include "model.h"
#include "store.h"

struct registry {
    struct store *store; /* owned */
    struct model model;
    int64_t version;        /* of the database, as the model has it (store_version) */
    bool changed_elsewhere; /* set by registry_sync for another process's write; cleared by who acts
                             */
    struct key own_key;     /* the server's public key; zero when not known (CLI) */
};

#define REGISTRY_INIT ((struct registry){0})
#define CLEAN_REGISTRY CLEANUP(registry_close)

/* Opens the database (store_open) and loads it. */
int registry_open(struct registry *r, const char *path, struct err *err);
void registry_close(struct registry *r); /* idempotent */
/* Loads the model again if another process has written. Runs no SQL if not. While somebody is about
 * to commit, nothing has changed yet and the model stays; the next call looks again. */
int registry_sync(struct registry *r, struct err *err);

int registry_add_cidr(struct registry *r, const struct cidr *contents, int64_t *ret_id,
                      struct err *err);
int registry_rename_cidr(struct registry *r, int64_t id, const char *name, struct err *err);
int registry_delete_cidr(struct registry *r, int64_t id, struct err *err);
int registry_add_association(struct registry *r, const struct association *contents,
                             int64_t *ret_id, struct err *err);
int registry_delete_association(struct registry *r, int64_t id, struct err *err);

/* A step between insert and commit, with the peer's id filled in: a negative answer undoes the
 * insert and is -EIO to the caller (spec/server.md D8, D13). */
typedef int (*registry_step_fn)(void *user, const struct peer *p, struct err *err);
int registry_add_peer(struct registry *r, const struct peer *contents, registry_step_fn step,
                      void *user, int64_t *ret_id, struct err *err);
/* Name, endpoint, is_admin, is_disabled, candidates. */
int registry_update_peer(struct registry *r, int64_t id, const struct peer *contents,
                         struct err *err);
int registry_rename_peer(struct registry *r, int64_t id, const char *name, struct err *err);
int registry_set_disabled(struct registry *r, int64_t id, bool disabled, struct err *err);
/* Nothing is written when the peer has this endpoint or these candidates already. */
int registry_set_endpoint(struct registry *r, int64_t id, const struct endpoint *ep,
                          struct err *err);
int registry_set_candidates(struct registry *r, int64_t id, const struct endpoint *eps, size_t n,
                            struct err *err);
/* -EALREADY when redeemed, -EKEYEXPIRED when the invitation has run out at the given time.
 * ret_old_key gets the key that the invitation held. */
int registry_redeem(struct registry *r, int64_t id, const struct key *new_key, int64_t now_s,
                    int32_t now_ns, struct key *ret_old_key, struct err *err);
/* Deletes expired invitations (spec/server.md 5.3); touches the store only when there are any. */
int registry_sweep(struct registry *r, int64_t now_s, size_t *ret_n, struct err *err);
