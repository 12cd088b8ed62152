#pragma once
/* Header fields that select or condition an answer, parsed as the RFCs say. Several fields of one
 * name are one list (RFC 9110 5.3). What is malformed counts as not sent. Pure. */

#include <stdbool.h>

#define FIELD_VALUES_MAX 8

/* The values of all fields of one name, in order; more than fit are malformed. */
struct field_values {
    unsigned n; /* also counts those that did not fit */
    const char *values[FIELD_VALUES_MAX];
};

void field_add(struct field_values *f, const char *value);

/* If-None-Match (RFC 9110 13.1.2) is `*` or names this entity tag (with quotes), weakly compared.
 */
bool field_matches_etag(const struct field_values *if_none_match, const char *etag);

/* Accept-Encoding (RFC 9110 12.5.3) allows gzip and prefers nothing to it. */
bool field_accepts_gzip(const struct field_values *accept_encoding);

#define FIELD_WAIT_MAX_S 300

/* Prefer: wait=N (RFC 7240) in seconds, at most FIELD_WAIT_MAX_S; 0 = no such preference. */
unsigned field_wait_s(const struct field_values *prefer);
