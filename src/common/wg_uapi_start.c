/* Starting a userspace implementation. spec/client.md 8.7, 9.30. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "innernet/util.h"
#include "wg_uapi.h"

#define EXIT_TIMEOUT_MS 10000
#define SOCKET_TRIES 500
#define SOCKET_STEP_MS 10

extern char **environ;

const char *wg_uapi_program(void)
{
    static const char *const variables[] = {"WG_USERSPACE_IMPLEMENTATION",
                                            "WG_QUICK_USERSPACE_IMPLEMENTATION"};
    for (size_t i = 0; i < ARRAY_SIZE(variables); i++) {
        const char *value = getenv(variables[i]);
        if (value && *value)
            return value;
    }
    return "wireguard-go";
}

static bool is_executable(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

bool wg_uapi_is_installed(void)
{
    const char *program = wg_uapi_program();
    const char *at = getenv("PATH");
    char path[PATH_MAX];
    if (strchr(program, '/'))
        return is_executable(program);
    if (!at)
        at = "/bin:/usr/bin"; /* what posix_spawnp falls back to */
    for (;;) {
        size_t len = strcspn(at, ":");
        int n = snprintf(path, sizeof(path), "%.*s%s%s", (int)len, at, len ? "/" : "", program);
        if (n > 0 && (size_t)n < sizeof(path) && is_executable(path))
            return true;
        if (!at[len])
            return false;
        at += len + 1;
    }
}

/* Streams on /dev/null, so that a daemon that keeps them keeps nothing of ours; default signals, as
 * ours may be blocked; a session of its own, so that a Ctrl-C for us does not end the tunnel. */
static int spawn(const char *program, const char *name, pid_t *ret_pid)
{
    char *argv[] = {(char *)program, (char *)name, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int rc = posix_spawn_file_actions_init(&files);
    if (rc)
        return -rc;
    rc = posix_spawnattr_init(&attr);
    if (rc == 0) {
        for (int fd = 0; rc == 0 && fd <= 2; fd++)
            rc = posix_spawn_file_actions_addopen(&files, fd, "/dev/null", fd ? O_WRONLY : O_RDONLY,
                                                  0);
        posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                            POSIX_SPAWN_SETSID);
        posix_spawnattr_setsigmask(&attr, &none);
        posix_spawnattr_setsigdefault(&attr, &all);
        if (rc == 0)
            rc = posix_spawnp(ret_pid, program, &files, &attr, argv, environ);
        posix_spawnattr_destroy(&attr);
    }
    posix_spawn_file_actions_destroy(&files);
    return -rc;
}

/* Waits for the end of our child; its wait status, or -ETIMEDOUT after it was killed. */
static int wait_for_exit(pid_t pid, int *ret_status)
{
    int rc = 0;
    CLEAN_CLOSE int fd = pidfd_open(pid, 0);
    if (fd >= 0) {
        struct pollfd polled = {.fd = fd, .events = POLLIN};
        do
            rc = poll(&polled, 1, EXIT_TIMEOUT_MS);
        while (rc < 0 && errno == EINTR);
        if (rc == 0)
            kill(pid, SIGKILL);
        rc = rc == 0 ? -ETIMEDOUT : 0;
    }
    *ret_status = 0;
    while (waitpid(pid, ret_status, 0) < 0)
        if (errno != EINTR)
            break; /* somebody else collected it: the socket will tell */
    return rc;
}

static int check_status(const char *program, const char *name, int status, struct err *err)
{
    static const char hint[] =
        "is /dev/net/tun there, and no other interface of that name? Run it by hand to see why";
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    if (WIFEXITED(status))
        return err_set(err, -EADDRNOTAVAIL, "\"%s %s\" failed with status %d - %s", program, name,
                       WEXITSTATUS(status), hint);
    return err_set(err, -EADDRNOTAVAIL, "\"%s %s\" was ended by signal %d - %s", program, name,
                   WTERMSIG(status), hint);
}

static int wait_for_socket(const char *program, const char *name, struct err *err)
{
    const struct timespec step = {.tv_nsec = SOCKET_STEP_MS * 1000000L};
    char path[WG_UAPI_PATH_MAX];
    for (int i = 0; i < SOCKET_TRIES; i++) {
        if (wg_uapi_exists(name))
            return 0;
        nanosleep(&step, NULL);
    }
    return err_set(err, -ETIMEDOUT, "\"%s %s\" was started, but nothing answers on %s", program,
                   name, wg_uapi_path(name, ".sock", path));
}

static int make_folder(struct err *err)
{
    if (mkdir(WG_UAPI_FOLDER, 0755) == 0 || errno == EEXIST)
        return 0;
    if (errno == ENOENT && mkdir("/var/run", 0755) == 0 && mkdir(WG_UAPI_FOLDER, 0755) == 0)
        return 0;
    return err_set_os(err, -errno, "cannot create " WG_UAPI_FOLDER);
}

int wg_uapi_start(const char *name, struct err *err)
{
    const char *program = wg_uapi_program();
    char path[WG_UAPI_PATH_MAX];
    pid_t pid;
    int status;
    int rc = make_folder(err);
    if (rc < 0)
        return rc;
    unlink(wg_uapi_path(name, ".name", path));
    rc = spawn(program, name, &pid);
    if (rc == -ENOENT)
        return err_set(err, rc,
                       "the userspace WireGuard \"%s\" is not installed - install it (Debian: apt "
                       "install wireguard-go) or name another in WG_USERSPACE_IMPLEMENTATION",
                       program);
    if (rc < 0)
        return err_set_os(err, rc, "cannot start the userspace WireGuard \"%s\"", program);
    rc = wait_for_exit(pid, &status);
    if (rc < 0)
        return err_set(err, rc,
                       "\"%s %s\" does not go into the background - name an implementation that "
                       "does in WG_USERSPACE_IMPLEMENTATION",
                       program, name);
    rc = check_status(program, name, status, err);
    return rc < 0 ? rc : wait_for_socket(program, name, err);
}
