#pragma once
/* The rules of spec/server.md part 4, for API and command line alike. Pure. Each returns 0, -EINVAL
 * or -EEXIST (a rule is broken: 400), or -ENOENT (a row that was looked up by id is not there:
 * 404), with a text for people. */

#include "innernet/err.h"
#include "model.h"

/* 4.2, plus D28: no second root, no child as large as its parent. */
int validate_new_cidr(const struct model *m, const struct cidr *c, struct err *err);
int validate_rename_cidr(const struct model *m, int64_t id, const char *name, struct err *err);
/* Deleting is up to the foreign keys; this says beforehand why they will refuse. Unknown ids pass.
 */
int validate_delete_cidr(const struct model *m, int64_t id, struct err *err);
/* 4.3; `own_key` is the server's public key, which nobody else may have. */
int validate_new_peer(const struct model *m, const struct peer *p, const struct key *own_key,
                      struct err *err);
/* 4.4 and D9: the five fields of `contents` that an update applies, for peer `id`. */
int validate_update_peer(const struct model *m, int64_t id, const struct peer *contents,
                         struct err *err);
int validate_set_disabled(const struct model *m, int64_t id, bool disabled, struct err *err);
int validate_set_endpoint(const struct model *m, int64_t id, const struct endpoint *ep,
                          struct err *err);
/* A key that a peer may come to have: not zero, not the server's, nobody's yet. */
int validate_new_key(const struct model *m, const struct key *key, const struct key *own_key,
                     struct err *err);
int validate_new_association(const struct model *m, const struct association *a, struct err *err);
