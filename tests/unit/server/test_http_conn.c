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
    struct http_conns all = HTTP_CONNS_INIT;
    struct pair slow = connect_pair();
    struct pair quick = connect_pair();
    assert_true(all.next_deadline_ms == UINT64_MAX);
    struct http_conn *a = http_conn_new(&all, NULL, slow.ours);
    struct http_conn *b = http_conn_new(&all, NULL, quick.ours);
    http_conn_allow(b, HTTP_BODY_TIMEOUT_MS);
    assert_true(all.next_deadline_ms == a->deadline_ms);
    http_conns_shut_late(&all, a->deadline_ms - 1);
    assert_false(is_shut(slow));
    http_conns_shut_late(&all, a->deadline_ms);
    assert_true(is_shut(slow));
    assert_false(is_shut(quick));
    assert_true(all.next_deadline_ms == b->deadline_ms);
    http_conn_free(a);
    http_conns_shut_late(&all, b->deadline_ms);
    assert_true(is_shut(quick));
    http_conn_free(b);
    assert_null(all.first);
    close_pair(slow);
    close_pair(quick);
}

static void requests_begin_and_end(void **state)
{
    (void)state;
    struct http_conns all = HTTP_CONNS_INIT;
    struct http_conn *conns[3];
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
    http_conn_free(conns[1]); /* in the middle of its request and of the list */
    assert_int_equal(all.n_busy, 0);
    assert_ptr_equal(all.first, conns[2]);
    assert_ptr_equal(conns[2]->next, conns[0]);
    http_conn_free(conns[2]);
    http_conn_free(conns[0]);
    http_conn_free(NULL);
    assert_null(all.first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_late_are_shut),
        cmocka_unit_test(requests_begin_and_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
