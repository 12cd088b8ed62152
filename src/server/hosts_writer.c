#include "hosts_writer.h"

#include <stdint.h>
#include <stdlib.h>

#include "innernet/hosts.h"
#include "innernet/log.h"

/* The peers as they were when it began; the worker has nothing to do with the model. */
struct hosts_job {
    struct worker_job job; /* first: jobs come back as this */
    struct hosts_writer *writer;
    uint64_t generation;
    struct hosts_entry *entries;
    size_t n;
    int outcome;
    bool changed;
    struct fs_stamp stamp;
    struct err err;
};

static void job_free(struct hosts_job *j)
{
    if (!j)
        return;
    for (size_t i = 0; j->entries && i < j->n; i++)
        free((char *)(uintptr_t)j->entries[i].name);
    free(j->entries);
    free(j);
}

static struct hosts_job *job_new(struct hosts_writer *w)
{
    struct hosts_job *j = calloc(1, sizeof(*j));
    if (!j || !(j->entries = calloc(w->model->n_peers + 1, sizeof(*j->entries)))) {
        free(j);
        return NULL;
    }
    j->writer = w;
    j->generation = w->model->generation;
    for (size_t i = 0; i < w->model->n_peers; i++) {
        const struct peer *p = w->model->peers[i];
        if (!p->is_redeemed || p->is_disabled)
            continue;
        char *name = hosts_name(p->name, w->interface, w->suffix);
        if (!name) {
            job_free(j);
            return NULL;
        }
        j->entries[j->n++] = (struct hosts_entry){.ip = p->ip, .name = name};
    }
    return j;
}

static void run(struct worker_job *job)
{
    struct hosts_job *j = (struct hosts_job *)job;
    const struct hosts_writer *w = j->writer;
    j->stamp = fs_stamp_take(w->path);
    j->outcome = hosts_update(w->path, w->interface, j->entries, j->n, &j->changed, &j->err);
    if (j->changed)
        j->stamp = FS_STAMP_INIT;
}

static void done(struct worker_job *job)
{
    static struct log_limit limit;
    struct hosts_job *j = (struct hosts_job *)job;
    struct hosts_writer *w = j->writer;
    w->is_busy = false;
    if (j->outcome < 0) {
        log_limited(&limit, 1, 600, LOG_LEVEL_WARN, "cannot update the hosts file: %s",
                    j->err.text);
    } else {
        if (j->changed)
            log_info("updated %s", w->path);
        w->generation = j->generation;
        w->stamp = j->stamp;
    }
    job_free(j);
}

void hosts_writer_run(struct hosts_writer *w)
{
    if (!w->path || w->is_busy)
        return;
    struct fs_stamp now = fs_stamp_take(w->path);
    if (w->generation == w->model->generation && fs_stamp_equal(&now, &w->stamp))
        return;
    struct hosts_job *j = job_new(w);
    if (!j) {
        log_error("cannot update the hosts file: out of memory");
        return;
    }
    j->job = (struct worker_job){.run = run, .done = done};
    w->is_busy = true;
    worker_submit(w->worker, &j->job);
}
