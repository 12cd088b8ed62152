/* Durations: spec/server.md 0.7, D15; spec/client.md A.7. */

#include "unit.h"

#include <errno.h>
#include <string.h>

#include "innernet/timestring.h"

static const struct {
    const char *text;
    uint64_t seconds;
} accepted[] = {
    {"0s", 0},
    {"1s", 1},
    {"10m", 600},
    {"2h", 7200},
    {"14d", 1209600},
    {TIMESTRING_DEFAULT, 1209600},
    {"3w", 1814400},
    {"+5s", 5},
    {"007d", 604800},
    {"000000000000000000000000000001s", 1},
    {"9223372032720795007s", UINT64_C(9223372032720795007)},
    {"0w", 0},
};

static const struct {
    const char *text;
    const char *word;
} refused[] = {
    {"", "too short"},
    {"5", "too short"},
    {"s", "too short"},
    {"5x", "no valid unit"},
    {"55", "no valid unit"},
    {"5S", "no valid unit"},
    {"5D", "no valid unit"},
    {"5ms ", "no valid unit"},
    {"5\xc3\xa9", "no valid unit"},
    {"5\xe6\x97\xa5", "no valid unit"},
    {"xs", "no valid number"},
    {"+s", "no valid number"},
    {"++5s", "no valid number"},
    {"-5s", "no valid number"},
    {"5 s", "no valid number"},
    {" 5s", "no valid number"},
    {"1.5h", "no valid number"},
    {"1h30m", "no valid number"},
    {"5ms", "no valid number"},
    {"0x5s", "no valid number"},
    {"\xc3\xa9s", "no valid number"},
    /* beyond a signed 64-bit time in this century */
    {"9223372032720795008s", "too long"},
    {"9223372036854775807s", "too long"},
    {"18446744073709551615s", "too long"},
    {"18446744073709551616s", "too long"},
    {"99999999999999999999999s", "too long"},
    {"18446744073709551615w", "too long"},
    /* wraps to a small number in 64 bits */
    {"30500568904943w", "too long"},
    {"307445734561825861m", "too long"},
};

static void test_CX07_reads_durations(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(accepted); i++) {
        uint64_t seconds = 77;
        assert_row(accepted[i].text, timestring_parse(accepted[i].text, &seconds, NULL) == 0);
        assert_row(accepted[i].text, seconds == accepted[i].seconds);
    }
}

static void test_CX07_refuses_with_its_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
        uint64_t seconds = 77;
        struct err err = ERR_INIT;
        assert_row(refused[i].text, timestring_parse(refused[i].text, &seconds, &err) == -EINVAL);
        assert_row(refused[i].text, seconds == 77);
        if (!strstr(err.text, refused[i].word))
            fail_msg("row \"%s\": \"%s\" does not say \"%s\"", refused[i].text, err.text,
                     refused[i].word);
        assert_row(refused[i].text, timestring_parse(refused[i].text, &seconds, NULL) == -EINVAL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_CX07_reads_durations),
        cmocka_unit_test(test_CX07_refuses_with_its_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
