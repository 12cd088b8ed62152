#pragma once
/* The listings of CIDRs, associations and peers, as both programs print them (spec/client.md 4.2,
 * 4.6; that of peers is our own, in the same spirit).
 * Pure, except that colours follow color_enabled(). 0 or -ENOMEM. */

#include "innernet/buf.h"
#include "innernet/cidr_tree.h"
#include "innernet/record.h"

int listing_cidrs(const struct cidr *cidrs, size_t n, struct buf *out);
/* Never coloured; nothing for no CIDRs. */
int listing_cidr_tree(const struct cidr *cidrs, size_t n, struct buf *out);
/* An association with a CIDR that is not in the list is shown with its id instead of a name. */
int listing_associations(const struct association *a, size_t n, const struct cidr *cidrs,
                         size_t n_cidrs, struct buf *out);
/* "<id>: <ip> <name> (<cidr>)", then what applies of ", admin", ", disabled", and ", invited until
 * <date>" or ", invitation expired <date>" for a peer that has not redeemed (", invited" without an
 * expiry). Dates are UTC, or "@<seconds>" beyond the calendar. `now_s` is unix seconds. */
int listing_peers(const struct peer *const *peers, size_t n, const struct cidr_tree *cidrs,
                  int64_t now_s, struct buf *out);
/* Two blanks per level, for this tree and others. */
void listing_put_indent(struct buf *out, size_t level);
