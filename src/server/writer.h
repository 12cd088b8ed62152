#pragma once
/* Changes beside the loop: the worker writes them, one transaction each, on a connection of its
 * own, so that neither a slow disk nor another process's lock keeps readers waiting. The model is
 * the loop's alone; the worker calls into the loop for what needs it. */

#include <stddef.h>

#include "registry.h"
#include "worker.h"

#define WRITER_WAITING_MAX 1024

struct writer {
    struct registry *registry; /* borrowed */
    struct worker *worker;     /* borrowed */
    struct store *store;       /* the worker's connection, owned */
    size_t n_waiting;          /* accepted and not yet over */
};

#define WRITER_INIT ((struct writer){0})

/* Opens the second connection. Not while a transaction is open in this process: to open a database
 * is to look at its file, and to close a file drops all locks that the process has on it. */
int writer_open(struct writer *w, struct registry *r, struct worker *worker, const char *path,
                struct err *err);
void writer_close(struct writer *w); /* after worker_drain; idempotent */

/* The end of a change, in the loop, when the model has followed. `outcome` is 0 or an error. */
typedef void (*writer_done_fn)(void *user, const struct change *c, int outcome,
                               const struct err *err);
/* Takes the change over when it is accepted: 0 then, and `done` is called later, exactly once,
 * never from in here. -EAGAIN when WRITER_WAITING_MAX are waiting already, -ENOMEM. */
int writer_submit(struct writer *w, struct change *c, writer_done_fn done, void *user,
                  struct err *err);
/* Takes in at once what has been written, without waiting for anything. */
void writer_collect(struct writer *w);
