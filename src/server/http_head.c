#include "http_head.h"

#include <string.h>
#include <strings.h>

#include "field_text.h"

/* Without the blanks around it; what does not fit is cut and then no key any more. */
static void copy_key(char out[static KEY_TEXT_MAX + 1], const char *value)
{
    value += strspn(value, " \t");
    size_t len = strlen(value);
    while (len > 0 && (value[len - 1] == ' ' || value[len - 1] == '\t'))
        len--;
    if (len > KEY_TEXT_MAX)
        len = KEY_TEXT_MAX;
    memcpy(out, value, len);
    out[len] = '\0';
}

static void take_length(struct http_head *head, const char *value)
{
    struct api_request *req = &head->req;
    uint64_t length = 0;
    size_t digits = strspn(value, "0123456789");
    if (digits == 0 || value[digits + strspn(value + digits, " \t")] != '\0') {
        head->is_bad = true;
        return;
    }
    for (size_t i = 0; i < digits; i++)
        if (__builtin_mul_overflow(length, 10, &length) ||
            __builtin_add_overflow(length, (uint64_t)(value[i] - '0'), &length))
            length = UINT64_MAX;
    if (req->has_content_length && req->content_length != length)
        head->is_bad = true;
    req->has_content_length = true;
    req->content_length = length;
}

static void take_coding(struct http_head *head, const char *value)
{
    head->req.is_chunked = true;
    if (head->is_http_1_0 || strcasecmp(value, "chunked") != 0)
        head->is_bad = true;
}

static void take_expectation(struct http_head *head, const char *value)
{
    (void)value;
    head->expects_continue = true;
}

static void take_key(struct http_head *head, const char *value)
{
    if (head->req.server_key)
        return;
    copy_key(head->key, value);
    head->req.server_key = head->key;
}

static void take_condition(struct http_head *head, const char *value)
{
    field_add(&head->req.if_none_match, value);
}

static void take_accepted(struct http_head *head, const char *value)
{
    field_add(&head->req.accept_encoding, value);
}

static void take_preference(struct http_head *head, const char *value)
{
    field_add(&head->req.prefer, value);
}

#define FIELD(name, take)                                                                          \
    {                                                                                              \
        name, sizeof(name) - 1, take                                                               \
    }

static const struct {
    const char *name;
    size_t len;
    void (*take)(struct http_head *head, const char *value);
} fields[] = {
    FIELD("x-innernet-server-key", take_key), FIELD("if-none-match", take_condition),
    FIELD("accept-encoding", take_accepted),  FIELD("prefer", take_preference),
    FIELD("content-length", take_length),     FIELD("transfer-encoding", take_coding),
    FIELD("expect", take_expectation),
};

static enum api_method parse_method(const char *method)
{
    static const char *const names[] = {
        [API_GET] = "GET", [API_POST] = "POST", [API_PUT] = "PUT", [API_DELETE] = "DELETE"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (strcmp(method, names[i]) == 0)
            return (enum api_method)i;
    return API_OTHER_METHOD;
}

/* From an absolute-form target only the path counts. */
static const char *path_of(const char *url)
{
    const char *authority = url[0] == '/' ? NULL : strstr(url, "://");
    if (!authority)
        return url;
    const char *path = strchr(authority + 3, '/');
    return path ? path : "/";
}

void http_head_start(struct http_head *head, const char *method, const char *target,
                     const char *version)
{
    *head = (struct http_head){.is_http_1_0 = strcmp(version, "HTTP/1.0") == 0};
    head->is_bad = !head->is_http_1_0 && strcmp(version, "HTTP/1.1") != 0;
    head->req.method = parse_method(method);
    head->req.path = path_of(target);
}

void http_head_add(struct http_head *head, const char *name, const char *value)
{
    if (!value)
        value = "";
    size_t len = field_token_len(name);
    head->n_fields++;
    if (len == 0 || name[len] != '\0') {
        head->is_bad = true;
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
        if (len == fields[i].len && strcasecmp(name, fields[i].name) == 0) {
            fields[i].take(head, value);
            return;
        }
    }
}

bool http_target_is_clean(const char *target)
{
    for (; *target; target++)
        if ((unsigned char)*target <= 0x20 || (unsigned char)*target >= 0x7f)
            return false;
    return true;
}
