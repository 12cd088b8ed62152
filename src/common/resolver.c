#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>

#include "innernet/map.h"
#include "innernet/resolve.h"
#include "resolve_name.h"

#define KEEP_MS 60000
#define KEEP_FAILURE_MS 10000
#define THREADS_MAX 4
#define ENTRIES_MAX 4096

struct job {
    char *domain;
    struct sock_addr found;
    int outcome;
    struct job *next;
};

/* What the threads see; whoever lets go last frees it. */
struct pool {
    pthread_mutex_t lock;
    unsigned refs;
    unsigned n_threads;
    bool closed;
    int event_fd; /* -1 once closed */
    struct job *todo;
    struct job **todo_end;
    struct job *done;
};

struct entry {
    char *domain; /* NULL = free place */
    struct sock_addr found;
    bool ok; /* found is valid, perhaps past its time */
    bool asking;
    uint64_t expires_ms;
    uint64_t used_ms;
};

struct resolver {
    struct pool *pool;
    struct map by_domain; /* index into entries */
    struct entry entries[ENTRIES_MAX];
    size_t n_entries;
};

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void job_free(struct job *job)
{
    if (!job)
        return;
    free(job->domain);
    free(job);
}

static void jobs_free(struct job *list)
{
    while (list) {
        struct job *next = list->next;
        job_free(list);
        list = next;
    }
}

static void pool_unref(struct pool *p)
{
    pthread_mutex_lock(&p->lock);
    bool last = --p->refs == 0;
    pthread_mutex_unlock(&p->lock);
    if (!last)
        return;
    jobs_free(p->todo);
    jobs_free(p->done);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

/* Called and left with the lock held. */
static struct job *pool_take(struct pool *p)
{
    struct job *job = p->closed ? NULL : p->todo;
    if (job) {
        p->todo = job->next;
        if (!p->todo)
            p->todo_end = &p->todo;
    }
    return job;
}

static void *work(void *arg)
{
    struct pool *p = arg;
    struct job *job;
    pthread_mutex_lock(&p->lock);
    while ((job = pool_take(p))) {
        pthread_mutex_unlock(&p->lock);
        job->outcome = resolve_name(job->domain, &job->found);
        pthread_mutex_lock(&p->lock);
        job->next = p->done;
        p->done = job;
        if (!p->closed)
            eventfd_write(p->event_fd, 1);
    }
    p->n_threads--;
    pthread_mutex_unlock(&p->lock);
    pool_unref(p);
    return NULL;
}

/* Queues a look-up and sees to it that a thread will do it. */
static int pool_ask(struct pool *p, const char *domain)
{
    struct job *job = calloc(1, sizeof(*job));
    if (!job || !(job->domain = strdup(domain))) {
        job_free(job);
        return -ENOMEM;
    }
    pthread_mutex_lock(&p->lock);
    *p->todo_end = job;
    p->todo_end = &job->next;
    bool start = p->n_threads < THREADS_MAX;
    if (start) {
        p->n_threads++;
        p->refs++;
    }
    pthread_mutex_unlock(&p->lock);
    if (start && resolve_start_thread(work, p) < 0) {
        pthread_mutex_lock(&p->lock);
        p->n_threads--;
        pthread_mutex_unlock(&p->lock);
        pool_unref(p);
    }
    return 0;
}

int resolver_new(struct resolver **ret, struct err *err)
{
    struct resolver *r = calloc(1, sizeof(*r));
    struct pool *p = calloc(1, sizeof(*p));
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (!r || !p || fd < 0) {
        int code = fd < 0 ? -errno : -ENOMEM;
        free(r);
        free(p);
        if (fd >= 0)
            close(fd);
        return err_set_os(err, code, "could not prepare name look-ups");
    }
    pthread_mutex_init(&p->lock, NULL);
    p->refs = 1;
    p->event_fd = fd;
    p->todo_end = &p->todo;
    r->pool = p;
    *ret = r;
    return 0;
}

void resolver_free(struct resolver *r)
{
    if (!r)
        return;
    pthread_mutex_lock(&r->pool->lock);
    r->pool->closed = true;
    close(r->pool->event_fd);
    r->pool->event_fd = -1;
    pthread_mutex_unlock(&r->pool->lock);
    pool_unref(r->pool);
    map_done(&r->by_domain);
    for (size_t i = 0; i < r->n_entries; i++)
        free(r->entries[i].domain);
    free(r);
}

int resolver_fd(const struct resolver *r)
{
    return r->pool->event_fd;
}

static struct entry *entry_find(struct resolver *r, const char *domain)
{
    size_t at;
    return map_get(&r->by_domain, domain, strlen(domain), &at) ? &r->entries[at] : NULL;
}

/* A fresh place, or that of the longest unused entry which nobody is asking for; NULL when all are.
 */
static struct entry *entry_place(struct resolver *r)
{
    if (r->n_entries < ENTRIES_MAX)
        return &r->entries[r->n_entries++];
    struct entry *oldest = NULL;
    for (size_t i = 0; i < r->n_entries; i++) {
        struct entry *e = &r->entries[i];
        if (!e->asking && (!oldest || e->used_ms < oldest->used_ms))
            oldest = e;
    }
    if (oldest && oldest->domain) {
        map_remove(&r->by_domain, oldest->domain, strlen(oldest->domain));
        free(oldest->domain);
        *oldest = (struct entry){0};
    }
    return oldest;
}

static struct entry *entry_add(struct resolver *r, const char *domain)
{
    struct entry *e = entry_place(r);
    if (!e || !(e->domain = strdup(domain)))
        return NULL;
    if (map_add(&r->by_domain, e->domain, strlen(domain), (size_t)(e - r->entries)) < 0) {
        free(TAKE_PTR(e->domain));
        return NULL;
    }
    return e;
}

bool resolver_lookup(struct resolver *r, const struct endpoint *ep, struct sock_addr *ret)
{
    if (!ep->domain)
        return endpoint_to_sock_addr(ep, ret);
    uint64_t now = now_ms();
    struct entry *e = entry_find(r, ep->domain);
    if (!e && !(e = entry_add(r, ep->domain)))
        return false;
    e->used_ms = now;
    if (!e->asking && now >= e->expires_ms)
        e->asking = pool_ask(r->pool, e->domain) == 0;
    if (!e->ok)
        return false;
    *ret = e->found;
    ret->port = ep->port;
    return true;
}

/* A failure keeps the address known before: a name server that is away moves nobody. */
static bool take_in(struct resolver *r, const struct job *job, uint64_t now)
{
    struct entry *e = entry_find(r, job->domain);
    if (!e)
        return false;
    e->asking = false;
    if (job->outcome != 0) {
        e->expires_ms = now + KEEP_FAILURE_MS;
        return false;
    }
    bool changed = !e->ok || !sock_addr_equal(&e->found, &job->found);
    e->found = job->found;
    e->ok = true;
    e->expires_ms = now + KEEP_MS;
    return changed;
}

bool resolver_collect(struct resolver *r)
{
    eventfd_t ignored;
    eventfd_read(r->pool->event_fd, &ignored);
    pthread_mutex_lock(&r->pool->lock);
    struct job *done = TAKE_PTR(r->pool->done);
    pthread_mutex_unlock(&r->pool->lock);
    bool changed = false;
    uint64_t now = now_ms();
    for (struct job *job = done; job; job = job->next)
        changed |= take_in(r, job, now);
    jobs_free(done);
    return changed;
}
