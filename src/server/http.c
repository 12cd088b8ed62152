#include "http.h"

#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "clock.h"
#include "http_private.h"
#include "innernet/log.h"

#define CONNECTIONS_MAX 18000U
/* Above what we serve: these are told so. */
#define CONNECTIONS_SPARED 512U
/* For database, device and hosts file, which must work when connections use up the rest. */
#define FILES_SPARED 64U
#define CONNECTIONS_PER_SOURCE_MAX 64U
#define CONNECTION_MEMORY ((size_t)10 * 1024) /* bounds the head; bodies are kept elsewhere */
/* A turn of the loop accepts and resumes so many. */
#define ACCEPTED_PER_TURN 128
#define RESUMED_PER_TURN 32
#define CROWD 1000

/* Without a context, when memory is short, the first request is refused. */
static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct http *h = cls;
    if (code != MHD_CONNECTION_NOTIFY_STARTED) {
        http_conn_free(*context);
        *context = NULL;
        return;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    bool is_surplus = h->conns.n >= h->conns_max && !http_conns_shut_idle(&h->conns);
    struct http_conn *c = info ? http_conn_new(&h->conns, connection, info->connect_fd) : NULL;
    if (c)
        c->is_surplus = is_surplus;
    *context = c;
}

/* Paths are compared as they are sent (spec/server.md 2.3). */
static size_t keep_escapes(void *cls, struct MHD_Connection *connection, char *text)
{
    (void)cls;
    (void)connection;
    return strlen(text);
}

static void on_log(void *cls, const char *fmt, va_list args) PRINTF_LIKE(2, 0);

static void on_log(void *cls, const char *fmt, va_list args)
{
    static struct log_limit limit;
    char line[256];
    char safe[512];
    (void)cls;
    vsnprintf(line, sizeof(line), fmt, args);
    line[strcspn(line, "\n")] = '\0';
    log_limited(&limit, 10, 60, LOG_LEVEL_DEBUG, "http: %s", log_safe(line, safe, sizeof(safe)));
}

/* As many as there are files for. */
static unsigned connections_max(void)
{
    struct rlimit files;
    const unsigned spared = FILES_SPARED + CONNECTIONS_SPARED;
    if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_cur >= CONNECTIONS_MAX + spared)
        return CONNECTIONS_MAX;
    return files.rlim_cur > 2 * spared ? (unsigned)files.rlim_cur - spared : FILES_SPARED;
}

static struct MHD_Daemon *start_daemon(struct http *h)
{
    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_ERROR_LOG | MHD_USE_SUPPRESS_DATE_NO_CLOCK |
            MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET,
        0, NULL, NULL, http_on_request, h, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)h->conns_max + CONNECTIONS_SPARED,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, CONNECTIONS_PER_SOURCE_MAX,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, MHD_OPTION_CONNECTION_TIMEOUT, 0U,
        MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL, MHD_OPTION_NOTIFY_CONNECTION,
        on_connection, h, MHD_OPTION_URI_LOG_CALLBACK, http_on_target, h,
        MHD_OPTION_NOTIFY_COMPLETED, http_on_completed, h, MHD_OPTION_END);
}

static int start(struct http *h)
{
    http_conns_init(&h->conns);
    http_pace_init(&h->pace);
    int r = http_waits_init(&h->waits, h->api, &h->pace);
    if (r < 0)
        return r;
    h->conns.now_ms = clock_now_ms();
    h->conns_max = connections_max();
    h->daemon = start_daemon(h);
    if (!h->daemon)
        return -ENOMEM;
    h->epoll_fd = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    return 0;
}

int http_new(struct api *api, int listen_fd, struct http **ret, struct err *err)
{
    struct http *h = calloc(1, sizeof(*h));
    if (!h) {
        close(listen_fd);
        return err_set(err, -ENOMEM, "cannot start the HTTP server");
    }
    h->api = api;
    h->listen_fd = listen_fd;
    h->waits.left_fd = -1;
    int r = start(h);
    if (r < 0) {
        close(listen_fd);
        http_waits_done(&h->waits);
        free(h);
        return err_set(err, r, "cannot start the HTTP server");
    }
    api->deliver = http_deliver;
    api->deliver_user = h;
    *ret = h;
    return 0;
}

/* libmicrohttpd does not end while something is suspended. */
static void resume_all(struct http *h)
{
    http_waits_wake_all(&h->waits);
    for (struct link *l = link_first(&h->pace.queue); l; l = link_first(&h->pace.queue))
        http_resume(LINK_OWNER(l, struct http_conn, link));
    for (struct link *l = h->conns.others.next, *next; l != &h->conns.others; l = next) {
        struct http_conn *c = LINK_OWNER(l, struct http_conn, link);
        next = l->next;
        if (c->phase == HTTP_LATER)
            http_resume(c);
    }
}

void http_free(struct http *h)
{
    if (!h)
        return;
    resume_all(h);
    MHD_stop_daemon(h->daemon);
    close(h->listen_fd);
    http_answers_done(&h->answers);
    http_waits_done(&h->waits);
    free(h);
}

void http_accept(struct http *h)
{
    static struct log_limit limit;
    h->conns.now_ms = clock_now_ms();
    for (int i = 0; i < ACCEPTED_PER_TURN && !h->quiesced; i++) {
        struct sockaddr_storage from;
        socklen_t len = sizeof(from);
        int fd =
            accept4(h->listen_fd, (struct sockaddr *)&from, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            /* It closes the socket when it does not want it. */
            MHD_add_connection(h->daemon, fd, (struct sockaddr *)&from, len);
        } else if (errno == EMFILE || errno == ENFILE) {
            log_limited(&limit, 10, 60, LOG_LEVEL_ERROR, "http: no files left for connections");
            http_conns_shut_idle(&h->conns);
            return;
        } else if (errno != EINTR && errno != ECONNABORTED) {
            return;
        }
    }
}

int http_fd(const struct http *h)
{
    return h->epoll_fd;
}

int http_leave_fd(const struct http *h)
{
    return h->waits.left_fd;
}

static void resume_queued(struct http *h)
{
    for (int i = 0; i < RESUMED_PER_TURN; i++) {
        struct http_conn *c = http_pace_next(&h->pace, h->conns.now_ms);
        if (!c)
            return;
        http_resume(c);
    }
}

/* The memory of thousands of connections goes back when most of them have gone: what is left of it
 * in between keeps it otherwise. */
static void trim_memory(struct http *h)
{
    if (h->conns.n > h->conns_peak)
        h->conns_peak = h->conns.n;
    if (h->conns_peak < CROWD || h->conns.n > h->conns_peak / 8)
        return;
    malloc_trim(0);
    h->conns_peak = h->conns.n;
}

/* Whoever comes makes room for itself, but for the last ones. */
static void shut_surplus(struct http *h)
{
    for (size_t n = h->conns.n; n > h->conns_max && http_conns_shut_idle(&h->conns); n--)
        ;
}

void http_run(struct http *h)
{
    h->conns.now_ms = clock_now_ms();
    shut_surplus(h);
    http_answers_turn(&h->answers, clock_now().tv_sec);
    http_conns_shut_late(&h->conns);
    http_waits_turn(&h->waits, h->conns.now_ms);
    resume_queued(h);
    MHD_run(h->daemon);
    trim_memory(h);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

int http_timeout_ms(const struct http *h)
{
    MHD_UNSIGNED_LONG_LONG of_daemon;
    uint64_t now_ms = clock_now_ms();
    uint64_t due_ms = http_conns_next_ms(&h->conns);
    due_ms = earlier(due_ms, http_waits_next_ms(&h->waits, now_ms));
    due_ms = earlier(due_ms, http_pace_next_ms(&h->pace, now_ms));
    if (MHD_get_timeout(h->daemon, &of_daemon) == MHD_YES)
        due_ms = earlier(due_ms, now_ms + of_daemon);
    if (due_ms == UINT64_MAX)
        return -1;
    uint64_t timeout = due_ms > now_ms ? due_ms - now_ms : 0;
    return timeout > INT_MAX ? INT_MAX : (int)timeout;
}

void http_quiesce(struct http *h)
{
    h->quiesced = true;
    http_waits_wake_all(&h->waits);
}

bool http_is_idle(const struct http *h)
{
    return h->conns.n_busy == 0 && h->pace.n_queued == 0;
}
