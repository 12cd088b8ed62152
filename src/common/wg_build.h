#pragma once
/* Fills a struct wg_device while a backend reads it. Pure. */

#include <stddef.h>

#include "innernet/wg.h"

/* Far above any network there is; they keep a runaway answer from filling the memory. */
#define WG_PEERS_MAX (1u << 20)
#define WG_ALLOWED_IPS_MAX (1u << 22) /* of all peers together */

/* Zero-initialise with the device to fill, which the caller owns. */
struct wg_build {
    struct wg_device *device;
    size_t peers_cap;
    size_t ips_cap;
    size_t n_ips; /* of all peers together, in their order */
};

/* Drops what has been read so far. */
void wg_build_reset(struct wg_build *b);
/* The peer with this key: the last one again when it has the same key (a dump may split a peer),
 * else a new one. The pointer is good until the next call. 0, -ENOMEM or -E2BIG. */
int wg_build_peer(struct wg_build *b, const struct key *public_key, struct wg_peer **ret);
/* Appends to the last peer; there must be one. 0, -ENOMEM or -E2BIG. */
int wg_build_allowed_ip(struct wg_build *b, const struct network *net);
/* To be called once at the end: until then peers only count their allowed IPs. */
void wg_build_finish(struct wg_build *b);
/* Sets the private key and with it the public one; all zero means none. */
void wg_build_private_key(struct wg_build *b, const struct key *private_key);
