/* The DNS messages of spec/server.md 6.12, D42 and spec/client.md 9.31; detection against resolvers
 * of our own in a network namespace. */

#include "unit.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "innernet/publicip.h"

#define ID 0x1234
#define NAME "\x0awhatismyip\x02on\x05quad9\x03net\0"
#define QUESTION(type) NAME "\0" type "\0\x01"
#define HEAD(flags, questions, answers, additional)                                                \
    "\x12\x34" flags "\0" questions "\0" answers "\0\0\0" additional
#define RECORD(owner, type, len, data) owner "\0" type "\0\x01\0\0\0\x3c\0" len data
#define POINTER "\xc0\x0c"
#define V4 "\xc0\0\x02\x07"
#define V6 "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07"
#define OPT "\0\0\x29\x04\xd0\0\0\0\0\0\0"

#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

static void builds_queries(void **state)
{
    (void)state;
    static const char a[] = HEAD("\x01\0", "\x01", "\0", "\0") QUESTION("\x01");
    static const char aaaa[] = HEAD("\x01\0", "\x01", "\0", "\0") QUESTION("\x1c");
    uint8_t out[64];
    assert_int_equal(publicip_build_query(ID, IP_V4, out, sizeof(out)), sizeof(a) - 1);
    assert_memory_equal(out, a, sizeof(a) - 1);
    assert_int_equal(publicip_build_query(ID, IP_V6, out, sizeof(out)), sizeof(aaaa) - 1);
    assert_memory_equal(out, aaaa, sizeof(aaaa) - 1);
    assert_int_equal(publicip_build_query(ID, IP_V6, out, sizeof(aaaa) - 2), 0);
}

static const struct {
    const char *row;
    const uint8_t *msg;
    size_t len;
    enum ip_family family;
    const char *address; /* NULL: no answer */
} answers[] = {
    {"compressed owner",
     BYTES(HEAD("\x81\x80", "\x01", "\x01", "\0") QUESTION("\x01")
               RECORD(POINTER, "\x01", "\x04", V4)),
     IP_V4, "192.0.2.7"},
    {"IPv6",
     BYTES(HEAD("\x81\x80", "\x01", "\x01", "\0") QUESTION("\x1c")
               RECORD(POINTER, "\x1c", "\x10", V6)),
     IP_V6, "2001:db8::7"},
    {"plain owner",
     BYTES(HEAD("\x81\x80", "\x01", "\x01", "\0") QUESTION("\x01")
               RECORD(NAME, "\x01", "\x04", V4)),
     IP_V4, "192.0.2.7"},
    {"partly compressed owner",
     BYTES(HEAD("\x81\x80", "\x01", "\x01", "\0") QUESTION("\x01")
               RECORD("\x0awhatismyip\xc0\x17", "\x01", "\x04", V4)),
     IP_V4, "192.0.2.7"},
    {"no question", BYTES(HEAD("\x81\x80", "\0", "\x01", "\0") RECORD("\0", "\x01", "\x04", V4)),
     IP_V4, "192.0.2.7"},
    {"additional record",
     BYTES(HEAD("\x81\x80", "\x01", "\x01", "\x01") QUESTION("\x01")
               RECORD(POINTER, "\x01", "\x04", V4) OPT),
     IP_V4, "192.0.2.7"},
    {"alias before the address",
     BYTES(HEAD("\x81\x80", "\x01", "\x02", "\0") QUESTION("\x01")
               RECORD(POINTER, "\x05", "\x02", POINTER) RECORD(POINTER, "\x01", "\x04", V4)),
     IP_V4, "192.0.2.7"},
    {"other id",
     BYTES("\x12\x35\x81\x80\0\x01\0\x01\0\0\0\0" QUESTION("\x01")
               RECORD(POINTER, "\x01", "\x04", V4)),
     IP_V4, NULL},
    {"a query",
     BYTES(HEAD("\x01\x80", "\x01", "\x01", "\0") QUESTION("\x01")
               RECORD(POINTER, "\x01", "\x04", V4)),
     IP_V4, NULL},
    {"name error",
     BYTES(HEAD("\x81\x83", "\x01", "\x01", "\0") QUESTION("\x01")
               RECORD(POINTER, "\x01", "\x04", V4)),
     IP_V4, NULL},
    {"truncated by the resolver",
     BYTES(HEAD("\x83\x80", "\x01", "\x01", "\0") QUESTION("\x01")
               RECORD(POINTER, "\x01", "\x04", V4)),
     IP_V4, NULL},
    {"other opcode",
     BYTES(HEAD("\x89\x80", "\x01", "\x01", "\0") QUESTION("\x01")
               RECORD(POINTER, "\x01", "\x04", V4)),
     IP_V4, NULL},
    {"two questions",
     BYTES(HEAD("\x81\x80", "\x02", "\x01", "\0") QUESTION("\x01") QUESTION("\x01")
               RECORD(POINTER, "\x01", "\x04", V4)),
     IP_V4, NULL},
    {"no answer", BYTES(HEAD("\x81\x80", "\x01", "\0", "\0") QUESTION("\x01")), IP_V4, NULL},
    {"the address only among additional records",
     BYTES(HEAD("\x81\x80", "\x01", "\0", "\x01") QUESTION("\x01")
               RECORD(POINTER, "\x01", "\x04", V4)),
     IP_V4, NULL},
    {"other type",
     BYTES(HEAD("\x81\x80", "\x01", "\x01", "\0") QUESTION("\x01")
               RECORD(POINTER, "\x1c", "\x10", V6)),
     IP_V4, NULL},
    {"other class",
     BYTES(HEAD("\x81\x80", "\x01", "\x01", "\0") QUESTION("\x01") POINTER
           "\0\x01\0\x03\0\0\0\0\0\x04" V4),
     IP_V4, NULL},
    {"short address",
     BYTES(HEAD("\x81\x80", "\x01", "\x01", "\0") QUESTION("\x01")
               RECORD(POINTER, "\x01", "\x03", "\x01\x02\x03")),
     IP_V4, NULL},
    {"IPv6 length in an A record",
     BYTES(HEAD("\x81\x80", "\x01", "\x01", "\0") QUESTION("\x01")
               RECORD(POINTER, "\x01", "\x10", V6)),
     IP_V4, NULL},
    {"more data promised than there is",
     BYTES(HEAD("\x81\x80", "\x01", "\x01", "\0") QUESTION("\x01")
               RECORD(POINTER, "\x01", "\x04", "\x01\x02")),
     IP_V4, NULL},
    {"reserved label type",
     BYTES(HEAD("\x81\x80", "\x01", "\x01", "\0") QUESTION("\x01")
               RECORD("\x40", "\x01", "\x04", V4)),
     IP_V4, NULL},
};

static void reads_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
        const char *row = answers[i].row;
        struct ip ip = {0};
        int r = publicip_parse_answer(answers[i].msg, answers[i].len, ID, answers[i].family, &ip);
        char text[IP_TEXT_MAX];
        assert_row(row, r == (answers[i].address ? 0 : -EBADMSG));
        if (answers[i].address)
            assert_row_text(row, ip_format(&ip, text), answers[i].address);
        else
            assert_row(row, ip.family == IP_NONE);
    }
}

/* Every message cut anywhere, in storage of exactly that size, so that the sanitizer and valgrind
 * see a read past its end. */
static void survives_every_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
        for (size_t len = 0; len < answers[i].len; len++) {
            CLEAN_FREE uint8_t *cut = malloc(len ? len : 1);
            assert_non_null(cut);
            memcpy(cut, answers[i].msg, len);
            struct ip ip;
            int r = publicip_parse_answer(cut, len, ID, answers[i].family, &ip);
            bool only_additional_is_cut = strcmp(answers[i].row, "additional record") == 0 &&
                                          len >= answers[i].len - (sizeof(OPT) - 1);
            assert_row(answers[i].row, r == (only_additional_is_cut ? 0 : -EBADMSG));
        }
    }
}

static int bind_resolver(const char *resolver)
{
    struct sock_addr sa = {.port = 53};
    struct sockaddr_storage to;
    assert_int_equal(ip_parse(resolver, &sa.ip), 0);
    socklen_t to_len = sock_addr_to_sockaddr(&sa, &to);
    int fd = socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&to, to_len), 0);
    return fd;
}

/* Answers each query first with a forged message, then with the true one. */
static _Noreturn void serve(int fd, enum ip_family family)
{
    static const uint8_t a[] =
        HEAD("\x81\x80", "\0", "\x01", "\0") RECORD("\0", "\x01", "\x04", V4);
    static const uint8_t aaaa[] =
        HEAD("\x81\x80", "\0", "\x01", "\0") RECORD("\0", "\x1c", "\x10", V6);
    uint8_t query[128], answer[sizeof(aaaa)];
    size_t len = (family == IP_V4 ? sizeof(a) : sizeof(aaaa)) - 1;
    struct sockaddr_storage from;
    socklen_t from_len = sizeof(from);
    while (recvfrom(fd, query, sizeof(query), 0, (struct sockaddr *)&from, &from_len) >= 2) {
        memcpy(answer, family == IP_V4 ? a : aaaa, len);
        answer[0] = query[0] ^ 0xff;
        answer[1] = query[1];
        answer[len - 1] = 9;
        sendto(fd, answer, len, 0, (struct sockaddr *)&from, from_len);
        answer[0] = query[0];
        answer[len - 1] = 7;
        sendto(fd, answer, len, 0, (struct sockaddr *)&from, from_len);
    }
    _exit(1);
}

static pid_t start_resolver(const char *resolver, enum ip_family family)
{
    int fd = bind_resolver(resolver);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        serve(fd, family);
    close(fd);
    return pid;
}

static void run(const char *command)
{
    if (system(command) != 0)
        fail_msg("failed: %s", command);
}

/* More than once, because a busy machine may be slower than the time limit. */
static void expect_detected(const char *address)
{
    struct ip ip = {0};
    char text[IP_TEXT_MAX];
    int r = -1;
    for (int i = 0; r < 0 && i < 20; i++)
        r = publicip_detect(&ip, NULL);
    assert_int_equal(r, 0);
    assert_string_equal(ip_format(&ip, text), address);
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_T17_detects_the_address(void **state)
{
    (void)state;
    if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0) {
        print_message("skipped: needs root for a network namespace\n");
        skip();
    }
    /* no way to any resolver */
    struct ip ip = {0};
    struct err err = ERR_INIT;
    assert_int_equal(publicip_detect(&ip, &err), -EHOSTUNREACH);
    assert_non_null(strstr(err.text, "Quad9"));
    assert_int_equal(ip.family, IP_NONE);

    run("ip link set lo up && ip addr add 9.9.9.9/32 dev lo && "
        "ip -6 addr add 2620:fe::fe/128 dev lo nodad");
    /* nobody listens: refused */
    assert_int_equal(publicip_detect(&ip, NULL), -EHOSTUNREACH);

    pid_t six = start_resolver("2620:fe::fe", IP_V6);
    expect_detected("2001:db8::7");

    /* one that never answers: the other's answer is there when its time is over */
    int silent = bind_resolver("9.9.9.9");
    expect_detected("2001:db8::7");
    close(silent);
    end(six);

    pid_t four = start_resolver("9.9.9.9", IP_V4);
    expect_detected("192.0.2.7");
    end(four);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(builds_queries),
        cmocka_unit_test(reads_answers),
        cmocka_unit_test(survives_every_cut),
        cmocka_unit_test(test_T17_detects_the_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
