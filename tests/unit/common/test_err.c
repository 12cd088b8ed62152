/* Error texts: one clean line, context before cause. */

#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "innernet/err.h"
#include "innernet/name.h"

static void sets_text_and_code(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    assert_int_equal(err_set(&err, -EINVAL, "%s is %d", "x", 5), -EINVAL);
    assert_string_equal(err.text, "x is 5");
    assert_int_equal(err.code, -EINVAL);
    assert_int_equal(err.os_errno, 0);
    assert_int_equal(err_set(&err, -ENOENT, "again"), -ENOENT);
    assert_string_equal(err.text, "again");
    assert_int_equal(err.code, -ENOENT);
}

static void works_without_a_place_for_it(void **state)
{
    (void)state;
    assert_int_equal(err_set(NULL, -EINVAL, "x"), -EINVAL);
    assert_int_equal(err_set_os(NULL, -EPERM, "x"), -EPERM);
    assert_int_equal(err_prefix(NULL, -EIO, "x"), -EIO);
}

static void renders_system_errors(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    assert_int_equal(err_set_os(&err, -ENOENT, "c/%s", "nope.conf"), -ENOENT);
    assert_string_equal(err.text, "c/nope.conf - No such file or directory (os error 2)");
    assert_int_equal(err.code, -ENOENT);
    assert_int_equal(err.os_errno, ENOENT);
    err_set(&err, -EINVAL, "later");
    assert_int_equal(err.os_errno, 0);
}

static void puts_context_in_front(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    err_set_os(&err, -EACCES, "f");
    assert_int_equal(err_prefix(&err, -EIO, "outer %d", 1), -EACCES);
    assert_int_equal(err_prefix(&err, -EIO, "outermost"), -EACCES);
    assert_string_equal(err.text, "outermost - outer 1 - f - Permission denied (os error 13)");
    assert_int_equal(err.os_errno, EACCES);

    struct err fresh = ERR_INIT;
    assert_int_equal(err_prefix(&fresh, -EIO, "alone"), -EIO);
    assert_string_equal(fresh.text, "alone");
    assert_int_equal(fresh.code, -EIO);
}

static void may_quote_its_own_text(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    err_set(&err, -EINVAL, "inner");
    err_set(&err, -EINVAL, "<%s>", err.text);
    assert_string_equal(err.text, "<inner>");
}

static void cleans_data(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"a\nb\tc\x1b[31m\x7f", "a?b?c?[31m?"},
        {"bücher € 😀", "bücher € 😀"},
        {"c1 \xc2\x9b.", "c1 ??."},
        {"raw \x9b!", "raw ?!"},
        {"bad \xff\xc3.", "bad ??."},
        {"cut \xe2\x82", "cut ??"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct err err = ERR_INIT;
        err_set(&err, -EINVAL, "%s", rows[i][0]);
        assert_row_text(rows[i][1], err.text, rows[i][1]);
        err_prefix(&err, -EINVAL, "%s", rows[i][0]);
        char both[128];
        snprintf(both, sizeof(both), "%s - %s", rows[i][1], rows[i][1]);
        assert_row_text(rows[i][1], err.text, both);
    }
}

/* Every alignment of a multi-byte character against the end of the text. */
static void cuts_between_characters(void **state)
{
    (void)state;
    static const char *const chars[] = {"\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
    for (size_t i = 0; i < ARRAY_SIZE(chars); i++) {
        for (int shift = 0; shift < 4; shift++) {
            char text[2 * ERR_TEXT_MAX] = "";
            size_t len = (size_t)shift;
            memset(text, 'x', len);
            for (size_t n = strlen(chars[i]); len + n < sizeof(text); len += n)
                memcpy(text + len, chars[i], n);
            text[len] = '\0';
            struct err err = ERR_INIT;
            err_set(&err, -EINVAL, "%s", text);
            size_t cut = strlen(err.text);
            assert_true(cut > ERR_TEXT_MAX - 5 && cut < ERR_TEXT_MAX);
            assert_true(utf8_is_valid(err.text, cut));
            assert_memory_equal(err.text, text, cut);
            assert_null(strchr(err.text, '?'));
        }
    }
}

static void keeps_the_cause_of_a_long_context(void **state)
{
    (void)state;
    static const char cause[] = " - No such file or directory (os error 2)";
    char path[3000];
    memset(path, 'p', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    struct err err = ERR_INIT;
    err_set_os(&err, -ENOENT, "%s", path);
    assert_int_equal(strlen(err.text), ERR_TEXT_MAX - 1);
    assert_string_equal(err.text + ERR_TEXT_MAX - sizeof(cause), cause);

    err_set(&err, -EINVAL, "cause");
    err_prefix(&err, -EINVAL, "%s", path);
    assert_string_equal(err.text + ERR_TEXT_MAX - sizeof(" - cause"), " - cause");

    /* a cause as long as the context leaves it half of the space */
    err_set(&err, -EINVAL, "%s", path);
    err_prefix(&err, -EINVAL, "%s", "short");
    assert_memory_equal(err.text, "short - ppp", 11);
    assert_int_equal(strlen(err.text), ERR_TEXT_MAX - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_text_and_code),
        cmocka_unit_test(works_without_a_place_for_it),
        cmocka_unit_test(renders_system_errors),
        cmocka_unit_test(puts_context_in_front),
        cmocka_unit_test(may_quote_its_own_text),
        cmocka_unit_test(cleans_data),
        cmocka_unit_test(cuts_between_characters),
        cmocka_unit_test(keeps_the_cause_of_a_long_context),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
