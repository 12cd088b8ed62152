#include "api.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "innernet/log.h"

#define PATH_MAX_LEN 48

int api_open(struct rest_hub *hub, const struct client_config *config, struct api *ret,
             struct err *err)
{
    *ret = (struct api){0};
    return rest_open(hub, &config->server_internal, &config->server_key, &ret->rest, err);
}

void api_close(struct api *api)
{
    rest_free(api->rest);
    api->rest = NULL;
}

static int call(struct api *api, const char *method, const char *path, const struct buf *body,
                struct buf *answer, struct err *err)
{
    if (body && body->failed)
        return err_set(err, -ENOMEM, "%s - out of memory", path);
    return rest_call(api->rest,
                     &(struct rest_request){.method = method, .path = path, .body = body}, answer,
                     &api->last, err);
}

/* Turns what a decoder said into the decode class. */
static int decoded(struct api *api, const char *path, int r, struct err *err)
{
    if (r >= 0)
        return r;
    api->last.class = REST_DECODE;
    err_prefix(err, r, "decoding failed: the server's answer to %s", path);
    return r == -ENOMEM ? r : -EBADMSG;
}

/* Of an answer that has nothing to say. */
static int decoded_nothing(struct api *api, const char *path, const struct buf *answer,
                           struct err *err)
{
    return decoded(api, path,
                   record_decode_nothing(answer->data ? answer->data : "", answer->len, err), err);
}

static int call_nothing(struct api *api, const char *method, const char *path,
                        const struct buf *body, struct err *err)
{
    CLEAN_BUF struct buf answer = BUF_INIT;
    int r = call(api, method, path, body, &answer, err);
    if (r < 0)
        return r;
    return decoded_nothing(api, path, &answer, err);
}

static void warn_skipped(void *user, const char *reason)
{
    (void)user;
    log_warn("the server sent an invalid record, which is left out: %s", reason);
}

int api_start_state(struct api *api, const char *tag, unsigned wait_s, struct err *err)
{
    return rest_start(
        api->rest,
        &(struct rest_request){
            .method = "GET", .path = "/user/state", .if_none_match = tag, .wait_s = wait_s},
        err);
}

static void count_skipped(void *user, const char *reason)
{
    size_t *n = user;
    (*n)++;
    warn_skipped(NULL, reason);
}

int api_finish_state(struct api *api, struct state *ret, bool *ret_is_whole, struct err *err)
{
    CLEAN_BUF struct buf answer = BUF_INIT;
    size_t n_skipped = 0;
    int r = rest_finish(api->rest, &answer, &api->last, err);
    if (r < 0 || api->last.not_modified)
        return r;
    r = record_decode_state(answer.data ? answer.data : "", answer.len, count_skipped, &n_skipped,
                            ret, err);
    *ret_is_whole = n_skipped == 0;
    return decoded(api, "/user/state", r, err);
}

int api_redeem(struct api *api, const struct key *public_key, struct err *err)
{
    CLEAN_BUF struct buf body = BUF_INIT;
    record_encode_redeem(&body, public_key);
    return call_nothing(api, "POST", "/user/redeem", &body, err);
}

int api_start_candidates(struct api *api, const struct endpoint *eps, size_t n, struct err *err)
{
    CLEAN_BUF struct buf body = BUF_INIT;
    record_encode_candidates(&body, eps, n);
    if (body.failed)
        return err_set(err, -ENOMEM, "/user/candidates - out of memory");
    return rest_start(
        api->rest,
        &(struct rest_request){.method = "PUT", .path = "/user/candidates", .body = &body}, err);
}

int api_finish_candidates(struct api *api, struct err *err)
{
    CLEAN_BUF struct buf answer = BUF_INIT;
    int r = rest_finish(api->rest, &answer, &api->last, err);
    if (r < 0)
        return r;
    return decoded_nothing(api, "/user/candidates", &answer, err);
}

int api_get_capabilities(struct api *api, bool *ret_unspecified_ip, struct err *err)
{
    CLEAN_BUF struct buf answer = BUF_INIT;
    int r = call(api, "GET", "/user/capabilities", NULL, &answer, err);
    if (r < 0 && api->last.status == 404) {
        log_debug("The server has no capabilities endpoint");
        *ret_unspecified_ip = false;
        return 0;
    }
    if (r < 0)
        return r;
    r = record_decode_capabilities(answer.data ? answer.data : "", answer.len, ret_unspecified_ip,
                                   err);
    return decoded(api, "/user/capabilities", r, err);
}

int api_put_endpoint(struct api *api, const struct endpoint *ep, struct err *err)
{
    CLEAN_BUF struct buf body = BUF_INIT;
    record_encode_endpoint_option(&body, ep);
    return call_nothing(api, "PUT", "/user/endpoint", &body, err);
}

int api_list_cidrs(struct api *api, struct cidr **ret, size_t *ret_n, struct err *err)
{
    CLEAN_BUF struct buf answer = BUF_INIT;
    int r = call(api, "GET", "/admin/cidrs", NULL, &answer, err);
    if (r < 0)
        return r;
    r = record_decode_cidrs(answer.data ? answer.data : "", answer.len, warn_skipped, NULL, ret,
                            ret_n, err);
    return decoded(api, "/admin/cidrs", r, err);
}

int api_list_peers(struct api *api, struct peer **ret, size_t *ret_n, struct err *err)
{
    CLEAN_BUF struct buf answer = BUF_INIT;
    int r = call(api, "GET", "/admin/peers", NULL, &answer, err);
    if (r < 0)
        return r;
    r = record_decode_peers(answer.data ? answer.data : "", answer.len, warn_skipped, NULL, ret,
                            ret_n, err);
    return decoded(api, "/admin/peers", r, err);
}

int api_list_associations(struct api *api, struct association **ret, size_t *ret_n, struct err *err)
{
    CLEAN_BUF struct buf answer = BUF_INIT;
    int r = call(api, "GET", "/admin/associations", NULL, &answer, err);
    if (r < 0)
        return r;
    r = record_decode_associations(answer.data ? answer.data : "", answer.len, ret, ret_n, err);
    return decoded(api, "/admin/associations", r, err);
}

int api_add_cidr(struct api *api, const struct cidr *cidr, struct cidr *ret, struct err *err)
{
    CLEAN_BUF struct buf body = BUF_INIT;
    CLEAN_BUF struct buf answer = BUF_INIT;
    record_encode_cidr_contents(&body, cidr);
    int r = call(api, "POST", "/admin/cidrs", &body, &answer, err);
    if (r < 0)
        return r;
    r = record_decode_cidr(answer.data ? answer.data : "", answer.len, ret, err);
    return decoded(api, "/admin/cidrs", r, err);
}

static int call_id(struct api *api, const char *method, const char *kind, int64_t id,
                   const struct buf *body, struct err *err)
{
    char path[PATH_MAX_LEN];
    snprintf(path, sizeof(path), "/admin/%s/%" PRId64, kind, id);
    return call_nothing(api, method, path, body, err);
}

int api_update_cidr(struct api *api, const struct cidr *cidr, struct err *err)
{
    CLEAN_BUF struct buf body = BUF_INIT;
    record_encode_cidr_contents(&body, cidr);
    return call_id(api, "PUT", "cidrs", cidr->id, &body, err);
}

int api_delete_cidr(struct api *api, int64_t id, struct err *err)
{
    return call_id(api, "DELETE", "cidrs", id, NULL, err);
}

int api_add_peer(struct api *api, const struct peer *peer, struct peer *ret, struct err *err)
{
    CLEAN_BUF struct buf body = BUF_INIT;
    CLEAN_BUF struct buf answer = BUF_INIT;
    record_encode_peer_contents(&body, peer);
    int r = call(api, "POST", "/admin/peers", &body, &answer, err);
    if (r < 0)
        return r;
    r = record_decode_peer(answer.data ? answer.data : "", answer.len, ret, err);
    return decoded(api, "/admin/peers", r, err);
}

int api_update_peer(struct api *api, const struct peer *peer, struct err *err)
{
    CLEAN_BUF struct buf body = BUF_INIT;
    record_encode_peer_contents(&body, peer);
    return call_id(api, "PUT", "peers", peer->id, &body, err);
}

int api_add_association(struct api *api, const struct association *a, struct err *err)
{
    CLEAN_BUF struct buf body = BUF_INIT;
    record_encode_association_contents(&body, a);
    return call_nothing(api, "POST", "/admin/associations", &body, err);
}

int api_delete_association(struct api *api, int64_t id, struct err *err)
{
    return call_id(api, "DELETE", "associations", id, NULL, err);
}
