#pragma once
/* What the device should hold, and the changes that lead there (design: the device follows the
 * database). Pure. Source: spec/server.md 5.6, D4-D7, D24, D49. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "innernet/wg.h"
#include "model.h"

/* A session whose last handshake is older has ended (WireGuard's REJECT_AFTER_TIME). */
#define SESSION_MAX_AGE_S 180

/* A redeemed peer whose device entry keeps the invitation's key until the client has switched. */
struct key_switch {
    int64_t peer_id;
    struct key old_key;
    uint64_t due_ms;
};

/* Who "we" are: never on the own device. */
struct reconcile_self {
    struct key public_key;
    struct ip ip;
};

struct wanted_peer {
    const struct peer *peer; /* borrowed from the model */
    struct key key;          /* the peer's, or the old one during a switch */
    struct network allowed_ip;
    bool has_endpoint; /* an override that is an address; filled in by the caller */
    struct sock_addr endpoint;
    bool endpoint_changed; /* the override is new: it replaces a live session's endpoint */
};

/* Should this peer be on the device: enabled, no expired invitation, not ourselves, a real key? */
bool reconcile_wants(const struct peer *p, const struct reconcile_self *self, int64_t now_s);
/* The entry for one peer, without endpoint. */
struct wanted_peer reconcile_entry(const struct peer *p, const struct key_switch *switches,
                                   size_t n_switches);
/* Entries for all wanted peers, without endpoints. Caller frees *ret. 0 or -ENOMEM. */
int reconcile_want(const struct model *m, const struct reconcile_self *self,
                   const struct key_switch *switches, size_t n_switches, int64_t now_s,
                   struct wanted_peer **ret, size_t *ret_n);
/* The device entry made from nothing; borrows from `w`. */
struct wg_peer_update reconcile_update(const struct wanted_peer *w);

struct reconcile_plan {
    struct wg_peer_update *updates; /* removals first; borrows from the wanted entries */
    size_t n_updates;
    size_t n_added;
    size_t n_removed;
    size_t n_mended;
};
#define CLEAN_RECONCILE_PLAN CLEANUP(reconcile_plan_done)

/* Peers that are right are not mentioned. A configured endpoint is only set when the device knows
 * none, when no session is alive, or when the override changed. 0 or -ENOMEM. */
int reconcile_diff(const struct wg_device *device, const struct wanted_peer *wanted, size_t n,
                   int64_t now_s, struct reconcile_plan *ret);
void reconcile_plan_done(struct reconcile_plan *plan);
