#pragma once
/* What a fetch says about each change (spec/client.md 3.4). */

#include "diff.h"

/* Logs every change, in order. Names of removed peers come from `store` (as it was loaded). 0 or
 * -ENOMEM. */
int diff_log(const struct diffs *d, const struct state *store);

/* Pure: the first line of one change, without prefix and newline; `name` must be safe to print. */
void diff_describe(const struct diff *d, const char *name, struct buf *out);
/* "[10.66.1.1/32, 10.66.1.2/32]", "[]". */
void diff_format_allowed_ips(const struct network *nets, size_t n, struct buf *out);
