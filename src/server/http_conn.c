#include "http_conn.h"

#include <stdlib.h>
#include <sys/socket.h>

static const uint64_t limits_ms[HTTP_TIMED] = {
    [HTTP_HEAD] = HTTP_HEAD_TIMEOUT_MS,
    [HTTP_BODY] = HTTP_BODY_TIMEOUT_MS,
    [HTTP_WRITE] = HTTP_WRITE_TIMEOUT_MS,
    [HTTP_IDLE] = HTTP_IDLE_TIMEOUT_MS,
};

void http_conns_init(struct http_conns *all)
{
    *all = (struct http_conns){0};
    for (size_t i = 0; i < ARRAY_SIZE(all->timed); i++)
        link_init(&all->timed[i]);
    link_init(&all->others);
}

static void forget_request(struct http_conn *c)
{
    if (c->is_busy)
        c->all->n_busy--;
    if (c->response.body)
        api_response_done(&c->response);
    if (c->body.data)
        buf_done(&c->body);
    c->is_busy = c->has_bad_target = c->head_seen = c->needs_body = c->is_decided = false;
    c->must_close = c->is_suspended = false;
    c->wait_until_ms = 0;
}

struct http_conn *http_conn_new(struct http_conns *all, struct MHD_Connection *connection, int fd)
{
    struct http_conn *c = calloc(1, sizeof(*c));
    if (!c)
        return NULL;
    c->all = all;
    c->fd = fd;
    c->connection = connection;
    all->n++;
    http_conn_enter(c, HTTP_HEAD, NULL);
    return c;
}

void http_conn_free(struct http_conn *c)
{
    if (!c)
        return;
    forget_request(c);
    http_conn_enter(c, HTTP_SHUT, NULL);
    link_remove(&c->link);
    c->all->n--;
    free(c);
}

void http_conn_begin(struct http_conn *c)
{
    forget_request(c);
    c->is_busy = true;
    c->all->n_busy++;
}

void http_conn_end(struct http_conn *c)
{
    forget_request(c);
    if (c->phase != HTTP_SHUT)
        http_conn_enter(c, HTTP_IDLE, NULL);
}

void http_conn_enter(struct http_conn *c, enum http_phase phase, struct link *list)
{
    struct http_conns *all = c->all;
    all->n_later += (size_t)(phase == HTTP_LATER) - (size_t)(c->phase == HTTP_LATER);
    c->phase = phase;
    c->since_ms = all->now_ms;
    link_remove(&c->link);
    if (!list)
        list = phase < HTTP_TIMED ? &all->timed[phase] : &all->others;
    link_append(list, &c->link);
}

static struct http_conn *oldest(const struct http_conns *all, enum http_phase phase)
{
    struct link *l = link_first(&all->timed[phase]);
    return l ? LINK_OWNER(l, struct http_conn, link) : NULL;
}

static void shut(struct http_conn *c)
{
    shutdown(c->fd, SHUT_RDWR);
    http_conn_enter(c, HTTP_SHUT, NULL);
}

void http_conns_shut_late(struct http_conns *all)
{
    for (enum http_phase p = 0; p < HTTP_TIMED; p++)
        for (struct http_conn *c = oldest(all, p); c && c->since_ms + limits_ms[p] <= all->now_ms;
             c = oldest(all, p))
            shut(c);
}

uint64_t http_conns_next_ms(const struct http_conns *all)
{
    uint64_t next = UINT64_MAX;
    for (enum http_phase p = 0; p < HTTP_TIMED; p++) {
        const struct http_conn *c = oldest(all, p);
        if (c && c->since_ms + limits_ms[p] < next)
            next = c->since_ms + limits_ms[p];
    }
    return next;
}

bool http_conns_shut_idle(struct http_conns *all)
{
    struct http_conn *silent = oldest(all, HTTP_HEAD);
    struct http_conn *idle = oldest(all, HTTP_IDLE);
    if (silent && silent->since_ms + HTTP_HEAD_GRACE_MS > all->now_ms)
        silent = NULL;
    struct http_conn *c = !idle || (silent && silent->since_ms < idle->since_ms) ? silent : idle;
    if (c)
        shut(c);
    return c != NULL;
}
