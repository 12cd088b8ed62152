#include "fetch_internal.h"
#include "fixture.h"

/* At most ten, with the device's port, or 51820 while it is unknown (3.6). */
static void candidates_have_the_listen_port(void **state)
{
    (void)state;
    struct ip ips[12];
    struct endpoint eps[CANDIDATES_REPORT_MAX];
    for (size_t i = 0; i < 12; i++) {
        ips[i] = ip_of("10.0.0.0");
        ips[i].bytes[3] = (uint8_t)i;
    }
    assert_int_equal(fetch_candidate_endpoints(ips, 0, 1, eps), 0);
    assert_int_equal(fetch_candidate_endpoints(ips, 12, 4242, eps), CANDIDATES_REPORT_MAX);
    for (size_t i = 0; i < CANDIDATES_REPORT_MAX; i++)
        assert_true(ip_equal(&eps[i].ip, &ips[i]) && eps[i].port == 4242);
    ips[0] = ip_of("2001:db9::1");
    assert_int_equal(fetch_candidate_endpoints(ips, 1, 0, eps), 1);
    CLEAN_FREE char *text = endpoint_text(&eps[0]);
    assert_string_equal(text, "[2001:db9::1]:51820");
}

/* Reported only when the server's record says otherwise; it may have one endpoint more, at the end,
 * for who knows that the rest is his own report. */
static void a_report_that_says_nothing_new_is_not_needed(void **state)
{
    (void)state;
    struct endpoint known[] = {endpoint_of("1.1.1.1:1"), endpoint_of("2.2.2.2:2"),
                               endpoint_of("3.3.3.3:3")};
    struct endpoint swapped[] = {known[1], known[0]};
    struct peer self = {.candidates = known, .n_candidates = 2};
    struct peer nothing = {0};
    assert_true(fetch_candidates_are_known(&self, known, 2, false));
    assert_false(fetch_candidates_are_known(&self, known, 1, false));
    assert_true(fetch_candidates_are_known(&self, known, 1, true));
    assert_false(fetch_candidates_are_known(&self, known, 0, true));
    assert_false(fetch_candidates_are_known(&self, known, 3, true));
    assert_false(fetch_candidates_are_known(&self, swapped, 2, true));
    assert_true(fetch_candidates_are_known(&nothing, known, 0, false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(candidates_have_the_listen_port),
        cmocka_unit_test(a_report_that_says_nothing_new_is_not_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
