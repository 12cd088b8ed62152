#include "api.h"

#include <errno.h>
#include <string.h>

#include "api_private.h"
#include "innernet/log.h"

enum scope { SCOPE_USER, SCOPE_ADMIN };
enum who { WHO_ANY, WHO_REDEEMED, WHO_REDEEMABLE };

struct route {
    enum scope scope;
    const char *resource;
    enum api_method method;
    enum who who;
    bool has_id;
    bool has_body;
    api_handler_fn handle;
};

static const struct route routes[] = {
    {SCOPE_USER, "state", API_GET, WHO_REDEEMED, false, false, api_user_state},
    {SCOPE_USER, "capabilities", API_GET, WHO_ANY, false, false, api_user_capabilities},
    {SCOPE_USER, "redeem", API_POST, WHO_REDEEMABLE, false, true, api_user_redeem},
    {SCOPE_USER, "endpoint", API_PUT, WHO_REDEEMED, false, true, api_user_endpoint},
    {SCOPE_USER, "candidates", API_PUT, WHO_REDEEMED, false, true, api_user_candidates},
    {SCOPE_ADMIN, "peers", API_GET, WHO_REDEEMED, false, false, api_peers_list},
    {SCOPE_ADMIN, "peers", API_POST, WHO_REDEEMED, false, true, api_peers_add},
    {SCOPE_ADMIN, "peers", API_PUT, WHO_REDEEMED, true, true, api_peers_update},
    {SCOPE_ADMIN, "peers", API_DELETE, WHO_REDEEMED, true, false, api_peers_disable},
    {SCOPE_ADMIN, "cidrs", API_GET, WHO_REDEEMED, false, false, api_cidrs_list},
    {SCOPE_ADMIN, "cidrs", API_POST, WHO_REDEEMED, false, true, api_cidrs_add},
    {SCOPE_ADMIN, "cidrs", API_PUT, WHO_REDEEMED, true, true, api_cidrs_rename},
    {SCOPE_ADMIN, "cidrs", API_DELETE, WHO_REDEEMED, true, false, api_cidrs_delete},
    {SCOPE_ADMIN, "associations", API_GET, WHO_REDEEMED, false, false, api_associations_list},
    {SCOPE_ADMIN, "associations", API_POST, WHO_REDEEMED, false, true, api_associations_add},
    {SCOPE_ADMIN, "associations", API_DELETE, WHO_REDEEMED, true, false, api_associations_delete},
};

/* One component of a path; not terminated. A missing one has text NULL, an empty one has not. */
struct component {
    const char *text;
    size_t len;
};

static struct component next_component(const char **at)
{
    struct component c = {.text = *at};
    if (!c.text)
        return c;
    c.len = strcspn(c.text, "/");
    *at = c.text[c.len] == '/' ? c.text + c.len + 1 : NULL;
    return c;
}

static bool is(struct component c, const char *word)
{
    return c.text && c.len == strlen(word) && memcmp(c.text, word, c.len) == 0;
}

/* Signed 64-bit decimal with optional sign, nothing else. */
static bool parse_id(struct component c, int64_t *ret)
{
    if (!c.text || c.len == 0)
        return false;
    bool negative = c.text[0] == '-';
    size_t i = negative || c.text[0] == '+' ? 1 : 0;
    if (i == c.len)
        return false;
    int64_t id = 0;
    for (; i < c.len; i++) {
        if (c.text[i] < '0' || c.text[i] > '9')
            return false;
        int digit = negative ? '0' - c.text[i] : c.text[i] - '0';
        if (__builtin_mul_overflow(id, 10, &id) || __builtin_add_overflow(id, digit, &id))
            return false;
    }
    *ret = id;
    return true;
}

/* In constant time. */
static bool is_same_text(const char a[static KEY_TEXT_MAX], const char b[static KEY_TEXT_MAX])
{
    unsigned difference = 0;
    for (size_t i = 0; i < KEY_TEXT_MAX; i++)
        difference |= (unsigned)(a[i] ^ b[i]);
    return difference == 0;
}

/* Nearly everybody sends the canonical form; the others are decoded. */
static bool is_server_key(struct api *api, const char *text)
{
    char padded[KEY_TEXT_MAX] = "";
    struct key key;
    size_t len = strnlen(text, KEY_TEXT_MAX);
    if (len == KEY_TEXT_MAX)
        return false;
    if (!api->server_key_text[0])
        key_format(&api->server_key, api->server_key_text);
    memcpy(padded, text, len);
    return is_same_text(padded, api->server_key_text) ||
           (key_parse(text, &key) == 0 && key_equal(&key, &api->server_key));
}

static int authenticate(struct api *api, const struct api_request *req, struct session *ret)
{
    struct err err = ERR_INIT;
    if (!req->server_key || !is_server_key(api, req->server_key))
        return 401;
    if (api->writer)
        writer_collect(api->writer);
    if (registry_sync(api->registry, &err) < 0) {
        log_error("cannot read the database: %s", err.text);
        return 500;
    }
    const struct peer *p = model_find_peer_by_ip(&api->registry->model, &req->source);
    if (!p || p->is_disabled)
        return 401;
    *ret = (struct session){.peer_id = p->id,
                            .cidr_id = p->cidr_id,
                            .is_redeemed = p->is_redeemed,
                            .is_admin = p->is_admin};
    return 0;
}

static const struct route *find_route(enum scope scope, enum api_method method, const char *rest,
                                      struct component *ret_id)
{
    struct component resource = next_component(&rest);
    *ret_id = next_component(&rest);
    for (size_t i = 0; i < ARRAY_SIZE(routes); i++) {
        const struct route *r = &routes[i];
        if (r->scope != scope || r->method != method || !is(resource, r->resource))
            continue;
        /* User routes ignore what follows; on admin routes it is an id, even an empty one. */
        if (scope == SCOPE_ADMIN && r->has_id != (ret_id->text != NULL))
            continue;
        return r;
    }
    return NULL;
}

/* Everything that comes before the body, in the order of spec/server.md 2.3. 0 or a status. */
static int dispatch(struct api *api, const struct api_request *req, struct api_call *call,
                    const struct route **ret)
{
    const char *rest = req->path + strspn(req->path, "/");
    if (!is(next_component(&rest), "v1"))
        return 404;
    *call = (struct api_call){.api = api, .req = req};
    int status = authenticate(api, req, &call->session);
    if (status)
        return status;
    struct component area = next_component(&rest);
    if (!is(area, "user") && !is(area, "admin"))
        return 404;
    enum scope scope = is(area, "admin") ? SCOPE_ADMIN : SCOPE_USER;
    if (scope == SCOPE_ADMIN && !(call->session.is_redeemed && call->session.is_admin))
        return 401;
    struct component id;
    const struct route *route = find_route(scope, req->method, rest, &id);
    if (!route || (route->has_id && !parse_id(id, &call->id)))
        return 404;
    if (route->who != WHO_ANY && call->session.is_redeemed != (route->who == WHO_REDEEMED))
        return 401;
    if (route->has_body &&
        (!req->has_content_length || req->is_chunked || req->content_length > API_BODY_MAX))
        return 400;
    *ret = route;
    return 0;
}

enum api_verdict api_begin(struct api *api, const struct api_request *req, struct api_response *ret)
{
    struct api_call call;
    const struct route *route;
    *ret = (struct api_response){.status = dispatch(api, req, &call, &route)};
    if (ret->status)
        return API_ANSWERED;
    return route->has_body ? API_NEEDS_BODY : API_NEEDS_NONE;
}

enum api_verdict api_respond(struct api *api, const struct api_request *req,
                             struct api_response *ret)
{
    struct api_call call;
    const struct route *route;
    *ret = (struct api_response){.status = dispatch(api, req, &call, &route)};
    if (ret->status)
        return API_ANSWERED;
    if (route->has_body && req->body_len != req->content_length)
        return api_answer(ret, 400);
    return route->handle(&call, ret);
}

void api_response_done(struct api_response *r)
{
    body_unref(r->body);
    *r = (struct api_response){0};
}

int api_decode_status(int outcome, const struct err *err)
{
    log_debug("request refused: %s", err->text);
    return outcome == -ENOMEM ? 500 : 400;
}

int api_outcome_status(int outcome, int success, const struct err *err)
{
    static struct log_limit limit;
    if (outcome >= 0)
        return success;
    switch (outcome) {
    case -EINVAL:
    case -EEXIST:
        log_debug("request refused: %s", err->text);
        return 400;
    case -ENOENT:
        log_debug("request refused: %s", err->text);
        return 404;
    case -EKEYEXPIRED:
        log_debug("request refused: %s", err->text);
        return 401;
    case -EALREADY:
        return 410;
    case -EAGAIN:
        return 503;
    default:
        log_limited(&limit, 10, 60, LOG_LEVEL_ERROR, "request failed: %s", err->text);
        return 500;
    }
}

enum api_verdict api_answer(struct api_response *ret, int status)
{
    *ret = (struct api_response){.status = status};
    return API_ANSWERED;
}

enum api_verdict api_send(const struct api_call *call, struct body *shared,
                          struct api_response *ret)
{
    const struct api_request *req = call->req;
    if (!shared)
        return api_answer(ret, 500);
    *ret = (struct api_response){
        .status = 200, .body = body_ref(shared), .varies = req->accept_encoding.n > 0};
    if (ret->varies && field_accepts_gzip(&req->accept_encoding))
        ret->form = BODY_GZIP;
    if (field_matches_etag(&req->if_none_match, shared->etag[ret->form]))
        ret->status = 304;
    else if (ret->form == BODY_GZIP && body_compress(shared) < 0)
        ret->form = BODY_PLAIN;
    return API_ANSWERED;
}

enum api_verdict api_send_text(struct buf *text, int success, struct api_response *ret)
{
    struct body *body = body_new(text);
    *ret = (struct api_response){.status = body ? success : 500, .body = body};
    return API_ANSWERED;
}
