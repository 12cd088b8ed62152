#pragma once
/* Redeeming an invitation: from the invitation's temporary key to a key of our own that nobody else
 * knows (spec/client.md 2.4, 9.5, 9.8). */

#include "client.h"
#include "innernet/config.h"

/* Brings the interface up, registers a new key with the server, and saves the configuration. The
 * new key is on disk before the server hears of it. After a failure the device is gone again, and
 * the new configuration too unless the server has, or may have, taken the new key: then its place
 * is named in the error. `invitation` gets the new key. */
int redeem_invitation(const struct client *client, const char *interface,
                      struct client_config *invitation, struct err *err);
