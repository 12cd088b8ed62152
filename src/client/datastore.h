#pragma once
/* The data store <data-dir>/<interface>.json: what the server last said, and the pins
 * (spec/client.md 1.5, 3.5, 9.1, 9.2, 9.27, 9.28). Holds the server's values, never overrides. */

#include <stdbool.h>
#include <sys/types.h>

#include "innernet/buf.h"
#include "innernet/err.h"
#include "innernet/record.h"

#define DATASTORE_FILE_MAX ((size_t)64 << 20)

struct datastore {
    char *path;
    struct state state;
    struct buf text; /* the file as it was read: an unchanged store is not written again */
    mode_t mode;     /* of the file; 0600 for a new one */
    bool skipped;    /* the file had records that could not be taken over */
};

enum datastore_mode {
    DATASTORE_READ,   /* a missing file is -ENOENT; nothing is created */
    DATASTORE_UPDATE, /* a missing file is an empty store; the caller holds the interface's lock */
};

/* Reads the store; a file without content is an empty store. Warns when others may read the file.
 * A damaged file is -EBADMSG, a version other than ours -EPROTONOSUPPORT: it holds the pins, so it
 * is never taken for empty; with DATASTORE_UPDATE a copy is kept beside it as "<path>.corrupt". */
int datastore_open(const char *path, enum datastore_mode mode, struct datastore *ret,
                   struct err *err);
void datastore_done(struct datastore *d);
#define CLEAN_DATASTORE CLEANUP(datastore_done)

/* Takes the server's state in: records of a known IP are replaced, new ones appended, stored peers
 * whose key the server no longer lists become disabled, CIDRs are replaced. The caller has checked
 * the pins. 0 or -ENOMEM (then the store is unchanged). O(n). */
int datastore_update(struct datastore *d, const struct state *server, struct err *err);

/* Writes atomically, if the content differs from what was read. A new file is 0600; an old one
 * keeps its mode, because people let a group read it. */
int datastore_save(struct datastore *d, struct err *err);
