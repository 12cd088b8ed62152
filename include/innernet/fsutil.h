#pragma once
/* Files: bounded reads, atomic replacement, exclusive creation, directories, locks. Every fd is
 * CLOEXEC. Error texts are "<path> - <strerror> (os error n)" unless said otherwise. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "innernet/buf.h"
#include "innernet/err.h"

/* Reads a regular file whole into `out` (appended; as it was on any error). Larger than `max`:
 * -EFBIG. A directory or a device: -EISDIR or -EINVAL. `ret_mode` (nullable) gets the permission
 * bits. Give a BUF_SECRET_INIT buffer to files with keys. */
int fs_read_file(const char *path, size_t max, struct buf *out, mode_t *ret_mode, struct err *err);

/* What tells cheaply that a file cannot have changed: device, inode, size, both times. Take it
 * BEFORE reading the file; when the next one is equal, reading again would give the same bytes.
 * After writing the file oneself there is nothing to keep: start again with FS_STAMP_INIT. Plain
 * numbers, fit to be kept in a file of one's own. */
struct fs_stamp {
    uint64_t device, inode, size;
    int64_t mtime_s, ctime_s;
    uint32_t mtime_ns, ctime_ns;
    bool is_set;
};

#define FS_STAMP_INIT ((struct fs_stamp){0}) /* equals nothing, not even itself */
/* Follows symbolic links. FS_STAMP_INIT when there is no such file, when it cannot be looked at,
 * and when it was changed so lately that another change could leave the same times (file systems
 * count in ticks): the file is then simply read once more. */
struct fs_stamp fs_stamp_take(const char *path);
bool fs_stamp_equal(const struct fs_stamp *a, const struct fs_stamp *b);

/* Everything to the fd, whatever write() takes at a time. 0 or a negative errno. */
int fs_write_all(int fd, const void *data, size_t len);

/* Replaces the contents atomically: temp file in the same folder (0600, at the end exactly `mode`),
 * write, fsync, rename, fsync of the folder. The old file stays whole on any error and the temp
 * file is removed. Owner and group of the old file are kept where we may; a symbolic link stays one
 * and its target is replaced. */
int fs_replace_file(const char *path, const void *data, size_t len, mode_t mode, struct err *err);

/* A file under construction beside its destination, for "create exclusively, fill in later". */
struct fs_new_file {
    char *path;      /* destination */
    char *temp_path; /* hidden sibling holding the data until publication; NULL once published */
    int fd;
};

#define FS_NEW_FILE_INIT ((struct fs_new_file){.fd = -1})
/* Creates the hidden sibling 0600; -EEXIST when the destination exists already. */
int fs_new_file_begin(struct fs_new_file *f, const char *path, struct err *err);
/* Writes everything and fsyncs; may be called again to replace the contents. */
int fs_new_file_write(struct fs_new_file *f, const void *data, size_t len, struct err *err);
/* Gives the file its name without replacing anything (renameat2 RENAME_NOREPLACE, else link and
 * unlink) and fsyncs the folder. -EEXIST when somebody was faster. When only the last fsync fails,
 * the error is returned although the file has its name (temp_path is NULL). */
int fs_new_file_publish(struct fs_new_file *f, struct err *err);
/* Closes; removes the hidden sibling when not published. Idempotent; fine after a failed begin and
 * on FS_NEW_FILE_INIT. */
void fs_new_file_done(struct fs_new_file *f);
/* Closes but keeps the sibling on disk (its outcome is unknown); caller told the user its path. */
void fs_new_file_keep(struct fs_new_file *f);
#define CLEAN_NEW_FILE CLEANUP(fs_new_file_done)

/* Creates one level with mode 0700; an existing entry is accepted whatever it is
 * (spec/client.md 1.1). */
int fs_ensure_dir(const char *path, struct err *err);
/* fsync of the folder that holds `path`. */
int fs_sync_parent(const char *path, struct err *err);

/* malloc'ed "<dir>/<name><suffix>"; NULL on allocation failure. */
char *fs_join(const char *dir, const char *name, const char *suffix);

/* Takes an exclusive lock (flock on a lock file created 0600 when missing), waiting at most
 * `timeout_ms` (-1 = for ever): -EAGAIN "in use by another process" after that. The lock ends with
 * close of *ret_fd. */
int fs_lock(const char *path, int timeout_ms, int *ret_fd, struct err *err);
