#pragma once
/* Between the router and the handlers. */

#include "api.h"

/* Who asks; copied, since the model may be loaded anew while a request is worked on. */
struct session {
    int64_t peer_id;
    int64_t cidr_id;
    bool is_redeemed;
    bool is_admin;
};

struct api_call {
    struct api *api;
    const struct api_request *req;
    struct session session;
    int64_t id; /* {id} of the route */
};

/* Handlers return the status and may set *ret_body (a new reference). */
typedef int (*api_handler_fn)(const struct api_call *call, struct body **ret_body);

int api_user_state(const struct api_call *call, struct body **ret_body);
int api_user_capabilities(const struct api_call *call, struct body **ret_body);
int api_user_redeem(const struct api_call *call, struct body **ret_body);
int api_user_endpoint(const struct api_call *call, struct body **ret_body);
int api_user_candidates(const struct api_call *call, struct body **ret_body);

int api_peers_list(const struct api_call *call, struct body **ret_body);
int api_peers_add(const struct api_call *call, struct body **ret_body);
int api_peers_update(const struct api_call *call, struct body **ret_body);
int api_peers_disable(const struct api_call *call, struct body **ret_body);
int api_cidrs_list(const struct api_call *call, struct body **ret_body);
int api_cidrs_add(const struct api_call *call, struct body **ret_body);
int api_cidrs_rename(const struct api_call *call, struct body **ret_body);
int api_cidrs_delete(const struct api_call *call, struct body **ret_body);
int api_associations_list(const struct api_call *call, struct body **ret_body);
int api_associations_add(const struct api_call *call, struct body **ret_body);
int api_associations_delete(const struct api_call *call, struct body **ret_body);

/* Status for the outcome of a decoder: 400, or 500 when memory is short. Logs why at debug level.
 */
int api_decode_status(int outcome, const struct err *err);
/* Status for the outcome of a change (spec/server.md 2.6): `success` for 0. Logs refusals at debug
 * level and faults as errors. */
int api_outcome_status(int outcome, int success, const struct err *err);
/* A shared body: 200, or 500 when there is none. */
int api_send(struct body *shared, struct body **ret_body);
/* A text of one's own: `success`, or 500 when it failed. */
int api_send_text(struct buf *text, int success, struct body **ret_body);
