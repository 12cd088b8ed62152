/* Locks between processes. */

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>

#include "innernet/fsutil.h"
#include "scratch.h"

static bool is_cloexec(int fd)
{
    return fcntl(fd, F_GETFD) & FD_CLOEXEC;
}

static void locks_exclusively(void **state)
{
    (void)state;
    CLEAN_CLOSE int first = -1;
    int second = -1;
    struct err err = ERR_INIT;
    struct stat st;
    assert_int_equal(fs_lock(scratch("lock"), 0, &first, NULL), 0);
    assert_true(is_cloexec(first));
    assert_int_equal(fstat(first, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(fs_lock(scratch("lock"), 0, &second, &err), -EAGAIN);
    assert_non_null(strstr(err.text, "in use by another process"));
    assert_int_equal(fs_lock(scratch("lock"), 20, &second, NULL), -EAGAIN);
    assert_int_equal(second, -1);
    close(take_fd(&first));
    assert_int_equal(fs_lock(scratch("lock"), 0, &second, NULL), 0);
    close(second);
    assert_int_equal(fs_lock(scratch("missing/lock"), 0, &second, &err), -ENOENT);
}

/* A child that holds the lock until it reads a byte. Returns its pid; *ret_fd is the pipe. */
static pid_t hold_lock(const char *path, int *ret_fd)
{
    int tell[2], held[2];
    assert_int_equal(pipe(tell), 0);
    assert_int_equal(pipe(held), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int fd;
        char byte = 0;
        close(tell[1]);
        if (fs_lock(path, 0, &fd, NULL) != 0 || write(held[1], &byte, 1) != 1)
            _exit(1);
        _exit(read(tell[0], &byte, 1) < 0);
    }
    char byte;
    assert_int_equal(read(held[0], &byte, 1), 1);
    close(held[0]);
    close(held[1]);
    close(tell[0]);
    *ret_fd = tell[1];
    return pid;
}

static void waits_for_a_lock(void **state)
{
    (void)state;
    static const int timeouts[] = {-1, 60000};
    for (size_t i = 0; i < ARRAY_SIZE(timeouts); i++) {
        int holder_pipe;
        pid_t holder = hold_lock(scratch("lock"), &holder_pipe);
        pid_t waiter = fork();
        assert_true(waiter >= 0);
        if (waiter == 0) {
            int fd;
            close(holder_pipe);
            _exit(fs_lock(scratch("lock"), timeouts[i], &fd, NULL) == 0 ? 0 : 1);
        }
        int status;
        close(holder_pipe); /* the holder ends, and with it its lock */
        assert_int_equal(waitpid(holder, &status, 0), holder);
        assert_int_equal(status, 0);
        assert_int_equal(waitpid(waiter, &status, 0), waiter);
        assert_int_equal(status, 0);
    }
}

/* The file was removed and made anew while we waited: the lock must be on the new one. */
static void locks_the_file_that_is_there(void **state)
{
    (void)state;
    int held = -1;
    assert_int_equal(fs_lock(scratch("lock"), 0, &held, NULL), 0);
    int started[2];
    assert_int_equal(pipe(started), 0);
    pid_t waiter = fork();
    assert_true(waiter >= 0);
    if (waiter == 0) {
        int fd;
        struct stat ours, there;
        close(take_fd(&held));
        if (write(started[1], "", 1) != 1 || fs_lock(scratch("lock"), -1, &fd, NULL) != 0)
            _exit(1);
        if (fstat(fd, &ours) < 0 || stat(scratch("lock"), &there) < 0)
            _exit(2);
        _exit(ours.st_ino == there.st_ino ? 0 : 3);
    }
    char byte;
    assert_int_equal(read(started[0], &byte, 1), 1);
    close(started[0]);
    close(started[1]);
    assert_int_equal(unlink(scratch("lock")), 0);
    int made = open(scratch("lock"), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(made >= 0);
    close(made);
    close(held);
    int status;
    assert_int_equal(waitpid(waiter, &status, 0), waiter);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SCRATCH(locks_exclusively),
        WITH_SCRATCH(waits_for_a_lock),
        WITH_SCRATCH(locks_the_file_that_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
