#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli_internal.h"
#include "cli_table_fixture.h"

#define ARGS_MAX 16

struct parsed {
    struct cli_args args;
    struct err err;
    int r;
};

/* Splits `line` at single blanks; "''" stands for an empty argument. */
static int split(char *line, char *argv[static ARGS_MAX])
{
    int argc = 0;
    argv[argc++] = (char *)(uintptr_t) "tool";
    for (char *word; (word = strsep(&line, " "));) {
        assert_true(argc < ARGS_MAX - 1);
        if (word[0])
            argv[argc++] = strcmp(word, "''") == 0 ? word + 2 : word;
    }
    argv[argc] = NULL;
    return argc;
}

static struct parsed parse_program(const struct cli_program *program, const char *line)
{
    static char storage[1024];
    static char *argv[ARGS_MAX];
    struct parsed p = {.args = {.program = program}, .err = ERR_INIT};
    assert_true(strlen(line) < sizeof(storage));
    strcpy(storage, line);
    int argc = split(storage, argv);
    p.r = cli_parse(&p.args, argc, argv, &p.err);
    return p;
}

static struct parsed parse(const char *line)
{
    return parse_program(&fixture_program, line);
}

static void assert_refused(const char *line, const char *part)
{
    struct parsed p = parse(line);
    if (p.r != -EINVAL || !strstr(p.err.text, part))
        fail_msg("'%s' gave %d \"%s\", not an error with \"%s\"", line, p.r, p.err.text, part);
    cli_args_done(&p.args);
}

static void assert_outcome(const char *line, int outcome, const char *command)
{
    struct parsed p = parse(line);
    const char *name = p.args.command ? p.args.command->name : NULL;
    if (p.r != outcome || (command ? !name || strcmp(name, command) != 0 : name != NULL))
        fail_msg("'%s' gave %d (%s) for %s", line, p.r, p.err.text, name ? name : "the program");
    cli_args_done(&p.args);
}

static void values_are_taken_in_every_spelling(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "up net --interval 5", "up net --interval=5", "up net -i5",      "up net -i 5",
        "up net -i=5",         "up --interval 5 net", "up -i5 net",      "up -dqi5 net",
        "up -dqi 5 net",       "up -dqi=5 net",       "up -i 5 -- net",  "up --interval=5 -- net",
        "raise net -i5",       "up -d -q net -i 5",   "up net -i5 -d -q"};
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        struct parsed p = parse(lines[i]);
        if (p.r != CLI_RUN)
            fail_msg("'%s': %s", lines[i], p.err.text);
        assert_string_equal(cli_value(&p.args, "interval"), "5");
        assert_true(cli_given(&p.args, "interval"));
        assert_string_equal(cli_positional(&p.args, 0), "net");
        assert_null(cli_positional(&p.args, 1));
        assert_string_equal(cli_args_command(&p.args)->name, "up");
        cli_args_done(&p.args);
    }
}

static void defaults_and_absence(void **state)
{
    (void)state;
    struct parsed p = parse("up net");
    const char *const *list;
    assert_int_equal(p.r, CLI_RUN);
    assert_string_equal(cli_value(&p.args, "interval"), "60");
    assert_false(cli_given(&p.args, "interval"));
    assert_null(cli_value(&p.args, "host-suffix"));
    assert_false(cli_given(&p.args, "daemon"));
    assert_int_equal(cli_list(&p.args, "exclude", &list), 0);
    assert_string_equal(cli_global_value(&p.args, "config-dir"), "/etc/innernet");
    assert_null(cli_global_value(&p.args, "backend"));
    assert_int_equal(cli_global_count(&p.args, "verbose"), 0);
    cli_args_done(&p.args);
}

static void globals_stand_before_the_command(void **state)
{
    (void)state;
    struct parsed p = parse("-vv -c /tmp --verbose --backend=kernel --no-routing up net -d");
    assert_int_equal(p.r, CLI_RUN);
    assert_int_equal(cli_global_count(&p.args, "verbose"), 3);
    assert_string_equal(cli_global_value(&p.args, "config-dir"), "/tmp");
    assert_string_equal(cli_global_value(&p.args, "backend"), "kernel");
    assert_true(cli_global_given(&p.args, "no-routing"));
    assert_true(cli_given(&p.args, "daemon"));
    cli_args_done(&p.args);
    assert_refused("up net -v", "before the command");
    assert_refused("up net --config-dir /tmp", "before the command");
    assert_refused("-d up net", "-d");
    assert_refused("--interval 5 up net", "--interval");
    assert_refused("-9V", "-9");
}

static void lists_keep_every_value(void **state)
{
    (void)state;
    const char *const *list;
    struct parsed p = parse("up net --exclude 10.0.0.0/8 -x fd00::/8 --exclude=1.0.0.0/8");
    assert_int_equal(p.r, CLI_RUN);
    assert_int_equal(cli_list(&p.args, "exclude", &list), 3);
    assert_string_equal(list[0], "10.0.0.0/8");
    assert_string_equal(list[1], "fd00::/8");
    assert_string_equal(list[2], "1.0.0.0/8");
    cli_args_done(&p.args);
    assert_refused("up net -x 10.0.0.0/8,1.0.0.0/8", "10.0.0.0/8,1.0.0.0/8");
}

static void repetition_is_refused(void **state)
{
    (void)state;
    assert_refused("up net -d -d", "--daemon");
    assert_refused("up net -dd", "--daemon");
    assert_refused("up net -i5 --interval 5", "--interval");
    assert_refused("--no-routing --no-routing up net", "--no-routing");
    assert_refused("-c a -c b up net", "--config-dir");
}

static void values_that_look_like_options(void **state)
{
    (void)state;
    assert_refused("up net --interval -5", "--interval=VALUE");
    assert_refused("up net -i -5", "needs a value");
    assert_refused("up net --interval", "needs a value");
    assert_refused("up net -i", "needs a value");
    assert_refused("up net --interval --", "needs a value");
    assert_refused("up net --interval=-5", "invalid value '-5'");
    assert_refused("up net -i-5", "invalid value '-5'");
    struct parsed p = parse("up net --host-suffix=-x --hosts-path -");
    assert_int_equal(p.r, CLI_RUN);
    assert_string_equal(cli_value(&p.args, "host-suffix"), "-x");
    assert_string_equal(cli_value(&p.args, "hosts-path"), "-");
    cli_args_done(&p.args);
}

static void empty_values(void **state)
{
    (void)state;
    struct parsed p = parse("up net --host-suffix ''");
    assert_int_equal(p.r, CLI_RUN);
    assert_string_equal(cli_value(&p.args, "host-suffix"), "");
    assert_true(cli_given(&p.args, "host-suffix"));
    cli_args_done(&p.args);
    p = parse("up net --host-suffix=");
    assert_int_equal(p.r, CLI_RUN);
    assert_string_equal(cli_value(&p.args, "host-suffix"), "");
    cli_args_done(&p.args);
    assert_refused("up net --hosts-path ''", "--hosts-path");
    assert_refused("up net --hosts-path=", "--hosts-path");
    assert_refused("up net -i=", "--interval");
    assert_refused("-c '' up net", "--config-dir");
    assert_refused("up ''", "<INTERFACE>");
    assert_refused("load ''", "<FILE>");
}

static void values_are_utf8_but_for_paths(void **state)
{
    (void)state;
    assert_refused("up net --host-suffix \xff", "UTF-8");
    assert_refused("up net \xc3(", "UTF-8");
    struct parsed p = parse("-c /\xff up net --hosts-path /\xff");
    assert_int_equal(p.r, CLI_RUN);
    assert_string_equal(cli_value(&p.args, "hosts-path"), "/\xff");
    cli_args_done(&p.args);
    p = parse("load \xff\xfe");
    assert_int_equal(p.r, CLI_RUN);
    cli_args_done(&p.args);
}

static void double_dash_ends_options(void **state)
{
    (void)state;
    struct parsed p = parse("up -d -- net --interval");
    assert_int_equal(p.r, CLI_RUN);
    assert_string_equal(cli_positional(&p.args, 1), "--interval");
    cli_args_done(&p.args);
    p = parse("load -- -- --help");
    assert_int_equal(p.r, CLI_RUN);
    assert_string_equal(cli_positional(&p.args, 0), "--");
    assert_string_equal(cli_positional(&p.args, 1), "--help");
    cli_args_done(&p.args);
    assert_refused("-- up net", "--");
    assert_outcome("--", CLI_RUN, "show");
}

static void positionals(void **state)
{
    (void)state;
    struct parsed p = parse("load a b c - d");
    assert_int_equal(p.r, CLI_RUN);
    assert_string_equal(cli_positional(&p.args, 0), "a");
    assert_string_equal(cli_positional(&p.args, 3), "-");
    assert_string_equal(cli_positional(&p.args, 4), "d");
    assert_null(cli_positional(&p.args, 5));
    cli_args_done(&p.args);
    assert_refused("up", "<INTERFACE>");
    assert_refused("load", "<FILE>");
    assert_refused("up net label surplus", "'surplus'");
    assert_refused("show net", "'net'");
    assert_refused("up Not/A/Name", "<INTERFACE>");
    assert_refused("up abcdefghijklmnop", "<INTERFACE>");
}

static void choices_are_exact(void **state)
{
    (void)state;
    assert_refused("--backend Kernel up net", "kernel, userspace");
    assert_refused("--backend kern up net", "--backend");
    assert_refused("completions tcsh", "bash, elvish, fish, powershell, zsh");
    assert_outcome("completions zsh", CLI_RUN, "completions");
}

static void conflicts_count_explicit_use_in_either_order(void **state)
{
    (void)state;
    assert_outcome("up net --no-write-hosts", CLI_RUN, "up");
    assert_refused("up net --no-write-hosts --hosts-path /etc/hosts", "--no-write-hosts");
    assert_refused("up net --hosts-path /etc/hosts --no-write-hosts", "--hosts-path");
}

static void requirements(void **state)
{
    (void)state;
    assert_refused("up net --yes", "--interval");
    assert_outcome("up net --yes -i1", CLI_RUN, "up");
}

static void flags_take_no_value(void **state)
{
    (void)state;
    assert_refused("up net --daemon=yes", "--daemon");
    assert_refused("up net --daemon=", "--daemon");
    assert_refused("up net -d=yes", "-d");
    assert_refused("--help=x", "--help");
}

static void no_abbreviations_but_tips(void **state)
{
    (void)state;
    assert_refused("up net --inter 5", "did you mean '--interval'");
    assert_refused("up net --intervall=5", "did you mean '--interval'");
    assert_refused("u net", "unknown command 'u'");
    assert_refused("shwo", "did you mean 'show'");
    assert_refused("lod x", "did you mean 'load'");
    assert_refused("help shwo", "did you mean 'show'");
    assert_refused("up net --entirely-different", "unknown option '--entirely-different'");
    struct parsed p = parse("frobnicate");
    assert_int_equal(p.r, -EINVAL);
    assert_null(strstr(p.err.text, "mean"));
    cli_args_done(&p.args);
    assert_refused("up net ---", "---");
    assert_refused("up net -é", "'-é'");
}

static void help_and_version_are_found_everywhere(void **state)
{
    (void)state;
    assert_outcome("-h", CLI_HELP_SHORT, NULL);
    assert_outcome("--help", CLI_HELP_LONG, NULL);
    assert_outcome("help", CLI_HELP_LONG, NULL);
    assert_outcome("-V", CLI_VERSION, NULL);
    assert_outcome("--version nonsense", CLI_VERSION, NULL);
    assert_outcome("up -h", CLI_HELP_SHORT, "up");
    assert_outcome("up net --help --nonsense", CLI_HELP_LONG, "up");
    assert_outcome("up -dh", CLI_HELP_SHORT, "up");
    assert_outcome("help up", CLI_HELP_LONG, "up");
    assert_outcome("help raise", CLI_HELP_LONG, "up");
    assert_outcome("help list", CLI_HELP_LONG, "show");
    assert_outcome("help completions", CLI_HELP_LONG, "completions");
    assert_outcome("help help", CLI_HELP_LONG, "help");
    assert_outcome("help --help", CLI_HELP_LONG, "help");
    assert_refused("help nonsense", "'nonsense'");
    assert_refused("help up show", "'show'");
    assert_refused("up --version", "before the command");
    assert_refused("up net -V", "before the command");
}

static void without_command(void **state)
{
    (void)state;
    struct cli_program strict = fixture_program;
    strict.default_command = NULL;
    assert_outcome("", CLI_RUN, "show");
    assert_outcome("-v", CLI_RUN, "show");
    assert_outcome("list", CLI_RUN, "show");
    struct parsed p = parse_program(&strict, "-v");
    assert_int_equal(p.r, -EINVAL);
    assert_non_null(strstr(p.err.text, "command"));
    cli_args_done(&p.args);
}

static void hostile_arguments_cannot_hide_the_reason(void **state)
{
    (void)state;
    char line[900] = "up net -i ";
    memset(line + 10, 'z', sizeof(line) - 11);
    assert_refused(line, "--interval");
    assert_refused(line, "decimal");
    struct parsed p = parse("up net -i \033[2J");
    assert_int_equal(p.r, -EINVAL);
    assert_null(strchr(p.err.text, '\033'));
    cli_args_done(&p.args);
}

static void checks_of_numbers(void **state)
{
    (void)state;
    static const struct {
        int (*check)(const char *text, struct err *err);
        const char *good, *bad;
    } rows[] = {
        {cli_check_u16, "0", "65536"},
        {cli_check_u16, "65535", "-1"},
        {cli_check_u16, "+7", "+"},
        {cli_check_u16, "007", "0x7"},
        {cli_check_u32, "4294967295", "4294967296"},
        {cli_check_u32, "+0", "++0"},
        {cli_check_u64, "18446744073709551615", "18446744073709551616"},
        {cli_check_u64, "00000000000000000000000000000001", "99999999999999999999999999"},
        {cli_check_u64, "60", "60 "},
        {cli_check_u64, "1", " 1"},
        {cli_check_u64, "1", ""},
        {cli_check_u64, "1", "1e3"},
        {cli_check_u64, "1", "1_000"},
        {cli_check_u64, "1", "\xd9\xa1"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct err err = ERR_INIT;
        assert_int_equal(rows[i].check(rows[i].good, &err), 0);
        assert_int_equal(rows[i].check(rows[i].bad, &err), -EINVAL);
        assert_true(strlen(err.text) > 0);
    }
    assert_true(cli_u64("18446744073709551615") == UINT64_MAX);
    assert_int_equal(cli_u64("+0042"), 42);
}

static void checks_of_texts(void **state)
{
    (void)state;
    static const struct {
        int (*check)(const char *text, struct err *err);
        const char *good, *bad;
    } rows[] = {
        {cli_check_hostname, "a-1", "A"},
        {cli_check_hostname, "abcdefghijklmnopqrst", "a_b"},
        {cli_check_interface, "abcdefghijklmno", "abcdefghijklmnop"},
        {cli_check_ip, "10.0.0.1", "10.0.0.01"},
        {cli_check_ip, "fd00::1", "fd00::1/64"},
        {cli_check_network, "10.42.0.0/16", "10.42.0.0"},
        {cli_check_endpoint, "example.com:51820", "example.com"},
        {cli_check_endpoint, "[::1]:1", "::1"},
        {cli_check_timestring, "14d", "14"},
        {cli_check_timestring, "30s", "1.5h"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct err err = ERR_INIT;
        if (rows[i].check(rows[i].good, &err) != 0)
            fail_msg("%s refused: %s", rows[i].good, err.text);
        if (rows[i].check(rows[i].bad, &err) != -EINVAL || !err.text[0])
            fail_msg("%s accepted", rows[i].bad);
    }
}

/* --- cli_main as a whole --------------------------------------------------------------------- */

struct run {
    int code;
    char out[8192], text[2048];
};

static void read_back(int fd, char *text, size_t size)
{
    ssize_t n = pread(fd, text, size - 1, 0);
    assert_true(n >= 0);
    text[n] = '\0';
    close(fd);
}

static int before_code, before_calls;

static int before(const struct cli_args *args, void *user)
{
    (void)user;
    assert_non_null(cli_args_command(args));
    before_calls++;
    return before_code;
}

/* In a process of its own, so that streams are caught as they are. Counters come back in `code`. */
static void run(struct run *ret, const char *line)
{
    int out = memfd_create("out", MFD_CLOEXEC), text = memfd_create("err", MFD_CLOEXEC), status;
    fflush(NULL);
    pid_t pid = fork();
    assert_true(out >= 0 && text >= 0 && pid >= 0);
    if (pid == 0) {
        char storage[256];
        char *argv[ARGS_MAX];
        strcpy(storage, line);
        int argc = split(storage, argv);
        dup2(out, STDOUT_FILENO);
        dup2(text, STDERR_FILENO);
        int code = cli_main(&fixture_program, argc, argv, before, NULL);
        fflush(NULL);
        _exit(code | before_calls << 4 | fixture_runs << 5);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    ret->code = WEXITSTATUS(status);
    read_back(out, ret->out, sizeof(ret->out));
    read_back(text, ret->text, sizeof(ret->text));
}

#define CALLED_BEFORE (1 << 4)
#define RAN (1 << 5)

static void usage_errors_go_to_stderr(void **state)
{
    (void)state;
    struct run r;
    run(&r, "up net --interval nine");
    assert_int_equal(r.code, 2);
    assert_string_equal(r.out, "");
    assert_ptr_equal(strstr(r.text, "error: "), r.text);
    assert_non_null(strstr(r.text, "--interval"));
    assert_non_null(strstr(r.text, "tool up [OPTIONS] <INTERFACE> [LABEL]\n"));
    assert_non_null(strstr(r.text, "'tool up --help'"));
    run(&r, "nonsense");
    assert_int_equal(r.code, 2);
    assert_ptr_equal(strstr(r.text, "error: "), r.text);
    assert_non_null(strstr(r.text, "tool [OPTIONS] [COMMAND]\n"));
    assert_non_null(strstr(r.text, "'tool --help'"));
}

static void version_and_help_go_to_stdout(void **state)
{
    (void)state;
    struct run r;
    run(&r, "--version");
    assert_int_equal(r.code, 0);
    assert_string_equal(r.out, "tool 1.2.3\n");
    assert_string_equal(r.text, "");
    run(&r, "up --help");
    assert_int_equal(r.code, 0);
    assert_non_null(strstr(r.out, "Bring a network up"));
    assert_string_equal(r.text, "");
    run(&r, "completions bash");
    assert_int_equal(r.code, CALLED_BEFORE);
    assert_non_null(strstr(r.out, "tool"));
}

static void before_run_comes_between(void **state)
{
    (void)state;
    struct run r;
    run(&r, "up net");
    assert_int_equal(r.code, 7 | CALLED_BEFORE | RAN);
    before_code = 1;
    run(&r, "up net");
    assert_int_equal(r.code, 1 | CALLED_BEFORE);
    run(&r, "up net --nonsense");
    assert_int_equal(r.code, 2);
    before_code = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_taken_in_every_spelling),
        cmocka_unit_test(defaults_and_absence),
        cmocka_unit_test(globals_stand_before_the_command),
        cmocka_unit_test(lists_keep_every_value),
        cmocka_unit_test(repetition_is_refused),
        cmocka_unit_test(values_that_look_like_options),
        cmocka_unit_test(empty_values),
        cmocka_unit_test(values_are_utf8_but_for_paths),
        cmocka_unit_test(double_dash_ends_options),
        cmocka_unit_test(positionals),
        cmocka_unit_test(choices_are_exact),
        cmocka_unit_test(conflicts_count_explicit_use_in_either_order),
        cmocka_unit_test(requirements),
        cmocka_unit_test(flags_take_no_value),
        cmocka_unit_test(no_abbreviations_but_tips),
        cmocka_unit_test(help_and_version_are_found_everywhere),
        cmocka_unit_test(without_command),
        cmocka_unit_test(hostile_arguments_cannot_hide_the_reason),
        cmocka_unit_test(checks_of_numbers),
        cmocka_unit_test(checks_of_texts),
        cmocka_unit_test(usage_errors_go_to_stderr),
        cmocka_unit_test(version_and_help_go_to_stdout),
        cmocka_unit_test(before_run_comes_between),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
