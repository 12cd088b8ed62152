#pragma once
/* One fetch: brings the device, the hosts file and the store in line with the server's state
 * (spec/client.md 3.2). Nothing on the machine follows the server before the pins are checked. */

#include "client.h"
#include "innernet/err.h"
#include "options.h"

int fetch_run(const struct client *client, const char *interface,
              const struct fetch_options *options, struct err *err);
