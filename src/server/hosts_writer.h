#pragma once
/* Keeps the network's section of the hosts file. Source: spec/server.md 5.4. */

#include <stdint.h>
#include <sys/stat.h>

#include "model.h"

struct hosts_writer {
    const char *path; /* NULL: does nothing */
    const char *interface;
    const char *suffix; /* NULL: "<interface>.wg" */
    const struct model *model;
    uint64_t generation; /* of the model, when the file was last right */
    struct stat stat;    /* of the file, at that time */
};

/* Writes when the section is not what it should be. Reads nothing when neither the model nor the
 * file has changed since it was right. Logs what it did and what went wrong. */
void hosts_writer_run(struct hosts_writer *w);
