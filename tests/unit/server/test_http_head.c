#include "fixture.h"
#include "http_head.h"

static struct http_head start(const char *version)
{
    struct http_head head;
    http_head_start(&head, "GET", "/v1", version);
    return head;
}

static void targets_become_paths(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"/v1/user", "/v1/user"}, {"http://host/v1/user", "/v1/user"},
        {"http://host", "/"},     {"*", "*"},
        {"host:80", "host:80"},   {"/a://b/c", "/a://b/c"},
        {"//v1", "//v1"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct http_head head;
        http_head_start(&head, "GET", rows[i][0], "HTTP/1.1");
        assert_string_equal(head.req.path, rows[i][1]);
    }
    assert_true(http_target_is_clean("/v1?a=%zz"));
    assert_false(http_target_is_clean("/v1 x"));
    assert_false(http_target_is_clean("/v1\x7f"));
    assert_false(http_target_is_clean("/v1\xc3\xa9"));
}

static void methods_are_case_sensitive(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum api_method method;
    } rows[] = {{"GET", API_GET},       {"POST", API_POST},         {"PUT", API_PUT},
                {"DELETE", API_DELETE}, {"HEAD", API_OTHER_METHOD}, {"get", API_OTHER_METHOD}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct http_head head;
        http_head_start(&head, rows[i].text, "/", "HTTP/1.1");
        assert_int_equal(head.req.method, rows[i].method);
    }
}

static void versions_are_two(void **state)
{
    (void)state;
    assert_false(start("HTTP/1.1").is_bad);
    assert_false(start("HTTP/1.0").is_bad);
    assert_true(start("HTTP/1.2").is_bad);
    assert_true(start("HTTP/2.0").is_bad);
}

static void lengths_are_plain_and_agree(void **state)
{
    (void)state;
    static const struct {
        const char *first;
        const char *second;
        bool is_bad;
        uint64_t length;
    } rows[] = {
        {"2", NULL, false, 2},  {"2", "2", false, 2},
        {"02", "2", false, 2},  {"2 ", NULL, false, 2},
        {"2", "3", true, 0},    {"", NULL, true, 0},
        {"+2", NULL, true, 0},  {"-2", NULL, true, 0},
        {"2x", NULL, true, 0},  {"2, 2", NULL, true, 0},
        {"0x2", NULL, true, 0}, {"99999999999999999999999", NULL, false, UINT64_MAX},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct http_head head = start("HTTP/1.1");
        http_head_add(&head, "Content-Length", rows[i].first);
        if (rows[i].second)
            http_head_add(&head, "content-length", rows[i].second);
        if (head.is_bad != rows[i].is_bad)
            fail_msg("row %zu", i);
        if (!rows[i].is_bad) {
            assert_true(head.req.has_content_length);
            assert_true(head.req.content_length == rows[i].length);
        }
    }
}

static void codings_are_one(void **state)
{
    (void)state;
    struct http_head head = start("HTTP/1.1");
    http_head_add(&head, "Transfer-Encoding", "Chunked");
    assert_true(head.req.is_chunked);
    assert_false(head.is_bad);
    http_head_add(&head, "Transfer-Encoding", "gzip");
    assert_true(head.is_bad);
    head = start("HTTP/1.0");
    http_head_add(&head, "Transfer-Encoding", "chunked");
    assert_true(head.is_bad);
}

static void the_first_key_counts_without_blanks(void **state)
{
    (void)state;
    char longer[200];
    struct http_head head = start("HTTP/1.1");
    assert_null(head.req.server_key);
    http_head_add(&head, "x-INNERNET-server-KEY", " \t abc= \t");
    http_head_add(&head, "X-Innernet-Server-Key", "second");
    assert_string_equal(head.req.server_key, "abc=");
    head = start("HTTP/1.1");
    memset(longer, 'A', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    http_head_add(&head, "X-Innernet-Server-Key", longer);
    struct key key;
    assert_true(strlen(head.req.server_key) < sizeof(head.key));
    assert_true(key_parse(head.req.server_key, &key) < 0);
}

static void names_are_tokens(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "Foo ", " Foo", "Fo\to", "F(oo", "F\x80o"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct http_head head = start("HTTP/1.1");
        http_head_add(&head, bad[i], "x");
        if (!head.is_bad)
            fail_msg("\"%s\" passed", bad[i]);
    }
    struct http_head head = start("HTTP/1.1");
    http_head_add(&head, "X-a_b.c~1", NULL);
    http_head_add(&head, "Expect", "100-continue");
    assert_false(head.is_bad);
    assert_true(head.expects_continue);
    assert_int_equal(head.n_fields, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets_become_paths),
        cmocka_unit_test(methods_are_case_sensitive),
        cmocka_unit_test(versions_are_two),
        cmocka_unit_test(lengths_are_plain_and_agree),
        cmocka_unit_test(codings_are_one),
        cmocka_unit_test(the_first_key_counts_without_blanks),
        cmocka_unit_test(names_are_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
