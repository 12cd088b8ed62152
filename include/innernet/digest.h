#pragma once
/* Digests of byte ranges, to tell contents apart (BLAKE2b of 128 bits, RFC 7693). */

#include <stddef.h>

#define DIGEST_TEXT_MAX 23 /* with the NUL */

/* base64url without padding, 22 characters. Returns out. */
const char *digest_text(const void *data, size_t len, char out[static DIGEST_TEXT_MAX]);
