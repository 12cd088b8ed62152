#include "up_backoff.h"

#include <stdint.h>
#include <sys/random.h>

#define FIRST_RETRY_MS 1000
#define DOUBLINGS_MAX 20
#define JITTER_MAX_MS (3600 * 1000LL)

long long up_random(long long n)
{
    uint64_t value = 0;
    if (n <= 0 || getrandom(&value, sizeof(value), GRND_NONBLOCK) != sizeof(value))
        return 0;
    return (long long)(value % (uint64_t)n);
}

long long up_backoff_poll_ms(long long interval_ms)
{
    long long tenth = interval_ms / 10 < JITTER_MAX_MS ? interval_ms / 10 : JITTER_MAX_MS;
    return interval_ms - tenth + up_random(2 * tenth + 1);
}

long long up_backoff_retry_ms(unsigned n_failures, long long interval_ms)
{
    unsigned doublings = n_failures - 1 < DOUBLINGS_MAX ? n_failures - 1 : DOUBLINGS_MAX;
    long long least = (long long)FIRST_RETRY_MS << doublings;
    if (2 * least > interval_ms)
        least = interval_ms / 2;
    return least + up_random(least + 1);
}
