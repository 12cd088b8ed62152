#include "up_jobs.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "fetch.h"
#include "innernet/log.h"
#include "paths.h"
#include "stop.h"

#define LOCK_RETRY_MS 1000
#define LIST_PAUSE_MIN_MS 1000
/* Longer than a waiting process sleeps between two looks at the lock: even without an interval it
 * gets its turn. */
#define BREATH_MS 150
#define NEVER LLONG_MAX

struct job {
    char *interface;
    struct fetch *fetch; /* what is left of it, NULL between fetches */
    long long due_ms;
    bool is_waiting; /* for another process; that was said already */
};

struct jobs {
    const struct up *up;
    long long interval_ms; /* < 0: once */
    long long list_due_ms;
    struct job *items;
    size_t n;
    struct err failure; /* the last one that was not logged; code 0 = none */
};

static bool is_daemon(const struct jobs *jobs)
{
    return jobs->interval_ms >= 0;
}

static long long later(long long ms)
{
    long long sum;
    return __builtin_add_overflow(stop_clock_ms(), ms, &sum) ? NEVER : sum;
}

static void job_done(struct job *j)
{
    fetch_free(j->fetch);
    free(j->interface);
}

static void jobs_done(struct jobs *jobs)
{
    for (size_t i = 0; i < jobs->n; i++)
        job_done(&jobs->items[i]);
    free(jobs->items);
}

static void report(struct jobs *jobs, const struct err *err)
{
    if (is_daemon(jobs)) {
        if (!stop_requested())
            log_error("%s", err->text);
        return;
    }
    if (jobs->failure.code < 0)
        log_error("%s", jobs->failure.text);
    jobs->failure = *err;
}

/* --- which interfaces ------------------------------------------------------------------------ */

static int add_job(struct jobs *jobs, const char *interface)
{
    for (size_t i = 0; i < jobs->n; i++)
        if (strcmp(jobs->items[i].interface, interface) == 0)
            return 0;
    struct job *grown = reallocarray(jobs->items, jobs->n + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    jobs->items = grown;
    grown[jobs->n] = (struct job){.interface = strdup(interface)};
    if (!grown[jobs->n].interface)
        return -ENOMEM;
    jobs->n++;
    return 0;
}

static bool is_listed(const struct path_names *names, const char *interface)
{
    for (size_t i = 0; i < names->n; i++)
        if (strcmp(names->names[i], interface) == 0)
            return true;
    return false;
}

static void drop_jobs_but(struct jobs *jobs, const struct path_names *names)
{
    size_t kept = 0;
    for (size_t i = 0; i < jobs->n; i++) {
        if (is_listed(names, jobs->items[i].interface))
            jobs->items[kept++] = jobs->items[i];
        else
            job_done(&jobs->items[i]);
    }
    jobs->n = kept;
}

static int list_jobs(struct jobs *jobs, struct err *err)
{
    CLEAN_PATH_NAMES struct path_names names = {0};
    const struct client *client = jobs->up->client;
    int r = paths_interfaces(client, &names, err);
    if (r < 0)
        return r;
    drop_jobs_but(jobs, &names);
    for (size_t i = 0; r == 0 && i < names.n; i++)
        r = add_job(jobs, names.names[i]);
    if (r < 0)
        return err_set(err, r, "out of memory");
    if (names.n_bad > 0 && !is_daemon(jobs))
        err_set(&jobs->failure, -EINVAL, "%s has %zu file(s) that belong to no interface",
                client->config_dir, names.n_bad);
    return 0;
}

static int refresh_list(struct jobs *jobs, struct err *err)
{
    if (jobs->up->interface) {
        jobs->list_due_ms = NEVER;
        return add_job(jobs, jobs->up->interface) < 0 ? err_set(err, -ENOMEM, "out of memory") : 0;
    }
    long long pause_ms =
        jobs->interval_ms > LIST_PAUSE_MIN_MS ? jobs->interval_ms : LIST_PAUSE_MIN_MS;
    jobs->list_due_ms = is_daemon(jobs) ? later(pause_ms) : NEVER;
    return list_jobs(jobs, err);
}

/* --- taking turns ---------------------------------------------------------------------------- */

static void wait_for_lock(struct job *j)
{
    if (!j->is_waiting)
        log_info("Waiting for another innernet process that works on %s", j->interface);
    j->is_waiting = true;
    j->due_ms = later(LOCK_RETRY_MS);
}

static void finish(struct jobs *jobs, struct job *j, int r, const struct err *err)
{
    fetch_free(j->fetch);
    j->fetch = NULL;
    long long pause_ms = jobs->interval_ms > BREATH_MS ? jobs->interval_ms : BREATH_MS;
    j->due_ms = is_daemon(jobs) ? later(pause_ms) : NEVER;
    if (r < 0)
        report(jobs, err);
}

static void begin(struct jobs *jobs, struct job *j)
{
    struct err err = ERR_INIT;
    const struct up *up = jobs->up;
    int r = fetch_begin(up->client, j->interface, &up->options,
                        is_daemon(jobs) ? FETCH_TRY : FETCH_WAIT, &j->fetch, &err);
    if (r == -EINPROGRESS) {
        wait_for_lock(j);
        return;
    }
    j->is_waiting = false;
    if (r < 0 || !j->fetch)
        finish(jobs, j, r, &err);
    else
        j->due_ms = later(0);
}

static void advance(struct jobs *jobs, struct job *j)
{
    struct err err = ERR_INIT;
    if (!j->fetch) {
        begin(jobs, j);
        return;
    }
    int r = fetch_continue(j->fetch, &j->due_ms, &err);
    if (r <= 0)
        finish(jobs, j, r, &err);
}

static struct job *next_job(const struct jobs *jobs)
{
    struct job *next = NULL;
    for (size_t i = 0; i < jobs->n; i++)
        if (!next || jobs->items[i].due_ms < next->due_ms)
            next = &jobs->items[i];
    return next;
}

static int run(struct jobs *jobs, struct err *err)
{
    while (!stop_requested()) {
        if (stop_clock_ms() >= jobs->list_due_ms) {
            int r = refresh_list(jobs, err);
            if (r < 0 && !is_daemon(jobs))
                return r;
            if (r < 0)
                report(jobs, err);
        }
        struct job *j = next_job(jobs);
        long long due_ms = j && j->due_ms < jobs->list_due_ms ? j->due_ms : jobs->list_due_ms;
        if (due_ms == NEVER && !is_daemon(jobs))
            break;
        if (j && j->due_ms <= stop_clock_ms())
            advance(jobs, j);
        else
            stop_sleep_ms(due_ms - stop_clock_ms());
    }
    return 0;
}

int up_once(const struct up *up, struct err *err)
{
    CLEANUP(jobs_done) struct jobs jobs = {.up = up, .interval_ms = -1, .failure = ERR_INIT};
    int r = run(&jobs, err);
    if (r < 0 || jobs.failure.code == 0)
        return r;
    *err = jobs.failure;
    return err->code;
}

void up_forever(const struct up *up, long long interval_ms)
{
    CLEANUP(jobs_done)
    struct jobs jobs = {.up = up, .interval_ms = interval_ms, .failure = ERR_INIT};
    struct err err = ERR_INIT;
    run(&jobs, &err);
}
