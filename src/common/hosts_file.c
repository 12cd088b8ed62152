#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "hosts_internal.h"
#include "innernet/fsutil.h"
#include "innernet/hosts.h"
#include "innernet/log.h"

#define LABEL_XATTR "security.selinux"
#define LABEL_MAX 4096
#define LOCK_TRIES 100
#define LOCK_PAUSE_MS 20

char *hosts_temp_template(const char *path)
{
    char *text;
    return asprintf(&text, "%s.tmpXXXXXX", path) < 0 ? NULL : text;
}

bool hosts_must_write_in_place(int rc)
{
    return rc == -EBUSY || rc == -EXDEV || rc == -EACCES || rc == -EPERM || rc == -EROFS;
}

static int write_all(int fd, const char *data, size_t len)
{
    while (len) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        data += n;
        len -= (size_t)n;
    }
    return 0;
}

/* Without the label the file would still do its job on a system that allows it, so failing to read
 * or set it is no reason to stop. */
static void copy_label(const char *path, int fd)
{
    char label[LABEL_MAX];
    ssize_t len = getxattr(path, LABEL_XATTR, label, sizeof(label));
    if (len > 0 && fsetxattr(fd, LABEL_XATTR, label, (size_t)len, 0) < 0)
        log_debug("%s - the security label was not kept: %s", path, strerror(errno));
}

static int copy_attributes(const char *path, const struct stat *original, int fd)
{
    struct stat st;
    if (!original)
        return fchmod(fd, 0644) < 0 ? -errno : 0;
    if (fstat(fd, &st) < 0)
        return -errno;
    if ((st.st_uid != original->st_uid || st.st_gid != original->st_gid) &&
        fchown(fd, original->st_uid, original->st_gid) < 0)
        return -errno;
    copy_label(path, fd);
    return fchmod(fd, original->st_mode & 07777) < 0 ? -errno : 0;
}

static int fill_and_rename(int fd, const char *temp, const char *path, const struct stat *original,
                           const void *data, size_t len)
{
    int rc = copy_attributes(path, original, fd);
    if (rc == 0)
        rc = write_all(fd, data, len);
    if (rc == 0 && fsync(fd) < 0)
        rc = -errno;
    if (rc == 0 && rename(temp, path) < 0)
        rc = -errno;
    return rc;
}

int hosts_replace(const char *path, const struct stat *st, const void *data, size_t len,
                  struct err *err)
{
    CLEAN_FREE char *temp = hosts_temp_template(path);
    if (!temp)
        return err_set(err, -ENOMEM, "%s - out of memory", path);
    CLEAN_CLOSE int fd = mkostemp(temp, O_CLOEXEC);
    if (fd < 0)
        return err_set_os(err, -errno, "%s - cannot create a file beside it", path);
    int rc = fill_and_rename(fd, temp, path, st, data, len);
    if (rc < 0) {
        unlink(temp);
        return err_set_os(err, rc, "%s - cannot be replaced", path);
    }
    return fs_sync_parent(path, err);
}

static int make_room(int fd, size_t len)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -errno;
    if ((size_t)st.st_size >= len)
        return 0;
    int cause = posix_fallocate(fd, 0, (off_t)len);
    if (cause == 0 || cause == EOPNOTSUPP || cause == EINVAL)
        return 0;
    if (ftruncate(fd, st.st_size) < 0)
        return -errno;
    return -cause;
}

int hosts_overwrite(const char *path, const void *data, size_t len, struct err *err)
{
    CLEAN_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return err_set_os(err, -errno, "%s", path);
    int rc = make_room(fd, len);
    if (rc == 0)
        rc = write_all(fd, data, len);
    if (rc == 0 && (ftruncate(fd, (off_t)len) < 0 || fsync(fd) < 0))
        rc = -errno;
    return rc < 0 ? err_set_os(err, rc, "%s", path) : 0;
}

static int write_file(const char *path, const struct stat *st, const struct buf *text,
                      struct err *err)
{
    int rc = hosts_replace(path, st, text->data, text->len, err);
    if (rc == 0 || !st || !hosts_must_write_in_place(rc))
        return rc;
    log_debug("%s cannot be replaced (%s): writing in place", path, strerror(-rc));
    return hosts_overwrite(path, text->data, text->len, err);
}

/* The file itself where `path` is a symlink. */
static int find_target(const char *path, char **ret, struct err *err)
{
    struct stat st;
    char *target = realpath(path, NULL);
    if (!target && errno == ENOENT && lstat(path, &st) == 0)
        return err_set(err, -ENOENT,
                       "%s - is a symbolic link to a missing file; create that file first", path);
    if (!target && errno == ENOENT)
        target = strdup(path);
    if (!target)
        return err_set_os(err, -errno, "%s", path);
    *ret = target;
    return 0;
}

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

/* Several interfaces, of client and server, keep their sections in one file; the folder's lock
 * keeps them from undoing each other's change. Held by a stranger for long it is done without. */
static int lock_folder(const char *path)
{
    CLEAN_FREE char *copy = strdup(path);
    if (!copy)
        return -1;
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int i = 0; fd >= 0 && i < LOCK_TRIES; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
            break;
        pause_ms(LOCK_PAUSE_MS);
    }
    return fd;
}

static int update_target(const char *path, const char *interface, const struct hosts_entry *entries,
                         size_t n, bool *ret_changed, struct err *err)
{
    CLEAN_BUF struct buf old = BUF_INIT, new = BUF_INIT;
    struct stat st;
    bool exists = stat(path, &st) == 0;
    if (!exists && errno != ENOENT)
        return err_set_os(err, -errno, "%s", path);
    int rc = exists ? fs_read_file(path, HOSTS_FILE_MAX, &old, NULL, err) : 0;
    if (rc < 0)
        return rc;
    bool changed;
    rc = hosts_rewrite(old.data, old.len, interface, entries, n, &new, &changed, err);
    if (rc < 0)
        return err_prefix(err, rc, "%s", path);
    if (changed)
        rc = write_file(path, exists ? &st : NULL, &new, err);
    if (rc == 0)
        *ret_changed = changed;
    return rc;
}

int hosts_update(const char *path, const char *interface, const struct hosts_entry *entries,
                 size_t n, bool *ret_changed, struct err *err)
{
    CLEAN_FREE char *target = NULL;
    int rc = find_target(path, &target, err);
    if (rc < 0)
        return rc;
    int lock = lock_folder(target);
    rc = update_target(target, interface, entries, n, ret_changed, err);
    if (lock >= 0)
        close(lock);
    return rc;
}
