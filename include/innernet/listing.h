#pragma once
/* The listings of CIDRs and associations, as both programs print them (spec/client.md 4.2, 4.6).
 * Pure, except that colours follow color_enabled(). 0 or -ENOMEM. */

#include "innernet/buf.h"
#include "innernet/record.h"

int listing_cidrs(const struct cidr *cidrs, size_t n, struct buf *out);
/* Never coloured; nothing for no CIDRs. */
int listing_cidr_tree(const struct cidr *cidrs, size_t n, struct buf *out);
/* An association with a CIDR that is not in the list is shown with its id instead of a name. */
int listing_associations(const struct association *a, size_t n, const struct cidr *cidrs,
                         size_t n_cidrs, struct buf *out);
/* Two blanks per level, for this tree and others. */
void listing_put_indent(struct buf *out, size_t level);
