#pragma once
/* The steps of a fetch, shared between fetch*.c. */

#include "api.h"
#include "client.h"
#include "datastore.h"
#include "diff.h"
#include "options.h"

struct fetch {
    const struct client *client;
    const char *interface;
    const struct fetch_options *options;
    struct wg *wg;
    struct client_config config;
    struct datastore store;
    struct api api;
    bool brought_up;           /* by this fetch */
    struct state fetched;      /* the server's answer; empty when the store has to do */
    const struct state *state; /* what is followed: `fetched` or the store's */
    struct peer *peers;        /* the state's, with overrides: shallow copies, borrowed contents */
    struct wg_device device;   /* as it was before the changes */
    struct diffs diffs;
    long long applied_at_ms; /* when the changes had been made, CLOCK_MONOTONIC */
    struct nat *nat;         /* what is left to do */
};

/* Brings the interface up with the server as its only peer (spec/client.md 8.6) when it is not. */
int fetch_ensure_up(struct fetch *f, struct err *err);
/* Makes the device and the hosts file follow f->state. */
int fetch_apply(struct fetch *f, struct err *err);
int fetch_update_hosts(const struct fetch *f);
/* Tells the server under which addresses we can be reached (spec/client.md 3.6). */
int fetch_report_candidates(struct fetch *f, struct err *err);
/* Pure: at most CANDIDATES_REPORT_MAX endpoints. Returns how many. */
size_t fetch_candidate_endpoints(const struct ip *ips, size_t n, uint16_t listen_port,
                                 struct endpoint *ret);
