#pragma once
/* First configuration of an interface: keys, the server as the only peer, address, route
 * (spec/client.md 8.6). Used by redeem and by a fetch. */

#include "client.h"
#include "innernet/config.h"
#include "innernet/resolve.h"

/* Resolves the server's endpoint; with a resolver without waiting: -EALREADY while the name is
 * being looked up. Errors name the endpoint and the cause. */
int bring_up_resolve(const struct client_config *config, struct resolver *resolver,
                     struct sock_addr *ret, struct err *err);
/* Brings the device up with the server there. A device that this call created is gone again after a
 * failure. Errors name the interface and the cause. */
int bring_up(const struct client *client, struct wg *wg, const char *interface,
             const struct client_config *config, const struct sock_addr *server, bool *ret_created,
             struct err *err);
