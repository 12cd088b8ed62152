#pragma once
/* What has to change on the device so that it follows the state (spec/client.md 3.3, 9.13, 9.14,
 * 9.33). Pure: no clock, no look-ups; all matching is by hash on raw keys. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "innernet/err.h"
#include "innernet/record.h"
#include "innernet/wg.h"

#define RECENTLY_CONNECTED_S 180

/* A handshake at most 180 s ago; none and one in the future do not count. */
bool diff_recently_connected(const struct wg_peer *peer, int64_t now_s);

struct diff_input {
    const struct wg_device *device;
    const struct peer *peers; /* the state's, overrides applied; disabled ones count as absent */
    size_t n_peers;
    const size_t *match;    /* of diff_match */
    const bool *is_settled; /* by index of `peers`, nullable: nothing is new about this one, so it
                               is left alone unless the device lacks it */
    const struct key *server_key; /* nullable: this device peer is never removed, because without
                                     it no further state could be fetched */
    int64_t now_s;
    const struct sock_addr *endpoints; /* by index of `peers`: the resolved endpoint */
    const bool *has_endpoint;          /* which of them are valid */
};

enum diff_action { DIFF_ADD, DIFF_MODIFY, DIFF_REMOVE };

struct diff {
    enum diff_action action;
    const struct peer *peer;      /* of the input; NULL for removals */
    const struct wg_peer *before; /* of the input's device; NULL for additions */
    bool sets_allowed_ips;
    bool sets_keepalive;
    bool sets_endpoint;
    bool reattempts; /* NAT traversal is worth a try; changes nothing on the device */
    struct network allowed_ip;
    uint16_t keepalive_s;
    struct sock_addr endpoint;
};

struct diffs {
    struct diff *items; /* additions and modifications in list order, then removals */
    size_t n;
    size_t n_changes; /* those that are more than a reattempt */
};

#define DIFF_NO_MATCH ((size_t)-1)

/* For each of `peers` the index of the device's peer of that key, or DIFF_NO_MATCH. Caller frees
 * *ret. 0 or -ENOMEM. */
int diff_match(const struct wg_device *device, const struct peer *peers, size_t n_peers,
               size_t **ret);

/* Marks in `ret_stale` (n_peers entries) the peers whose endpoint has to be known for the diff:
 * enabled, not our own, not recently connected, with an endpoint, and not left alone. The endpoints
 * of the input are not looked at. */
void diff_find_stale(const struct diff_input *in, bool *ret_stale);

/* 0 or -ENOMEM. The result refers to the input. */
int diff_compute(const struct diff_input *in, struct diffs *ret);
void diffs_done(struct diffs *d);
#define CLEAN_DIFFS CLEANUP(diffs_done)

/* The updates for one wg_set, n_changes entries, which refer to `d`. Caller frees *ret (NULL when
 * nothing changes). 0 or -ENOMEM. */
int diff_to_updates(const struct diffs *d, struct wg_peer_update **ret);
