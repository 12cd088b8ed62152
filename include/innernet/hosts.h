#pragma once
/* One section per interface in the hosts file. Sources: spec/client.md 1.6, 9.18; spec/server.md 5.4,
 * D34. Content outside the section is bytes to us: never interpreted, never converted, except that
 * CR before LF is dropped and a missing final newline is added when the file is rewritten. */

#include <stdbool.h>
#include <stddef.h>

#include "innernet/addr.h"
#include "innernet/buf.h"
#include "innernet/err.h"

#define HOSTS_PATH_DEFAULT "/etc/hosts"
#define HOSTS_FILE_MAX ((size_t)64 << 20)

struct hosts_entry {
    struct ip ip;
    const char *name; /* complete host name, borrowed */
};

/* Complete host name of a peer, malloc'ed: suffix NULL "<peer>.<interface>.wg", "" "<peer>", else
 * "<peer>.<suffix>". NULL on allocation failure. */
char *hosts_name(const char *peer, const char *interface, const char *suffix);

/* May `suffix` end a host name? Labels of letters, digits, inner hyphens and underscores; "" may. Of
 * names with another suffix hosts_rewrite leaves out every one, so command lines check first. 0 or
 * -EINVAL. */
int hosts_check_suffix(const char *suffix, struct err *err);

/* Pure: the new file text from the old one. Entries are sorted here (IPv4 first, numeric; entries of
 * one IP share a line in list order); an entry whose name is no dotted hostname is left out. Without
 * entries the section goes away. *ret_changed false: `out` is left empty and nothing need be written.
 * -EINVAL when only one marker is there or END stands before BEGIN; -ENOMEM. */
int hosts_rewrite(const char *old, size_t old_len, const char *interface,
                  const struct hosts_entry *entries, size_t n, struct buf *out, bool *ret_changed,
                  struct err *err);

/* Reads, rewrites, and replaces the file: temp file in the same folder with owner, mode and (best
 * effort) security label of the original, fsync, rename; the target of a symlink is followed; in
 * place only when the rename cannot work (EBUSY, EXDEV, EACCES, EPERM on the folder, read-only folder).
 * A missing file is created 0644 unless there is nothing to write. Errors name the path. */
int hosts_update(const char *path, const char *interface, const struct hosts_entry *entries,
                 size_t n, bool *ret_changed, struct err *err);
