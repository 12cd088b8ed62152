#pragma once
/* First configuration of an interface: keys, the server as the only peer, address, route
 * (spec/client.md 8.6). Used by redeem and by a fetch. */

#include "client.h"
#include "innernet/config.h"

/* Resolves the server's endpoint and brings the device up. A device that this call created is gone
 * again after a failure. Errors name the interface or the endpoint, and the cause. */
int bring_up(const struct client *client, struct wg *wg, const char *interface,
             const struct client_config *config, bool *ret_created, struct err *err);
