#include <poll.h>
#include <sys/socket.h>

#include "fixture.h"
#include "http_conn.h"

struct pair {
    int ours;
    int theirs;
};

static struct pair connect_pair(void)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    return (struct pair){.ours = fds[0], .theirs = fds[1]};
}

static bool is_shut(struct pair p)
{
    struct pollfd fd = {.fd = p.theirs, .events = POLLIN};
    char c;
    return poll(&fd, 1, 0) == 1 && read(p.theirs, &c, 1) == 0;
}

static void close_pair(struct pair p)
{
    close(p.ours);
    close(p.theirs);
}

static void the_late_are_shut(void **state)
{
    (void)state;
    struct http_conns all;
    struct pair slow = connect_pair();
    struct pair quick = connect_pair();
    http_conns_init(&all);
    all.now_ms = 1000;
    assert_true(http_conns_next_ms(&all) == UINT64_MAX);
    struct http_conn *a = http_conn_new(&all, NULL, slow.ours);
    struct http_conn *b = http_conn_new(&all, NULL, quick.ours);
    http_conn_enter(b, HTTP_BODY, NULL);
    assert_true(http_conns_next_ms(&all) == 1000 + HTTP_HEAD_TIMEOUT_MS);
    all.now_ms += HTTP_HEAD_TIMEOUT_MS - 1;
    http_conns_shut_late(&all);
    assert_false(is_shut(slow));
    all.now_ms++;
    http_conns_shut_late(&all);
    assert_true(is_shut(slow));
    assert_false(is_shut(quick));
    assert_true(http_conns_next_ms(&all) == 1000 + HTTP_BODY_TIMEOUT_MS);
    all.now_ms = 1000 + HTTP_BODY_TIMEOUT_MS;
    http_conns_shut_late(&all);
    assert_true(is_shut(quick));
    assert_true(http_conns_next_ms(&all) == UINT64_MAX);
    http_conn_free(a);
    http_conn_free(b);
    assert_int_equal(all.n, 0);
    close_pair(slow);
    close_pair(quick);
}

static void we_may_take_our_time(void **state)
{
    (void)state;
    struct http_conns all;
    struct pair p = connect_pair();
    http_conns_init(&all);
    struct http_conn *c = http_conn_new(&all, NULL, p.ours);
    http_conn_begin(c);
    http_conn_enter(c, HTTP_LATER, NULL);
    assert_int_equal(all.n_later, 1);
    all.now_ms += 10 * HTTP_WRITE_TIMEOUT_MS;
    http_conns_shut_late(&all);
    assert_false(is_shut(p));
    assert_false(http_conns_shut_idle(&all));
    http_conn_free(c);
    assert_int_equal(all.n_later, 0);
    assert_int_equal(all.n_busy, 0);
    close_pair(p);
}

static void the_longest_idle_goes_first(void **state)
{
    (void)state;
    static const enum http_phase phases[] = {HTTP_BODY, HTTP_IDLE, HTTP_HEAD, HTTP_IDLE,
                                             HTTP_WRITE};
    struct http_conns all;
    struct pair pairs[ARRAY_SIZE(phases)];
    struct http_conn *conns[ARRAY_SIZE(phases)];
    http_conns_init(&all);
    for (size_t i = 0; i < ARRAY_SIZE(phases); i++) {
        pairs[i] = connect_pair();
        all.now_ms++;
        conns[i] = http_conn_new(&all, NULL, pairs[i].ours);
        http_conn_enter(conns[i], phases[i], NULL);
    }
    all.now_ms += HTTP_HEAD_GRACE_MS;
    for (size_t i = 1; i <= 3; i++) {
        assert_false(is_shut(pairs[i]));
        assert_true(http_conns_shut_idle(&all));
        assert_true(is_shut(pairs[i]));
    }
    assert_false(http_conns_shut_idle(&all)); /* the others are at something */
    assert_false(is_shut(pairs[0]) || is_shut(pairs[4]));
    for (size_t i = 0; i < ARRAY_SIZE(phases); i++) {
        http_conn_free(conns[i]);
        close_pair(pairs[i]);
    }
}

static void who_has_just_come_may_ask(void **state)
{
    (void)state;
    struct http_conns all;
    struct pair p = connect_pair();
    http_conns_init(&all);
    struct http_conn *c = http_conn_new(&all, NULL, p.ours);
    all.now_ms += HTTP_HEAD_GRACE_MS - 1;
    assert_false(http_conns_shut_idle(&all));
    assert_false(is_shut(p));
    all.now_ms++;
    assert_true(http_conns_shut_idle(&all));
    assert_true(is_shut(p));
    http_conn_free(c);
    close_pair(p);
}

static void requests_begin_and_end(void **state)
{
    (void)state;
    struct http_conns all;
    struct http_conn *conns[3];
    http_conns_init(&all);
    for (int i = 0; i < 3; i++)
        conns[i] = http_conn_new(&all, NULL, -1);
    http_conn_begin(conns[0]);
    http_conn_begin(conns[1]);
    http_conn_begin(conns[1]); /* the next one without an end */
    assert_int_equal(all.n_busy, 2);
    conns[0]->must_close = conns[0]->is_decided = true;
    buf_puts(&conns[0]->body, "left over");
    http_conn_end(conns[0]);
    assert_int_equal(all.n_busy, 1);
    assert_false(conns[0]->must_close || conns[0]->is_decided || conns[0]->is_busy);
    assert_int_equal(conns[0]->body.len, 0);
    http_conn_free(conns[1]); /* in the middle of its request */
    assert_int_equal(all.n_busy, 0);
    assert_int_equal(all.n, 2);
    http_conn_free(conns[2]);
    http_conn_free(conns[0]);
    http_conn_free(NULL);
    assert_int_equal(all.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_late_are_shut),           cmocka_unit_test(we_may_take_our_time),
        cmocka_unit_test(the_longest_idle_goes_first), cmocka_unit_test(who_has_just_come_may_ask),
        cmocka_unit_test(requests_begin_and_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
