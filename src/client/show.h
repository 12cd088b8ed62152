#pragma once
/* The listings of `show` (spec/client.md 4.1): device, store and configuration of one interface in,
 * text out. Pure, except that colours follow color_enabled(). */

#include <stdint.h>

#include "innernet/buf.h"
#include "innernet/config.h"
#include "innernet/record.h"
#include "innernet/wg.h"

struct show_input {
    const struct wg_device *device; /* has a public key */
    const struct state *store;
    const struct client_config *config; /* for the overrides */
    int64_t now_s;
    bool full_keys;
};

/* Append to `out`; 0 or -ENOMEM. Device peers that the store does not know are listed by key, with
 * their first allowed IP for an address (9.29). */
int show_long(const struct show_input *in, struct buf *out);
int show_short(const struct show_input *in, struct buf *out);
int show_tree(const struct show_input *in, struct buf *out);

/* "just now", "9 seconds ago", "1 minute, 1 second ago", "25 hours, 0 minutes ago". */
void show_put_duration(struct buf *out, int64_t seconds);
/* "764 B", "20.23 KiB". */
void show_put_size(struct buf *out, uint64_t bytes);
