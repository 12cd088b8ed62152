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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(candidates_have_the_listen_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
