#pragma once
/* The store and its model in memory as one thing: every change is checked and written in one
 * transaction, and the model follows. What other processes write is seen at the next registry_sync.
 * Source: spec/server.md parts 2 and 4, D27.
 *
 * Changes return what validate.h and store.h return. They never leave a transaction open. */

#include <stdbool.h>
#include <stdint.h>

#include "change.h"
#include "innernet/err.h"
#include "innernet/key.h"
#include "model.h"
#include "store.h"

struct registry {
    struct store *store; /* owned */
    struct model model;
    int64_t version;        /* of the database, as the model has it (store_version) */
    int64_t own_base;       /* what a change of ours that is under way was checked against */
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

/* --- changes, in the order of things ------------------------------------------------------------
 */

/* What the rules say by the model as it is: 0 when there is something to write, CHANGE_NOTHING, or
 * an error. Runs no SQL. */
int registry_check(const struct registry *r, struct change *c, struct err *err);
/* Has fn executed where the model lives. */
typedef int (*registry_call_fn)(void *user, int (*fn)(void *arg), void *arg);
/* One transaction on `s`: the registry's own store, or another connection used by another thread,
 * with a `call` that leads back. Within the transaction the model is made current and asked again.
 * 0 when it is committed, CHANGE_NOTHING, or an error; registry_finish is next. */
int registry_run(struct registry *r, struct store *s, struct change *c, registry_call_fn call,
                 void *call_user, struct err *err);
/* The model follows what registry_run has committed. When memory is short for that, the next
 * registry_sync does it: what is committed is committed. Returns the outcome, 0 for CHANGE_NOTHING.
 */
int registry_finish(struct registry *r, struct change *c, int outcome);
/* All of this at once. 0 when it is committed, or there was nothing to do. */
int registry_apply(struct registry *r, struct change *c, struct err *err);

/* --- the same, kind by kind; what is pointed to stays the caller's -------------------------------
 */

int registry_add_cidr(struct registry *r, const struct cidr *contents, int64_t *ret_id,
                      struct err *err);
int registry_rename_cidr(struct registry *r, int64_t id, const char *name, struct err *err);
int registry_delete_cidr(struct registry *r, int64_t id, struct err *err);
int registry_add_association(struct registry *r, const struct association *contents,
                             int64_t *ret_id, struct err *err);
int registry_delete_association(struct registry *r, int64_t id, struct err *err);
int registry_add_peer(struct registry *r, const struct peer *contents, change_step_fn step,
                      void *user, int64_t *ret_id, struct err *err);
int registry_rename_peer(struct registry *r, int64_t id, const char *name, struct err *err);
int registry_set_disabled(struct registry *r, int64_t id, bool disabled, struct err *err);
int registry_set_candidates(struct registry *r, int64_t id, const struct endpoint *eps, size_t n,
                            struct err *err);
int registry_sweep(struct registry *r, int64_t now_s, size_t *ret_n, struct err *err);
