#include "up_jobs.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "innernet/log.h"
#include "innernet/netif.h"
#include "paths.h"
#include "stop.h"
#include "up_job.h"

#define LIST_PAUSE_MIN_MS 1000
#define ADDRESSES_SETTLE_MS 1000
#define NEVER LLONG_MAX

struct jobs {
    const struct up *up;
    struct up_job_options options;
    long long list_due_ms;
    struct netif_watch *watch;  /* NULL = none */
    long long addresses_due_ms; /* when a change of addresses is looked at */
    struct up_job **items;      /* they stay where they are */
    size_t n;
    struct err failure; /* the last one that was not logged; code 0 = none */
};

static bool is_daemon(const struct jobs *jobs)
{
    return jobs->options.interval_ms >= 0;
}

static long long later(long long ms)
{
    long long sum;
    return __builtin_add_overflow(stop_clock_ms(), ms, &sum) ? NEVER : sum;
}

static void job_free(struct up_job *j)
{
    up_job_done(j);
    free(j);
}

static void jobs_done(struct jobs *jobs)
{
    for (size_t i = 0; i < jobs->n; i++)
        job_free(jobs->items[i]);
    free(jobs->items);
    rest_hub_free(jobs->options.hub);
    resolver_free(jobs->options.resolver);
    netif_watch_free(jobs->watch);
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
        if (strcmp(jobs->items[i]->interface, interface) == 0)
            return 0;
    struct up_job **grown = reallocarray(jobs->items, jobs->n + 1, sizeof(struct up_job *));
    if (!grown)
        return -ENOMEM;
    jobs->items = grown;
    struct up_job *j = calloc(1, sizeof(*j));
    if (!j || up_job_init(j, &jobs->options, interface) < 0) {
        free(j);
        return -ENOMEM;
    }
    jobs->items[jobs->n++] = j;
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
        if (is_listed(names, jobs->items[i]->interface))
            jobs->items[kept++] = jobs->items[i];
        else
            job_free(jobs->items[i]);
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
    long long pause_ms = jobs->options.interval_ms > LIST_PAUSE_MIN_MS ? jobs->options.interval_ms
                                                                       : LIST_PAUSE_MIN_MS;
    jobs->list_due_ms = is_daemon(jobs) ? later(pause_ms) : NEVER;
    return list_jobs(jobs, err);
}

/* --- taking turns ---------------------------------------------------------------------------- */

static struct up_job *next_job(const struct jobs *jobs)
{
    struct up_job *next = NULL;
    for (size_t i = 0; i < jobs->n; i++) {
        up_job_poll(jobs->items[i]);
        if (!next || up_job_due_ms(jobs->items[i]) < up_job_due_ms(next))
            next = jobs->items[i];
    }
    return next;
}

static bool is_finished(const struct jobs *jobs)
{
    for (size_t i = 0; i < jobs->n; i++)
        if (jobs->items[i]->phase != UP_FINISHED || jobs->items[i]->nat_due_ms != NEVER)
            return false;
    return !is_daemon(jobs);
}

/* Addresses come and go several at a time. */
static void watch_addresses(struct jobs *jobs)
{
    if (jobs->watch && netif_watch_drain(jobs->watch) && jobs->addresses_due_ms == NEVER)
        jobs->addresses_due_ms = later(ADDRESSES_SETTLE_MS);
    if (stop_clock_ms() < jobs->addresses_due_ms)
        return;
    jobs->addresses_due_ms = NEVER;
    for (size_t i = 0; i < jobs->n; i++)
        up_job_report_addresses(jobs->items[i]);
}

static void watch_names(struct jobs *jobs)
{
    if (!jobs->options.resolver || !resolver_collect(jobs->options.resolver))
        return;
    for (size_t i = 0; i < jobs->n; i++)
        up_job_report_names(jobs->items[i]);
}

static long long earlier(long long a_ms, long long b_ms)
{
    return a_ms < b_ms ? a_ms : b_ms;
}

static void take_turn(struct jobs *jobs)
{
    struct err err = ERR_INIT;
    struct up_job *j = next_job(jobs);
    long long due_ms = j ? up_job_due_ms(j) : NEVER;
    if (due_ms <= stop_clock_ms()) {
        if (up_job_advance(j, &err) < 0)
            report(jobs, &err);
        return;
    }
    due_ms = earlier(due_ms, earlier(jobs->list_due_ms, jobs->addresses_due_ms));
    int fds[] = {jobs->watch ? netif_watch_fd(jobs->watch) : -1,
                 jobs->options.resolver ? resolver_fd(jobs->options.resolver) : -1};
    rest_hub_wait(jobs->options.hub, due_ms, fds, ARRAY_SIZE(fds));
}

static int run(struct jobs *jobs, struct err *err)
{
    int r = rest_hub_open(&jobs->options.hub, err);
    while (r == 0 && !stop_requested()) {
        if (stop_clock_ms() >= jobs->list_due_ms) {
            r = refresh_list(jobs, err);
            if (r < 0 && is_daemon(jobs)) {
                report(jobs, err);
                r = 0;
            }
        }
        if (r < 0 || is_finished(jobs))
            break;
        watch_addresses(jobs);
        watch_names(jobs);
        take_turn(jobs);
    }
    return r;
}

static struct jobs jobs_of(const struct up *up, long long interval_ms)
{
    return (struct jobs){
        .up = up,
        .options = {.client = up->client, .fetch = up->options, .interval_ms = interval_ms},
        .failure = ERR_INIT};
}

int up_once(const struct up *up, struct err *err)
{
    CLEANUP(jobs_done) struct jobs jobs = jobs_of(up, -1);
    int r = run(&jobs, err);
    if (r < 0 || jobs.failure.code == 0)
        return r;
    *err = jobs.failure;
    return err->code;
}

void up_forever(const struct up *up, long long interval_ms)
{
    CLEANUP(jobs_done) struct jobs jobs = jobs_of(up, interval_ms);
    struct err err = ERR_INIT;
    if (netif_watch_open(&jobs.watch, &err) < 0)
        log_debug("%s", err.text);
    if (resolver_new(&jobs.options.resolver, &err) < 0) /* then names are waited for */
        log_warn("%s", err.text);
    if (run(&jobs, &err) < 0)
        log_error("%s", err.text);
}
