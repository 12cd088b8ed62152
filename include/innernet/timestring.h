#pragma once
/* Durations as "<digits><unit>", unit one of s m h d w. Source: spec/server.md 0.7 and D15. */

#include <stdint.h>

#include "innernet/err.h"

#define TIMESTRING_DEFAULT "14d"

/* One leading '+' accepted. Overflow of 64 bits is an error, so is anything that added to a date of
 * this century would not fit a signed 64-bit time. Reasons told apart: too short, bad number, bad
 * unit. 0 or -EINVAL. */
int timestring_parse(const char *text, uint64_t *ret_seconds, struct err *err);
