#pragma once
/* HTTP to the server's API inside the network (spec/client.md part 7). One session keeps its
 * connection for all calls of a command's phase. The only user of libcurl. */

#include <stdbool.h>

#include "innernet/addr.h"
#include "innernet/buf.h"
#include "innernet/err.h"
#include "innernet/key.h"

#define REST_BODY_MAX ((size_t)10 << 20)

enum rest_class { /* spec/client.md 7.4 */
                  REST_OK,
                  REST_TRANSPORT, /* no answer: the cached state may be used */
                  REST_STATUS,    /* an answer other than 2xx */
                  REST_READ,      /* the answer's body broke off or is too large */
                  REST_DECODE,    /* the body is not what was expected; set by api.c */
};

struct rest_outcome {
    enum rest_class class;
    long status;       /* HTTP status, 0 when there was none */
    bool request_sent; /* the server may have acted on it */
};

struct rest;

/* Opens nothing yet. 0 or -ENOMEM. */
int rest_open(const struct sock_addr *server, const struct key *server_key, struct rest **ret,
              struct err *err);
void rest_free(struct rest *r);
static inline void rest_cleanup(struct rest **r)
{
    rest_free(*r);
}
#define CLEAN_REST CLEANUP(rest_cleanup)

/* One request: `path` follows "/v1"; `body` is JSON or NULL. The answer's body is put into `answer`
 * (emptied first). Connecting takes at most 10 s, everything after that another 10 s. *outcome is
 * always set. -EHOSTUNREACH (transport; -ECANCELED when a stop was requested), -EREMOTEIO (status),
 * -EPIPE (read), -ENOMEM; the text has the URL and the reason. */
int rest_call(struct rest *r, const char *method, const char *path, const struct buf *body,
              struct buf *answer, struct rest_outcome *outcome, struct err *err);
