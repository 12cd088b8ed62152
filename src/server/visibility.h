#pragma once
/* Who sees whom (spec/server.md 3.1). Pure. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model.h"

/* Marks the CIDRs whose peers a caller in CIDR `cidr_id` may see: seen[i] for m->cidrs[i], an array
 * of at least m->n_cidrs. Walks each CIDR and link once; cycles and unknown ids do no harm.
 * 0 or -ENOMEM. */
int visibility_mark(const struct model *m, int64_t cidr_id, bool *seen);

/* The visible peers in ascending id: redeemed, not disabled, in a marked CIDR. Caller frees *ret
 * (not the peers). 0 or -ENOMEM. */
int visibility_select(const struct model *m, int64_t cidr_id, const struct peer ***ret,
                      size_t *ret_n);
