#include "innernet/resolve.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "resolve_name.h"

#define PARALLEL_MAX 32

enum { JOB_OPEN = 1 }; /* not an EAI_* code: those are zero or negative */

struct job {
    char *domain; /* NULL: nothing to look up */
    struct sock_addr found;
    int outcome; /* JOB_OPEN, 0 or an EAI_* code */
};

/* Shared by the caller and the threads it started; whoever lets go last frees it. */
struct batch {
    pthread_mutex_t lock;
    pthread_cond_t ended;
    unsigned refs;
    bool abandoned; /* the caller stopped waiting: start no further look-up */
    size_t next;
    size_t n_open;
    size_t n_jobs;
    struct job *jobs;
};

static void batch_free(struct batch *b)
{
    for (size_t i = 0; i < b->n_jobs; i++)
        free(b->jobs[i].domain);
    free(b->jobs);
    pthread_cond_destroy(&b->ended);
    pthread_mutex_destroy(&b->lock);
    free(b);
}

static void batch_unref(struct batch *b)
{
    pthread_mutex_lock(&b->lock);
    bool last = --b->refs == 0;
    pthread_mutex_unlock(&b->lock);
    if (last)
        batch_free(b);
}

static struct batch *batch_new(const struct endpoint *const *eps, size_t n)
{
    struct batch *b = calloc(1, sizeof(*b));
    if (!b)
        return NULL;
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&b->ended, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&b->lock, NULL);
    b->refs = 1;
    b->jobs = calloc(n ? n : 1, sizeof(*b->jobs));
    if (!b->jobs) {
        batch_free(b);
        return NULL;
    }
    b->n_jobs = n;
    for (size_t i = 0; i < n; i++) {
        if (!eps[i]->domain)
            continue;
        b->jobs[i].domain = strdup(eps[i]->domain);
        if (!b->jobs[i].domain) {
            batch_free(b);
            return NULL;
        }
        b->jobs[i].outcome = JOB_OPEN;
        b->n_open++;
    }
    return b;
}

/* Called and left with the lock held. */
static struct job *next_job(struct batch *b)
{
    while (!b->abandoned && b->next < b->n_jobs) {
        struct job *job = &b->jobs[b->next++];
        if (job->domain)
            return job;
    }
    return NULL;
}

static void *work(void *arg)
{
    struct batch *b = arg;
    struct job *job;
    pthread_mutex_lock(&b->lock);
    while ((job = next_job(b))) {
        struct sock_addr found = {0};
        pthread_mutex_unlock(&b->lock);
        int outcome = resolve_name(job->domain, &found);
        pthread_mutex_lock(&b->lock);
        job->found = found;
        job->outcome = outcome;
        if (--b->n_open == 0)
            pthread_cond_signal(&b->ended);
    }
    pthread_mutex_unlock(&b->lock);
    batch_unref(b);
    return NULL;
}

/* Starts helper threads; with none started the look-ups stay open until the deadline. */
static int batch_start(struct batch *b)
{
    size_t n = b->n_open < PARALLEL_MAX ? b->n_open : PARALLEL_MAX;
    for (size_t i = 0; i < n; i++) {
        pthread_mutex_lock(&b->lock);
        b->refs++;
        pthread_mutex_unlock(&b->lock);
        int rc = resolve_start_thread(work, b);
        if (rc < 0) {
            batch_unref(b);
            return i ? 0 : rc;
        }
    }
    return 0;
}

static struct timespec deadline_in(int timeout_ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += timeout_ms / 1000;
    t.tv_nsec += (timeout_ms % 1000) * 1000000L;
    if (t.tv_nsec >= 1000000000L) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000L;
    }
    return t;
}

/* Waits for all jobs or the deadline, then lets the threads go. Outcomes may be read until unref.
 */
static void batch_wait(struct batch *b, int timeout_ms)
{
    struct timespec deadline = deadline_in(timeout_ms);
    pthread_mutex_lock(&b->lock);
    while (b->n_open > 0)
        if (pthread_cond_timedwait(&b->ended, &b->lock, &deadline) == ETIMEDOUT)
            break;
    b->abandoned = true;
    pthread_mutex_unlock(&b->lock);
}

/* One outcome: 0, JOB_OPEN after the deadline, or an EAI_* code. */
static int take_outcome(struct batch *b, size_t i, const struct endpoint *ep, struct sock_addr *ret)
{
    if (!ep->domain)
        return endpoint_to_sock_addr(ep, ret) ? 0 : EAI_NONAME;
    pthread_mutex_lock(&b->lock);
    int outcome = b->jobs[i].outcome;
    if (outcome == 0) {
        *ret = b->jobs[i].found;
        ret->port = ep->port;
    }
    pthread_mutex_unlock(&b->lock);
    return outcome;
}

/* `ret_outcomes` has room for n. */
static int run_batch(const struct endpoint *const *eps, size_t n, int timeout_ms,
                     struct sock_addr *ret, int *ret_outcomes)
{
    struct batch *b = batch_new(eps, n);
    if (!b)
        return -ENOMEM;
    int rc = batch_start(b);
    if (rc == 0) {
        batch_wait(b, timeout_ms);
        for (size_t i = 0; i < n; i++)
            ret_outcomes[i] = take_outcome(b, i, eps[i], &ret[i]);
    }
    batch_unref(b);
    return rc;
}

int resolve_endpoint(const struct endpoint *ep, int timeout_ms, struct sock_addr *ret,
                     struct err *err)
{
    int outcome;
    struct sock_addr found;
    int rc = run_batch(&ep, 1, timeout_ms, &found, &outcome);
    if (rc < 0)
        return err_set_os(err, rc, "could not look up a name");
    if (outcome == 0) {
        *ret = found;
        return 0;
    }
    CLEAN_FREE char *text = endpoint_text(ep);
    if (outcome == JOB_OPEN)
        return err_set(err, -ETIMEDOUT,
                       "%s could not be resolved within %d s: check this host's name servers",
                       text ? text : "the endpoint", timeout_ms / 1000);
    return err_set(err, -EHOSTUNREACH, "%s could not be resolved: %s", text ? text : "the endpoint",
                   gai_strerror(outcome));
}

int resolve_endpoints(const struct endpoint *const *eps, size_t n, int timeout_ms,
                      struct sock_addr *ret, bool *ret_ok)
{
    CLEAN_FREE int *outcomes = calloc(n ? n : 1, sizeof(*outcomes));
    if (!outcomes)
        return -ENOMEM;
    int rc = run_batch(eps, n, timeout_ms, ret, outcomes);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < n; i++)
        ret_ok[i] = outcomes[i] == 0;
    return 0;
}
