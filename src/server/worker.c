#include "worker.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/eventfd.h>

struct queue {
    struct worker_job *first;
    struct worker_job **end; /* where the next one is hung */
};

enum call_state { CALL_NONE, CALL_ASKED, CALL_ANSWERED };

struct worker {
    pthread_t thread;
    int event_fd;
    size_t n_jobs;        /* the loop's */
    pthread_mutex_t lock; /* of everything below */
    pthread_cond_t news;  /* for the thread: a job, an answer, the end */
    struct queue todo;
    struct queue finished;
    bool is_ending;
    enum call_state call_state;
    int (*call_fn)(void *arg);
    void *call_arg;
    int call_result;
};

static void push(struct queue *q, struct worker_job *job)
{
    job->next = NULL;
    *q->end = job;
    q->end = &job->next;
}

static struct worker_job *pop(struct queue *q)
{
    struct worker_job *job = q->first;
    if (job && !(q->first = job->next))
        q->end = &q->first;
    return job;
}

static void wake_loop(struct worker *w)
{
    eventfd_write(w->event_fd, 1);
}

static void *work(void *arg)
{
    struct worker *w = arg;
    pthread_mutex_lock(&w->lock);
    for (;;) {
        struct worker_job *job = pop(&w->todo);
        if (!job && w->is_ending)
            break;
        if (!job) {
            pthread_cond_wait(&w->news, &w->lock);
            continue;
        }
        pthread_mutex_unlock(&w->lock);
        job->run(job);
        pthread_mutex_lock(&w->lock);
        push(&w->finished, job);
        wake_loop(w);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

int worker_new(struct worker **ret, struct err *err)
{
    struct worker *w = calloc(1, sizeof(*w));
    if (!w)
        return err_set(err, -ENOMEM, "out of memory");
    w->todo.end = &w->todo.first;
    w->finished.end = &w->finished.first;
    w->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (w->event_fd < 0) {
        int r = -errno;
        free(w);
        return err_set_os(err, r, "cannot make a helper thread");
    }
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->news, NULL);
    int r = -pthread_create(&w->thread, NULL, work, w);
    if (r < 0) {
        close(w->event_fd);
        free(w);
        return err_set_os(err, r, "cannot make a helper thread");
    }
    *ret = w;
    return 0;
}

void worker_free(struct worker *w)
{
    if (!w)
        return;
    worker_drain(w);
    pthread_mutex_lock(&w->lock);
    w->is_ending = true;
    pthread_cond_signal(&w->news);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    pthread_cond_destroy(&w->news);
    pthread_mutex_destroy(&w->lock);
    close(w->event_fd);
    free(w);
}

void worker_submit(struct worker *w, struct worker_job *job)
{
    w->n_jobs++;
    pthread_mutex_lock(&w->lock);
    push(&w->todo, job);
    pthread_cond_signal(&w->news);
    pthread_mutex_unlock(&w->lock);
}

int worker_fd(const struct worker *w)
{
    return w->event_fd;
}

size_t worker_n_jobs(const struct worker *w)
{
    return w->n_jobs;
}

/* What a job calls for comes after all that was finished before it. */
static struct worker_job *take_finished(struct worker *w, bool *ret_is_asked)
{
    pthread_mutex_lock(&w->lock);
    struct worker_job *job = pop(&w->finished);
    *ret_is_asked = !job && w->call_state == CALL_ASKED;
    pthread_mutex_unlock(&w->lock);
    return job;
}

static void answer_call(struct worker *w)
{
    int result = w->call_fn(w->call_arg);
    pthread_mutex_lock(&w->lock);
    w->call_result = result;
    w->call_state = CALL_ANSWERED;
    pthread_cond_signal(&w->news);
    pthread_mutex_unlock(&w->lock);
}

void worker_collect(struct worker *w)
{
    eventfd_t count;
    bool is_asked;
    struct worker_job *job;
    eventfd_read(w->event_fd, &count); /* before looking: what comes later wakes us again */
    while ((job = take_finished(w, &is_asked))) {
        w->n_jobs--;
        job->done(job);
    }
    if (is_asked)
        answer_call(w);
}

void worker_drain(struct worker *w)
{
    struct pollfd event = {.fd = w->event_fd, .events = POLLIN};
    while (w->n_jobs > 0) {
        poll(&event, 1, -1);
        worker_collect(w);
    }
}

int worker_call(struct worker *w, int (*fn)(void *arg), void *arg)
{
    pthread_mutex_lock(&w->lock);
    w->call_fn = fn;
    w->call_arg = arg;
    w->call_state = CALL_ASKED;
    wake_loop(w);
    while (w->call_state != CALL_ANSWERED)
        pthread_cond_wait(&w->news, &w->lock);
    w->call_state = CALL_NONE;
    int result = w->call_result;
    pthread_mutex_unlock(&w->lock);
    return result;
}
