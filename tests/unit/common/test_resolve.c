/* Look-ups that need no name server: literals, "localhost" from the hosts file, and ".invalid",
 * which RFC 6761 says never exists. */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "innernet/resolve.h"

static struct endpoint parse(const char *text)
{
    struct endpoint ep;
    struct err err = ERR_INIT;
    if (endpoint_parse(text, &ep, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    return ep;
}

static void assert_sock_addr(const struct sock_addr *sa, const char *expected)
{
    char text[SOCK_ADDR_TEXT_MAX];
    assert_string_equal(sock_addr_format(sa, text), expected);
}

static void test_CX03_literals_need_no_lookup(void **state)
{
    (void)state;
    CLEAN_ENDPOINT struct endpoint v4 = parse("192.0.2.7:51820"), v6 = parse("[2001:db8::1]:80");
    struct sock_addr sa;
    assert_int_equal(resolve_endpoint(&v4, 0, &sa, NULL), 0);
    assert_sock_addr(&sa, "192.0.2.7:51820");
    assert_int_equal(resolve_endpoint(&v6, 0, &sa, NULL), 0);
    assert_sock_addr(&sa, "[2001:db8::1]:80");
}

static void test_CX03_name_resolves_with_its_port(void **state)
{
    (void)state;
    CLEAN_ENDPOINT struct endpoint ep = parse("localhost:4711");
    struct sock_addr sa;
    assert_int_equal(resolve_endpoint(&ep, 20000, &sa, NULL), 0);
    assert_true(ip_is_loopback(&sa.ip));
    assert_int_equal(sa.port, 4711);
}

static void test_CX03_unknown_name_says_so(void **state)
{
    (void)state;
    CLEAN_ENDPOINT struct endpoint ep = parse("no-such-host.invalid:1");
    struct sock_addr sa;
    struct err err = ERR_INIT;
    assert_int_equal(resolve_endpoint(&ep, 20000, &sa, &err), -EHOSTUNREACH);
    assert_non_null(strstr(err.text, "no-such-host.invalid:1"));
}

/* More names than threads; results stay with their endpoints. */
static void test_many_at_once(void **state)
{
    (void)state;
    enum { N = 100 };
    struct endpoint eps[N];
    const struct endpoint *list[N];
    struct sock_addr found[N];
    bool ok[N];
    for (size_t i = 0; i < N; i++) {
        char text[64];
        static const char *const hosts[] = {"localhost", "192.0.2.1", "nobody.invalid"};
        snprintf(text, sizeof(text), "%s:%zu", hosts[i % 3], i + 1);
        eps[i] = parse(text);
        list[i] = &eps[i];
    }
    assert_int_equal(resolve_endpoints(list, N, 60000, found, ok), 0);
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(ok[i], i % 3 != 2);
        if (ok[i])
            assert_int_equal(found[i].port, i + 1);
        endpoint_done(&eps[i]);
    }
    assert_int_equal(resolve_endpoints(NULL, 0, 0, NULL, NULL), 0);
}

/* A deadline that has passed leaves names unresolved, literals resolved, and nothing behind that
 * touches the caller's memory (the sanitizers would tell). */
static void test_deadline(void **state)
{
    (void)state;
    CLEAN_ENDPOINT struct endpoint name = parse("slow.invalid:1"), literal = parse("192.0.2.1:1");
    const struct endpoint *list[] = {&name, &literal};
    struct sock_addr found[2];
    bool ok[2];
    assert_int_equal(resolve_endpoints(list, 2, 0, found, ok), 0);
    assert_false(ok[0]);
    assert_true(ok[1]);
}

static void wait_for(struct resolver *r)
{
    struct pollfd fd = {.fd = resolver_fd(r), .events = POLLIN};
    assert_int_equal(poll(&fd, 1, 30000), 1);
}

static void test_resolver_never_blocks_and_remembers(void **state)
{
    (void)state;
    struct resolver *r;
    assert_int_equal(resolver_new(&r, NULL), 0);
    CLEAN_ENDPOINT struct endpoint literal = parse("192.0.2.1:9"), name = parse("localhost:10"),
                                   other_port = parse("localhost:11");
    struct sock_addr sa;
    assert_true(resolver_lookup(r, &literal, &sa));
    assert_sock_addr(&sa, "192.0.2.1:9");
    assert_false(resolver_lookup(r, &name, &sa));
    assert_false(resolver_lookup(r, &name, &sa)); /* asked once */
    wait_for(r);
    assert_true(resolver_collect(r));
    assert_false(resolver_collect(r));
    assert_true(resolver_lookup(r, &name, &sa));
    assert_int_equal(sa.port, 10);
    assert_true(resolver_lookup(r, &other_port, &sa));
    assert_int_equal(sa.port, 11);
    resolver_free(r);
}

static void test_resolver_failure_is_no_change(void **state)
{
    (void)state;
    struct resolver *r;
    assert_int_equal(resolver_new(&r, NULL), 0);
    CLEAN_ENDPOINT struct endpoint name = parse("nobody.invalid:10");
    struct sock_addr sa;
    assert_false(resolver_lookup(r, &name, &sa));
    wait_for(r);
    assert_false(resolver_collect(r));
    assert_false(resolver_lookup(r, &name, &sa));
    resolver_free(r);
    resolver_free(NULL);
}

int main(void)
{
    if (unshare(CLONE_NEWNET) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0) {
        fprintf(stderr, "SKIPPED: needs a network namespace of its own (run as root)\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_CX03_literals_need_no_lookup),
        cmocka_unit_test(test_CX03_name_resolves_with_its_port),
        cmocka_unit_test(test_CX03_unknown_name_says_so),
        cmocka_unit_test(test_many_at_once),
        cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_resolver_never_blocks_and_remembers),
        cmocka_unit_test(test_resolver_failure_is_no_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
