#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "fsutil_path.h"
#include "innernet/fsutil.h"

/* Creates a hidden sibling, 0600. The caller owns the path and the fd. */
static int create_temp(const char *path, char **ret_temp, int *ret_fd)
{
    CLEAN_FREE char *temp = fs_path_temp_template(path);
    if (!temp)
        return -ENOMEM;
    int fd = mkostemps(temp, (int)strlen(FS_TEMP_SUFFIX), O_CLOEXEC);
    if (fd < 0)
        return -errno;
    *ret_temp = TAKE_PTR(temp);
    *ret_fd = fd;
    return 0;
}

/* Whoever could read the old file by its group keeps doing so. Ours to decide only as root; others
 * may fail, then the file is theirs. */
static void inherit_owner(int fd, const char *old_path)
{
    struct stat old, new;
    if (stat(old_path, &old) < 0 || fstat(fd, &new) < 0)
        return;
    if (old.st_gid != new.st_gid)
        (void)!fchown(fd, (uid_t)-1, old.st_gid);
    if (old.st_uid != new.st_uid)
        (void)!fchown(fd, old.st_uid, (gid_t)-1);
}

static int fill_temp(int fd, const char *path, const void *data, size_t len, mode_t mode)
{
    int r = fs_write_all(fd, data, len);
    if (r < 0)
        return r;
    inherit_owner(fd, path);
    if (fchmod(fd, mode) < 0 || fsync(fd) < 0)
        return -errno;
    return 0;
}

static int replace(const char *path, const void *data, size_t len, mode_t mode)
{
    CLEAN_FREE char *temp = NULL;
    CLEAN_CLOSE int fd = -1;
    int r = create_temp(path, &temp, &fd);
    if (r < 0)
        return r;
    r = fill_temp(fd, path, data, len, mode);
    if (r == 0 && rename(temp, path) < 0)
        r = -errno;
    if (r < 0)
        unlink(temp);
    return r;
}

int fs_replace_file(const char *path, const void *data, size_t len, mode_t mode, struct err *err)
{
    /* a link stays a link, its target is replaced */
    CLEAN_FREE char *resolved = realpath(path, NULL);
    const char *target = resolved ? resolved : path;
    int r = replace(target, data, len, mode);
    if (r < 0)
        return err_set_os(err, r, "%s", path);
    return fs_sync_parent(target, err);
}

int fs_new_file_begin(struct fs_new_file *f, const char *path, struct err *err)
{
    struct stat st;
    *f = (struct fs_new_file){.fd = -1};
    if (lstat(path, &st) == 0)
        return err_set_os(err, -EEXIST, "%s", path);
    CLEAN_FREE char *copy = strdup(path);
    int r = copy ? create_temp(path, &f->temp_path, &f->fd) : -ENOMEM;
    if (r < 0)
        return err_set_os(err, r, "%s", path);
    f->path = TAKE_PTR(copy);
    return 0;
}

int fs_new_file_write(struct fs_new_file *f, const void *data, size_t len, struct err *err)
{
    int r = 0;
    if (ftruncate(f->fd, 0) < 0 || lseek(f->fd, 0, SEEK_SET) < 0)
        r = -errno;
    if (r == 0)
        r = fs_write_all(f->fd, data, len);
    if (r == 0 && fsync(f->fd) < 0)
        r = -errno;
    return r < 0 ? err_set_os(err, r, "%s", f->path) : 0;
}

static int rename_without_replacing(const char *from, const char *to)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS && errno != ENOTSUP)
        return -errno;
    /* a file system without that flag */
    if (link(from, to) < 0)
        return -errno;
    unlink(from);
    return 0;
}

int fs_new_file_publish(struct fs_new_file *f, struct err *err)
{
    int r = rename_without_replacing(f->temp_path, f->path);
    if (r < 0)
        return err_set_os(err, r, "%s", f->path);
    free(f->temp_path);
    f->temp_path = NULL;
    return fs_sync_parent(f->path, err);
}

void fs_new_file_keep(struct fs_new_file *f)
{
    free(f->temp_path);
    f->temp_path = NULL;
    fs_new_file_done(f);
}

void fs_new_file_done(struct fs_new_file *f)
{
    if (f->temp_path)
        unlink(f->temp_path);
    if (f->path) /* else nothing was begun, and an fd of 0 is not ours */
        cleanup_close(&f->fd);
    free(f->temp_path);
    free(f->path);
    *f = FS_NEW_FILE_INIT;
}
