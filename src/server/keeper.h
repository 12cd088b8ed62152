#pragma once
/* Keeps the device as the database says: reads it, takes in observed endpoints, and applies what
 * reconcile.h works out. Holds what must be remembered between reads. Source: spec/server.md 2.8
 * (redeem), 5.2, D4-D8, D23-D25. */

#include <stdint.h>

#include "endpoints.h"
#include "innernet/resolve.h"
#include "innernet/wg.h"
#include "model.h"
#include "overrides.h"
#include "reconcile.h"

#define REDEEM_WINDOW_MS 5000

struct keeper {
    struct wg *wg;             /* borrowed, like all of these */
    struct resolver *resolver; /* NULL: only literal addresses */
    const struct model *model;
    struct endpoints *endpoints;
    const char *interface;
    struct key private_key;
    uint16_t listen_port;
    struct reconcile_self self;
    struct key_switch *switches; /* owned from here */
    size_t n_switches;
    struct overrides known; /* what was configured when last looked at; owned, too */
    bool device_failed;     /* the last run failed: do not log the same again */
};

void keeper_done(struct keeper *k); /* frees and wipes what it owns */
/* Reads the device and makes all of it right: at most one batched update. Logs what it did. */
void keeper_run(struct keeper *k, int64_t now_s);
/* One new peer, at once; errors are those of wg_set. Nothing when it is not wanted. */
int keeper_add_peer(struct keeper *k, const struct peer *p, int64_t now_s, struct err *err);
/* One peer whose row changed, at once: on or off. A failure is logged; the next run mends it. */
void keeper_peer_changed(struct keeper *k, int64_t id, int64_t now_s);
/* A redeemed peer keeps its old key on the device until now + REDEEM_WINDOW_MS. */
void keeper_peer_redeemed(struct keeper *k, int64_t id, const struct key *old_key, uint64_t now_ms);
/* Forgets the switches that are due and returns whether there were any (then keeper_run). */
bool keeper_end_switches(struct keeper *k, uint64_t now_ms);
/* When the next switch is due; UINT64_MAX without any. */
uint64_t keeper_next_switch_ms(const struct keeper *k);
