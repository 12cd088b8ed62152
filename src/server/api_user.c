/* Routes for every peer. Source: spec/server.md 2.8. */
#include <errno.h>

#include "api_private.h"
#include "innernet/log.h"

enum api_verdict api_user_state(const struct api_call *call, struct api_response *ret)
{
    struct snapshot_entry *entry = snapshot_state(call->api->snapshot, call->session.cidr_id);
    api_send(call, entry ? entry->body : NULL, ret);
    if (!entry || call->req->prefer.n == 0)
        return API_ANSWERED;
    ret->wait_s = (uint16_t)field_wait_s(&call->req->prefer);
    ret->watched = entry;
    return ret->status == 304 && ret->wait_s > 0 ? API_WAITS : API_ANSWERED;
}

enum api_verdict api_user_capabilities(const struct api_call *call, struct api_response *ret)
{
    (void)call;
    static char text[] = "{\"unspecified_ip_in_override_endpoint\":true}";
    static struct body body = {.n_refs = 1, .data = text, .len = sizeof(text) - 1};
    *ret = (struct api_response){.status = 200, .body = body_ref(&body)};
    return API_ANSWERED;
}

static void finish_redeeming(struct api *api, const struct change *c, int outcome,
                             const struct err *err, struct api_response *ret)
{
    if (outcome == 0) {
        log_info("peer %lld has redeemed its invitation", (long long)c->id);
        if (api->device && api->device->peer_redeemed)
            api->device->peer_redeemed(api->device_user, c->id, &c->old_key);
    }
    api_answer(ret, api_outcome_status(outcome, 204, err));
}

enum api_verdict api_user_redeem(const struct api_call *call, struct api_response *ret)
{
    struct err err = ERR_INIT;
    struct timespec now = call->api->now();
    struct change c = {.kind = &change_redeem,
                       .id = call->session.peer_id,
                       .now_s = now.tv_sec,
                       .now_ns = (int32_t)now.tv_nsec};
    int r = record_decode_redeem(call->req->body, call->req->body_len, &c.key, &err);
    if (r < 0)
        return api_answer(ret, api_decode_status(r, &err));
    return api_change(call, &c, finish_redeeming, ret);
}

static void finish_quietly(struct api *api, const struct change *c, int outcome,
                           const struct err *err, struct api_response *ret)
{
    (void)api;
    (void)c;
    api_answer(ret, api_outcome_status(outcome, 204, err));
}

enum api_verdict api_user_endpoint(const struct api_call *call, struct api_response *ret)
{
    struct err err = ERR_INIT;
    struct change c = {.kind = &change_set_endpoint, .id = call->session.peer_id};
    int r =
        record_decode_endpoint_option(call->req->body, call->req->body_len, &c.peer.endpoint, &err);
    if (r < 0)
        return api_answer(ret, api_decode_status(r, &err));
    return api_change(call, &c, finish_quietly, ret);
}

enum api_verdict api_user_candidates(const struct api_call *call, struct api_response *ret)
{
    struct err err = ERR_INIT;
    CLEAN_CHANGE struct change c = {.kind = &change_set_candidates, .id = call->session.peer_id};
    int r = record_decode_candidates(call->req->body, call->req->body_len, &c.peer.candidates,
                                     &c.peer.n_candidates, &err);
    if (r == -E2BIG || c.peer.n_candidates > CANDIDATES_REPORT_MAX)
        return api_answer(ret, 413);
    if (r < 0)
        return api_answer(ret, api_decode_status(r, &err));
    return api_change(call, &c, finish_quietly, ret);
}
