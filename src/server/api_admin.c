/* Routes for admins. Source: spec/server.md 2.9. */
#include <errno.h>

#include "api_private.h"
#include "innernet/log.h"

static void tell_device(const struct api *api, int64_t id)
{
    if (api->device && api->device->peer_changed)
        api->device->peer_changed(api->device_user, id);
}

enum api_verdict api_peers_list(const struct api_call *call, struct api_response *ret)
{
    return api_send(snapshot_list(call->api->snapshot, SNAPSHOT_PEERS), ret);
}

enum api_verdict api_peers_add(const struct api_call *call, struct api_response *ret)
{
    struct api *api = call->api;
    struct err err = ERR_INIT;
    CLEAN_PEER struct peer p = {0};
    int r = record_decode_peer_contents(call->req->body, call->req->body_len, &p, &err);
    if (r < 0)
        return api_answer(ret, api_decode_status(r, &err));
    r = registry_add_peer(api->registry, &p, api->device ? api->device->add_peer : NULL,
                          api->device_user, &p.id, &err);
    if (r < 0)
        return api_answer(ret, api_outcome_status(r, 201, &err));
    log_info("peer %lld (%s) added by peer %lld", (long long)p.id, p.name,
             (long long)call->session.peer_id);
    struct buf text = BUF_INIT;
    record_encode_peer(&text, &p);
    return api_send_text(&text, 201, ret);
}

enum api_verdict api_peers_update(const struct api_call *call, struct api_response *ret)
{
    struct err err = ERR_INIT;
    CLEAN_PEER struct peer p = {0};
    int r = record_decode_peer_contents(call->req->body, call->req->body_len, &p, &err);
    if (r < 0)
        return api_answer(ret, api_decode_status(r, &err));
    r = registry_update_peer(call->api->registry, call->id, &p, &err);
    if (r == 0)
        tell_device(call->api, call->id);
    return api_answer(ret, api_outcome_status(r, 204, &err));
}

enum api_verdict api_peers_disable(const struct api_call *call, struct api_response *ret)
{
    struct err err = ERR_INIT;
    int r = registry_set_disabled(call->api->registry, call->id, true, &err);
    if (r == 0)
        tell_device(call->api, call->id);
    return api_answer(ret, api_outcome_status(r, 204, &err));
}

enum api_verdict api_cidrs_list(const struct api_call *call, struct api_response *ret)
{
    return api_send(snapshot_list(call->api->snapshot, SNAPSHOT_CIDRS), ret);
}

enum api_verdict api_cidrs_add(const struct api_call *call, struct api_response *ret)
{
    struct err err = ERR_INIT;
    CLEAN_CIDR struct cidr c = {0};
    int r = record_decode_cidr_contents(call->req->body, call->req->body_len, &c, &err);
    if (r < 0)
        return api_answer(ret, api_decode_status(r, &err));
    r = registry_add_cidr(call->api->registry, &c, &c.id, &err);
    if (r < 0)
        return api_answer(ret, api_outcome_status(r, 201, &err));
    struct buf text = BUF_INIT;
    record_encode_cidr(&text, &c);
    return api_send_text(&text, 201, ret);
}

enum api_verdict api_cidrs_rename(const struct api_call *call, struct api_response *ret)
{
    struct err err = ERR_INIT;
    CLEAN_CIDR struct cidr c = {0};
    int r = record_decode_cidr_contents(call->req->body, call->req->body_len, &c, &err);
    if (r < 0)
        return api_answer(ret, api_decode_status(r, &err));
    r = registry_rename_cidr(call->api->registry, call->id, c.name, &err);
    return api_answer(ret, api_outcome_status(r, 204, &err));
}

enum api_verdict api_cidrs_delete(const struct api_call *call, struct api_response *ret)
{
    struct err err = ERR_INIT;
    int r = registry_delete_cidr(call->api->registry, call->id, &err);
    return api_answer(ret, api_outcome_status(r, 204, &err));
}

enum api_verdict api_associations_list(const struct api_call *call, struct api_response *ret)
{
    return api_send(snapshot_list(call->api->snapshot, SNAPSHOT_ASSOCIATIONS), ret);
}

enum api_verdict api_associations_add(const struct api_call *call, struct api_response *ret)
{
    struct err err = ERR_INIT;
    struct association a = {0};
    int r = record_decode_association_contents(call->req->body, call->req->body_len, &a, &err);
    if (r < 0)
        return api_answer(ret, api_decode_status(r, &err));
    r = registry_add_association(call->api->registry, &a, &a.id, &err);
    return api_answer(ret, api_outcome_status(r, 201, &err));
}

enum api_verdict api_associations_delete(const struct api_call *call, struct api_response *ret)
{
    struct err err = ERR_INIT;
    int r = registry_delete_association(call->api->registry, call->id, &err);
    return api_answer(ret, api_outcome_status(r, 204, &err));
}
