#pragma once
/* The database: rows in, rows out. Rules live elsewhere (validate.h, registry.h). Source:
 * spec/server.md 1.3.
 *
 * Unless said otherwise functions return 0, or: -EEXIST (a value that must be unique is taken),
 * -EINVAL (another constraint of the schema), -ENOENT (no such row), -EBUSY (another process kept
 * the database locked for five seconds), -ENOMEM, and -EIO, -ENOSPC, -EROFS, -EBADMSG for faults of
 * the file. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "innernet/err.h"
#include "innernet/key.h"
#include "innernet/record.h"

struct store;

/* Opens an existing database (-ENOENT when there is none), tightens its mode to 0600, and migrates
 * it (schema.h). */
int store_open(const char *path, struct store **ret, struct err *err);
/* Opens the empty file `path`, begins a transaction and creates the tables in it. The caller
 * inserts and commits. */
int store_create(const char *path, struct store **ret, struct err *err);
/* Rolls back what is open; takes NULL. */
void store_close(struct store *s);
static inline void store_cleanup(struct store **s)
{
    store_close(*s);
}
#define CLEAN_STORE CLEANUP(store_cleanup)

/* BEGIN IMMEDIATE: checks made after this hold until the commit. Not nested. */
int store_begin(struct store *s, struct err *err);
/* On failure the transaction is rolled back. */
int store_commit(struct store *s, struct err *err);
/* Does nothing outside of a transaction. */
void store_rollback(struct store *s);
/* Commits, and tells the version that the database has by that, whoever else writes; or
 * STORE_VERSION_UNKNOWN. */
#define STORE_VERSION_UNKNOWN ((int64_t)-1)
int store_commit_version(struct store *s, int64_t *ret, struct err *err);
/* A transaction that only reads: what is read until store_rollback belongs together. */
int store_begin_read(struct store *s, struct err *err);
bool store_in_transaction(const struct store *s);
/* A number that is another one after a commit, of whomever. Runs no SQL (but in a database that its
 * owner has switched to a write-ahead log) and does not wait. Outside of a transaction it may be
 * that of a commit which is under way; whoever begins to read then gets -EBUSY or sees it done. */
int store_version(struct store *s, int64_t *ret, struct err *err);
/* How long to wait for another process that has the database locked: five seconds at first. */
void store_set_patience(struct store *s, int ms);
#define STORE_PATIENCE_MS 5000
/* Gives back what was only cached. */
void store_release_memory(struct store *s);
/* How many statements have been run so far. */
uint64_t store_n_calls(const struct store *s);

/* Each calls `take` once per row in ascending id; `take` owns the record from then on (also when it
 * fails) and a negative answer of it stops the reading. Rows that cannot be decoded are left out
 * with an error in the log (spec/server.md D46). Peers carry the keepalive of 25 s. */
typedef int (*store_take_peer_fn)(void *user, struct peer *p);
typedef int (*store_take_cidr_fn)(void *user, struct cidr *c);
typedef int (*store_take_association_fn)(void *user, const struct association *a);
int store_read_peers(struct store *s, store_take_peer_fn take, void *user, struct err *err);
int store_read_cidrs(struct store *s, store_take_cidr_fn take, void *user, struct err *err);
int store_read_associations(struct store *s, store_take_association_fn take, void *user,
                            struct err *err);
/* One row; -EBADMSG when it cannot be decoded. */
int store_read_peer(struct store *s, int64_t id, struct peer *ret, struct err *err);

/* `id` and keepalive are not written; the expiry as whole seconds. */
int store_insert_peer(struct store *s, const struct peer *p, int64_t *ret_id, struct err *err);
/* Name, endpoint, is_admin, is_disabled and candidates of row p->id. */
int store_update_peer(struct store *s, const struct peer *p, struct err *err);
int store_set_peer_disabled(struct store *s, int64_t id, bool disabled, struct err *err);
/* An endpoint that is not set clears the column. */
int store_set_peer_endpoint(struct store *s, int64_t id, const struct endpoint *ep,
                            struct err *err);
int store_set_peer_candidates(struct store *s, int64_t id, const struct endpoint *eps, size_t n,
                              struct err *err);
/* Marks an unredeemed row as redeemed under its new key; -ENOENT when there is no unredeemed row.
 */
int store_redeem_peer(struct store *s, int64_t id, const struct key *public_key, struct err *err);
/* Deletes unredeemed rows that expired before `now_s`. */
int store_sweep_peers(struct store *s, int64_t now_s, size_t *ret_n, struct err *err);

int store_insert_cidr(struct store *s, const struct cidr *c, int64_t *ret_id, struct err *err);
int store_rename_cidr(struct store *s, int64_t id, const char *name, struct err *err);
/* Unknown ids are fine. */
int store_delete_cidr(struct store *s, int64_t id, struct err *err);
int store_insert_association(struct store *s, const struct association *a, int64_t *ret_id,
                             struct err *err);
/* Unknown ids are fine. */
int store_delete_association(struct store *s, int64_t id, struct err *err);
