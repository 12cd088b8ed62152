#pragma once
/* What a session and its hub share, between rest*.c. */

#include <curl/curl.h>

#include "rest.h"

struct rest_hub {
    CURLM *multi;
    struct rest *first; /* all sessions */
};

enum rest_state { REST_IDLE, REST_UNDER_WAY, REST_ENDED };

struct rest {
    struct rest_hub *hub;
    struct rest_hub *own_hub; /* the same when it is nobody else's */
    struct rest *next;
    CURL *curl;
    char base[SOCK_ADDR_TEXT_MAX + 16]; /* "http://ip:port/v1" */
    char key_header[64 + KEY_TEXT_MAX];
    char curl_error[CURL_ERROR_SIZE];
    /* the request: */
    enum rest_state state;
    CURLcode code; /* when it has ended */
    struct curl_slist *headers;
    char url[SOCK_ADDR_TEXT_MAX + 80];
    struct buf body;
    size_t sent;
    struct buf answer;
    unsigned wait_s;
    long long started_ms;
    bool has_body;
    bool has_tag;
    size_t head_len; /* of all header and trailer lines so far */
    bool head_too_large;
    bool too_large;
    bool late;
};

/* Ends the request under way with that code. */
void rest_hub_end(struct rest *r, CURLcode code);
