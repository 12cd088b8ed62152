#pragma once
/* Single changes to the network's device, for commands and server alike. */

#include "innernet/record.h"
#include "innernet/wg.h"

/* Adds the peer, or mends it, without touching a known endpoint; never creates the device. Only an
 * endpoint that is an address is configured. */
int device_put_peer(struct wg *wg, const char *interface, const struct peer *p, struct err *err);
/* A key that is not on the device is fine. */
int device_remove_peer(struct wg *wg, const char *interface, const struct key *key,
                       struct err *err);
