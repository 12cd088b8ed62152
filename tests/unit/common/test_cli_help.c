#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli_internal.h"
#include "cli_table_fixture.h"
#include "innernet/log.h"

static const struct cli_command *command(const char *name)
{
    const struct cli_command *c = cli_command_find(&fixture_program, name);
    assert_non_null(c);
    return c;
}

static void assert_has(const struct buf *b, const char *part)
{
    if (!strstr(b->data, part))
        fail_msg("no \"%s\" in:\n%s", part, b->data);
}

static void assert_lacks(const struct buf *b, const char *part)
{
    if (strstr(b->data, part))
        fail_msg("\"%s\" in:\n%s", part, b->data);
}

static void help_of_a_command_is_laid_out(void **state)
{
    (void)state;
    CLEAN_BUF struct buf b = BUF_INIT;
    color_override(0);
    cli_put_help(&b, &fixture_program, command("up"), false, 80);
    assert_string_equal(b.data,
                        "Bring a network up\n"
                        "\n"
                        "Usage: tool up [OPTIONS] <INTERFACE> [LABEL]\n"
                        "\n"
                        "Arguments:\n"
                        "  <INTERFACE>  Network to bring up\n"
                        "  [LABEL]      Any text\n"
                        "\n"
                        "Options:\n"
                        "  -d, --daemon              Stay in the foreground\n"
                        "  -q, --quick               Hurry\n"
                        "  -i, --interval <SECONDS>  Pause between two fetches [default: 60]\n"
                        "  -x, --exclude <CIDR>...   Leave out a network\n"
                        "      --yes                 Do not ask\n"
                        "      --hosts-path <PATH>   Hosts file [default: /etc/hosts]\n"
                        "      --no-write-hosts      Leave the hosts file alone\n"
                        "      --host-suffix <TEXT>  What follows names\n"
                        "  -h, --help                Print this help\n"
                        "\n"
                        "--help says more and shows an example.\n");
}

static void long_help_adds_details_and_example(void **state)
{
    (void)state;
    CLEAN_BUF struct buf b = BUF_INIT;
    cli_put_help(&b, &fixture_program, command("up"), true, 80);
    assert_has(&b, "\nSome more words about bringing up networks, to be read at leisure.\n");
    assert_has(&b, "\nExample:\n  tool up evilcorp --interval 5 \\\n      --yes\n");
    assert_lacks(&b, "--help says more");
}

static void help_of_the_program_lists_commands(void **state)
{
    (void)state;
    CLEAN_BUF struct buf b = BUF_INIT;
    cli_put_help(&b, &fixture_program, NULL, true, 80);
    assert_has(&b, "A tool for tests\n");
    assert_has(&b, "Usage: tool [OPTIONS] [COMMAND]\n");
    assert_has(&b, "  up           Bring a network up [alias: raise]\n");
    assert_has(&b, "  show         Show it's state\n");
    assert_has(&b, "  completions  ");
    assert_has(&b, "  help         ");
    assert_lacks(&b, "list");
    assert_has(&b, "      --backend <BACKEND>  ");
    assert_has(&b, "Device kind [possible values: kernel, userspace]\n");
    assert_has(&b, "  -v, --verbose...  ");
    assert_has(&b, "[default: /etc/innernet]\n");
    assert_has(&b, "  -V, --version  ");
}

static void choices_of_arguments_are_shown(void **state)
{
    (void)state;
    CLEAN_BUF struct buf b = BUF_INIT;
    cli_put_help(&b, &fixture_program, &cli_builtin_completions, false, 100);
    assert_has(&b, "  <SHELL>  Shell to write the script for "
                   "[possible values: bash, elvish, fish, powershell, zsh]\n");
}

static void lines_keep_to_the_width(void **state)
{
    (void)state;
    for (size_t width = 40; width <= 100; width += 3) {
        CLEAN_BUF struct buf b = BUF_INIT;
        cli_put_help(&b, &fixture_program, command("up"), true, width);
        bool in_example = false;
        for (char *rest = b.data, *line; (line = strsep(&rest, "\n"));) {
            in_example = in_example || strcmp(line, "Example:") == 0;
            if (!in_example && strncmp(line, "Usage:", 6) != 0 && strlen(line) > width)
                fail_msg("wider than %zu: %s", width, line);
            size_t len = strlen(line);
            assert_true(len == 0 || line[len - 1] != ' ');
        }
    }
}

static void long_names_get_a_line_of_their_own(void **state)
{
    (void)state;
    CLEAN_BUF struct buf b = BUF_INIT;
    struct cli_sheet s = {.b = &b, .width = 60};
    cli_sheet_fit(&s, "short");
    cli_sheet_fit(&s, "a-very-very-very-very-very-long-name");
    cli_sheet_row(&s, "short", "one");
    cli_sheet_row(&s, "a-very-very-very-very-very-long-name", "two");
    cli_sheet_row(&s, "none", "");
    assert_string_equal(b.data, "  short  one\n"
                                "  a-very-very-very-very-very-long-name\n"
                                "         two\n"
                                "  none\n");
}

static void text_is_wrapped_by_columns_not_bytes(void **state)
{
    (void)state;
    CLEAN_BUF struct buf b = BUF_INIT;
    cli_put_wrapped(&b, "ääää öööö üüüü\nnew line\n\npara", 2, 11);
    assert_string_equal(b.data, "ääää öööö\n  üüüü\n  new line\n\n  para");
}

static void headings_are_bold_with_colour_only(void **state)
{
    (void)state;
    CLEAN_BUF struct buf b = BUF_INIT;
    color_override(1);
    cli_put_help(&b, &fixture_program, command("up"), true, 80);
    assert_has(&b, "\033[1mUsage:\033[0m tool up");
    assert_has(&b, "\033[1mOptions:\033[0m\n");
    buf_reset(&b);
    color_override(0);
    cli_put_help(&b, &fixture_program, command("up"), true, 80);
    assert_lacks(&b, "\033");
}

static void width_comes_from_columns_within_bounds(void **state)
{
    (void)state;
    setenv("COLUMNS", "66", 1);
    assert_int_equal(cli_terminal_width(), 66);
    setenv("COLUMNS", "7", 1);
    assert_int_equal(cli_terminal_width(), 40);
    setenv("COLUMNS", "99999999999999999999", 1);
    assert_int_equal(cli_terminal_width(), 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(help_of_a_command_is_laid_out),
        cmocka_unit_test(long_help_adds_details_and_example),
        cmocka_unit_test(help_of_the_program_lists_commands),
        cmocka_unit_test(choices_of_arguments_are_shown),
        cmocka_unit_test(lines_keep_to_the_width),
        cmocka_unit_test(long_names_get_a_line_of_their_own),
        cmocka_unit_test(text_is_wrapped_by_columns_not_bytes),
        cmocka_unit_test(headings_are_bold_with_colour_only),
        cmocka_unit_test(width_comes_from_columns_within_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
