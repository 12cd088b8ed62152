#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "prompt_internal.h"

/* What needs no terminal; the rest is in tests/cli/test_prompt.py. */

/* The harness may well have a terminal: take it away, keep stderr for cmocka. */
static int saved_stderr = -1;

static int take_terminal_away(void **state)
{
    (void)state;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    saved_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    return null < 0 || saved_stderr < 0 || dup2(null, STDIN_FILENO) < 0 ||
           dup2(null, STDERR_FILENO) < 0;
}

static int give_terminal_back(void **state)
{
    (void)state;
    return dup2(saved_stderr, STDERR_FILENO) < 0;
}

static void assert_says(const struct err *err, const char *part)
{
    if (!strstr(err->text, part))
        fail_msg("no \"%s\" in \"%s\"", part, err->text);
}

static void without_terminal_nothing_is_asked(void **state)
{
    (void)state;
    const struct prompt p = {.question = "Pick one", .option = "--pick"};
    const char *items[] = {"a"};
    struct err err = ERR_INIT;
    bool yes = true;
    char *text = NULL;
    size_t index = 9;
    assert_int_equal(prompt_confirm(&p, PROMPT_DEFAULT_NO, &yes, &err), -ENOTTY);
    assert_says(&err, "Pick one");
    assert_says(&err, "--pick");
    assert_true(yes);
    assert_int_equal(prompt_input(&p, "default", NULL, NULL, &text, &err), -ENOTTY);
    assert_null(text);
    assert_int_equal(prompt_select(&p, items, 1, &index, &err), -ENOTTY);
    assert_int_equal(index, 9);
    assert_int_equal(prompt_confirm(&p, PROMPT_DEFAULT_NO, &yes, NULL), -ENOTTY);
}

static void an_empty_menu_is_an_error(void **state)
{
    (void)state;
    const struct prompt p = {.question = "Pick one"};
    struct err err = ERR_INIT;
    size_t index;
    assert_int_equal(prompt_select(&p, NULL, 0, &index, &err), -ENOENT);
    assert_says(&err, "Pick one");
}

static void assert_cut(const char *text, size_t columns, const char *want)
{
    CLEAN_BUF struct buf b = BUF_INIT;
    prompt_put_cut(&b, text, columns);
    assert_string_equal(b.data ? b.data : "", want);
}

static void texts_are_cut_by_columns(void **state)
{
    (void)state;
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    assert_non_null(utf8);
    locale_t old = uselocale(utf8);
    assert_int_equal(prompt_columns("abc"), 3);
    assert_int_equal(prompt_columns("äöü"), 3);
    assert_int_equal(prompt_columns("日本"), 4);
    assert_int_equal(prompt_columns("e\xcc\x81"), 1);
    assert_int_equal(prompt_columns("\xff\xfe"), 2);
    assert_cut("abcdef", 6, "abcdef");
    assert_cut("abcdef", 5, "abcd…");
    assert_cut("äöüäöü", 4, "äöü…");
    assert_cut("日本語", 6, "日本語");
    assert_cut("日本語", 5, "日本…");
    assert_cut("日本語", 4, "日…");
    assert_cut("abc", 1, "…");
    assert_cut("abc", 0, "");
    assert_cut("", 0, "");
    uselocale(old);
    freelocale(utf8);
}

static void erasing_goes_up_by_what_was_drawn(void **state)
{
    (void)state;
    CLEAN_BUF struct buf b = BUF_INIT;
    struct prompt_term t = {.moves = true};
    prompt_put_erase(&t, &b);
    assert_int_equal(b.len, 0); /* what stands there before the question is not ours */
    prompt_put_erase(&t, &b);
    assert_string_equal(b.data, "\r\033[J");
    buf_reset(&b);
    t.rows = 3;
    prompt_put_erase(&t, &b);
    assert_string_equal(b.data, "\r\033[3A\033[J");
    assert_int_equal(t.rows, 0);
    buf_reset(&b);
    t = (struct prompt_term){.moves = false, .drawn = true, .rows = 3};
    prompt_put_erase(&t, &b);
    assert_int_equal(b.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_terminal_nothing_is_asked, take_terminal_away,
                                        give_terminal_back),
        cmocka_unit_test_setup_teardown(an_empty_menu_is_an_error, take_terminal_away,
                                        give_terminal_back),
        cmocka_unit_test(texts_are_cut_by_columns),
        cmocka_unit_test(erasing_goes_up_by_what_was_drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
