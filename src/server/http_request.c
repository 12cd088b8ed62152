/* A request from its head to its answer. */
#include <string.h>

#include "http_private.h"
#include "innernet/log.h"

/* The request line has come. The target is looked at here because this is all of it. */
void *http_on_target(void *cls, const char *target, struct MHD_Connection *connection)
{
    struct http *h = cls;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct http_conn *c = info ? info->socket_context : NULL;
    if (!c)
        return NULL;
    h->head_of = NULL;
    http_conn_begin(c);
    c->has_bad_target = !http_target_is_clean(target);
    return c;
}

void http_on_completed(void *cls, struct MHD_Connection *connection, void **context,
                       enum MHD_RequestTerminationCode code)
{
    struct http *h = cls;
    (void)connection;
    (void)code;
    if (!*context)
        return;
    http_pace_give(&h->pace, *context);
    http_conn_end(*context);
}

/* --- the head --- */

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

static void log_request(const struct api_request *req, const char *method)
{
    char ip[IP_TEXT_MAX];
    char verb[32];
    char path[256];
    log_debug("%s %s %s", ip_format(&req->source, ip), log_safe(method, verb, sizeof(verb)),
              log_safe(req->path, path, sizeof(path)));
}

/* libmicrohttpd keeps the head as long as the request lasts: when it is needed again it is read
 * again, so that a request which waits costs little. */
static void read_head(struct http *h, struct http_conn *c, const char *url, const char *method,
                      const char *version)
{
    if (h->head_of == c)
        return;
    http_head_start(&h->head, method, url, version);
    h->head.req.source = source_of(c->connection);
    h->head.req.ticket = c;
    MHD_get_connection_values(c->connection, MHD_HEADER_KIND, on_field, &h->head);
    h->head_of = c;
}

/* --- the answer --- */

static void suspend(struct http_conn *c)
{
    c->is_suspended = true;
    MHD_suspend_connection(c->connection);
}

void http_resume(struct http_conn *c)
{
    http_conn_enter(c, HTTP_WRITE, NULL);
    c->is_suspended = false;
    MHD_resume_connection(c->connection);
}

void http_deliver(void *user, void *ticket, struct api_response *answer)
{
    (void)user;
    struct http_conn *c = ticket;
    c->response = *answer;
    *answer = (struct api_response){0};
    c->is_decided = true;
    http_resume(c);
}

static void refuse(struct http_conn *c, int status)
{
    c->response = (struct api_response){.status = status};
    c->is_decided = c->must_close = true;
    if (status == 503)
        c->response.retry_after_s = HTTP_RETRY_AFTER_S;
}

static size_t wire_size(const struct api_response *answer)
{
    if (!answer->body || answer->status == 304)
        return 0;
    return answer->form == BODY_GZIP ? answer->body->gzip_len : answer->body->len;
}

static enum MHD_Result send_answer(struct http *h, struct http_conn *c)
{
    if (wire_size(&c->response) < HTTP_LARGE) {
        http_pace_give(&h->pace, c);
    } else if (!c->must_close && !http_pace_take(&h->pace, c)) {
        /* Decided anew when it is its turn. */
        api_response_done(&c->response);
        c->is_decided = false;
        http_pace_queue(&h->pace, c);
        suspend(c);
        return MHD_YES;
    }
    struct MHD_Response *r = http_answers_get(&h->answers, &c->response, c->must_close);
    if (!r)
        return MHD_NO;
    unsigned status = (unsigned)c->response.status;
    if (c->response.body)
        api_response_done(&c->response);
    http_conn_enter(c, HTTP_WRITE, NULL);
    return MHD_queue_response(c->connection, status, r);
}

/* True when it is parked. */
static bool wait_for_change(struct http *h, struct http_conn *c)
{
    bool is_over = h->quiesced || (c->wait_until_ms && h->conns.now_ms >= c->wait_until_ms);
    http_pace_give(&h->pace, c); /* its link is needed for the wheel */
    if (!is_over && !c->must_close &&
        http_wait_begin(&h->waits, c, &h->head.req.source, &c->response)) {
        api_response_done(&c->response);
        c->is_busy = false;
        h->conns.n_busy--;
        suspend(c);
        return true;
    }
    if (!is_over)
        c->response.wait_s = 0;
    return false;
}

static enum MHD_Result finish(struct http *h, struct http_conn *c, const char *url,
                              const char *method, const char *version)
{
    if (c->is_decided)
        return send_answer(h, c);
    read_head(h, c, url, method, version);
    struct api_request *req = &h->head.req;
    if (!c->is_busy) {
        c->is_busy = true;
        h->conns.n_busy++;
    }
    req->body = c->body.data ? c->body.data : "";
    req->body_len = c->body.len;
    c->must_close = c->must_close || h->quiesced;
    if (req->method != API_GET && (h->quiesced || h->conns.n_later >= HTTP_LATER_MAX)) {
        refuse(c, 503);
        return send_answer(h, c);
    }
    switch (api_respond(h->api, req, &c->response)) {
    case API_LATER:
        http_conn_enter(c, HTTP_LATER, NULL);
        suspend(c);
        return MHD_YES;
    case API_WAITS:
        if (wait_for_change(h, c))
            return MHD_YES;
        break;
    default:
        break;
    }
    c->is_decided = true;
    return send_answer(h, c);
}

/* --- the course of events --- */

/* The answer needs no body, but one may be on its way: a short one is taken in and dropped, so that
 * the connection lives on; for any other the connection ends with the answer. */
static bool may_drop_body(const struct http_conn *c, const struct http_head *head)
{
    return !c->must_close && !head->req.is_chunked && !head->expects_continue &&
           head->req.content_length <= API_BODY_MAX;
}

static enum MHD_Result begin(struct http *h, struct http_conn *c, const char *url,
                             const char *method, const char *version)
{
    struct http_head *head = &h->head;
    c->head_seen = true;
    read_head(h, c, url, method, version);
    if (log_enabled(LOG_LEVEL_DEBUG))
        log_request(&head->req, method);
    bool has_body = head->req.is_chunked || head->req.content_length > 0;
    if (c->has_bad_target || head->is_bad || head->n_fields > HTTP_FIELDS_MAX)
        refuse(c, head->n_fields > HTTP_FIELDS_MAX ? 431 : 400);
    else if (c->is_surplus)
        refuse(c, 503);
    else if (has_body) {
        enum api_verdict verdict = api_begin(h->api, &head->req, &c->response);
        c->is_decided = verdict == API_ANSWERED;
        c->needs_body = verdict == API_NEEDS_BODY;
    }
    if (!has_body)
        return MHD_YES;
    if (!c->needs_body && !may_drop_body(c, head)) {
        c->must_close = true;
        return finish(h, c, url, method, version);
    }
    http_conn_enter(c, HTTP_BODY, NULL);
    return MHD_YES;
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

enum MHD_Result http_on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                const char *method, const char *version, const char *data,
                                size_t *size, void **context)
{
    struct http_conn *c = *context;
    (void)connection;
    if (!c)
        return MHD_NO;
    if (!c->head_seen)
        return begin(cls, c, url, method, version);
    if (*size > 0)
        return take_body(c, data, size);
    return finish(cls, c, url, method, version);
}
