#pragma once
/* The server's side of connections: the request on each, and how long each may take. Source:
 * spec/server.md D22. */

#include <stdbool.h>
#include <stdint.h>

#include "http_head.h"
#include "innernet/buf.h"

#define HTTP_HEAD_TIMEOUT_MS 10000
#define HTTP_BODY_TIMEOUT_MS 30000
#define HTTP_WRITE_TIMEOUT_MS 300000 /* the state of a large network over a thin line */
#define HTTP_IDLE_TIMEOUT_MS 75000

/* A connection and the request on it; there is one at a time. */
struct http_conn {
    struct http_conns *all;
    struct http_conn *next;
    struct http_conn *prev;
    int fd;                            /* borrowed */
    struct MHD_Connection *connection; /* the library's */
    uint64_t deadline_ms;              /* UINT64_MAX while we are the ones who take their time */
    bool is_busy;                      /* a request is being read or answered */
    bool has_bad_target;
    bool head_seen;
    bool needs_body; /* the answer depends on it; any other is dropped */
    bool is_decided; /* response holds the answer */
    bool must_close;
    bool is_suspended; /* the library leaves it alone until somebody wakes it */
    struct http_head head;
    struct api_response response;
    struct buf body;
};

struct http_conns {
    struct http_conn *first;
    size_t n_busy;
    uint64_t next_deadline_ms; /* not after the earliest; UINT64_MAX without connections */
};

#define HTTP_CONNS_INIT ((struct http_conns){.next_deadline_ms = UINT64_MAX})

/* NULL when memory is short. The head has to come in time. */
struct http_conn *http_conn_new(struct http_conns *all, struct MHD_Connection *connection, int fd);
void http_conn_free(struct http_conn *c); /* takes NULL */
/* A request begins: forgets the one before. */
void http_conn_begin(struct http_conn *c);
/* The request is over. */
void http_conn_end(struct http_conn *c);
/* It must have got on by then. */
void http_conn_allow(struct http_conn *c, uint64_t for_ms);
/* The answer is somebody else's to give: no time runs. */
void http_conn_hold(struct http_conn *c);
/* Calls for each that is suspended. */
void http_conns_each_suspended(struct http_conns *all, void (*visit)(struct http_conn *c));
/* Shuts down what is late; whoever reads from it sees its end. */
void http_conns_shut_late(struct http_conns *all, uint64_t now_ms);
