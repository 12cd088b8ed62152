#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "clock.h"
#include "innernet/log.h"
#include "notify.h"
#include "serve.h"

#define TICK_S 10
#define STOP_PATIENCE_MS 2000
#define DEVICE_PAUSE_MS 200

/* --- what the API does to the device --- */

static int add_peer(void *user, const struct peer *p, struct err *err)
{
    struct server *s = user;
    return keeper_add_peer(&s->keeper, p, clock_now().tv_sec, err);
}

static void peer_changed(void *user, int64_t id)
{
    struct server *s = user;
    keeper_peer_changed(&s->keeper, id, clock_now().tv_sec);
}

static void arm_switch_timer(struct server *s)
{
    uint64_t next = keeper_next_switch_ms(&s->keeper);
    struct itimerspec when = {0};
    if (next != UINT64_MAX) {
        when.it_value.tv_sec = (time_t)(next / 1000);
        when.it_value.tv_nsec = (long)(next % 1000) * 1000000L + 1;
    }
    timerfd_settime(s->switch_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

static void peer_redeemed(void *user, int64_t id, const struct key *old_key)
{
    struct server *s = user;
    keeper_peer_redeemed(&s->keeper, id, old_key, clock_now_ms());
    arm_switch_timer(s);
}

const struct api_device serve_device = {
    .add_peer = add_peer, .peer_changed = peer_changed, .peer_redeemed = peer_redeemed};

/* --- events --- */

static void finish_sweep(void *user, const struct change *c, int outcome, const struct err *err)
{
    struct server *s = user;
    s->is_sweeping = false;
    if (outcome < 0)
        log_error("cannot sweep expired invitations: %s", err->text);
    else if (c->n_swept > 0)
        log_info("deleted %zu expired invitations", c->n_swept);
}

static void sweep(struct server *s)
{
    struct err err = ERR_INIT;
    CLEAN_CHANGE struct change c = {.kind = &change_sweep, .now_s = clock_now().tv_sec};
    if (s->is_sweeping)
        return;
    int r = registry_sync(&s->registry, &err);
    if (r == 0)
        r = registry_check(&s->registry, &c, &err);
    if (r == 0)
        r = writer_submit(&s->writer, &c, finish_sweep, s, &err);
    s->is_sweeping = r == 0;
    if (r < 0)
        finish_sweep(s, NULL, r, &err);
}

static void update_device(struct server *s)
{
    s->registry.changed_elsewhere = s->device_wanted = false;
    keeper_run(&s->keeper, clock_now().tv_sec);
    s->device_updated_ms = clock_now_ms();
}

/* How long until the device should be looked at: at once, but in a storm of reasons (redemptions,
 * names, commands) only so often. -1: nobody wants it. */
static int device_due_in(const struct server *s)
{
    if (!s->device_wanted && !s->registry.changed_elsewhere)
        return -1;
    uint64_t now = clock_now_ms();
    uint64_t due = s->device_updated_ms + DEVICE_PAUSE_MS;
    return due <= now ? 0 : (int)(due - now);
}

static void tick(struct server *s)
{
    sweep(s);
    serve_interface_keep(s);
    update_device(s);
    hosts_writer_run(&s->hosts);
}

/* True when there was something to take out of a timer. */
static bool drain(int fd)
{
    uint64_t count;
    return read(fd, &count, sizeof(count)) == (ssize_t)sizeof(count);
}

static void begin_stop(struct server *s)
{
    struct signalfd_siginfo info;
    if (read(s->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info) || s->stop_at_ms)
        return;
    log_info("stopping");
    notify_send("STOPPING=1");
    epoll_ctl(s->epoll_fd, EPOLL_CTL_DEL, s->listen_fd, NULL);
    http_quiesce(s->http);
    s->stop_at_ms = clock_now_ms() + STOP_PATIENCE_MS;
}

static void handle_event(struct server *s, int fd)
{
    if (fd == s->signal_fd) {
        begin_stop(s);
    } else if (fd == s->listen_fd) {
        http_accept(s->http);
    } else if (fd == s->tick_fd) {
        if (drain(fd))
            tick(s);
    } else if (fd == s->switch_fd) {
        if (drain(fd) && keeper_end_switches(&s->keeper, clock_now_ms()))
            s->device_wanted = true;
        arm_switch_timer(s);
    } else if (fd == resolver_fd(s->resolver)) {
        if (resolver_collect(s->resolver))
            s->device_wanted = true;
    } else if (fd == worker_fd(s->worker)) {
        worker_collect(s->worker);
    }
}

/* What was accepted is finished, even if that takes longer than any client's patience. */
static bool is_over(const struct server *s)
{
    return s->stop_at_ms && worker_n_jobs(s->worker) == 0 &&
           (http_is_idle(s->http) || clock_now_ms() >= s->stop_at_ms);
}

static int wait_timeout(const struct server *s)
{
    int timeout = http_timeout_ms(s->http);
    int device = device_due_in(s);
    if (device >= 0 && (timeout < 0 || timeout > device))
        timeout = device;
    return s->stop_at_ms && (timeout < 0 || timeout > 100) ? 100 : timeout;
}

int serve_loop_run(struct server *s, struct err *err)
{
    struct epoll_event events[8];
    while (!is_over(s)) {
        int n = epoll_wait(s->epoll_fd, events, ARRAY_SIZE(events), wait_timeout(s));
        if (n < 0 && errno != EINTR)
            return err_set_os(err, -errno, "cannot wait for events");
        for (int i = 0; i < n; i++)
            handle_event(s, events[i].data.fd);
        http_run(s->http);
        /* Perhaps somebody used the command line: their change has just been seen. */
        if (device_due_in(s) == 0)
            update_device(s);
    }
    return 0;
}

static int watch(struct server *s, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    return epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static int open_fds(struct server *s)
{
    sigset_t signals;
    const struct itimerspec every = {.it_interval.tv_sec = TICK_S, .it_value.tv_sec = TICK_S};
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    s->tick_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    s->switch_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    s->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (s->epoll_fd < 0 || s->tick_fd < 0 || s->switch_fd < 0 || s->signal_fd < 0)
        return -errno;
    if (timerfd_settime(s->tick_fd, 0, &every, NULL) < 0 || watch(s, s->tick_fd) < 0 ||
        watch(s, s->switch_fd) < 0 || watch(s, s->signal_fd) < 0 ||
        watch(s, resolver_fd(s->resolver)) < 0 || watch(s, worker_fd(s->worker)) < 0 ||
        watch(s, http_fd(s->http)) < 0 || watch(s, http_leave_fd(s->http)) < 0 ||
        watch(s, s->listen_fd) < 0)
        return -errno;
    return 0;
}

int serve_loop_open(struct server *s, struct err *err)
{
    int r = open_fds(s);
    return r < 0 ? err_set_os(err, r, "cannot set up the event loop") : 0;
}

void serve_loop_close(struct server *s)
{
    cleanup_close(&s->signal_fd);
    cleanup_close(&s->switch_fd);
    cleanup_close(&s->tick_fd);
    cleanup_close(&s->epoll_fd);
}
