#pragma once
/* One fetch: brings the device, the hosts file and the store in line with the server's state
 * (spec/client.md 3.2). Nothing on the machine follows the server before the pins are checked. */

#include "client.h"
#include "innernet/err.h"
#include "options.h"

struct fetch;

/* Whether to wait for another process that works on the interface. */
enum fetch_lock { FETCH_WAIT, FETCH_TRY };

/* Everything but NAT traversal, under the interface's lock. *ret is NULL when nothing is left to
 * do; else the caller drives it with fetch_continue and frees it. The arguments are borrowed as
 * long. -EINPROGRESS with FETCH_TRY: another process has the lock. */
int fetch_begin(const struct client *client, const char *interface,
                const struct fetch_options *options, enum fetch_lock lock, struct fetch **ret,
                struct err *err);
/* NAT traversal, in steps: 1 = call again at *ret_wake_ms (stop_clock_ms), 0 = finished. It holds
 * no lock: it touches nothing but endpoints, and can take a minute. */
int fetch_continue(struct fetch *f, long long *ret_wake_ms, struct err *err);
void fetch_free(struct fetch *f);

/* All of it. */
int fetch_run(const struct client *client, const char *interface,
              const struct fetch_options *options, struct err *err);
