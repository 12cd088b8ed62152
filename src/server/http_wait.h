#pragma once
/* Requests that wait for a change (RFC 7240 4.3). They hang on the entry of the snapshot which they
 * watch, and on a wheel of the times when their waits are over. Their sockets are watched for the
 * client's leave, because libmicrohttpd does not look at them meanwhile. */

#include "http_conn.h"
#include "http_pace.h"
#include "http_source.h"
#include "snapshot.h"

#define HTTP_WAIT_STEP_MS 250 /* waits end this late at most */
#define HTTP_WAIT_STEPS ((size_t)FIELD_WAIT_MAX_S * 1000 / HTTP_WAIT_STEP_MS + 2)
/* Addresses that the device observes change all the time in a large network, and each change is a
 * whole state for everybody. One client is woken this often for them, on average. */
#define HTTP_WAKE_PER_ROAMING_MS 10

/* So many of those who are to be woken are put into the queue of large answers at a time. */
#define HTTP_WAKE_AHEAD 64

/* Those who watch one entry; there is one as long as somebody does. */
struct http_watch {
    struct link link;
    struct link waiters;
    size_t n;
    struct snapshot_entry *entry;    /* NULL once it has changed */
    struct body *body;               /* what they have; a reference */
    bool is_mixed;                   /* some have another one */
    struct snapshot_version version; /* with which it was compared last */
};

struct http_waits {
    struct api *api;
    struct http_pace *pace; /* takes those who are woken */
    int left_fd;            /* epoll: who has left */
    struct link watches;    /* in the order in which they were compared */
    struct link changed;    /* whose waiters are woken, little by little */
    size_t n;               /* requests */
    struct map sources;
    uint64_t roaming_due_ms; /* when such a change may wake somebody again */
    bool has_pending;        /* some watches have yet to be compared */
    uint64_t retry_ms;       /* not before then: memory was short */
    uint64_t step;           /* time in steps, as far as the wheel has turned */
    struct link wheel[HTTP_WAIT_STEPS];
};

int http_waits_init(struct http_waits *w, struct api *api, struct http_pace *pace);
void http_waits_done(struct http_waits *w);
/* The request on a connection, about to be suspended, waits as *answer says; false when it
 * cannot. It ends in the queue of large answers. */
bool http_wait_begin(struct http_waits *w, struct http_conn *c, const struct ip *source,
                     const struct api_response *answer);
/* Wakes whose time is over, who has left, and whose state has changed: by looking at one state at a
 * time, since that may take long. */
void http_waits_turn(struct http_waits *w, uint64_t now_ms);
void http_waits_wake_all(struct http_waits *w);
/* When the next turn is due; UINT64_MAX = never. */
uint64_t http_waits_next_ms(const struct http_waits *w, uint64_t now_ms);
