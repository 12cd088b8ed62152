#pragma once
/* Time for deadlines. */

#include <stdint.h>
#include <time.h>

/* Milliseconds of a clock that never jumps. */
uint64_t clock_now_ms(void);
/* The time of day. */
struct timespec clock_now(void);
