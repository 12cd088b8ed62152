#pragma once
/* The data store <data-dir>/<interface>.json: what the server last said, and the pins
 * (spec/client.md 1.5, 3.5, 9.1, 9.2, 9.27, 9.28). Holds the server's values, never overrides. */

#include <stdbool.h>
#include <sys/types.h>

#include "innernet/buf.h"
#include "innernet/digest.h"
#include "innernet/err.h"
#include "innernet/fsutil.h"
#include "innernet/record.h"

#define DATASTORE_FILE_MAX ((size_t)64 << 20)

enum {                        /* marks of a peer, after an update */
       DATASTORE_LISTED = 1,  /* the server lists it */
       DATASTORE_CHANGED = 2, /* its record is new, or another than before */
};

struct datastore {
    char *path;
    struct state state;
    unsigned char *marks; /* by index of state.peers; NULL = not updated since it was read */
    bool is_exact;        /* the state says what the last update said, no more and no less */
    bool names_changed;   /* by the last update: who is enabled, under which name and address */
    bool is_changed;      /* the file has to be written */
    bool skipped;         /* the file had records that could not be taken over: */
    struct buf text;      /* then this is the file as it was read */
    char digest[DIGEST_TEXT_MAX]; /* of the file's bytes; "" = no file yet. DATASTORE_UPDATE only */
    struct fs_stamp stamp;
    mode_t mode; /* of the file; 0600 for a new one */
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

/* Does the file still hold what was read from it or written to it? */
bool datastore_is_current(struct datastore *d);

/* Takes the server's state in, and its records out of `server`: records of a known IP are replaced,
 * new ones appended, stored peers whose key the server no longer lists become disabled, CIDRs are
 * replaced. The caller has checked the pins. 0 or -ENOMEM (then the store is unchanged). O(n). */
int datastore_update(struct datastore *d, struct state *server, struct err *err);

/* Writes atomically, if something has changed. A new file is 0600; an old one keeps its mode,
 * because people let a group read it. */
int datastore_save(struct datastore *d, struct err *err);
