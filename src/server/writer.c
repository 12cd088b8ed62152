#include "writer.h"

#include <errno.h>

#include "clock.h"

#define PATIENCE_MIN_MS 50

struct write_job {
    struct worker_job job; /* first: jobs come back as this */
    struct writer *writer;
    struct change change;
    writer_done_fn done;
    void *user;
    uint64_t submitted_ms;
    int outcome;
    struct err err;
};

int writer_open(struct writer *w, struct registry *r, struct worker *worker, const char *path,
                struct err *err)
{
    *w = (struct writer){.registry = r, .worker = worker};
    return store_open(path, &w->store, err);
}

void writer_close(struct writer *w)
{
    store_close(w->store);
    *w = WRITER_INIT;
}

static int call_loop(void *user, int (*fn)(void *arg), void *arg)
{
    return worker_call(user, fn, arg);
}

/* Another process's lock is waited for from the submission on, so that a queue of changes does not
 * wait for it one after the other. */
static int patience_ms(const struct write_job *j)
{
    uint64_t age_ms = clock_now_ms() - j->submitted_ms;
    return age_ms + PATIENCE_MIN_MS < STORE_PATIENCE_MS ? STORE_PATIENCE_MS - (int)age_ms
                                                        : PATIENCE_MIN_MS;
}

static void run(struct worker_job *job)
{
    struct write_job *j = (struct write_job *)job;
    const struct writer *w = j->writer;
    store_set_patience(w->store, patience_ms(j));
    j->outcome = registry_run(w->registry, w->store, &j->change, call_loop, w->worker, &j->err);
}

static void done(struct worker_job *job)
{
    struct write_job *j = (struct write_job *)job;
    int outcome = registry_finish(j->writer->registry, &j->change, j->outcome);
    j->writer->n_waiting--;
    j->done(j->user, &j->change, outcome, &j->err);
    change_done(&j->change);
    free(j);
}

int writer_submit(struct writer *w, struct change *c, writer_done_fn on_done, void *user,
                  struct err *err)
{
    if (w->n_waiting >= WRITER_WAITING_MAX)
        return err_set(err, -EAGAIN, "too many changes are waiting for the disk");
    struct write_job *j = calloc(1, sizeof(*j));
    if (!j)
        return err_set(err, -ENOMEM, "out of memory");
    j->job = (struct worker_job){.run = run, .done = done};
    j->writer = w;
    j->change = *c;
    j->done = on_done;
    j->user = user;
    j->submitted_ms = clock_now_ms();
    *c = (struct change){0};
    w->n_waiting++;
    worker_submit(w->worker, &j->job);
    return 0;
}

void writer_collect(struct writer *w)
{
    if (w->n_waiting > 0)
        worker_collect(w->worker);
}
