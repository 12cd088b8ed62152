#pragma once
/* Pauses, drawn so that many clients do not come at one moment. */

/* A number of 0 to n - 1. */
long long up_random(long long n);
/* The interval, 10 % more or less. */
long long up_backoff_poll_ms(long long interval_ms);
/* Before the next attempt after `n_failures` (at least 1) in a row: one to two seconds, then twice
 * that and so on, at most the interval. */
long long up_backoff_retry_ms(unsigned n_failures, long long interval_ms);
