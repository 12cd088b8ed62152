#pragma once
/* One JSON object to one record. Internal to the record decoder. */

#include <stdbool.h>

#include "innernet/err.h"
#include "record_decode_tree.h"

/* Each fills a zeroed record of its kind and leaves nothing owned in it on failure. Returns as the
 * functions of record.h do; -EINVAL (the record is well-shaped but invalid) names its id. */
typedef int record_read_fn(const struct json_node *obj, bool with_id, void *ret, struct err *err);
record_read_fn record_read_peer, record_read_cidr, record_read_association;
