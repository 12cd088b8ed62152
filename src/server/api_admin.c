/* Routes for admins. Source: spec/server.md 2.9. */
#include <errno.h>

#include "api_private.h"
#include "innernet/log.h"

/* For changes that are answered with nothing but a status. */
static void finish_quietly(struct api *api, const struct change *c, int outcome,
                           const struct err *err, struct api_response *ret)
{
    (void)api;
    (void)c;
    api_answer(ret, api_outcome_status(outcome, 204, err));
}

/* --- peers --- */

enum api_verdict api_peers_list(const struct api_call *call, struct api_response *ret)
{
    return api_send(call, snapshot_list(call->api->snapshot, SNAPSHOT_PEERS), ret);
}

/* The device has had the peer since before the commit; but whoever looked after the device
 * meanwhile did not know it, and may have taken it away. */
static void finish_adding_peer(struct api *api, const struct change *c, int outcome,
                               const struct err *err, struct api_response *ret)
{
    if (outcome < 0) {
        api_answer(ret, api_outcome_status(outcome, 201, err));
        return;
    }
    if (api->device && api->device->peer_changed)
        api->device->peer_changed(api->device_user, c->id);
    log_info("peer %lld (%s) added by peer %lld", (long long)c->id, c->peer.name, (long long)c->by);
    struct buf text = BUF_INIT;
    record_encode_peer(&text, &c->peer);
    api_send_text(&text, 201, ret);
}

enum api_verdict api_peers_add(const struct api_call *call, struct api_response *ret)
{
    const struct api *api = call->api;
    struct err err = ERR_INIT;
    struct change c = {.kind = &change_add_peer,
                       .step = api->device ? api->device->add_peer : NULL,
                       .step_user = api->device_user};
    int r = record_decode_peer_contents(call->req->body, call->req->body_len, &c.peer, &err);
    if (r < 0)
        return api_answer(ret, api_decode_status(r, &err));
    return api_change(call, &c, finish_adding_peer, ret);
}

static void finish_changing_peer(struct api *api, const struct change *c, int outcome,
                                 const struct err *err, struct api_response *ret)
{
    if (outcome == 0 && api->device && api->device->peer_changed)
        api->device->peer_changed(api->device_user, c->id);
    api_answer(ret, api_outcome_status(outcome, 204, err));
}

enum api_verdict api_peers_update(const struct api_call *call, struct api_response *ret)
{
    struct err err = ERR_INIT;
    struct change c = {.kind = &change_update_peer, .id = call->id};
    int r = record_decode_peer_contents(call->req->body, call->req->body_len, &c.peer, &err);
    if (r < 0)
        return api_answer(ret, api_decode_status(r, &err));
    return api_change(call, &c, finish_changing_peer, ret);
}

enum api_verdict api_peers_disable(const struct api_call *call, struct api_response *ret)
{
    struct change c = {.kind = &change_set_disabled, .id = call->id, .peer.is_disabled = true};
    return api_change(call, &c, finish_changing_peer, ret);
}

/* --- CIDRs --- */

enum api_verdict api_cidrs_list(const struct api_call *call, struct api_response *ret)
{
    return api_send(call, snapshot_list(call->api->snapshot, SNAPSHOT_CIDRS), ret);
}

static void finish_adding_cidr(struct api *api, const struct change *c, int outcome,
                               const struct err *err, struct api_response *ret)
{
    (void)api;
    if (outcome < 0) {
        api_answer(ret, api_outcome_status(outcome, 201, err));
        return;
    }
    struct buf text = BUF_INIT;
    record_encode_cidr(&text, &c->cidr);
    api_send_text(&text, 201, ret);
}

enum api_verdict api_cidrs_add(const struct api_call *call, struct api_response *ret)
{
    struct err err = ERR_INIT;
    struct change c = {.kind = &change_add_cidr};
    int r = record_decode_cidr_contents(call->req->body, call->req->body_len, &c.cidr, &err);
    if (r < 0)
        return api_answer(ret, api_decode_status(r, &err));
    return api_change(call, &c, finish_adding_cidr, ret);
}

enum api_verdict api_cidrs_rename(const struct api_call *call, struct api_response *ret)
{
    struct err err = ERR_INIT;
    struct change c = {.kind = &change_rename_cidr, .id = call->id};
    int r = record_decode_cidr_contents(call->req->body, call->req->body_len, &c.cidr, &err);
    if (r < 0)
        return api_answer(ret, api_decode_status(r, &err));
    return api_change(call, &c, finish_quietly, ret);
}

enum api_verdict api_cidrs_delete(const struct api_call *call, struct api_response *ret)
{
    struct change c = {.kind = &change_delete_cidr, .id = call->id};
    return api_change(call, &c, finish_quietly, ret);
}

/* --- associations --- */

enum api_verdict api_associations_list(const struct api_call *call, struct api_response *ret)
{
    return api_send(call, snapshot_list(call->api->snapshot, SNAPSHOT_ASSOCIATIONS), ret);
}

static void finish_associating(struct api *api, const struct change *c, int outcome,
                               const struct err *err, struct api_response *ret)
{
    (void)api;
    (void)c;
    api_answer(ret, api_outcome_status(outcome, 201, err));
}

enum api_verdict api_associations_add(const struct api_call *call, struct api_response *ret)
{
    struct err err = ERR_INIT;
    struct change c = {.kind = &change_add_association};
    int r = record_decode_association_contents(call->req->body, call->req->body_len, &c.association,
                                               &err);
    if (r < 0)
        return api_answer(ret, api_decode_status(r, &err));
    return api_change(call, &c, finish_associating, ret);
}

enum api_verdict api_associations_delete(const struct api_call *call, struct api_response *ret)
{
    struct change c = {.kind = &change_delete_association, .id = call->id};
    return api_change(call, &c, finish_quietly, ret);
}
