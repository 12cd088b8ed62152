#pragma once
/* The steps of a fetch, shared between fetch*.c and nat.c. */

#include "api.h"
#include "client.h"
#include "datastore.h"
#include "diff.h"
#include "fetch.h"
#include "innernet/resolve.h"
#include "nat_plan.h"
#include "tag.h"

/* The server's answer, until it is followed. */
struct fetch_answer {
    bool is_there;
    int result; /* of the request, with its error: */
    struct err err;
    struct rest_outcome outcome;
    struct state state;
    bool is_whole; /* no record was left out */
    char asked_tag[REST_TAG_MAX + 1];
};

struct fetch {
    const struct client *client;
    const char *interface;
    const struct fetch_options *options;
    struct rest_hub *hub;
    struct resolver *resolver; /* NULL: names are waited for */
    struct wg *wg;
    int lock;

    /* What the files say, while is_loaded: */
    char *config_path, *store_path, *tag_path;
    bool is_loaded;
    struct client_config config;
    struct fs_stamp config_stamp;
    struct datastore store;
    char tag[REST_TAG_MAX + 1]; /* of the store's content, "" = none */

    /* This round: */
    bool is_prepared;
    bool brought_up;
    bool is_asking;
    struct api api;
    struct fetch_answer answer;

    /* What is followed: the listed peers of the store, with overrides. The store's own array when
     * that is the same, else shallow copies. */
    const struct peer *peers; /* NULL = to be made anew */
    struct peer *own_peers;
    bool *is_settled; /* by index of `peers`: the last answer has nothing new about it */
    size_t n_peers;
    struct wg_device device; /* as it was before the changes */
    struct diffs diffs;
    long long applied_at_ms;     /* when the changes had been made, CLOCK_MONOTONIC */
    struct fs_stamp hosts_stamp; /* of the hosts file that agrees with `peers` */

    /* Candidates: */
    struct api report_api;
    bool is_reporting;
    struct endpoint reporting[CANDIDATES_REPORT_MAX]; /* addresses only: nothing to free */
    size_t n_reporting;
    bool has_reported; /* `reporting` was taken by the server */

    struct key *awaited; /* peers whose endpoint's name is being looked up, or failed to be */
    size_t n_awaited;

    struct nat *nat; /* what is left to do */
    struct nat_told told;
};

/* Reads the files that are not as they were. *ret_moved: another server or another address of ours
 * than before. */
int fetch_load(struct fetch *f, bool *ret_changed, bool *ret_moved, struct err *err);
/* Do the files say what is in memory? */
bool fetch_is_current(struct fetch *f);
/* The store or the configuration are about to change: `peers` with them. */
void fetch_drop_peers(struct fetch *f);
/* What is in memory may be ahead of the files: reads them next time. */
void fetch_forget(struct fetch *f);

/* Brings the interface up with the server as its only peer (spec/client.md 8.6) when it is not. */
int fetch_ensure_up(struct fetch *f, struct err *err);
/* Makes the device and the hosts file follow the store; all of it or what the last update of the
 * store changed. */
int fetch_apply(struct fetch *f, bool whole, struct err *err);
/* The same for the endpoints whose names have been resolved since. */
int fetch_apply_names(struct fetch *f, struct err *err);
/* By index of f->peers: which endpoints are wanted, and then, which are known. With a resolver the
 * names that are not known yet are remembered; `whole` forgets those of before. 0 or -ENOMEM. */
int fetch_resolve(struct fetch *f, bool whole, struct sock_addr *addrs, bool *ok);
/* Of the names that were remembered, those that are known now: their number, and who is to be left
 * alone, which the caller frees. 0 or -ENOMEM. */
int fetch_take_names(struct fetch *f, bool **ret_settled, size_t *ret_n);
void fetch_update_hosts(struct fetch *f);
/* Pure: at most CANDIDATES_REPORT_MAX endpoints. Returns how many. */
size_t fetch_candidate_endpoints(const struct ip *ips, size_t n, uint16_t listen_port,
                                 struct endpoint *ret);
/* Pure: does the server know `eps` of us? It may add an endpoint under which it sees us, at the
 * end; that is told apart from an old report only by who has reported `eps` before. */
bool fetch_candidates_are_known(const struct peer *self, const struct endpoint *eps, size_t n,
                                bool has_reported);
