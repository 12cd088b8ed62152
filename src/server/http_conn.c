#include "http_conn.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "clock.h"

static void forget_request(struct http_conn *c)
{
    if (c->is_busy)
        c->all->n_busy--;
    api_response_done(&c->response);
    buf_done(&c->body);
    c->is_busy = c->has_bad_target = c->head_seen = c->needs_body = c->is_decided = false;
    c->must_close = c->is_suspended = false;
    c->head = (struct http_head){0};
}

struct http_conn *http_conn_new(struct http_conns *all, struct MHD_Connection *connection, int fd)
{
    struct http_conn *c = calloc(1, sizeof(*c));
    if (!c)
        return NULL;
    c->all = all;
    c->fd = fd;
    c->connection = connection;
    c->next = all->first;
    if (c->next)
        c->next->prev = c;
    all->first = c;
    http_conn_allow(c, HTTP_HEAD_TIMEOUT_MS);
    return c;
}

void http_conn_free(struct http_conn *c)
{
    if (!c)
        return;
    forget_request(c);
    if (c->next)
        c->next->prev = c->prev;
    if (c->prev)
        c->prev->next = c->next;
    else
        c->all->first = c->next;
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
    http_conn_allow(c, HTTP_IDLE_TIMEOUT_MS);
}

void http_conn_allow(struct http_conn *c, uint64_t for_ms)
{
    c->deadline_ms = clock_now_ms() + for_ms;
    if (c->deadline_ms < c->all->next_deadline_ms)
        c->all->next_deadline_ms = c->deadline_ms;
}

void http_conn_hold(struct http_conn *c)
{
    c->deadline_ms = UINT64_MAX;
}

void http_conns_each_suspended(struct http_conns *all, void (*visit)(struct http_conn *c))
{
    for (struct http_conn *c = all->first; c; c = c->next)
        if (c->is_suspended)
            visit(c);
}

void http_conns_shut_late(struct http_conns *all, uint64_t now_ms)
{
    if (now_ms < all->next_deadline_ms)
        return;
    all->next_deadline_ms = UINT64_MAX;
    for (struct http_conn *c = all->first; c; c = c->next) {
        if (c->deadline_ms <= now_ms)
            shutdown(c->fd, SHUT_RDWR);
        else if (c->deadline_ms < all->next_deadline_ms)
            all->next_deadline_ms = c->deadline_ms;
    }
}
