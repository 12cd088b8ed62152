#pragma once
/* The server's calls (spec/client.md 7.5), typed. All return 0 or the errors of rest_call;
 * -EBADMSG when the answer does not decode. Lists leave out invalid records with a warning. */

#include "innernet/config.h"
#include "innernet/record.h"
#include "rest.h"

struct api {
    struct rest *rest;
    struct rest_outcome last; /* how the latest call ended */
};

/* `hub`: see rest_open. */
int api_open(struct rest_hub *hub, const struct client_config *config, struct api *ret,
             struct err *err);
void api_close(struct api *api);
#define CLEAN_API CLEANUP(api_close)

/* The state, to be waited for with rest_hub_wait. With a tag the answer may be that nothing has
 * changed: 0, `last.not_modified`, and *ret is left alone. *ret_is_whole: no record was left out.
 */
int api_start_state(struct api *api, const char *tag, unsigned wait_s, struct err *err);
int api_finish_state(struct api *api, struct state *ret, bool *ret_is_whole, struct err *err);
/* The candidates, the same way. */
int api_start_candidates(struct api *api, const struct endpoint *eps, size_t n, struct err *err);
int api_finish_candidates(struct api *api, struct err *err);

int api_redeem(struct api *api, const struct key *public_key, struct err *err);
/* A server without that route (404) has no capabilities: success. */
int api_get_capabilities(struct api *api, bool *ret_unspecified_ip, struct err *err);
int api_put_endpoint(struct api *api, const struct endpoint *ep, struct err *err);

int api_list_cidrs(struct api *api, struct cidr **ret, size_t *ret_n, struct err *err);
int api_list_peers(struct api *api, struct peer **ret, size_t *ret_n, struct err *err);
int api_list_associations(struct api *api, struct association **ret, size_t *ret_n,
                          struct err *err);
int api_add_cidr(struct api *api, const struct cidr *cidr, struct cidr *ret, struct err *err);
int api_update_cidr(struct api *api, const struct cidr *cidr, struct err *err);
int api_delete_cidr(struct api *api, int64_t id, struct err *err);
int api_add_peer(struct api *api, const struct peer *peer, struct peer *ret, struct err *err);
int api_update_peer(struct api *api, const struct peer *peer, struct err *err);
int api_add_association(struct api *api, const struct association *a, struct err *err);
int api_delete_association(struct api *api, int64_t id, struct err *err);
