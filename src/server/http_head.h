#pragma once
/* From header fields to what the API has to know. Pure. Source: spec/server.md 2.2-2.5, D22. */

#include <stdbool.h>

#include "api.h"

#define HTTP_FIELDS_MAX 100

struct http_head {
    struct api_request req; /* server_key points into `key` */
    bool is_http_1_0;
    unsigned n_fields;
    bool is_bad; /* malformed: 400 whatever it asks for */
    bool expects_continue;
    char key[KEY_TEXT_MAX + 1]; /* anything longer is no key */
};

/* Method, target (raw, without query) and version, for example "HTTP/1.1". From an absolute form
 * only the path counts. The target must live as long as the head. */
void http_head_start(struct http_head *head, const char *method, const char *target,
                     const char *version);
/* One field, in the order they came. `value` may be NULL and must live as long as the head. */
void http_head_add(struct http_head *head, const char *name, const char *value);
/* The target, with its query, has only visible ASCII. */
bool http_target_is_clean(const char *target);
