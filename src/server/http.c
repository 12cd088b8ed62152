#include "http.h"

#include <errno.h>
#include <limits.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "clock.h"
#include "http_conn.h"
#include "http_date.h"
#include "innernet/log.h"

#define CONNECTIONS_MAX 4096U
/* For database, device and hosts file, which must work when connections use up the rest. */
#define FILES_SPARED 64U
#define CONNECTIONS_PER_SOURCE_MAX 64U
#define CONNECTION_MEMORY ((size_t)24 * 1024) /* bounds the head; bodies are kept elsewhere */

struct http {
    struct MHD_Daemon *daemon;
    struct api *api;
    int epoll_fd;
    int listen_fd;
    bool quiesced;
    struct http_conns conns;
};

/* Without a context, when memory is short, the first request is refused. */
static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct http *h = cls;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        *context = info ? http_conn_new(&h->conns, connection, info->connect_fd) : NULL;
    } else {
        http_conn_free(*context);
        *context = NULL;
    }
}

/* The request line has come. The target is looked at here because this is all of it. */
static void *on_target(void *cls, const char *target, struct MHD_Connection *connection)
{
    (void)cls;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct http_conn *c = info ? info->socket_context : NULL;
    if (!c)
        return NULL;
    http_conn_begin(c);
    c->has_bad_target = !http_target_is_clean(target);
    return c;
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode code)
{
    (void)cls;
    (void)connection;
    (void)code;
    if (*context)
        http_conn_end(*context);
}

/* Paths are compared as they are sent (spec/server.md 2.3). */
static size_t keep_escapes(void *cls, struct MHD_Connection *connection, char *text)
{
    (void)cls;
    (void)connection;
    return strlen(text);
}

static void release_body(void *cls)
{
    body_unref(cls);
}

static void add_header(struct MHD_Response *r, const char *name, const char *value)
{
    if (MHD_add_response_header(r, name, value) != MHD_YES)
        log_debug("cannot add the header %s", name);
}

/* The date is ours, so that it comes after the type; libmicrohttpd appends the length. */
static struct MHD_Response *build_response(const struct api_response *answer, bool close)
{
    static char nothing[] = "";
    struct body *body = answer->body;
    struct MHD_Response *r =
        body ? MHD_create_response_from_buffer_with_free_callback_cls(body->len, body->data,
                                                                      release_body, body_ref(body))
             : MHD_create_response_from_buffer(0, nothing, MHD_RESPMEM_PERSISTENT);
    if (!r) {
        body_unref(body);
        return NULL;
    }
    char text[HTTP_DATE_MAX];
    if (body)
        add_header(r, "content-type", "application/json");
    add_header(r, "date", http_date(time(NULL), text));
    if (close)
        add_header(r, "connection", "close");
    return r;
}

static enum MHD_Result send_answer(struct http_conn *c, struct MHD_Connection *connection)
{
    struct MHD_Response *r = build_response(&c->response, c->must_close);
    if (!r)
        return MHD_NO;
    http_conn_allow(c, HTTP_WRITE_TIMEOUT_MS);
    enum MHD_Result result = MHD_queue_response(connection, (unsigned)c->response.status, r);
    MHD_destroy_response(r);
    return result;
}

static enum MHD_Result on_field(void *cls, enum MHD_ValueKind kind, const char *name,
                                const char *value)
{
    (void)kind;
    http_head_add(cls, name ? name : "", value);
    return MHD_YES;
}

static struct ip source_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    struct sock_addr source = {0};
    if (info && info->client_addr)
        sock_addr_from_sockaddr(info->client_addr, sizeof(struct sockaddr_storage), &source);
    return source.ip;
}

static void log_request(const struct http_conn *c, const char *method)
{
    char ip[IP_TEXT_MAX];
    char verb[32];
    char path[256];
    if (!log_enabled(LOG_LEVEL_DEBUG))
        return;
    log_debug("%s %s %s", ip_format(&c->head.req.source, ip), log_safe(method, verb, sizeof(verb)),
              log_safe(c->head.req.path, path, sizeof(path)));
}

static enum MHD_Result take_body(struct http_conn *c, const char *data, size_t *size)
{
    if (c->needs_body) {
        if (c->body.len + *size > API_BODY_MAX)
            return MHD_NO;
        buf_append(&c->body, data, *size);
        if (c->body.failed)
            return MHD_NO;
    }
    *size = 0;
    return MHD_YES;
}

static void suspend(struct http_conn *c)
{
    http_conn_hold(c);
    c->is_suspended = true;
    MHD_suspend_connection(c->connection);
}

/* libmicrohttpd calls on_request again. */
static void resume(struct http_conn *c)
{
    c->is_suspended = false;
    MHD_resume_connection(c->connection);
}

static void deliver(void *user, void *ticket, struct api_response *answer)
{
    (void)user;
    struct http_conn *c = ticket;
    c->response = *answer;
    *answer = (struct api_response){0};
    c->is_decided = true;
    resume(c);
}

static enum MHD_Result finish(struct http *h, struct http_conn *c,
                              struct MHD_Connection *connection)
{
    if (!c->is_decided) {
        c->head.req.body = c->body.data ? c->body.data : "";
        c->head.req.body_len = c->body.len;
        if (api_respond(h->api, &c->head.req, &c->response) == API_LATER) {
            suspend(c);
            return MHD_YES;
        }
        c->is_decided = true;
    }
    return send_answer(c, connection);
}

/* The answer needs no body, but one may be on its way: a short one is taken in and dropped, so that
 * the connection lives on; for any other the connection ends with the answer. */
static bool may_drop_body(const struct http_conn *c)
{
    return !c->must_close && !c->head.req.is_chunked && !c->head.expects_continue &&
           c->head.req.content_length <= API_BODY_MAX;
}

static enum MHD_Result begin(struct http *h, struct http_conn *c, struct MHD_Connection *connection,
                             const char *url, const char *method, const char *version)
{
    struct api_request *req = &c->head.req;
    c->head_seen = true;
    http_head_start(&c->head, method, url, version);
    req->source = source_of(connection);
    MHD_get_connection_values(connection, MHD_HEADER_KIND, on_field, &c->head);
    log_request(c, method);
    bool too_many = c->head.n_fields > HTTP_FIELDS_MAX;
    if (c->has_bad_target || c->head.is_bad || too_many) {
        c->is_decided = c->must_close = true;
        c->response.status = too_many ? 431 : 400;
    } else {
        req->ticket = c;
        enum api_verdict verdict = api_begin(h->api, req, &c->response);
        c->is_decided = verdict == API_ANSWERED;
        c->needs_body = verdict == API_NEEDS_BODY;
    }
    bool has_body = req->is_chunked || req->content_length > 0;
    if (!c->needs_body && has_body && !may_drop_body(c)) {
        c->must_close = true;
        return finish(h, c, connection);
    }
    http_conn_allow(c, HTTP_BODY_TIMEOUT_MS);
    return MHD_YES;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *size, void **context)
{
    struct http_conn *c = *context;
    if (!c)
        return MHD_NO;
    if (!c->head_seen)
        return begin(cls, c, connection, url, method, version);
    if (*size > 0)
        return take_body(c, data, size);
    return finish(cls, c, connection);
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

static unsigned connections_max(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_cur >= CONNECTIONS_MAX + FILES_SPARED)
        return CONNECTIONS_MAX;
    return files.rlim_cur > 2 * FILES_SPARED ? (unsigned)files.rlim_cur - FILES_SPARED
                                             : FILES_SPARED;
}

static struct MHD_Daemon *start_daemon(struct http *h)
{
    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_ERROR_LOG | MHD_USE_SUPPRESS_DATE_NO_CLOCK |
            MHD_ALLOW_SUSPEND_RESUME,
        0, NULL, NULL, on_request, h, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
        MHD_OPTION_LISTEN_SOCKET, h->listen_fd, MHD_OPTION_CONNECTION_LIMIT, connections_max(),
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, CONNECTIONS_PER_SOURCE_MAX,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, MHD_OPTION_CONNECTION_TIMEOUT, 0U,
        MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL, MHD_OPTION_NOTIFY_CONNECTION,
        on_connection, h, MHD_OPTION_URI_LOG_CALLBACK, on_target, h, MHD_OPTION_NOTIFY_COMPLETED,
        on_completed, h, MHD_OPTION_END);
}

int http_new(struct api *api, int listen_fd, struct http **ret, struct err *err)
{
    struct http *h = calloc(1, sizeof(*h));
    if (h) {
        *h = (struct http){.api = api, .listen_fd = listen_fd, .conns = HTTP_CONNS_INIT};
        h->daemon = start_daemon(h);
    }
    const union MHD_DaemonInfo *info =
        h && h->daemon ? MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
    if (!info) {
        if (h && h->daemon)
            MHD_stop_daemon(h->daemon);
        else
            close(listen_fd);
        free(h);
        return err_set(err, -ENOMEM, "cannot start the HTTP server");
    }
    h->epoll_fd = info->epoll_fd;
    api->deliver = deliver;
    api->deliver_user = h;
    *ret = h;
    return 0;
}

void http_free(struct http *h)
{
    if (!h)
        return;
    http_conns_each_suspended(&h->conns, resume);
    MHD_stop_daemon(h->daemon);
    if (h->quiesced)
        close(h->listen_fd);
    free(h);
}

int http_fd(const struct http *h)
{
    return h->epoll_fd;
}

void http_run(struct http *h)
{
    http_conns_shut_late(&h->conns, clock_now_ms());
    MHD_run(h->daemon);
}

int http_timeout_ms(const struct http *h)
{
    MHD_UNSIGNED_LONG_LONG timeout = UINT64_MAX;
    uint64_t now_ms = clock_now_ms();
    uint64_t due_ms = h->conns.next_deadline_ms;
    if (due_ms != UINT64_MAX)
        timeout = due_ms > now_ms ? due_ms - now_ms : 0;
    MHD_UNSIGNED_LONG_LONG of_daemon;
    if (MHD_get_timeout(h->daemon, &of_daemon) == MHD_YES && of_daemon < timeout)
        timeout = of_daemon;
    if (timeout == UINT64_MAX)
        return -1;
    return timeout > INT_MAX ? INT_MAX : (int)timeout;
}

void http_quiesce(struct http *h)
{
    h->quiesced = MHD_quiesce_daemon(h->daemon) != MHD_INVALID_SOCKET;
}

bool http_is_idle(const struct http *h)
{
    return h->conns.n_busy == 0;
}
