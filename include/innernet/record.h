#pragma once
/* The records that travel in JSON: peer, CIDR, association, state. Decoding is strict as in
 * spec/server.md 0.8, 0.9 and spec/client.md A.1; encoding writes the fixed key order of
 * spec/server.md 2.7, compact for the wire, pretty for the client's store (spec/client.md 1.5).
 * Pure. The JSON library is used in record_decode*.c only. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "innernet/addr.h"
#include "innernet/buf.h"
#include "innernet/err.h"
#include "innernet/key.h"
#include "innernet/name.h"

#define CANDIDATES_REPORT_MAX 10 /* a user may store this many (spec/server.md 2.8) */
#define CANDIDATES_DECODE_MAX 4096
#define KEEPALIVE_DEFAULT_S 25
#define SERVER_PEER_ID 1 /* spec/server.md 4.1 */
#define SERVER_CIDR_ID 2

struct peer {
    int64_t id; /* 0 in contents that have no id yet */
    char *name; /* owned; a valid hostname */
    struct ip ip;
    int64_t cidr_id;
    struct key public_key;
    struct endpoint endpoint;  /* not set = null */
    bool has_keepalive;
    uint16_t keepalive_s;
    bool is_admin;
    bool is_disabled;
    bool is_redeemed;
    bool has_invite_expires;
    int64_t invite_expires_s; /* unix seconds */
    uint32_t invite_expires_ns; /* < 10^9 */
    struct endpoint *candidates; /* owned array */
    size_t n_candidates;
};

struct cidr {
    int64_t id;
    char *name; /* owned; passes name_check_cidr */
    struct network net;
    bool has_parent;
    int64_t parent;
};

struct association {
    int64_t id;
    int64_t cidr_id_1;
    int64_t cidr_id_2;
};

/* What GET /v1/user/state answers and what the client's store holds. */
struct state {
    struct peer *peers;
    size_t n_peers;
    struct cidr *cidrs;
    size_t n_cidrs;
};

void peer_done(struct peer *p); /* idempotent, zero-initialised is fine */
int peer_copy(const struct peer *from, struct peer *ret); /* deep; 0 or -ENOMEM */
void peers_free(struct peer *peers, size_t n); /* elements and the array */
void cidr_done(struct cidr *c);
int cidr_copy(const struct cidr *from, struct cidr *ret);
void cidrs_free(struct cidr *cidrs, size_t n);
void state_done(struct state *s);
#define CLEAN_PEER CLEANUP(peer_done)
#define CLEAN_CIDR CLEANUP(cidr_done)
#define CLEAN_STATE CLEANUP(state_done)
/* All fields equal, candidates in order, time with nanoseconds. */
bool peer_equal(const struct peer *a, const struct peer *b);

/* --- decoding ---------------------------------------------------------------------------------
 * `text` need not be terminated. All return 0, -EBADMSG (not JSON, wrong shape or type, or a text
 * field that does not parse as its type: IP, network, endpoint), -EINVAL (well-shaped, but a name
 * or a key is not one, or a limit of ours is passed: length of an endpoint, number of candidates),
 * or -ENOMEM; the error names the field. *ret is written on success only and
 * then owned by the caller. */

/* Peer contents (id = 0; an "id" key is ignored) / CIDR contents / association contents. */
int record_decode_peer_contents(const char *text, size_t len, struct peer *ret, struct err *err);
int record_decode_cidr_contents(const char *text, size_t len, struct cidr *ret, struct err *err);
int record_decode_association_contents(const char *text, size_t len, struct association *ret,
                                       struct err *err);
/* Complete records, as an admin's POST is answered. */
int record_decode_peer(const char *text, size_t len, struct peer *ret, struct err *err);
int record_decode_cidr(const char *text, size_t len, struct cidr *ret, struct err *err);

/* Called for each element of a list which is well-shaped but invalid (bad name, bad key): the
 * element is left out and decoding goes on (spec/client.md 9.7, 9.10). `reason` is safe to print. */
typedef void (*record_skip_fn)(void *user, const char *reason);

int record_decode_state(const char *text, size_t len, record_skip_fn skip, void *user,
                        struct state *ret, struct err *err);
/* The store: {"version":"1",...}. Version other than the string "1": -EPROTONOSUPPORT. */
int record_decode_store(const char *text, size_t len, record_skip_fn skip, void *user,
                        struct state *ret, struct err *err);
int record_decode_peers(const char *text, size_t len, record_skip_fn skip, void *user,
                        struct peer **ret, size_t *ret_n, struct err *err);
int record_decode_cidrs(const char *text, size_t len, record_skip_fn skip, void *user,
                        struct cidr **ret, size_t *ret_n, struct err *err);
int record_decode_associations(const char *text, size_t len, struct association **ret,
                               size_t *ret_n, struct err *err);

/* {"public_key":"..."} of redeem. */
int record_decode_redeem(const char *text, size_t len, struct key *ret, struct err *err);
/* {"option":"Set","content":"host:port"} or {"option":"Unset"}: Unset gives an endpoint that is not
 * set. Exact rules: spec/server.md 2.8. */
int record_decode_endpoint_option(const char *text, size_t len, struct endpoint *ret,
                                  struct err *err);
/* JSON array of endpoint strings, more than CANDIDATES_DECODE_MAX: -E2BIG. */
int record_decode_candidates(const char *text, size_t len, struct endpoint **ret, size_t *ret_n,
                             struct err *err);
/* The same endpoints in the same order. */
bool endpoints_equal(const struct endpoint *a, const struct endpoint *b, size_t n);
void endpoints_free(struct endpoint *eps, size_t n);
/* {"unspecified_ip_in_override_endpoint":bool}, missing = false. */
int record_decode_capabilities(const char *text, size_t len, bool *ret_unspecified_ip,
                               struct err *err);
/* Accepts an empty text, blanks, and `null` (spec/client.md 7.3); anything else: -EBADMSG. */
int record_decode_nothing(const char *text, size_t len, struct err *err);

/* --- encoding: appends to `out`, errors are the buffer's sticky flag ---------------------------- */

void record_encode_peer(struct buf *out, const struct peer *p);          /* with id */
void record_encode_peer_contents(struct buf *out, const struct peer *p); /* without id */
void record_encode_cidr(struct buf *out, const struct cidr *c);
void record_encode_cidr_contents(struct buf *out, const struct cidr *c);
void record_encode_association(struct buf *out, const struct association *a);
void record_encode_association_contents(struct buf *out, const struct association *a);
/* Arrays. `peers` is an array of pointers, so that a selection needs no copy. */
void record_encode_peers(struct buf *out, const struct peer *const *peers, size_t n);
void record_encode_cidrs(struct buf *out, const struct cidr *cidrs, size_t n);
void record_encode_associations(struct buf *out, const struct association *a, size_t n);
void record_encode_state(struct buf *out, const struct peer *const *peers, size_t n_peers,
                         const struct cidr *cidrs, size_t n_cidrs);
void record_encode_candidates(struct buf *out, const struct endpoint *eps, size_t n);
void record_encode_redeem(struct buf *out, const struct key *public_key);
void record_encode_endpoint_option(struct buf *out, const struct endpoint *ep); /* not set = Unset */
/* The store, pretty, byte-exact (spec/client.md 1.5), no final newline. */
void record_encode_store(struct buf *out, const struct state *s);
