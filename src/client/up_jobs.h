#pragma once
/* Fetches of several interfaces, once or again and again. They take turns: while one waits for its
 * peers (NAT traversal), for its interval or for another process, the others go on (spec/client.md
 * 3.8, 9.24). */

#include "client.h"
#include "innernet/err.h"
#include "options.h"

struct up {
    const struct client *client;
    const char *interface; /* NULL = all that are installed */
    const struct fetch_options *options;
};

/* Each once. An error of one does not stop the others; all are logged but the last, which the
 * caller gets (and the exit code that goes with it). */
int up_once(const struct up *up, struct err *err);

/* Until a stop is requested, whatever happens; errors are logged. Servers that can are asked to
 * answer as soon as something is new; once in an interval everything is looked after, news or not.
 * Which interfaces there are is looked up once in an interval, too. */
void up_forever(const struct up *up, long long interval_ms);
