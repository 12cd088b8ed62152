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

/* Handlers fill in the answer (empty so far) and return API_ANSWERED, or return API_LATER. */
typedef enum api_verdict (*api_handler_fn)(const struct api_call *call, struct api_response *ret);

enum api_verdict api_user_state(const struct api_call *call, struct api_response *ret);
enum api_verdict api_user_capabilities(const struct api_call *call, struct api_response *ret);
enum api_verdict api_user_redeem(const struct api_call *call, struct api_response *ret);
enum api_verdict api_user_endpoint(const struct api_call *call, struct api_response *ret);
enum api_verdict api_user_candidates(const struct api_call *call, struct api_response *ret);

enum api_verdict api_peers_list(const struct api_call *call, struct api_response *ret);
enum api_verdict api_peers_add(const struct api_call *call, struct api_response *ret);
enum api_verdict api_peers_update(const struct api_call *call, struct api_response *ret);
enum api_verdict api_peers_disable(const struct api_call *call, struct api_response *ret);
enum api_verdict api_cidrs_list(const struct api_call *call, struct api_response *ret);
enum api_verdict api_cidrs_add(const struct api_call *call, struct api_response *ret);
enum api_verdict api_cidrs_rename(const struct api_call *call, struct api_response *ret);
enum api_verdict api_cidrs_delete(const struct api_call *call, struct api_response *ret);
enum api_verdict api_associations_list(const struct api_call *call, struct api_response *ret);
enum api_verdict api_associations_add(const struct api_call *call, struct api_response *ret);
enum api_verdict api_associations_delete(const struct api_call *call, struct api_response *ret);

/* The answer to a request for a change, and what else is to be done once it is there. */
typedef void (*api_finish_fn)(struct api *api, const struct change *c, int outcome,
                              const struct err *err, struct api_response *ret);
/* Takes the change over and has it made: now, when there is nothing to write, else API_LATER. */
enum api_verdict api_change(const struct api_call *call, struct change *c, api_finish_fn finish,
                            struct api_response *ret);

/* Status for the outcome of a decoder: 400, or 500 when memory is short. Logs why at debug level.
 */
int api_decode_status(int outcome, const struct err *err);
/* Status for the outcome of a change (spec/server.md 2.6): `success` for 0. Logs refusals at debug
 * level and faults as errors. */
int api_outcome_status(int outcome, int success, const struct err *err);
/* An empty answer. */
enum api_verdict api_answer(struct api_response *ret, int status);
/* A shared body with tags: 200 in the form that is asked for, 304 when the caller has it, or 500
 * when there is none. */
enum api_verdict api_send(const struct api_call *call, struct body *shared,
                          struct api_response *ret);
/* A text of one's own: `success`, or 500 when it failed. */
enum api_verdict api_send_text(struct buf *text, int success, struct api_response *ret);
