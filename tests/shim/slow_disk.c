/* Preloaded into the server: files below $SLOW_DISK_FOLDER lie on a disk that does as files in
 * $SLOW_DISK_GATE say.
 *
 *   sync     while it is there, fsync and fdatasync wait
 *   write    while it is there, writes wait
 *   full     while it is there, writes fail with ENOSPC
 *   broken   while it is there, fsync and fdatasync fail with EIO
 *   waiting  made by us when somebody begins to wait
 *   steps    ours: how often sqlite3_step was called, a native 64-bit number
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct sqlite3_stmt;
int sqlite3_step(struct sqlite3_stmt *stmt);

static void *next(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (!found)
        abort();
    return found;
}

static const char *gate_path(const char *name, char out[static 4096])
{
    const char *gate = getenv("SLOW_DISK_GATE");
    snprintf(out, 4096, "%s/%s", gate ? gate : "/nonexistent", name);
    return out;
}

static bool is_set(const char *name)
{
    char path[4096];
    return access(gate_path(name, path), F_OK) == 0;
}

static bool is_ours(int fd)
{
    const char *folder = getenv("SLOW_DISK_FOLDER");
    char link[64];
    char path[4096];
    int saved = errno;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof(path) - 1);
    errno = saved;
    if (!folder || n < 0)
        return false;
    path[n] = '\0';
    /* the log is none of the disk's business */
    return strncmp(path, folder, strlen(folder)) == 0 && !strstr(path, "/log");
}

static void wait_while(const char *name)
{
    char path[4096];
    int saved = errno;
    if (is_set(name)) {
        int fd = open(gate_path("waiting", path), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
        if (fd >= 0)
            close(fd);
    }
    while (is_set(name))
        usleep(1000);
    errno = saved;
}

static int sync_with(const char *name, int fd)
{
    int (*real)(int) = (int (*)(int))next(name);
    if (is_ours(fd)) {
        wait_while("sync");
        if (is_set("broken")) {
            errno = EIO;
            return -1;
        }
    }
    return real(fd);
}

int fsync(int fd)
{
    return sync_with("fsync", fd);
}

int fdatasync(int fd)
{
    return sync_with("fdatasync", fd);
}

/* False: there is no room. */
static bool may_write(int fd)
{
    if (!is_ours(fd))
        return true;
    wait_while("write");
    if (!is_set("full"))
        return true;
    errno = ENOSPC;
    return false;
}

ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at)
{
    ssize_t (*real)(int, const void *, size_t, off64_t) =
        (ssize_t(*)(int, const void *, size_t, off64_t))next("pwrite64");
    return may_write(fd) ? real(fd, data, n, at) : -1;
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t at)
{
    ssize_t (*real)(int, const void *, size_t, off_t) =
        (ssize_t(*)(int, const void *, size_t, off_t))next("pwrite");
    return may_write(fd) ? real(fd, data, n, at) : -1;
}

ssize_t write(int fd, const void *data, size_t n)
{
    ssize_t (*real)(int, const void *, size_t) =
        (ssize_t(*)(int, const void *, size_t))next("write");
    return may_write(fd) ? real(fd, data, n) : -1;
}

static uint64_t *counter(void)
{
    char path[4096];
    int fd = open(gate_path("steps", path), O_RDWR | O_CLOEXEC);
    void *at = fd < 0 ? MAP_FAILED
                      : mmap(NULL, sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd >= 0)
        close(fd);
    return at == MAP_FAILED ? NULL : at;
}

int sqlite3_step(struct sqlite3_stmt *stmt)
{
    int (*real)(struct sqlite3_stmt *) = (int (*)(struct sqlite3_stmt *))next("sqlite3_step");
    uint64_t *steps = counter();
    if (steps) {
        __atomic_fetch_add(steps, 1, __ATOMIC_SEQ_CST);
        munmap(steps, sizeof(*steps));
    }
    return real(stmt);
}
