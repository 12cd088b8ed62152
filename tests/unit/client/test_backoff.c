#include <limits.h>

#include "fixture.h"
#include "up_backoff.h"

#define MINUTE_MS 60000

static void retries_double_up_to_the_interval(void **state)
{
    (void)state;
    for (int i = 0; i < 200; i++) {
        for (unsigned n = 1; n <= 5; n++) {
            long long ms = up_backoff_retry_ms(n, MINUTE_MS), least = 1000LL << (n - 1);
            assert_in_range(ms, least, 2 * least);
        }
        for (unsigned n = 6; n < 200; n++)
            assert_in_range(up_backoff_retry_ms(n, MINUTE_MS), MINUTE_MS / 2, MINUTE_MS);
        assert_in_range(up_backoff_retry_ms(UINT_MAX, LLONG_MAX), 1000LL << 20, 2000LL << 20);
        assert_in_range(up_backoff_retry_ms(1, 150), 75, 150);
        assert_in_range(up_backoff_retry_ms(9, 1), 0, 1);
    }
}

static void polls_are_spread_around_the_interval(void **state)
{
    long long least = LLONG_MAX, most = 0;
    (void)state;
    for (int i = 0; i < 1000; i++) {
        long long ms = up_backoff_poll_ms(MINUTE_MS);
        least = ms < least ? ms : least;
        most = ms > most ? ms : most;
    }
    assert_in_range(least, 54000, 59000);
    assert_in_range(most, 61000, 66000);
    assert_int_equal(up_backoff_poll_ms(5), 5);
    assert_true(up_backoff_poll_ms(LLONG_MAX - 4000000) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(retries_double_up_to_the_interval),
        cmocka_unit_test(polls_are_spread_around_the_interval),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
