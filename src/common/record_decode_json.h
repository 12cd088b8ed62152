#pragma once
/* Strict readers of single JSON fields for record_decode.c. Internal to the record decoder.
 *
 * All return 0, -EBADMSG (missing, or of another type; the error names the field), -EINVAL (a value
 * beyond our own limits) or -ENOMEM. Rules: spec/server.md 0.8, 0.9; spec/client.md A.1. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "innernet/addr.h"
#include "innernet/err.h"
#include "innernet/key.h"
#include "record_decode_tree.h"

/* `what` names the thing in the error: "the document", "a peer". A NULL node is none. */
int json_want_object(const struct json_node *value, const char *what, struct err *err);
int json_want_array(const struct json_node *value, const char *what, struct err *err);

struct json_name {
    const char *text;
    size_t len;
};
#define JSON_NAME(literal)                                                                         \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }

/* Fills values[i] with the member of that name, NULL when there is none. One pass over the members,
 * cheapest when they come in the order of `names`. */
void json_pick(const struct json_node *object, const struct json_name *names, size_t n,
               const struct json_node **values);

/* Readers of a member as json_pick found it: `value` may be NULL, `name` is for the error. */
int json_read_i64(const struct json_node *value, const char *name, int64_t *ret, struct err *err);
int json_read_bool(const struct json_node *value, const char *name, bool *ret, struct err *err);
int json_read_text(const struct json_node *value, const char *name, struct err *err);
/* A public key out of a text that json_read_text has let through: -EINVAL when it is none. */
int json_check_key(const struct json_node *text, struct key *ret, struct err *err);
int json_read_ip(const struct json_node *value, const char *name, struct ip *ret, struct err *err);
int json_read_network(const struct json_node *value, const char *name, struct network *ret,
                      struct err *err);
/* Absent or null: *ret_has false. */
int json_read_optional_i64(const struct json_node *value, const char *name, int64_t min,
                           int64_t max, bool *ret_has, int64_t *ret, struct err *err);
int json_read_optional_time(const struct json_node *value, const char *name, bool *ret_has,
                            int64_t *ret_s, uint32_t *ret_ns, struct err *err);
/* Absent or null: an endpoint that is not set. */
int json_read_optional_endpoint(const struct json_node *value, const char *name,
                                struct endpoint *ret, struct err *err);
int json_read_endpoint(const struct json_node *value, const char *name, struct endpoint *ret,
                       struct err *err);
/* An array of endpoint strings; longer than `max`: -E2BIG. *ret is NULL when empty. */
int json_read_endpoints(const struct json_node *value, const char *name, size_t max,
                        struct endpoint **ret, size_t *ret_n, struct err *err);
