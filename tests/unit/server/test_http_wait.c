/* Requests that wait, with the real API over a real socket: 127.0.0.2 is a developer, 127.0.0.3 a
 * user. */
#include "api_fixture.h"
#include "http_fixture.h"
#include "http_private.h"

#define DEVELOPER "127.0.0.2"
#define USER "127.0.0.3"

static void local_peers(struct store *s)
{
    put_peer(s, "local-developer", DEVELOPER, 4, 50, false);
    put_peer(s, "local-user", USER, 5, 51, false);
}

static int begin(void **state)
{
    setup(state);
    elsewhere(local_peers);
    return open_http(&api);
}

static int end(void **state)
{
    http_free(http);
    return teardown(state);
}

/* --- clients ---------------------------------------------------------------------------------- */

static int client(const char *source)
{
    struct sockaddr_in own = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(inet_pton(AF_INET, source, &own.sin_addr), 1);
    assert_int_equal(bind(fd, (struct sockaddr *)&own, sizeof(own)), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void question(int fd, const char *fields)
{
    char text[1024];
    int len = snprintf(text, sizeof(text),
                       "GET /v1/user/state HTTP/1.1\r\nX-Innernet-Server-Key: %s\r\n%s\r\n",
                       server_key, fields);
    assert_int_equal(send(fd, text, (size_t)len, MSG_NOSIGNAL), len);
}

#define PATIENCE 20000
#define FEW 20

/* Waits for another state than the one that holds. */
static int waiting(const char *source, int64_t cidr_id, const char *preference)
{
    char fields[256];
    int fd = client(source);
    assert_int_equal(registry_sync(&registry, NULL), 0);
    snprintf(fields, sizeof(fields), "If-None-Match: %s\r\nPrefer: %s\r\n",
             snapshot_state(&snapshot, cidr_id)->body->etag[BODY_PLAIN], preference);
    question(fd, fields);
    return fd;
}

static void disable_dev2(struct store *s)
{
    assert_int_equal(store_set_peer_disabled(s, 4, true, NULL), 0);
}

static void disable_local(struct store *s)
{
    assert_int_equal(store_set_peer_disabled(s, 7, true, NULL), 0);
}

/* --- cases ------------------------------------------------------------------------------------ */

static void changes_wake_who_sees_them(void **state)
{
    (void)state;
    int developer = waiting(DEVELOPER, 4, "wait=300");
    int user = waiting(USER, 5, "wait=300");
    assert_string_equal(hear(developer, FEW), "silence");
    assert_string_equal(hear(user, FEW), "silence");
    assert_int_equal(http->waits.n, 2);
    assert_true(http_is_idle(http));
    elsewhere(disable_dev2);
    assert_begins(hear(developer, PATIENCE), "HTTP/1.1 200 ");
    assert_null(strstr(heard, "\"developer2\""));
    assert_non_null(strstr(heard, "preference-applied: wait=300\r\n"));
    assert_string_equal(hear(user, FEW), "silence");
    assert_int_equal(http->waits.n, 1);
    close(developer);
    close(user);
}

static void everything_is_decided_anew(void **state)
{
    (void)state;
    int fd = waiting(DEVELOPER, 4, "wait=300");
    assert_string_equal(hear(fd, FEW), "silence");
    elsewhere(disable_local);
    assert_begins(hear(fd, PATIENCE), "HTTP/1.1 401 ");
    assert_null(strstr(heard, "preference-applied"));
    close(fd);
}

static void waits_end(void **state)
{
    (void)state;
    int fd = waiting(DEVELOPER, 4, "wait=1");
    assert_string_equal(hear(fd, FEW), "silence");
    assert_begins(hear(fd, PATIENCE), "HTTP/1.1 304 ");
    assert_non_null(strstr(heard, "preference-applied: wait=1\r\n"));
    question(fd, "If-None-Match: *\r\nPrefer: wait=900\r\n");
    assert_string_equal(hear(fd, FEW), "silence");
    http_quiesce(http);
    assert_false(http_is_idle(http));
    assert_begins(hear(fd, PATIENCE), "HTTP/1.1 304 ");
    assert_non_null(strstr(heard, "preference-applied: wait=300\r\n"));
    assert_true(http_is_idle(http));
    close(fd);
}

static void who_leaves_frees_the_place(void **state)
{
    (void)state;
    int fds[HTTP_WAITING_PER_SOURCE];
    for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
        fds[i] = waiting(DEVELOPER, 4, "wait=300");
    assert_string_equal(hear(fds[0], FEW), "silence");
    assert_int_equal(http->waits.n, ARRAY_SIZE(fds));
    int more = waiting(DEVELOPER, 4, "wait=300");
    assert_begins(hear(more, PATIENCE), "HTTP/1.1 304 ");
    assert_null(strstr(heard, "preference-applied"));
    int other = waiting(USER, 5, "wait=300");
    assert_string_equal(hear(other, FEW), "silence");
    for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
        close(fds[i]);
    for (int i = 0; http->waits.n > 1 && i < PATIENCE; i++)
        hear(other, 1);
    assert_int_equal(http->waits.n, 1);
    /* Who closes only one direction lets go as well. */
    assert_int_equal(shutdown(other, SHUT_WR), 0);
    assert_string_not_equal(hear(other, PATIENCE), "silence");
    assert_int_equal(http->waits.n, 0);
    assert_int_equal(http->waits.sources.n_entries, 0);
    close(more);
    close(other);
}

static void roam(uint16_t port)
{
    struct wg_peer seen = {
        .public_key = key_of(3), .has_endpoint = true, .endpoint = sock_addr_of("169.10.26.8:1")};
    seen.endpoint.port = port;
    struct wg_device wg_device = {.peers = &seen, .n_peers = 1};
    assert_int_equal(endpoints_update(&endpoints, &wg_device), 0);
}

/* At once while that is rare; never for long while others have just been woken. */
static void observed_endpoints_wake_in_bounds(void **state)
{
    (void)state;
    int fd = waiting(DEVELOPER, 4, "wait=300");
    assert_string_equal(hear(fd, FEW), "silence");
    roam(1);
    assert_begins(hear(fd, PATIENCE), "HTTP/1.1 200 ");
    close(fd);
    fd = waiting(DEVELOPER, 4, "wait=300");
    assert_string_equal(hear(fd, FEW), "silence");
    uint64_t due_ms = http->conns.now_ms + 3600 * 1000;
    http->waits.roaming_due_ms = due_ms;
    roam(2);
    assert_string_equal(hear(fd, FEW), "silence");
    elsewhere(disable_dev2); /* a change of a record does not wait */
    assert_begins(hear(fd, PATIENCE), "HTTP/1.1 200 ");
    assert_non_null(strstr(heard, "169.10.26.8:2"));
    assert_true(http->waits.roaming_due_ms == due_ms);
    close(fd);
}

/* A change that was undone for those who came first is one for those who came in between. */
static void who_came_in_between_is_woken(void **state)
{
    (void)state;
    roam(1);
    int first = waiting(DEVELOPER, 4, "wait=300");
    assert_string_equal(hear(first, FEW), "silence");
    http->waits.roaming_due_ms = http->conns.now_ms + 500;
    roam(2);
    int second = waiting(DEVELOPER, 4, "wait=300");
    assert_string_equal(hear(second, FEW), "silence");
    roam(1);
    assert_begins(hear(second, PATIENCE), "HTTP/1.1 200");
    assert_string_equal(hear(first, FEW), "silence");
    assert_int_equal(http->waits.n, 1);
    close(first);
    close(second);
}

/* Who is woken for nothing waits on. */
static void waiting_goes_on(void **state)
{
    (void)state;
    int first = waiting(DEVELOPER, 4, "wait=300");
    int second = waiting(DEVELOPER, 4, "wait=300");
    assert_string_equal(hear(second, FEW), "silence");
    for (int i = 0; i < 3; i++) {
        http_waits_wake_all(&http->waits);
        assert_int_equal(http->waits.n, 0);
        assert_string_equal(hear(first, FEW), "silence");
        assert_int_equal(http->waits.n, 2);
        assert_true(link_is_empty(&http->pace.slots));
    }
    elsewhere(disable_dev2);
    assert_begins(hear(first, PATIENCE), "HTTP/1.1 200 ");
    assert_begins(hear(second, PATIENCE), "HTTP/1.1 200 ");
    close(first);
    close(second);
}

/* The idle make room; when there are none, the answer is 503. */
static void there_is_room_for_so_many(void **state)
{
    (void)state;
    http->conns_max = 2;
    int first = waiting(DEVELOPER, 4, "wait=300");
    int silent = client(USER);
    assert_string_equal(hear(first, FEW), "silence");
    assert_int_equal(http->conns.n, 2);
    struct link *of_silent = link_first(&http->conns.timed[HTTP_HEAD]);
    LINK_OWNER(of_silent, struct http_conn, link)->since_ms -= HTTP_HEAD_GRACE_MS;
    int second = waiting(DEVELOPER, 4, "wait=300");
    assert_string_equal(hear(silent, PATIENCE), "end");
    assert_string_equal(hear(second, FEW), "silence");
    int third = waiting(USER, 5, "wait=300");
    assert_begins(hear(third, PATIENCE), "HTTP/1.1 503 ");
    assert_non_null(strstr(heard, "\r\nretry-after: 5\r\n"));
    assert_string_equal(hear(third, PATIENCE), "end");
    assert_int_equal(http->waits.n, 2);
    close(first);
    close(silent);
    close(second);
    close(third);
}

/* In every state that a connection can be in. */
static void the_end_comes_at_any_time(void **state)
{
    (void)state;
    int fds[4];
    for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
        fds[i] = waiting(i % 2 ? USER : DEVELOPER, i % 2 ? 5 : 4, "wait=300");
    assert_string_equal(hear(fds[0], FEW), "silence");
    assert_int_equal(http->waits.n, 4);
    http_waits_wake_all(&http->waits);
    assert_int_equal(http->pace.n_queued, 4);
    fds[0] = (close(fds[0]), waiting(DEVELOPER, 4, "wait=300"));
    http_free(http);
    http = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
        close(fds[i]);
}

#undef CASE
#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(changes_wake_who_sees_them),
        CASE(everything_is_decided_anew),
        CASE(waits_end),
        CASE(who_leaves_frees_the_place),
        CASE(waiting_goes_on),
        CASE(who_came_in_between_is_woken),
        CASE(there_is_room_for_so_many),
        CASE(observed_endpoints_wake_in_bounds),
        CASE(the_end_comes_at_any_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
