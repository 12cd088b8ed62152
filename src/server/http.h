#pragma once
/* HTTP/1.x in front of the API, for an event loop of the caller. Source:
 * spec/server.md 2.1, 2.2, 2.5, D22. */

#include <stdbool.h>

#include "api.h"
#include "innernet/err.h"

struct http;

/* Serves `api` on a listening socket, which it takes over (also on failure). */
int http_new(struct api *api, int listen_fd, struct http **ret, struct err *err);
/* Takes NULL; closes all connections. */
void http_free(struct http *h);
/* Accepts connections, some at a time; due when the listening socket is readable. */
void http_accept(struct http *h);
/* Readable when http_run has something to do. */
int http_fd(const struct http *h);
/* Readable when somebody who waits for a change has left: http_run is due. */
int http_leave_fd(const struct http *h);
/* Reads, answers, writes; closes what took too long. Never blocks. */
void http_run(struct http *h);
/* When http_run is due although http_fd stays silent, in milliseconds from now; -1 = never. */
int http_timeout_ms(const struct http *h);
/* Accepts no more connections, and answers who waits for a change. */
void http_quiesce(struct http *h);
/* No request is being read or answered. */
bool http_is_idle(const struct http *h);
