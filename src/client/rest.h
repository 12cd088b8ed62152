#pragma once
/* HTTP to the server's API inside the network (spec/client.md part 7). The only user of libcurl.
 * Sessions of one hub share its connections and wait together, so that a server that keeps one of
 * them waiting (or does not answer at all) delays no other. */

#include <stdbool.h>

#include "innernet/addr.h"
#include "innernet/buf.h"
#include "innernet/err.h"
#include "innernet/key.h"

#define REST_BODY_MAX ((size_t)10 << 20)
#define REST_HEAD_MAX ((size_t)64 << 10) /* header and trailer lines of an answer */
#define REST_TAG_MAX 128                 /* longest entity tag that is kept, with its quotes */
#define REST_WAIT_MAX_S 300              /* longest wait that is asked for */
#define REST_RETRY_AFTER_MAX_S 300       /* longest Retry-After that is believed */

enum rest_class { /* spec/client.md 7.4 */
                  REST_OK,
                  REST_TRANSPORT, /* no answer: the cached state may be used */
                  REST_STATUS,    /* an answer other than 2xx */
                  REST_READ,      /* the answer's body broke off or is too large */
                  REST_DECODE,    /* the body is not what was expected; set by api.c */
};

struct rest_outcome {
    enum rest_class class;
    long status;                /* HTTP status, 0 when there was none */
    bool request_sent;          /* the server may have acted on it */
    bool not_modified;          /* 304 to a request that had a tag (RFC 9110 15.4.5): a success */
    bool waited;                /* the server honours the wait that was asked for (RFC 7240) */
    unsigned retry_after_s;     /* 0 = the answer does not say */
    char tag[REST_TAG_MAX + 1]; /* the answer's entity tag, "" = none that can be used */
};

struct rest_request {
    const char *method;
    const char *path;          /* what follows "/v1" */
    const struct buf *body;    /* JSON, or NULL */
    const char *if_none_match; /* an entity tag, or NULL */
    unsigned wait_s;           /* how long the server may keep a 304 back; 0 = not asked for */
};

struct rest_hub;
struct rest;

/* Opens nothing yet. 0 or -ENOMEM. The hub outlives its sessions. */
int rest_hub_open(struct rest_hub **ret, struct err *err);
void rest_hub_free(struct rest_hub *hub);

/* Lets all requests go on until one has ended, until_ms (stop_clock_ms) is over, one of `fds`
 * (at most REST_HUB_FDS_MAX, -1 = none) is readable, or a stop is requested. Returns at once while
 * an ended request is not finished. */
#define REST_HUB_FDS_MAX 2
void rest_hub_wait(struct rest_hub *hub, long long until_ms, const int *fds, size_t n);

/* A session with one server; `hub` NULL gives it a hub of its own. 0 or -ENOMEM. */
int rest_open(struct rest_hub *hub, const struct sock_addr *server, const struct key *server_key,
              struct rest **ret, struct err *err);
void rest_free(struct rest *r);
static inline void rest_cleanup(struct rest **r)
{
    rest_free(*r);
}
#define CLEAN_REST CLEANUP(rest_cleanup)

/* Starts a request; one at a time in a session. Connecting takes at most 10 s, everything after
 * that another 10 s and the wait asked for. A request without a body is repeated once when a kept
 * connection turns out to be dead. 0 or -ENOMEM; on an error nothing is under way. */
int rest_start(struct rest *r, const struct rest_request *request, struct err *err);
/* Has the request that was started ended? */
bool rest_has_ended(const struct rest *r);
/* Takes the result of a request that has ended (or ends it): the body is put into `answer` (emptied
 * first). *outcome is always set. -EHOSTUNREACH (transport; -ECANCELED when a stop was requested),
 * -EREMOTEIO (status), -EPIPE (read), -ENOMEM; the text has the URL and the reason. */
int rest_finish(struct rest *r, struct buf *answer, struct rest_outcome *outcome, struct err *err);
/* Forgets the request under way, if there is one. */
void rest_cancel(struct rest *r);

/* Waits for the end of the request under way, or until a stop is requested. */
void rest_wait(struct rest *r);

/* All of it. */
int rest_call(struct rest *r, const struct rest_request *request, struct buf *answer,
              struct rest_outcome *outcome, struct err *err);
