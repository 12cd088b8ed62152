#pragma once
/* Answers as libmicrohttpd wants them. Equal ones of the same second, whose date is the same, are
 * one and the same. */

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "api.h"

#define HTTP_ANSWERS_KEPT 256

struct http_answer_key {
    const struct body *body;
    enum body_form form;
    bool is_unchanged; /* 304: the body itself is not sent */
    bool varies;
    bool closes;
    uint16_t wait_s;
    uint16_t retry_after_s;
};

struct http_answers {
    time_t second;
    size_t n_kept;
    struct {
        struct http_answer_key key;
        struct MHD_Response *response; /* NULL = free; holds a reference to the body */
    } kept[HTTP_ANSWERS_KEPT];
};

/* Those of another second are given up. */
void http_answers_turn(struct http_answers *a, time_t now);
void http_answers_done(struct http_answers *a);
/* Borrowed until the next call; NULL when memory is short. */
struct MHD_Response *http_answers_get(struct http_answers *a, const struct api_response *answer,
                                      bool closes);
