#pragma once
/* Ending the daemon in good order: SIGTERM and SIGINT only set a flag, which everything that waits
 * looks at. Without stop_install() the flag is never set and signals do what they always do. */

#include <stdbool.h>

#include "innernet/err.h"

int stop_install(struct err *err);
bool stop_requested(void);
/* Readable when a stop is requested, for who waits for more than time; -1 without stop_install().
 */
int stop_fd(void);
/* CLOCK_MONOTONIC in milliseconds. */
long long stop_clock_ms(void);
/* Sleeps (not at all for ms <= 0), at most until a stop is requested; false when it was. */
bool stop_sleep_ms(long long ms);
