#pragma once
/* One UTF-8 sequence at a time, for the modules that check or clean text. Pure. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Length in bytes of the well-formed sequence (RFC 3629: no overlong form, no surrogate, nothing
 * above U+10FFFF) at the start of `text`, its code point in *ret_code (nullable); 0 when there is
 * none. `len` must be at least 1. */
size_t utf8_sequence(const char *text, size_t len, uint32_t *ret_code);

/* C0, DEL, C1. */
bool utf8_is_control(uint32_t code);
