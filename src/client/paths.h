#pragma once
/* Where an interface's files are. Names are appended to whole: "a.b" is a.b.conf (spec/client.md
 * 1.3, 1.5, 9.19). Strings are malloc'ed, NULL on allocation failure. */

#include <stddef.h>

#include "client.h"
#include "innernet/err.h"

char *paths_config(const struct client *c, const char *interface);
char *paths_store(const struct client *c, const char *interface);
char *paths_tag(const struct client *c, const char *interface); /* tag.h */

struct path_names {
    char **names; /* owned, sorted */
    size_t n;
    size_t n_bad; /* files whose name is no interface name; each was logged as an error */
};

/* The installed interfaces: regular files *.conf of the config dir (spec/client.md 3.1). An error
 * of the folder itself is returned. */
int paths_interfaces(const struct client *c, struct path_names *ret, struct err *err);
void path_names_done(struct path_names *names);
#define CLEAN_PATH_NAMES CLEANUP(path_names_done)

/* Takes the interface's lock (<data-dir>/<interface>.lock) around a read-modify-write of its files
 * or device, so that the daemon and a manual command never interleave; creates the data dir when it
 * is missing. Says so when it has to wait, gives up after a minute (-EAGAIN). */
int paths_lock(const struct client *c, const char *interface, int *ret_fd, struct err *err);
/* The same, but gives up at once (-EAGAIN). */
int paths_try_lock(const struct client *c, const char *interface, int *ret_fd, struct err *err);
