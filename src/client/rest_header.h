#pragma once
/* What answers' header fields say. Pure. */

#include <stdbool.h>

/* An entity tag that may be sent back as it is (RFC 9110 8.8.3), not longer than REST_TAG_MAX? */
bool rest_header_is_tag(const char *text);
/* Does a Preference-Applied field (RFC 7240) tell that `wait` was honoured? */
bool rest_header_has_wait(const char *text);
/* What a person may make of a status, to be appended to an error text. */
const char *rest_header_status_hint(long status);
