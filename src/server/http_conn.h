#pragma once
/* The server's side of connections: the request on each, and how long each may take. Source:
 * spec/server.md D22. */

#include <stdbool.h>
#include <stdint.h>

#include "api.h"
#include "innernet/buf.h"
#include "link.h"

#define HTTP_HEAD_TIMEOUT_MS 10000
#define HTTP_HEAD_GRACE_MS 1000 /* who has just come is about to ask */
#define HTTP_BODY_TIMEOUT_MS 30000
#define HTTP_WRITE_TIMEOUT_MS 300000 /* the state of a large network over a thin line */
#define HTTP_IDLE_TIMEOUT_MS 75000

/* What a connection is waiting for. */
enum http_phase {
    HTTP_HEAD,               /* the first head */
    HTTP_BODY,               /* a body */
    HTTP_WRITE,              /* the client, to take the answer */
    HTTP_IDLE,               /* the next head */
    HTTP_TIMED,              /* so many have a time limit */
    HTTP_LATER = HTTP_TIMED, /* api.deliver */
    HTTP_WAITING,            /* a change */
    HTTP_QUEUED,             /* its turn to have a large answer */
    HTTP_SHUT,               /* the library, to notice the end */
};

struct http_source;
struct http_watch;

/* A connection and the request on it; there is one at a time. There may be very many: what can be
 * had from the library again is not kept. */
struct http_conn {
    struct http_conns *all;
    struct link link; /* of its phase, oldest first */
    struct link slot; /* while a large answer is young (http_pace.c), or until a wait is over */
    struct MHD_Connection *connection; /* the library's */
    int fd;                            /* borrowed */
    enum http_phase phase;
    uint64_t since_ms;          /* in this phase */
    uint64_t slot_ms;           /* since when it has its slot */
    uint64_t wait_until_ms;     /* of this request; 0 = it has not waited */
    struct http_source *source; /* of one who waits */
    struct http_watch *watch;   /* the same */
    bool is_busy;               /* a request is being read or answered */
    bool is_surplus;            /* there are too many: it is told so */
    bool has_bad_target;
    bool head_seen;
    bool needs_body; /* the answer depends on it; any other is dropped */
    bool is_decided; /* response holds the answer */
    bool must_close;
    bool is_suspended; /* the library leaves it alone until somebody wakes it */
    bool has_slot;
    struct api_response response;
    struct buf body;
};

struct http_conns {
    struct link timed[HTTP_TIMED]; /* in the order in which their time is over */
    struct link others;            /* of all other phases that nobody else lists */
    uint64_t now_ms;               /* of this turn of the loop */
    size_t n;
    size_t n_busy;
    size_t n_later;
};

void http_conns_init(struct http_conns *all);
/* NULL when memory is short. The head has to come in time. */
struct http_conn *http_conn_new(struct http_conns *all, struct MHD_Connection *connection, int fd);
void http_conn_free(struct http_conn *c); /* takes NULL */
/* A request begins: forgets the one before. */
void http_conn_begin(struct http_conn *c);
/* The request is over. */
void http_conn_end(struct http_conn *c);
/* Goes to the end of the phase's list: for a phase without a limit, the caller's or NULL. */
void http_conn_enter(struct http_conn *c, enum http_phase phase, struct link *list);
/* Shuts down what is late; whoever reads from it sees its end. */
void http_conns_shut_late(struct http_conns *all);
/* When the next will be; UINT64_MAX = never. */
uint64_t http_conns_next_ms(const struct http_conns *all);
/* Shuts down the one that has done nothing for longest; false when all are at something. */
bool http_conns_shut_idle(struct http_conns *all);
