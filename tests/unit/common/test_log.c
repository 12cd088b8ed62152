/* Lines, levels, rate limits, colours and closed outputs: spec/client.md 5.5, 5.6, 9.7. */

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "innernet/log.h"

/* Log lines go into the socket pair's one end, each write is one packet at the other. */
struct capture {
    FILE *stream;
    int fd;
};

static struct capture capture_start(enum log_level level)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds), 0);
    struct capture c = {.stream = fdopen(fds[1], "w"), .fd = fds[0]};
    assert_non_null(c.stream);
    log_init(c.stream, level);
    return c;
}

static void capture_end(struct capture *c)
{
    log_init(stderr, LOG_LEVEL_WARN);
    fclose(c->stream);
    close(c->fd);
}

/* The next packet as text, "" when there is none. */
static const char *next_write(const struct capture *c)
{
    static char text[65536];
    ssize_t n = recv(c->fd, text, sizeof(text) - 1, 0);
    text[n < 0 ? 0 : n] = '\0';
    return text;
}

static void marks_each_level(void **state)
{
    (void)state;
    static const struct {
        enum log_level level;
        const char *plain, *coloured;
    } rows[] = {
        {LOG_LEVEL_ERROR, "[E] m 1\n", "\x1b[31m[E]\x1b[0m m 1\n"},
        {LOG_LEVEL_WARN, "[!] m 1\n", "\x1b[33m[!]\x1b[0m m 1\n"},
        {LOG_LEVEL_INFO, "[*] m 1\n", "\x1b[2m[*]\x1b[0m m 1\n"},
        {LOG_LEVEL_DEBUG, "[D] m 1\n", "\x1b[34m[D]\x1b[0m m 1\n"},
        {LOG_LEVEL_TRACE, "[T] m 1\n", "\x1b[35m[T]\x1b[0m m 1\n"},
    };
    struct capture c = capture_start(LOG_LEVEL_TRACE);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        color_override(0);
        log_line(rows[i].level, "m %d", 1);
        assert_string_equal(next_write(&c), rows[i].plain);
        color_override(1);
        log_line(rows[i].level, "m %d", 1);
        assert_string_equal(next_write(&c), rows[i].coloured);
    }
    color_override(0);
    capture_end(&c);
}

static void filters_by_level(void **state)
{
    (void)state;
    for (int limit = LOG_LEVEL_OFF; limit <= LOG_LEVEL_TRACE; limit++) {
        struct capture c = capture_start((enum log_level)limit);
        for (int level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_TRACE; level++) {
            assert_int_equal(log_enabled((enum log_level)level), level <= limit);
            log_line((enum log_level)level, "line");
            assert_int_equal(*next_write(&c) != '\0', level <= limit);
        }
        log_line(LOG_LEVEL_OFF, "never");
        assert_string_equal(next_write(&c), "");
        capture_end(&c);
    }
}

static void writes_a_line_at_once_and_in_order(void **state)
{
    (void)state;
    struct capture c = capture_start(LOG_LEVEL_INFO);
    static char big[20000];
    memset(big, 'x', sizeof(big) - 1);
    fputs("result", c.stream);
    log_info("%s", big);
    assert_string_equal(next_write(&c), "result");
    const char *line = next_write(&c);
    assert_int_equal(strlen(line), strlen("[*] \n") + sizeof(big) - 1);
    assert_string_equal(next_write(&c), "");
    capture_end(&c);
}

static void writes_to_streams_without_an_fd(void **state)
{
    (void)state;
    char *text = NULL;
    size_t len = 0;
    FILE *stream = open_memstream(&text, &len);
    assert_non_null(stream);
    log_init(stream, LOG_LEVEL_INFO);
    log_info("one");
    log_info("two");
    log_init(stderr, LOG_LEVEL_WARN);
    fclose(stream);
    assert_string_equal(text, "[*] one\n[*] two\n");
    free(text);
}

static void limits_lines(void **state)
{
    (void)state;
    struct capture c = capture_start(LOG_LEVEL_WARN);
    struct log_limit limit = {0};
    for (int i = 0; i < 5; i++)
        log_limited(&limit, 2, 3600, LOG_LEVEL_WARN, "bad %d", i);
    assert_string_equal(next_write(&c), "[!] bad 0\n");
    assert_string_equal(next_write(&c), "[!] bad 1\n");
    assert_string_equal(next_write(&c), "");
    /* an hour later */
    limit.window_start_ms -= 3600u * 1000u;
    for (int i = 5; i < 8; i++)
        log_limited(&limit, 2, 3600, LOG_LEVEL_WARN, "bad %d", i);
    assert_string_equal(next_write(&c), "[!] bad 5 (3 similar messages left out)\n");
    assert_string_equal(next_write(&c), "[!] bad 6\n");
    assert_string_equal(next_write(&c), "");
    /* what the level hides does not count */
    struct log_limit other = {0};
    log_limited(&other, 1, 3600, LOG_LEVEL_INFO, "hidden");
    log_limited(&other, 1, 3600, LOG_LEVEL_WARN, "shown");
    assert_string_equal(next_write(&c), "[!] shown\n");
    capture_end(&c);
}

static void reads_the_filter(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum log_level level;
    } rows[] = {
        {"error", LOG_LEVEL_ERROR},
        {"warn", LOG_LEVEL_WARN},
        {"info", LOG_LEVEL_INFO},
        {"debug", LOG_LEVEL_DEBUG},
        {"trace", LOG_LEVEL_TRACE},
        {"off", LOG_LEVEL_OFF},
        {"INFO", LOG_LEVEL_INFO},
        {"innernet_server=debug", LOG_LEVEL_DEBUG},
        {"warn,innernet_server=info", LOG_LEVEL_INFO},
        {"trace,innernet_server=info", LOG_LEVEL_TRACE},
        {"off,a=error", LOG_LEVEL_ERROR},
        {"nonsense,debug", LOG_LEVEL_DEBUG},
        {",,debug,", LOG_LEVEL_DEBUG},
        /* the fallback */
        {NULL, LOG_LEVEL_WARN},
        {"", LOG_LEVEL_WARN},
        {"verbose", LOG_LEVEL_WARN},
        {"infos", LOG_LEVEL_WARN},
        {"inf", LOG_LEVEL_WARN},
        {"a=", LOG_LEVEL_WARN},
        {"=", LOG_LEVEL_WARN},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_row(rows[i].text ? rows[i].text : "(null)",
                   log_level_parse(rows[i].text, LOG_LEVEL_WARN) == rows[i].level);
}

static void makes_text_safe(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"", ""},
        {"plain text", "plain text"},
        {"b\xc3\xbcro \xe2\x82\xac \xf0\x9f\x98\x80", "b\xc3\xbcro \xe2\x82\xac \xf0\x9f\x98\x80"},
        {"a\nb", "a\\x0ab"},
        {"\x1b[31m", "\\x1b[31m"},
        {"\x7f", "\\x7f"},
        {"\xc2\x9b"
         "31m",
         "\\xc2\\x9b31m"},
        {"\x9b"
         "31m",
         "\\x9b31m"},
        {"\xff\xfe", "\\xff\\xfe"},
        {"\xe2\x82", "\\xe2\\x82"},
        {"\xc2\xa0", "\xc2\xa0"},
    };
    char out[64];
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_row_text(rows[i][1], log_safe(rows[i][0], out, sizeof(out)), rows[i][1]);
}

static void cuts_safe_text_between_characters(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t size;
        const char *out;
    } rows[] = {
        {"abc", 4, "abc"},
        {"abc", 3, "ab"},
        {"abc", 1, ""},
        {"a\xe2\x82\xac", 5, "a\xe2\x82\xac"},
        {"a\xe2\x82\xac", 4, "a"},
        {"a\n", 6, "a\\x0a"},
        {"a\n", 5, "a"},
        {"\xc2\x9b", 9, "\\xc2\\x9b"},
        {"\xc2\x9b", 8, ""},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEAN_FREE char *out = malloc(rows[i].size);
        assert_non_null(out);
        assert_row_text(rows[i].text, log_safe(rows[i].text, out, rows[i].size), rows[i].out);
    }
    char untouched = 'u';
    log_safe("text", &untouched, 0);
    assert_int_equal(untouched, 'u');
}

static void paints(void **state)
{
    (void)state;
    CLEAN_BUF struct buf b = BUF_INIT;
    color_override(0);
    paint(&b, SGR_DIM, "");
    paint(&b, SGR_RED, "x");
    assert_string_equal(b.data, "x");
    buf_reset(&b);
    color_override(1);
    paint(&b, SGR_DIM, "");
    assert_string_equal(b.data, "\x1b[2m\x1b[0m");
    buf_reset(&b);
    paint(&b, SGR_BOLD_YELLOW, "x");
    assert_string_equal(b.data, "\x1b[1;33mx\x1b[0m");
    color_override(0);
}

static void set_or_unset(const char *name, const char *value)
{
    if (value)
        setenv(name, value, 1);
    else
        unsetenv(name);
}

static void decides_on_colours(void **state)
{
    (void)state;
    static const struct {
        const char *force, *no_color, *clicolor;
        bool on_terminal, on_pipe;
    } rows[] = {
        {NULL, NULL, NULL, true, false}, {NULL, NULL, "1", true, false},
        {NULL, NULL, "0", false, false}, {NULL, "", NULL, false, false},
        {NULL, "0", NULL, false, false}, {NULL, "1", "1", false, false},
        {"1", NULL, NULL, true, true},   {"1", "1", "0", true, true},
        {"", NULL, NULL, true, true},    {"0", NULL, NULL, true, false},
        {"0", "1", NULL, false, false},  {"0", NULL, "0", false, false},
    };
    int terminal, other_end, pipe_fds[2];
    int saved = dup(STDOUT_FILENO);
    assert_int_equal(openpty(&other_end, &terminal, NULL, NULL, NULL), 0);
    assert_int_equal(pipe(pipe_fds), 0);
    size_t wrong = SIZE_MAX;
    fflush(stdout);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        set_or_unset("CLICOLOR_FORCE", rows[i].force);
        set_or_unset("NO_COLOR", rows[i].no_color);
        set_or_unset("CLICOLOR", rows[i].clicolor);
        color_override(-1);
        dup2(terminal, STDOUT_FILENO);
        if (color_enabled() != rows[i].on_terminal)
            wrong = i;
        /* decided once */
        dup2(pipe_fds[1], STDOUT_FILENO);
        if (color_enabled() != rows[i].on_terminal)
            wrong = i;
        color_override(-1);
        if (color_enabled() != rows[i].on_pipe)
            wrong = i;
    }
    dup2(saved, STDOUT_FILENO);
    color_override(0);
    if (wrong != SIZE_MAX)
        fail_msg("row %zu", wrong);
}

/* Logs to a stream whose reader has gone, in a child. Returns how the child ended. */
static int log_into_the_void(int target_fd, bool ignore_sigpipe)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int fds[2];
        sigset_t all;
        if (pipe(fds) < 0 || dup2(fds[1], target_fd) < 0)
            _exit(1);
        close(fds[0]);
        close(fds[1]);
        signal(SIGPIPE, ignore_sigpipe ? SIG_IGN : SIG_DFL);
        if (ignore_sigpipe) {
            sigfillset(&all);
            sigprocmask(SIG_BLOCK, &all, NULL);
        }
        log_init(target_fd == STDOUT_FILENO ? stdout : stderr, LOG_LEVEL_INFO);
        log_info("line");
        _exit(42);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void dies_quietly_of_a_closed_stdout(void **state)
{
    (void)state;
    fflush(stdout);
    int status = log_into_the_void(STDOUT_FILENO, false);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
    status = log_into_the_void(STDOUT_FILENO, true);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
}

static void outlives_a_closed_stderr(void **state)
{
    (void)state;
    int status = log_into_the_void(STDERR_FILENO, true);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 42);
}

int main(void)
{
    color_override(0);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(marks_each_level),
        cmocka_unit_test(filters_by_level),
        cmocka_unit_test(writes_a_line_at_once_and_in_order),
        cmocka_unit_test(writes_to_streams_without_an_fd),
        cmocka_unit_test(limits_lines),
        cmocka_unit_test(reads_the_filter),
        cmocka_unit_test(makes_text_safe),
        cmocka_unit_test(cuts_safe_text_between_characters),
        cmocka_unit_test(paints),
        cmocka_unit_test(decides_on_colours),
        cmocka_unit_test(dies_quietly_of_a_closed_stdout),
        cmocka_unit_test(outlives_a_closed_stderr),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
