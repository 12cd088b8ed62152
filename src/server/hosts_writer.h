#pragma once
/* Keeps the network's section of the hosts file. Source: spec/server.md 5.4. */

#include <stdint.h>

#include "innernet/fsutil.h"
#include "model.h"
#include "worker.h"

struct hosts_writer {
    const char *path; /* NULL: does nothing */
    const char *interface;
    const char *suffix; /* NULL: "<interface>.wg" */
    const struct model *model;
    struct worker *worker; /* does the work */
    bool is_busy;
    uint64_t generation;   /* of the model, when the file was last right */
    struct fs_stamp stamp; /* of the file, at that time */
};

/* Has the worker write when the section is not what it should be. Nothing is read when neither the
 * model nor the file has changed since it was right, nor while it is at it. Logs what it did and
 * what went wrong. */
void hosts_writer_run(struct hosts_writer *w);
