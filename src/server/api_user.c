/* Routes for every peer. Source: spec/server.md 2.8. */
#include <errno.h>

#include "api_private.h"
#include "innernet/log.h"

enum api_verdict api_user_state(const struct api_call *call, struct api_response *ret)
{
    return api_send(snapshot_state(call->api->snapshot, call->session.cidr_id), ret);
}

enum api_verdict api_user_capabilities(const struct api_call *call, struct api_response *ret)
{
    (void)call;
    struct buf text = BUF_INIT;
    buf_puts(&text, "{\"unspecified_ip_in_override_endpoint\":true}");
    return api_send_text(&text, 200, ret);
}

enum api_verdict api_user_redeem(const struct api_call *call, struct api_response *ret)
{
    struct err err = ERR_INIT;
    struct key new_key;
    struct key old_key;
    int r = record_decode_redeem(call->req->body, call->req->body_len, &new_key, &err);
    if (r < 0)
        return api_answer(ret, api_decode_status(r, &err));
    struct timespec now = call->api->now();
    r = registry_redeem(call->api->registry, call->session.peer_id, &new_key, now.tv_sec,
                        (int32_t)now.tv_nsec, &old_key, &err);
    if (r == 0) {
        log_info("peer %lld has redeemed its invitation", (long long)call->session.peer_id);
        const struct api_device *device = call->api->device;
        if (device && device->peer_redeemed)
            device->peer_redeemed(call->api->device_user, call->session.peer_id, &old_key);
    }
    return api_answer(ret, api_outcome_status(r, 204, &err));
}

enum api_verdict api_user_endpoint(const struct api_call *call, struct api_response *ret)
{
    struct err err = ERR_INIT;
    CLEAN_ENDPOINT struct endpoint ep = ENDPOINT_INIT;
    int r = record_decode_endpoint_option(call->req->body, call->req->body_len, &ep, &err);
    if (r < 0)
        return api_answer(ret, api_decode_status(r, &err));
    r = registry_set_endpoint(call->api->registry, call->session.peer_id, &ep, &err);
    return api_answer(ret, api_outcome_status(r, 204, &err));
}

enum api_verdict api_user_candidates(const struct api_call *call, struct api_response *ret)
{
    struct err err = ERR_INIT;
    struct endpoint *eps = NULL;
    size_t n = 0;
    int r = record_decode_candidates(call->req->body, call->req->body_len, &eps, &n, &err);
    if (r == -E2BIG)
        return api_answer(ret, 413);
    if (r < 0)
        return api_answer(ret, api_decode_status(r, &err));
    int status = 413;
    if (n <= CANDIDATES_REPORT_MAX) {
        r = registry_set_candidates(call->api->registry, call->session.peer_id, eps, n, &err);
        status = api_outcome_status(r, 204, &err);
    }
    endpoints_free(eps, n);
    return api_answer(ret, status);
}
