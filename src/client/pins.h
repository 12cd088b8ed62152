#pragma once
/* Pinning: the first key seen under an IP stays its key (spec/client.md 3.5, 9.9). Pure. */

#include "innernet/err.h"
#include "innernet/record.h"

/* Would taking `state` into `store` replace the key of an IP? Also refuses two keys for one IP
 * within `state`. To be called before anything on the machine changes. -EKEYREJECTED: the text
 * names the peer, its IP and both keys. 0 or -ENOMEM otherwise. O(n). */
int pins_check(const struct state *store, const struct state *state, struct err *err);
