#pragma once
/* Following one network (spec/client.md 3.2): its state is asked for, and the device, the hosts
 * file and the store are brought in line with it. Nothing on the machine follows the server before
 * the pins are checked. What was read stays in memory from one round to the next, for as long as
 * the files say the same.
 *
 * A round is: fetch_prepare, fetch_ask, (fetch_has_answer), fetch_follow, fetch_report and, side by
 * side with later rounds, fetch_continue. */

#include "client.h"
#include "innernet/err.h"
#include "innernet/resolve.h"
#include "options.h"
#include "rest.h"

struct fetch;

/* Whether to wait for another process that works on the interface. */
enum fetch_lock { FETCH_WAIT, FETCH_TRY };

/* The arguments are borrowed. Without a resolver (NULL) names are waited for. 0 or -ENOMEM. */
int fetch_new(struct rest_hub *hub, struct resolver *resolver, const struct client *client,
              const char *interface, const struct fetch_options *options, struct fetch **ret,
              struct err *err);
void fetch_free(struct fetch *f);

/* Takes the interface's lock, reads the files that are new, and brings the interface up if that is
 * allowed. -EINPROGRESS with FETCH_TRY: another process has the lock. -EALREADY: the name of the
 * server, without which there is no interface, is being looked up: try again soon. The lock is held
 * until fetch_unlock, except after an error. */
int fetch_prepare(struct fetch *f, enum fetch_lock lock, struct err *err);
void fetch_unlock(struct fetch *f);

/* Asks for the state, for news only when what is known has a tag; the server may keep back for
 * `wait_s` that there are none. */
int fetch_ask(struct fetch *f, unsigned wait_s, struct err *err);
/* Is there something to wait for at the server: has the known state a tag? */
bool fetch_can_wait(const struct fetch *f);
bool fetch_has_answer(const struct fetch *f);
/* How the latest answer came about. */
const struct rest_outcome *fetch_outcome(const struct fetch *f);

enum fetch_result {
    FETCH_FOLLOWED, /* device, hosts file and store are as the server says */
    FETCH_NO_NEWS,  /* nothing was done, as nothing is new and not everything was asked for */
    FETCH_OFFLINE, /* the server cannot be reached (*err says how), the stored state was followed */
    FETCH_ASK_AGAIN, /* the files are others than when the server was asked */
};

/* Follows the answer, under the lock, which it takes when it is not held (-EINPROGRESS, -EALREADY:
 * as with fetch_prepare, call again). With `whole` everything is compared with the device, whatever
 * the answer; else what changed. An error means that the server's state was not followed. */
int fetch_follow(struct fetch *f, enum fetch_lock lock, bool whole, enum fetch_result *ret,
                 struct err *err);

/* Peers whose endpoints are names that were not known follow later: what the resolver knows by now
 * is set on the device. Needs no server. -EINPROGRESS: another process has the lock. */
bool fetch_awaits_names(const struct fetch *f);
int fetch_follow_names(struct fetch *f, struct err *err);

/* Tells the server under which addresses we can be reached (spec/client.md 3.6), when that is not
 * what its state says; with `only_news` not again what it has taken before. 1: the request is under
 * way; 0: it is not needed. */
int fetch_report(struct fetch *f, bool only_news, struct err *err);
bool fetch_is_reporting(const struct fetch *f);
bool fetch_has_reported(const struct fetch *f);
int fetch_finish_report(struct fetch *f, struct err *err);

/* NAT traversal goes on in steps: 1 = call again at *ret_wake_ms (stop_clock_ms), 0 = finished. It
 * needs no lock: it touches nothing but endpoints, and can take a minute. */
bool fetch_has_nat(const struct fetch *f);
int fetch_continue(struct fetch *f, long long *ret_wake_ms, struct err *err);
