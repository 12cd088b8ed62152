#include "up_job.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "innernet/log.h"
#include "stop.h"
#include "up_backoff.h"

#define LOCK_RETRY_MS 1000
/* Longer than a waiting process sleeps between two looks at the lock: even without an interval it
 * gets its turn. Also the least time between two requests. */
#define BREATH_MS 150
#define NAMES_SETTLE_MS 50     /* many names come one by one */
#define NAT_PATIENCE_MS 120000 /* all candidates of a peer take about a minute */
#define NEVER LLONG_MAX

static bool is_daemon(const struct up_job *j)
{
    return j->options->interval_ms >= 0;
}

static long long interval_ms(const struct up_job *j)
{
    return j->options->interval_ms > BREATH_MS ? j->options->interval_ms : BREATH_MS;
}

static long long later(long long ms)
{
    long long sum;
    return __builtin_add_overflow(stop_clock_ms(), ms, &sum) ? NEVER : sum;
}

int up_job_init(struct up_job *j, const struct up_job_options *options, const char *interface)
{
    *j = (struct up_job){.options = options,
                         .server_waits = true,
                         .nat_due_ms = NEVER,
                         .names_due_ms = NEVER,
                         .complaint = ERR_INIT,
                         .report_complaint = ERR_INIT};
    j->interface = strdup(interface);
    return j->interface ? 0 : -ENOMEM;
}

void up_job_done(struct up_job *j)
{
    fetch_free(j->fetch);
    free(j->interface);
    *j = (struct up_job){0};
}

long long up_job_due_ms(const struct up_job *j)
{
    if (j->fetch && fetch_has_reported(j->fetch))
        return 0;
    long long due_ms = j->due_ms < j->nat_due_ms ? j->due_ms : j->nat_due_ms;
    return due_ms < j->names_due_ms ? due_ms : j->names_due_ms;
}

static void go(struct up_job *j, enum up_job_phase phase, long long due_ms)
{
    j->phase = phase;
    j->due_ms = due_ms;
}

/* --- failures and recovery ---------------------------------------------------------------------
 */

/* That a server is not reached is one complaint, though libcurl says in it how long that took. */
static bool is_same(const struct err *a, const struct err *b)
{
    return a->code == b->code && (a->code == -EHOSTUNREACH || strcmp(a->text, b->text) == 0);
}

/* Says a thing once, not in every attempt. */
static void complain(struct err *last, const struct err *err, bool is_warning)
{
    if (stop_requested() || is_same(last, err)) {
        log_debug("%s", err->text);
        return;
    }
    *last = *err;
    if (is_warning)
        log_warn("%s. Using the state of the last successful fetch.", err->text);
    else
        log_error("%s", err->text);
}

static void recover(struct up_job *j)
{
    if (j->complaint.code != 0)
        log_info("%s: the server answers again", j->interface);
    j->complaint = ERR_INIT;
    j->n_failures = 0;
    j->has_followed = true;
}

static void try_later(struct up_job *j)
{
    long long pause_ms = up_backoff_retry_ms(++j->n_failures, interval_ms(j));
    unsigned told_s = fetch_outcome(j->fetch)->retry_after_s;
    if (told_s > 0 && pause_ms < told_s * 1000LL)
        pause_ms = told_s * 1000LL + up_random(1000);
    go(j, UP_PREPARE, later(pause_ms));
}

/* A server that is started anew, or has too much to do for a moment, is no news. */
static bool is_passing(const struct up_job *j)
{
    const struct rest_outcome *o = fetch_outcome(j->fetch);
    return j->has_followed && j->n_failures == 0 &&
           (o->class == REST_TRANSPORT || o->class == REST_READ || o->status == 503);
}

static int fail(struct up_job *j, int r, struct err *err)
{
    if (!is_daemon(j)) {
        go(j, UP_FINISHED, NEVER);
        j->nat_due_ms = NEVER;
        fetch_free(j->fetch);
        j->fetch = NULL;
        return r;
    }
    fetch_unlock(j->fetch);
    if (is_passing(j))
        log_debug("%s", err->text);
    else
        complain(&j->complaint, err, false);
    try_later(j);
    return 0;
}

/* For another process, or for the server's name. */
static bool has_to_wait(int r)
{
    return r == -EINPROGRESS || r == -EALREADY;
}

static int wait_and_retry(struct up_job *j, int r)
{
    if (r == -EALREADY) {
        fetch_unlock(j->fetch);
        j->is_locked_out = false;
        j->due_ms = later(BREATH_MS);
        return 0;
    }
    if (!j->is_locked_out)
        log_info("Waiting for another innernet process that works on %s", j->interface);
    j->is_locked_out = true;
    j->due_ms = later(LOCK_RETRY_MS);
    return 0;
}

/* --- the turns ---------------------------------------------------------------------------------
 */

/* NAT traversal comes to its end first, unless news about peers out of reach never end. */
static bool is_cycle_due(const struct up_job *j)
{
    long long patience_ms = fetch_has_nat(j->fetch) ? NAT_PATIENCE_MS : 0;
    return !is_daemon(j) || stop_clock_ms() - patience_ms >= j->cycle_due_ms;
}

static void plan_cycle(struct up_job *j)
{
    j->cycle_due_ms = is_daemon(j) ? later(up_backoff_poll_ms(interval_ms(j))) : NEVER;
}

/* While peers are being tried, the present cycle is not over. */
static unsigned wait_to_ask_for(const struct up_job *j)
{
    long long until_ms = fetch_has_nat(j->fetch) ? later(interval_ms(j)) : j->cycle_due_ms;
    long long left_ms = until_ms - stop_clock_ms();
    if (left_ms > REST_WAIT_MAX_S * 1000LL)
        return REST_WAIT_MAX_S;
    return left_ms <= 1000 ? 1 : (unsigned)((left_ms + 999) / 1000);
}

static int ask(struct up_job *j, unsigned wait_s, struct err *err)
{
    j->wait_s = wait_s;
    j->asked_ms = stop_clock_ms();
    int r = fetch_ask(j->fetch, wait_s, err);
    if (r < 0)
        return fail(j, r, err);
    go(j, UP_ANSWER, NEVER);
    return 0;
}

static int prepare(struct up_job *j, struct err *err)
{
    int r = fetch_prepare(j->fetch, is_daemon(j) ? FETCH_TRY : FETCH_WAIT, err);
    if (has_to_wait(r))
        return wait_and_retry(j, r);
    j->is_locked_out = false;
    if (r < 0)
        return fail(j, r, err);
    if (is_daemon(j))
        fetch_unlock(j->fetch);
    /* A server that did not wait last time may do so by now: ask for as little as possible. */
    bool probe = is_daemon(j) && !j->server_waits && fetch_can_wait(j->fetch);
    return ask(j, probe ? 1 : 0, err);
}

/* The round is over; what comes next? */
static void rest_a_while(struct up_job *j)
{
    fetch_unlock(j->fetch);
    if (!is_daemon(j))
        go(j, UP_FINISHED, NEVER);
    else if (j->server_waits && fetch_can_wait(j->fetch))
        go(j, UP_ASK, j->asked_ms + BREATH_MS);
    else
        go(j, UP_PREPARE, fetch_has_nat(j->fetch) ? NEVER : j->cycle_due_ms);
}

static int report(struct up_job *j, struct err *err)
{
    if (is_daemon(j))
        fetch_unlock(j->fetch);
    int r = fetch_is_reporting(j->fetch) ? 1 : fetch_report(j->fetch, false, err);
    j->owes_report = r < 0;
    if (r > 0)
        go(j, UP_REPORT, NEVER);
    else if (r < 0)
        return fail(j, r, err);
    else
        rest_a_while(j);
    return 0;
}

static void start_nat(struct up_job *j)
{
    if (fetch_has_nat(j->fetch) && j->nat_due_ms == NEVER)
        j->nat_due_ms = later(0);
}

static int go_on(struct up_job *j, enum fetch_result result, bool whole, struct err *err)
{
    const struct rest_outcome *o = fetch_outcome(j->fetch);
    if (result == FETCH_ASK_AGAIN) {
        fetch_unlock(j->fetch);
        go(j, UP_PREPARE, j->asked_ms + BREATH_MS);
        return 0;
    }
    start_nat(j);
    if (whole && result != FETCH_NO_NEWS)
        plan_cycle(j);
    if (result == FETCH_OFFLINE) {
        fetch_unlock(j->fetch);
        j->owes_report = true;
        if (is_passing(j))
            log_debug("%s", err->text);
        else
            complain(&j->complaint, err, true);
        if (is_daemon(j))
            try_later(j);
        else
            go(j, UP_FINISHED, NEVER);
        return 0;
    }
    recover(j);
    if (j->wait_s > 0)
        j->server_waits = o->waited;
    if (result != FETCH_NO_NEWS || j->owes_report)
        return report(j, err);
    rest_a_while(j);
    return 0;
}

static int follow(struct up_job *j, struct err *err)
{
    enum fetch_result result;
    bool whole = is_cycle_due(j);
    int r = fetch_follow(j->fetch, is_daemon(j) ? FETCH_TRY : FETCH_WAIT, whole, &result, err);
    if (has_to_wait(r))
        return wait_and_retry(j, r);
    j->is_locked_out = false;
    /* A whole round that failed is still due. */
    return r < 0 ? fail(j, r, err) : go_on(j, result, whole, err);
}

/* Candidates that were reported while the server is waited for are no phase of their own. */
static int end_report(struct up_job *j, struct err *err)
{
    int r = fetch_finish_report(j->fetch, err);
    if (r < 0 && !is_daemon(j))
        return fail(j, r, err);
    j->owes_report = r < 0;
    if (r < 0)
        complain(&j->report_complaint, err, false);
    else
        j->report_complaint = ERR_INIT;
    if (j->phase == UP_REPORT)
        rest_a_while(j);
    return 0;
}

static int advance_nat(struct up_job *j, struct err *err)
{
    int r = fetch_has_nat(j->fetch) ? fetch_continue(j->fetch, &j->nat_due_ms, err) : 0;
    if (r > 0)
        return 0;
    j->nat_due_ms = NEVER;
    if (r < 0 && !is_daemon(j))
        return r;
    if (r < 0)
        log_error("%s", err->text);
    plan_cycle(j);
    if (j->phase == UP_PREPARE && j->due_ms == NEVER)
        j->due_ms = j->cycle_due_ms;
    return 0;
}

/* Beside whatever else goes on. */
static int follow_names(struct up_job *j, struct err *err)
{
    int r = fetch_follow_names(j->fetch, err);
    j->names_due_ms = r == -EINPROGRESS ? later(LOCK_RETRY_MS) : NEVER;
    if (r < 0 && r != -EINPROGRESS)
        log_error("%s", err->text);
    start_nat(j);
    return 0;
}

void up_job_poll(struct up_job *j)
{
    if (j->phase == UP_ANSWER && fetch_has_answer(j->fetch))
        go(j, UP_FOLLOW, 0);
}

static int start(struct up_job *j, struct err *err)
{
    if (j->fetch)
        return 0;
    const struct up_job_options *o = j->options;
    return fetch_new(o->hub, o->resolver, o->client, j->interface, o->fetch, &j->fetch, err);
}

int up_job_advance(struct up_job *j, struct err *err)
{
    int r = start(j, err);
    if (r < 0) {
        go(j, is_daemon(j) ? UP_PREPARE : UP_FINISHED,
           is_daemon(j) ? later(interval_ms(j)) : NEVER);
        return r;
    }
    if (fetch_has_reported(j->fetch))
        return end_report(j, err);
    if (j->names_due_ms <= stop_clock_ms())
        return follow_names(j, err);
    if (j->due_ms > stop_clock_ms())
        return advance_nat(j, err);
    switch (j->phase) {
    case UP_PREPARE:
        return prepare(j, err);
    case UP_ASK:
        return ask(j, wait_to_ask_for(j), err);
    case UP_FOLLOW:
        return follow(j, err);
    case UP_ANSWER:
    case UP_REPORT:
    case UP_FINISHED:
        break;
    }
    return 0;
}

void up_job_report_names(struct up_job *j)
{
    if (j->names_due_ms == NEVER && j->fetch && fetch_awaits_names(j->fetch))
        j->names_due_ms = later(NAMES_SETTLE_MS);
}

void up_job_report_addresses(struct up_job *j)
{
    struct err err = ERR_INIT;
    bool is_idle = j->phase == UP_ANSWER || j->phase == UP_ASK || j->phase == UP_PREPARE;
    if (!j->has_followed || !is_idle || j->n_failures > 0 || fetch_is_reporting(j->fetch)) {
        j->owes_report = true;
        return;
    }
    if (fetch_report(j->fetch, true, &err) < 0)
        log_debug("%s", err.text);
}
