#pragma once
/* NAT traversal: trying the candidates of peers that cannot be reached (spec/client.md 3.7). */

#include "fetch_internal.h"

/* Tries until everybody is connected or out of candidates, or a stop is requested. A peer with n
 * candidates that nobody answers under costs about 5 * n seconds. */
int nat_traverse(struct fetch *f, struct err *err);
