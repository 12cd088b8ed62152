#pragma once
/* NAT traversal: trying the candidates of peers that cannot be reached (spec/client.md 3.7). It
 * goes on in steps, so that those of several interfaces can take turns (9.24). */

#include "fetch_internal.h"
#include "innernet/map.h"

struct nat;

/* Takes in the changes that were just made (f->diffs). With `is_partial` they were about some peers
 * only: who is being tried goes on. f->nat is NULL when nobody needs it. 0 or -ENOMEM. */
int nat_take(struct fetch *f, bool is_partial, struct err *err);
/* Fills `ret` with the keys (of peers in `nat`) of whom something was tried. 0 or -ENOMEM. */
int nat_index_tried(const struct nat *nat, struct map *ret);
void nat_free(struct nat *nat);

/* Does what is due. 1: call again at *ret_wake_ms (stop_clock_ms), calling earlier does no harm; 0:
 * everybody is connected or out of candidates. A peer with n candidates that nobody answers under
 * costs about 5 * n seconds. */
int nat_step(struct nat *nat, long long *ret_wake_ms, struct err *err);
