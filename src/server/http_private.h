#pragma once
/* What the files of http share. */

#include "http.h"
#include "http_answer.h"
#include "http_conn.h"
#include "http_head.h"
#include "http_pace.h"
#include "http_wait.h"

/* Writes that are on their way at a time. */
#define HTTP_LATER_MAX 1024
#define HTTP_RETRY_AFTER_S 5

struct http {
    struct MHD_Daemon *daemon;
    struct api *api;
    int epoll_fd;
    int listen_fd;
    bool quiesced;
    size_t conns_max; /* beyond it, connections are answered 503 */
    size_t conns_peak;
    struct http_conns conns;
    struct http_pace pace;
    struct http_waits waits;
    struct http_answers answers;
    struct http_head head; /* of the request that was looked at last */
    const struct http_conn *head_of;
};

/* libmicrohttpd's callbacks for requests (http_request.c); `cls` is the struct http. */
void *http_on_target(void *cls, const char *target, struct MHD_Connection *connection);
enum MHD_Result http_on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                const char *method, const char *version, const char *data,
                                size_t *size, void **context);
void http_on_completed(void *cls, struct MHD_Connection *connection, void **context,
                       enum MHD_RequestTerminationCode code);
/* api.deliver. */
void http_deliver(void *user, void *ticket, struct api_response *answer);
/* libmicrohttpd calls http_on_request once more. */
void http_resume(struct http_conn *c);
