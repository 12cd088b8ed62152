#include "innernet/fsutil.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "fsutil_path.h"

#define READ_STEP ((size_t)16 * 1024)

static int open_regular(const char *path, struct stat *st, int *ret_fd, struct err *err)
{
    /* O_NONBLOCK: a FIFO must not hold us up before we see what it is */
    CLEAN_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 || fstat(fd, st) < 0)
        return err_set_os(err, -errno, "%s", path);
    if (S_ISDIR(st->st_mode))
        return err_set_os(err, -EISDIR, "%s", path);
    if (!S_ISREG(st->st_mode))
        return err_set(err, -EINVAL, "%s is not a regular file; name one that is", path);
    *ret_fd = take_fd(&fd);
    return 0;
}

/* Reads until the end, or until there is more than `max`: -EFBIG. */
static int read_bounded(int fd, size_t max, struct buf *out)
{
    for (size_t got = 0;;) {
        if (out->cap - out->len < 2 && buf_reserve(out, READ_STEP) < 0)
            return -ENOMEM;
        size_t room = out->cap - out->len - 1;
        size_t want = max - got < room ? max - got + 1 : room;
        ssize_t n = read(fd, out->data + out->len, want);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            return 0;
        got += (size_t)n;
        if (got > max)
            return -EFBIG;
        out->len += (size_t)n;
        out->data[out->len] = '\0';
    }
}

int fs_read_file(const char *path, size_t max, struct buf *out, mode_t *ret_mode, struct err *err)
{
    struct stat st;
    CLEAN_CLOSE int fd = -1;
    int r = open_regular(path, &st, &fd, err);
    if (r < 0)
        return r;
    size_t before = out->len;
    if ((uintmax_t)st.st_size > max)
        r = -EFBIG;
    if (r == 0)
        r = buf_reserve(out, (size_t)st.st_size + 1);
    if (r == 0)
        r = read_bounded(fd, max, out);
    if (r < 0 && out->data) {
        out->len = before;
        out->data[before] = '\0';
    }
    if (r == -EFBIG)
        return err_set(err, r, "%s is larger than the %zu bytes that are accepted", path, max);
    if (r < 0)
        return err_set_os(err, r, "%s", path);
    if (ret_mode)
        *ret_mode = st.st_mode & 07777;
    return 0;
}

int fs_write_all(int fd, const void *data, size_t len)
{
    const char *at = data;
    while (len > 0) {
        ssize_t n = write(fd, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        at += n;
        len -= (size_t)n;
    }
    return 0;
}

int fs_ensure_dir(const char *path, struct err *err)
{
    if (mkdir(path, 0700) < 0)
        return errno == EEXIST ? 0 : err_set_os(err, -errno, "%s", path);
    /* the umask may have taken bits away */
    if (chmod(path, 0700) < 0)
        return err_set_os(err, -errno, "%s", path);
    return 0;
}

int fs_sync_parent(const char *path, struct err *err)
{
    CLEAN_FREE char *dir = fs_path_dir(path);
    if (!dir)
        return err_set_os(err, -ENOMEM, "%s", path);
    CLEAN_CLOSE int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 && fsync(fd) == 0)
        return 0;
    /* not every file system can sync a folder, and not every folder may be read */
    if (errno == EINVAL || errno == ENOTSUP || errno == EACCES)
        return 0;
    return err_set_os(err, -errno, "%s", dir);
}

char *fs_join(const char *dir, const char *name, const char *suffix)
{
    struct buf path = BUF_INIT;
    size_t len = strlen(dir);
    buf_puts(&path, dir);
    if (len > 0 && dir[len - 1] != '/')
        buf_putc(&path, '/');
    buf_puts(&path, name);
    buf_puts(&path, suffix);
    return buf_take(&path);
}
