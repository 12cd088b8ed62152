#include "stop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <time.h>

static volatile sig_atomic_t requested;
/* The signals as they are let through while waiting. */
static sigset_t mask_while_waiting;
static bool installed;
static int pending_fd = -1;

static void on_signal(int signo)
{
    (void)signo;
    requested = 1;
}

/* The signals stay blocked except while we wait for something: then none can slip in between the
 * look at the flag and the wait. */
int stop_install(struct err *err)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t ours;
    sigemptyset(&ours);
    sigaddset(&ours, SIGTERM);
    sigaddset(&ours, SIGINT);
    if (sigprocmask(SIG_BLOCK, &ours, &mask_while_waiting) < 0 ||
        sigaction(SIGTERM, &action, NULL) < 0 || sigaction(SIGINT, &action, NULL) < 0)
        return err_set_os(err, -errno, "signal handlers");
    sigdelset(&mask_while_waiting, SIGTERM);
    sigdelset(&mask_while_waiting, SIGINT);
    pending_fd = signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK);
    if (pending_fd < 0)
        return err_set_os(err, -errno, "signal handlers");
    installed = true;
    return 0;
}

/* Takes in a signal that is pending. */
static void look(void)
{
    struct timespec zero = {0};
    if (installed)
        ppoll(NULL, 0, &zero, &mask_while_waiting);
}

bool stop_requested(void)
{
    if (!requested)
        look();
    return requested;
}

int stop_fd(void)
{
    return pending_fd;
}

long long stop_clock_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (long long)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

bool stop_sleep_ms(long long ms)
{
    long long end, left;
    if (__builtin_add_overflow(stop_clock_ms(), ms, &end))
        end = __LONG_LONG_MAX__;
    while (!requested && (left = end - stop_clock_ms()) > 0) {
        if (left > 1000 * 1000)
            left = 1000 * 1000;
        struct timespec wait = {.tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000};
        ppoll(NULL, 0, &wait, installed ? &mask_while_waiting : NULL);
    }
    return !requested;
}
