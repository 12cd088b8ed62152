#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli_completions.h"
#include "cli_table_fixture.h"

static char *script(const char *shell)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    assert_int_equal(cli_completions(&fixture_program, shell, out), 0);
    fclose(out);
    assert_true(len > 0 && strlen(text) == len);
    return text;
}

/* How an option appears in a shell's script. */
static void spell(const char *shell, const char *name, char *out, size_t size)
{
    snprintf(out, size, strcmp(shell, "fish") == 0 ? " -l %s " : "--%s", name);
}

static void assert_options(const char *shell, const char *text, const struct cli_command *command)
{
    CLEAN_CLI_SCOPE struct cli_scope scope = {0};
    char spelled[64];
    assert_int_equal(cli_scope_init(&scope, &fixture_program, command), 0);
    for (size_t i = 0; i < scope.n; i++) {
        spell(shell, scope.settings[i].option->name, spelled, sizeof(spelled));
        if (!strstr(text, spelled))
            fail_msg("%s: no %s", shell, spelled);
    }
}

static void every_command_option_and_value_appears(void **state)
{
    (void)state;
    const struct cli_command *command;
    for (size_t s = 0; cli_shells[s]; s++) {
        CLEAN_FREE char *text = script(cli_shells[s]);
        assert_options(cli_shells[s], text, NULL);
        for (size_t i = 0; (command = cli_command_at(&fixture_program, i)); i++) {
            assert_non_null(strstr(text, command->name));
            assert_options(cli_shells[s], text, command);
        }
        assert_non_null(strstr(text, "raise"));
        for (size_t i = 0; fixture_backends[i]; i++)
            assert_non_null(strstr(text, fixture_backends[i]));
        for (size_t i = 0; cli_shells[i]; i++)
            assert_non_null(strstr(text, cli_shells[i]));
        assert_null(strstr(text, "list"));
    }
}

/* Counts quote characters that open or close a text, shell by shell. */
static bool quotes_balance(const char *shell, const char *text)
{
    bool backslash = strcmp(shell, "fish") == 0, inside = false, comment = false;
    for (const char *c = text; *c; c++) {
        if (*c == '\n') {
            if (inside)
                return false; /* no text of ours goes over lines */
            comment = false;
        }
        if (!inside && *c == '#' && (c == text || c[-1] == '\n'))
            comment = true;
        if (comment)
            continue;
        if (*c == '\\' && c[1] && (inside ? backslash : true))
            c++;
        else if (*c == '\'')
            inside = !inside;
    }
    return !inside;
}

static void quotes_are_balanced(void **state)
{
    (void)state;
    static const char *const quoted[] = {
        [0] = NULL,
        [1] = "Show it''s state",    /* elvish */
        [2] = "Show it\\'s state",   /* fish */
        [3] = "Show it''s state",    /* powershell */
        [4] = "Show it'\\''s state", /* zsh */
    };
    for (size_t s = 0; cli_shells[s]; s++) {
        CLEAN_FREE char *text = script(cli_shells[s]);
        if (!quotes_balance(cli_shells[s], text))
            fail_msg("%s: quotes are not balanced", cli_shells[s]);
        if (quoted[s] && !strstr(text, quoted[s]))
            fail_msg("%s: no %s", cli_shells[s], quoted[s]);
    }
}

static void brackets_are_balanced(void **state)
{
    (void)state;
    static const char *const shells[] = {"elvish", "powershell"};
    for (size_t s = 0; s < ARRAY_SIZE(shells); s++) {
        CLEAN_FREE char *text = script(shells[s]);
        char open[256];
        size_t depth = 0;
        bool inside = false;
        for (const char *c = text; *c; c++) {
            if (*c == '\'')
                inside = !inside;
            if (inside)
                continue;
            if (strchr("([{", *c)) {
                assert_true(depth < sizeof(open));
                open[depth++] = *c == '(' ? ')' : *c == '[' ? ']' : '}';
            } else if (strchr(")]}", *c)) {
                assert_true(depth > 0);
                assert_int_equal(open[--depth], *c);
            }
        }
        assert_int_equal(depth, 0);
    }
}

static void paths_offer_files(void **state)
{
    (void)state;
    CLEAN_FREE char *bash = script("bash"), *fish = script("fish"), *zsh = script("zsh"),
                    *elvish = script("elvish");
    assert_non_null(strstr(bash, "--hosts-path) kind='files'"));
    assert_non_null(strstr(bash, "-c | --config-dir) kind='dirs'"));
    assert_non_null(strstr(fish, "-l hosts-path -r -F"));
    assert_non_null(strstr(fish, "-l config-dir -r -f -a '(__fish_complete_directories)'"));
    assert_non_null(strstr(zsh, ")--hosts-path=[Hosts file]:PATH:_files'"));
    assert_non_null(strstr(zsh, ")-c+[Where configs are]:PATH:_files -/'"));
    assert_non_null(strstr(elvish, "&'--hosts-path'=$files~"));
}

static void another_shell_is_refused(void **state)
{
    (void)state;
    assert_int_equal(cli_completions(&fixture_program, "tcsh", stdout), -EINVAL);
    assert_int_equal(cli_completions(&fixture_program, "", stdout), -EINVAL);
}

static void a_full_disk_is_an_error(void **state)
{
    (void)state;
    FILE *full = fopen("/dev/full", "w");
    assert_non_null(full);
    assert_int_equal(cli_completions(&fixture_program, "bash", full), -ENOSPC);
    fclose(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_option_and_value_appears),
        cmocka_unit_test(quotes_are_balanced),
        cmocka_unit_test(brackets_are_balanced),
        cmocka_unit_test(paths_offer_files),
        cmocka_unit_test(another_shell_is_refused),
        cmocka_unit_test(a_full_disk_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
