#pragma once
/* One thread beside the loop, for what may have to wait for a disk or for another process. Jobs run
 * in it one after the other; what comes of them is taken in by the loop. */

#include <stddef.h>

#include "innernet/err.h"

struct worker;

/* Begins the job of its owner. */
struct worker_job {
    void (*run)(struct worker_job *job);  /* in the thread */
    void (*done)(struct worker_job *job); /* in the loop, later; the job is its owner's again */
    struct worker_job *next;              /* the worker's */
};

/* The thread inherits the signal mask: block what the loop wants to get. */
int worker_new(struct worker **ret, struct err *err);
/* Finishes everything submitted first (worker_drain). Takes NULL. */
void worker_free(struct worker *w);

/* For the loop. */
void worker_submit(struct worker *w, struct worker_job *job);
/* Readable when there is something to collect. */
int worker_fd(const struct worker *w);
/* Calls done() of what has finished, in order, and executes what worker_call asks for. Does not
 * wait. */
void worker_collect(struct worker *w);
/* Submitted and not yet done. */
size_t worker_n_jobs(const struct worker *w);
/* Collects until there are none, waiting for them. */
void worker_drain(struct worker *w);

/* For run(): has fn executed in the loop and waits for its answer. The loop sees everything that
 * was done before, and fn's effects are seen here. */
int worker_call(struct worker *w, int (*fn)(void *arg), void *arg);
