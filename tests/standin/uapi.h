#pragma once
/* The set=1 half of WireGuard's userspace configuration protocol, one line at a time, the way
 * wireguard-go takes it: each line is applied when it is read. */

#include <stdbool.h>

#include "device.h"

/* One set operation under way. Zero-initialise at its start. */
struct uapi_set {
    bool in_peer;    /* a public_key line was seen */
    bool dummy;      /* the peer is not (or no longer) there: its lines are checked, not applied */
    bool is_created; /* by this operation: update_only takes it back */
    struct key public_key;
};

/* Applies "key=value" (without the newline). 0, or a negative errno for the closing errno line. The
 * current peer is looked up again at each line, as another connection may have removed it. */
int uapi_set_line(struct device *d, struct uapi_set *set, char *line);
