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

struct json_t;

/* Parses one document whose root is an object or an array; the caller releases it with
 * json_doc_free. Refuses what would cost more memory or stack than any real document: nesting,
 * number of values. */
int json_doc_load(const char *text, size_t len, struct json_t **ret, struct err *err);
void json_doc_free(struct json_t **doc);
#define CLEAN_JSON CLEANUP(json_doc_free)

/* `what` names the thing in the error: "the document", "a peer". */
int json_want_object(const struct json_t *value, const char *what, struct err *err);
int json_want_array(const struct json_t *value, const char *what, struct err *err);

/* True and *ret set when present and not null. */
bool json_field_optional(const struct json_t *obj, const char *name, const struct json_t **ret);

int json_field_i64(const struct json_t *obj, const char *name, int64_t *ret, struct err *err);
int json_field_bool(const struct json_t *obj, const char *name, bool *ret, struct err *err);
/* Borrowed, valid as long as the document; *ret_len may be longer than strlen when a NUL is inside.
 */
int json_field_text(const struct json_t *obj, const char *name, const char **ret, size_t *ret_len,
                    struct err *err);
/* A public key as json_field_text gave it: -EINVAL when it is none. */
int json_check_key(const char *text, size_t len, struct key *ret, struct err *err);
int json_field_ip(const struct json_t *obj, const char *name, struct ip *ret, struct err *err);
int json_field_network(const struct json_t *obj, const char *name, struct network *ret,
                       struct err *err);
/* Absent or null: *ret_has false. */
int json_field_optional_i64(const struct json_t *obj, const char *name, int64_t min, int64_t max,
                            bool *ret_has, int64_t *ret, struct err *err);
int json_field_optional_time(const struct json_t *obj, const char *name, bool *ret_has,
                             int64_t *ret_s, uint32_t *ret_ns, struct err *err);
/* Absent or null: an endpoint that is not set. */
int json_field_optional_endpoint(const struct json_t *obj, const char *name, struct endpoint *ret,
                                 struct err *err);
int json_value_endpoint(const struct json_t *value, const char *name, struct endpoint *ret,
                        struct err *err);
/* An array of endpoint strings; longer than `max`: -E2BIG. *ret is NULL when empty. */
int json_value_endpoints(const struct json_t *value, const char *name, size_t max,
                         struct endpoint **ret, size_t *ret_n, struct err *err);
