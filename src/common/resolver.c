#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>

#include "innernet/map.h"
#include "innernet/resolve.h"
#include "resolve_name.h"

#define KEEP_MS 60000
#define KEEP_FAILURE_MS 10000
#define KEEP_UNUSED_MS 600000
#define SWEEP_MS 60000
#define BUSY_MAX 32    /* look-ups in time that run at once */
#define THREADS_MAX 64 /* with those that hang */
#define ENTRIES_MAX 16384

struct job {
    char *domain;
    uint64_t deadline_ms;
    struct sock_addr found;
    int outcome;
    struct job *next;
};

struct worker {
    struct pool *pool;
    bool is_there;
    uint64_t deadline_ms; /* of its look-up */
};

/* What the threads see; whoever lets go last frees it. */
struct pool {
    pthread_mutex_t lock;
    unsigned refs;
    bool closed;
    int event_fd; /* -1 once closed */
    struct job *todo;
    struct job **todo_end;
    struct job *done;
    struct worker workers[THREADS_MAX];
};

struct entry {
    char *domain;
    struct sock_addr found;
    bool ok; /* found is valid, perhaps past its time */
    bool asking;
    uint64_t deadline_ms; /* of the asking */
    uint64_t expires_ms;
    uint64_t used_ms;
};

struct resolver {
    struct pool *pool;
    struct map by_domain; /* index into entries */
    struct entry *entries;
    size_t n_entries;
    size_t cap;
    uint64_t swept_ms;
};

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

/* Called and left with the lock held. What waited too long is left out: its entry is asked again.
 */
static struct job *pool_take(struct pool *p, uint64_t now)
{
    struct job *job;
    while (!p->closed && (job = p->todo)) {
        p->todo = job->next;
        if (!p->todo)
            p->todo_end = &p->todo;
        if (now < job->deadline_ms)
            return job;
        job_free(job);
    }
    return NULL;
}

static void *work(void *arg)
{
    struct worker *self = arg;
    struct pool *p = self->pool;
    struct job *job;
    pthread_mutex_lock(&p->lock);
    while ((job = pool_take(p, resolve_now_ms()))) {
        self->deadline_ms = job->deadline_ms;
        pthread_mutex_unlock(&p->lock);
        job->outcome = resolve_name(job->domain, &job->found);
        pthread_mutex_lock(&p->lock);
        job->next = p->done;
        p->done = job;
        if (!p->closed)
            eventfd_write(p->event_fd, 1);
    }
    self->is_there = false;
    pthread_mutex_unlock(&p->lock);
    pool_unref(p);
    return NULL;
}

/* A place for one more thread, or NULL when enough are at work. Called with the lock held. */
static struct worker *pool_place(struct pool *p, uint64_t now)
{
    struct worker *place = NULL;
    size_t n_busy = 0;
    for (size_t i = 0; i < THREADS_MAX; i++) {
        struct worker *w = &p->workers[i];
        if (!w->is_there)
            place = w;
        else if (now < w->deadline_ms)
            n_busy++;
    }
    return n_busy < BUSY_MAX ? place : NULL;
}

/* Sees to it that a thread does what is queued, if there may be one more. */
static void pool_start(struct pool *p, uint64_t now)
{
    pthread_mutex_lock(&p->lock);
    struct worker *w = p->todo ? pool_place(p, now) : NULL;
    if (w) {
        *w = (struct worker){.pool = p, .is_there = true, .deadline_ms = now + RESOLVE_TIMEOUT_MS};
        p->refs++;
    }
    pthread_mutex_unlock(&p->lock);
    if (w && resolve_start_thread(work, w) < 0) {
        pthread_mutex_lock(&p->lock);
        w->is_there = false;
        pthread_mutex_unlock(&p->lock);
        pool_unref(p);
    }
}

static int pool_ask(struct pool *p, const char *domain, uint64_t now)
{
    struct job *job = calloc(1, sizeof(*job));
    if (!job || !(job->domain = strdup(domain))) {
        job_free(job);
        return -ENOMEM;
    }
    job->deadline_ms = now + RESOLVE_TIMEOUT_MS;
    pthread_mutex_lock(&p->lock);
    *p->todo_end = job;
    p->todo_end = &job->next;
    pthread_mutex_unlock(&p->lock);
    pool_start(p, now);
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
    r->swept_ms = resolve_now_ms();
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
    free(r->entries);
    free(r);
}

int resolver_fd(const struct resolver *r)
{
    return r->pool->event_fd;
}

static struct entry *entry_find(const struct resolver *r, const char *domain)
{
    size_t at;
    return map_get(&r->by_domain, domain, strlen(domain), &at) ? &r->entries[at] : NULL;
}

/* The last entry takes the place of the one that goes. */
static void entry_remove(struct resolver *r, struct entry *e)
{
    struct entry *last = &r->entries[--r->n_entries];
    map_remove(&r->by_domain, e->domain, strlen(e->domain));
    free(e->domain);
    if (e == last)
        return;
    *e = *last;
    map_put(&r->by_domain, e->domain, strlen(e->domain), (size_t)(e - r->entries));
}

/* Removes what nobody has asked for during the last `unused_ms`. */
static void sweep(struct resolver *r, uint64_t now, uint64_t unused_ms)
{
    for (size_t i = r->n_entries; i-- > 0;)
        if (now - r->entries[i].used_ms >= unused_ms)
            entry_remove(r, &r->entries[i]);
    r->swept_ms = now;
}

static int make_room(struct resolver *r)
{
    if (r->n_entries < r->cap)
        return 0;
    size_t cap = r->cap ? 2 * r->cap : 16;
    struct entry *entries =
        cap > ENTRIES_MAX ? NULL : reallocarray(r->entries, cap, sizeof(*entries));
    if (!entries)
        return -ENOMEM;
    r->entries = entries;
    r->cap = cap;
    return 0;
}

static struct entry *entry_add(struct resolver *r, const char *domain)
{
    if (make_room(r) < 0)
        return NULL;
    struct entry *e = &r->entries[r->n_entries];
    *e = (struct entry){.domain = strdup(domain)};
    if (!e->domain)
        return NULL;
    if (map_add(&r->by_domain, e->domain, strlen(domain), r->n_entries) < 0) {
        free(e->domain);
        return NULL;
    }
    r->n_entries++;
    return e;
}

/* Starts a look-up when it is time for one; one that hangs counts as failed. */
static void entry_refresh(struct resolver *r, struct entry *e, uint64_t now)
{
    if (e->asking && now >= e->deadline_ms) {
        e->asking = false;
        e->expires_ms = now + KEEP_FAILURE_MS;
        pool_start(r->pool, now); /* for those who wait behind what hangs */
    }
    if (e->asking || now < e->expires_ms)
        return;
    e->asking = pool_ask(r->pool, e->domain, now) == 0;
    e->deadline_ms = now + RESOLVE_TIMEOUT_MS;
}

bool resolver_lookup(struct resolver *r, const struct endpoint *ep, struct sock_addr *ret)
{
    if (!ep->domain)
        return endpoint_to_sock_addr(ep, ret);
    uint64_t now = resolve_now_ms();
    if (now - r->swept_ms >= SWEEP_MS)
        sweep(r, now, r->n_entries < ENTRIES_MAX ? KEEP_UNUSED_MS : KEEP_MS);
    struct entry *e = entry_find(r, ep->domain);
    if (!e && !(e = entry_add(r, ep->domain)))
        return false;
    e->used_ms = now;
    entry_refresh(r, e, now);
    if (!e->ok)
        return false;
    *ret = e->found;
    ret->port = ep->port;
    return true;
}

bool resolver_is_asking(const struct resolver *r, const struct endpoint *ep)
{
    const struct entry *e = ep->domain ? entry_find(r, ep->domain) : NULL;
    return e && e->asking;
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
    uint64_t now = resolve_now_ms();
    for (struct job *job = done; job; job = job->next)
        changed |= take_in(r, job, now);
    jobs_free(done);
    return changed;
}
