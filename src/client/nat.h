#pragma once
/* NAT traversal: trying the candidates of peers that cannot be reached (spec/client.md 3.7). */

#include "fetch_internal.h"

int nat_traverse(struct fetch *f, struct err *err);
