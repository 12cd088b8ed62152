#include "http_answer.h"

#include <stdio.h>

#include "http_date.h"
#include "innernet/log.h"

static void forget(struct http_answers *a, size_t i)
{
    if (!a->kept[i].response)
        return;
    MHD_destroy_response(a->kept[i].response);
    a->kept[i].response = NULL;
    a->n_kept--;
}

void http_answers_done(struct http_answers *a)
{
    for (size_t i = 0; a->n_kept > 0; i++)
        forget(a, i);
}

void http_answers_turn(struct http_answers *a, time_t now)
{
    if (a->second == now)
        return;
    http_answers_done(a);
    a->second = now;
}

static void release_body(void *cls)
{
    body_unref(cls);
}

/* With 304 the body only gives its tag: it has no content. */
static struct MHD_Response *create(const struct http_answer_key *key)
{
    static char nothing[] = "";
    if (!key->body)
        return MHD_create_response_from_buffer(0, nothing, MHD_RESPMEM_PERSISTENT);
    struct body *body = body_ref((struct body *)(uintptr_t)key->body);
    bool gzip = key->form == BODY_GZIP;
    size_t len = key->is_unchanged ? 0 : gzip ? body->gzip_len : body->len;
    char *data = key->is_unchanged ? nothing : gzip ? body->gzip : body->data;
    struct MHD_Response *r =
        MHD_create_response_from_buffer_with_free_callback_cls(len, data, release_body, body);
    if (!r)
        body_unref(body);
    return r;
}

static void add(struct MHD_Response *r, const char *name, const char *value)
{
    if (MHD_add_response_header(r, name, value) != MHD_YES)
        log_debug("cannot add the header %s", name);
}

/* The date is ours, so that it comes after the others; libmicrohttpd appends the length. */
static struct MHD_Response *build(const struct http_answer_key *key, time_t now)
{
    char text[HTTP_DATE_MAX];
    struct MHD_Response *r = create(key);
    if (!r)
        return NULL;
    bool has_content = key->body && !key->is_unchanged;
    if (has_content)
        add(r, "content-type", "application/json");
    if (has_content && key->form == BODY_GZIP)
        add(r, "content-encoding", "gzip");
    if (key->body && key->body->etag[key->form][0])
        add(r, "etag", key->body->etag[key->form]);
    if (key->varies)
        add(r, "vary", "accept-encoding");
    if (key->wait_s > 0) {
        snprintf(text, sizeof(text), "wait=%u", key->wait_s);
        add(r, "preference-applied", text);
    }
    if (key->retry_after_s > 0) {
        snprintf(text, sizeof(text), "%u", key->retry_after_s);
        add(r, "retry-after", text);
    }
    add(r, "date", http_date(now, text));
    if (key->closes)
        add(r, "connection", "close");
    return r;
}

static bool key_equal_to(const struct http_answer_key *a, const struct http_answer_key *b)
{
    return a->body == b->body && a->form == b->form && a->is_unchanged == b->is_unchanged &&
           a->varies == b->varies && a->closes == b->closes && a->wait_s == b->wait_s &&
           a->retry_after_s == b->retry_after_s;
}

static size_t place_of(const struct http_answer_key *key)
{
    uintptr_t h = (uintptr_t)key->body / sizeof(void *);
    h = h * 31 + (uintptr_t)key->form * 2 + key->is_unchanged;
    h = h * 31 + key->wait_s + (uintptr_t)key->retry_after_s * 7;
    h = h * 31 + (uintptr_t)key->varies * 2 + key->closes;
    return (h ^ h >> 11) % HTTP_ANSWERS_KEPT;
}

struct MHD_Response *http_answers_get(struct http_answers *a, const struct api_response *answer,
                                      bool closes)
{
    const struct http_answer_key key = {
        .body = answer->body,
        .form = answer->form,
        .is_unchanged = answer->status == 304,
        .varies = answer->varies,
        .closes = closes,
        .wait_s = answer->wait_s,
        .retry_after_s = answer->retry_after_s,
    };
    size_t i = place_of(&key);
    if (a->kept[i].response && key_equal_to(&a->kept[i].key, &key))
        return a->kept[i].response;
    forget(a, i);
    struct MHD_Response *r = build(&key, a->second);
    if (!r)
        return NULL;
    a->kept[i].key = key;
    a->kept[i].response = r;
    a->n_kept++;
    return r;
}
