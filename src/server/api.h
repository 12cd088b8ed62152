#pragma once
/* The HTTP API as a function from request to response: routing, authentication, bodies, statuses.
 * Knows nothing of sockets or libmicrohttpd. Source: spec/server.md 2.3-2.9. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "field.h"
#include "innernet/addr.h"
#include "innernet/key.h"
#include "registry.h"
#include "snapshot.h"
#include "writer.h"

#define API_BODY_MAX 16384

enum api_method { API_GET, API_POST, API_PUT, API_DELETE, API_OTHER_METHOD };

struct api_request {
    enum api_method method;
    const char *path;       /* target without query, not decoded, absolute form cut off */
    const char *server_key; /* first X-Innernet-Server-Key, blanks around it cut off; NULL = none */
    struct ip source;
    bool has_content_length;
    uint64_t content_length;
    bool is_chunked;
    struct field_values if_none_match;
    struct field_values accept_encoding;
    struct field_values prefer;
    const char *body; /* complete, for api_respond */
    size_t body_len;
    void *ticket; /* the caller's, for api.deliver */
};

struct api_response {
    int status;
    /* JSON, a reference of the response's own; NULL = empty. With 304 it only gives the tag. */
    struct body *body;
    enum body_form form;
    bool varies;                    /* by Accept-Encoding */
    uint16_t wait_s;                /* the preference that is honoured; 0 = none */
    uint16_t retry_after_s;         /* 0 = none */
    struct snapshot_entry *watched; /* with API_WAITS */
};

enum api_verdict {
    API_ANSWERED,   /* *ret is the answer */
    API_NEEDS_BODY, /* api_respond decides, when the body has come */
    API_NEEDS_NONE, /* the same, but whatever body comes plays no part */
    API_WAITS,      /* *ret is the answer once the watched entry changes or wait_s are over */
    API_LATER,      /* a write is on its way: the answer comes through api.deliver */
};

/* What happens to the device; every step may be NULL. */
struct api_device {
    /* A peer has been inserted but not committed: a negative answer undoes the insert. */
    int (*add_peer)(void *user, const struct peer *p, struct err *err);
    /* A committed change of the peer's row that matters to the device. */
    void (*peer_changed)(void *user, int64_t id);
    /* A committed redemption: switch keys when the client does. */
    void (*peer_redeemed)(void *user, int64_t id, const struct key *old_key);
};

struct api {
    struct registry *registry;
    struct writer *writer; /* NULL: changes are written before the answer is given */
    struct snapshot *snapshot;
    struct key server_key;              /* the public key that the header must hold */
    char server_key_text[KEY_TEXT_MAX]; /* api's own */
    const struct api_device *device;
    void *device_user;
    struct timespec (*now)(void);
    /* Hands over the answer that API_LATER promised for the request with this ticket; *answer is
     * empty afterwards. To be called exactly once, from the loop, not from within api_respond. */
    void (*deliver)(void *user, void *ticket, struct api_response *answer);
    void *deliver_user;
};

/* Looks at the head alone. API_ANSWERED: *ret is a refusal, whatever body there may be.
 * API_NEEDS_BODY, API_NEEDS_NONE: api_respond comes next. */
enum api_verdict api_begin(struct api *api, const struct api_request *req,
                           struct api_response *ret);
/* The answer. Decides everything anew, because the world may have changed while the body came.
 * API_ANSWERED, API_WAITS or API_LATER; *ret is set in any case, and empty with API_LATER. Whoever
 * waited asks again; who cannot wait sends the 304 that comes with API_WAITS, without wait_s. The
 * request is borrowed for the call only: who answers later keeps no more of it than the ticket. */
enum api_verdict api_respond(struct api *api, const struct api_request *req,
                             struct api_response *ret);
void api_response_done(struct api_response *r);
