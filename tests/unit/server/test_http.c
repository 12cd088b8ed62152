/* HTTP over a real socket, with an API of our own in the place of the real one. */
#include "fixture.h"
#include "http_fixture.h"

static struct api api;

/* --- the API ---------------------------------------------------------------------------------- */

static enum api_verdict verdict;
static void *ticket; /* of the last request */
static char body[64];
static unsigned n_asked;

enum api_verdict api_begin(struct api *a, const struct api_request *req, struct api_response *ret)
{
    (void)a;
    *ret = (struct api_response){0};
    return req->method == API_PUT ? API_NEEDS_BODY : API_NEEDS_NONE;
}

enum api_verdict api_respond(struct api *a, const struct api_request *req, struct api_response *ret)
{
    (void)a;
    n_asked++;
    ticket = req->ticket;
    snprintf(body, sizeof(body), "%.*s", (int)req->body_len, req->body);
    *ret = (struct api_response){.status = verdict == API_LATER ? 0 : 204};
    return verdict;
}

void api_response_done(struct api_response *r)
{
    body_unref(r->body);
    *r = (struct api_response){0};
}

static void deliver(int status)
{
    struct api_response answer = {.status = status};
    api.deliver(api.deliver_user, ticket, &answer);
    assert_int_equal(answer.status, 0); /* taken over */
}

static int setup(void **state)
{
    (void)state;
    assert_int_equal(open_http(&api), 0);
    verdict = API_ANSWERED;
    n_asked = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    http_free(http);
    return 0;
}

/* --- clients ---------------------------------------------------------------------------------- */

static int connect_client(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

#define PATIENCE 5000

#define GET_X "GET /x HTTP/1.1\r\n\r\n"
#define PUT_X "PUT /x HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi"
#define DELETE_CHUNKED                                                                             \
    "DELETE /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"

static void answers_come_at_once_or_later(void **state)
{
    (void)state;
    static const char *const requests[] = {GET_X, PUT_X};
    int fd = connect_client();
    for (size_t i = 0; i < 2 * ARRAY_SIZE(requests); i++) {
        const char *request = requests[i / 2];
        bool later = i % 2;
        verdict = later ? API_LATER : API_ANSWERED;
        n_asked = 0;
        say(fd, request);
        if (later) {
            assert_string_equal(hear(fd, 20), "silence");
            assert_false(http_is_idle(http));
            assert_int_equal(n_asked, 1);
            deliver(409);
        }
        assert_begins(hear(fd, PATIENCE), later ? "HTTP/1.1 409 " : "HTTP/1.1 204 ");
        assert_string_equal(body, request[0] == 'P' ? "hi" : "");
        assert_int_equal(n_asked, 1); /* nothing is done twice */
    }
    close(fd);
}

static void what_comes_meanwhile_waits_its_turn(void **state)
{
    (void)state;
    int fd = connect_client();
    verdict = API_LATER;
    say(fd, PUT_X);
    assert_string_equal(hear(fd, 20), "silence");
    say(fd, GET_X);
    assert_string_equal(hear(fd, 20), "silence");
    assert_int_equal(n_asked, 1);
    verdict = API_ANSWERED;
    deliver(201);
    assert_begins(hear(fd, PATIENCE), "HTTP/1.1 201 ");
    if (!strstr(heard, "HTTP/1.1 204 "))
        assert_begins(hear(fd, PATIENCE), "HTTP/1.1 204 ");
    close(fd);
}

/* The body plays no part and is not read: the answer ends the connection. */
static void a_body_of_no_use_does_not_delay_the_answer(void **state)
{
    (void)state;
    int fd = connect_client();
    verdict = API_LATER;
    say(fd, DELETE_CHUNKED);
    assert_string_equal(hear(fd, 20), "silence");
    assert_int_equal(n_asked, 1);
    deliver(204);
    assert_begins(hear(fd, PATIENCE), "HTTP/1.1 204 ");
    assert_non_null(strstr(heard, "close"));
    assert_string_equal(hear(fd, PATIENCE), "end");
    close(fd);
}

/* Who is gone when the answer comes harms nobody, nor does the end of everything. */
static void clients_leave_before_the_answer(void **state)
{
    (void)state;
    int gone = connect_client();
    int left = connect_client();
    verdict = API_LATER;
    say(gone, PUT_X);
    assert_string_equal(hear(gone, 20), "silence");
    close(gone);
    assert_string_equal(hear(left, 20), "silence");
    deliver(204);
    assert_string_equal(hear(left, 20), "silence");
    assert_true(http_is_idle(http));
    say(left, PUT_X);
    assert_string_equal(hear(left, 20), "silence");
    assert_int_equal(n_asked, 2);
    http_free(http);
    http = NULL;
    close(left);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(answers_come_at_once_or_later),
        CASE(what_comes_meanwhile_waits_its_turn),
        CASE(a_body_of_no_use_does_not_delay_the_answer),
        CASE(clients_leave_before_the_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
