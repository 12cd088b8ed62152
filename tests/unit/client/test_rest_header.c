#include "fixture.h"
#include "rest.h"
#include "rest_header.h"

static void knows_entity_tags(void **state)
{
    static const char *const good[] = {"\"\"", "\"a\"", "W/\"a\"", "\"!#~a-gzip\""};
    static const char *const bad[] = {"",   "a",       "\"",       "\"a",      "a\"",
                                      "W/", "W/\"",    "w/\"a\"",  "\"a\"b\"", "\"a b\"",
                                      "*",  "\"a\n\"", "\"\x7f\"", "\"a\" ",   "\"a\", \"b\""};
    char longest[REST_TAG_MAX + 2];
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++)
        assert_true(rest_header_is_tag(good[i]));
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_false(rest_header_is_tag(bad[i]));
    memset(longest, 'a', sizeof(longest));
    longest[0] = longest[REST_TAG_MAX - 1] = '"';
    longest[REST_TAG_MAX] = '\0';
    assert_true(rest_header_is_tag(longest));
    longest[REST_TAG_MAX - 1] = 'a';
    longest[REST_TAG_MAX] = '"';
    longest[REST_TAG_MAX + 1] = '\0';
    assert_false(rest_header_is_tag(longest));
}

static void finds_the_wait_that_was_applied(void **state)
{
    static const char *const good[] = {"wait=5",          "WAIT=5",   "wait",    "a, wait=5",
                                       "a=1 ,\twait = 5", "wait;x=1", ",,wait=1"};
    static const char *const bad[] = {"", ",", "waits=5", "respond-async", "a=wait", "a; wait=5"};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++)
        assert_true(rest_header_has_wait(good[i]));
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_false(rest_header_has_wait(bad[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_entity_tags),
        cmocka_unit_test(finds_the_wait_that_was_applied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
