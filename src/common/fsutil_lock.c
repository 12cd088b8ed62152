#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "innernet/fsutil.h"

#define POLL_FIRST_MS 2
#define POLL_MAX_MS 50

static int64_t now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void sleep_ms(int64_t ms)
{
    struct timespec ts = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&ts, NULL);
}

/* flock has no time limit of its own: asks again and again, less and less often. */
static int wait_for_lock(int fd, int64_t deadline_ms)
{
    for (int64_t pause = POLL_FIRST_MS;;
         pause = pause * 2 < POLL_MAX_MS ? pause * 2 : POLL_MAX_MS) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return 0;
        if (errno != EWOULDBLOCK && errno != EINTR)
            return -errno;
        int64_t left = deadline_ms - now_ms();
        if (left <= 0)
            return -EAGAIN;
        sleep_ms(left < pause ? left : pause);
    }
}

static int wait_forever(int fd)
{
    while (flock(fd, LOCK_EX) < 0)
        if (errno != EINTR)
            return -errno;
    return 0;
}

/* Somebody may have removed the file while we waited for it: then our lock binds nobody. */
static bool is_still_there(int fd, const char *path)
{
    struct stat ours, theirs;
    return fstat(fd, &ours) == 0 && stat(path, &theirs) == 0 && ours.st_dev == theirs.st_dev &&
           ours.st_ino == theirs.st_ino;
}

int fs_lock(const char *path, int timeout_ms, int *ret_fd, struct err *err)
{
    int64_t deadline_ms = now_ms() + timeout_ms;
    for (;;) {
        CLEAN_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0)
            return err_set_os(err, -errno, "%s", path);
        int r = timeout_ms < 0 ? wait_forever(fd) : wait_for_lock(fd, deadline_ms);
        if (r == -EAGAIN)
            return err_set(err, r, "%s is in use by another process; try again when it has ended",
                           path);
        if (r < 0)
            return err_set_os(err, r, "%s", path);
        if (is_still_there(fd, path)) {
            *ret_fd = take_fd(&fd);
            return 0;
        }
    }
}
