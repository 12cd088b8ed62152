#include "unit.h"

#include "innernet/digest.h"

/* Known answers: `printf TEXT | b2sum -l 128`. */
static void gives_known_digests(void **state)
{
    char text[DIGEST_TEXT_MAX];
    (void)state;
    assert_string_equal(digest_text("hello", 5, text), "Rvt0CNTyhSKPSvUW6iWFGw");
    assert_string_equal(digest_text("", 0, text), "yuZpQdnvvUBOTYh1jqZ2cA");
}

static void differs_by_a_bit(void **state)
{
    char a[DIGEST_TEXT_MAX], b[DIGEST_TEXT_MAX];
    (void)state;
    assert_string_not_equal(digest_text("hello", 5, a), digest_text("hellp", 5, b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_known_digests),
        cmocka_unit_test(differs_by_a_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
