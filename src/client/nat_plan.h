#pragma once
/* Whom NAT traversal is for and what it tries (spec/client.md 3.7). Pure. */

#include "diff.h"
#include "innernet/buf.h"
#include "innernet/config.h"
#include "innernet/resolve.h"

#define NAT_CANDIDATES_MAX 10 /* of those a peer reported; its endpoint comes on top */

struct nat_peer {
    struct peer *peer; /* owned: the state may change while it is tried */
    const struct endpoint *candidates[NAT_CANDIDATES_MAX + 1]; /* tried from the end */
    size_t n;
    bool is_tried; /* something was popped */
};

struct nat_plan {
    struct nat_peer *peers;
    size_t n;
    struct peer **silent; /* owned; everything was tried, no handshake since */
    size_t n_silent;
};

/* Adds the peers of the changes that are not connected, have something to try and have no override.
 * Who takes part already starts anew. 0 or -ENOMEM. */
int nat_plan_add(struct nat_plan *plan, const struct diffs *diffs,
                 const struct client_config *config, int64_t now_s);
void nat_plan_done(struct nat_plan *plan);
#define CLEAN_NAT_PLAN CLEANUP(nat_plan_done)

/* Drops peers that are connected by now, gone from the device, or have no candidates left. The last
 * are silent until they connect or go. 0 or -ENOMEM. */
int nat_plan_refresh(struct nat_plan *plan, const struct wg_device *device, int64_t now_s);
/* Takes the next candidate of one peer; NULL when there is none. */
const struct endpoint *nat_peer_pop(struct nat_peer *p);
/* The same with a resolver that does not wait: the next one whose address is known. Names that are
 * being looked up keep their turn for the next time, names that cannot be resolved are left out,
 * and the peer's endpoint is not taken before the candidates. */
bool nat_peer_pop_address(struct nat_peer *p, struct resolver *resolver, struct sock_addr *ret);

/* Which peers are silent, and what may be done: one line without its end, safe for a terminal.
 * Nothing when there are none. */
void nat_plan_tell_silent(const struct nat_plan *plan, const char *interface, struct buf *out);

/* Whom was told of already, so that nobody is told of again and again. */
struct nat_told {
    struct key *keys; /* owned */
    size_t n;
};

/* Are there silent peers that were not told of? Remembers all of them; those that were silent
 * before too only when `is_partial`: the plan was not about everybody. False when memory is short.
 */
bool nat_told_update(struct nat_told *told, const struct nat_plan *plan, bool is_partial);
void nat_told_clear(struct nat_told *told);
