/* The injection table of spec/server.md 3.3. */
#include "endpoints.h"
#include "fixture.h"

static struct endpoints table_with(const char *text)
{
    struct endpoints e = ENDPOINTS_INIT;
    struct wg_peer peers[2] = {{.public_key = key_of(7)}, {.public_key = key_of(8)}};
    if (text) {
        peers[0].has_endpoint = true;
        peers[0].endpoint = sock_addr_of(text);
    }
    struct wg_device device = {.peers = peers, .n_peers = 2};
    assert_int_equal(endpoints_update(&e, &device), 0);
    return e;
}

struct row {
    const char *seen;
    const char *stored;
    const char *candidate;
    const char *endpoint;   /* NULL: none */
    const char *candidates; /* JSON */
};

static const struct row rows[] = {
    {NULL, NULL, NULL, NULL, "[]"},
    {NULL, "1.2.3.4:5", NULL, "1.2.3.4:5", "[]"},
    {NULL, "0.0.0.0:7777", NULL, NULL, "[]"},
    {NULL, "[::]:99", "9.9.9.9:9", NULL, "[\"9.9.9.9:9\"]"},
    {"172.31.9.2:51821", NULL, NULL, "172.31.9.2:51821", "[]"},
    {"172.31.9.2:51821", NULL, "172.31.9.2:51821", "172.31.9.2:51821", "[\"172.31.9.2:51821\"]"},
    {"172.31.9.2:51821", "0.0.0.0:7777", NULL, "172.31.9.2:7777", "[\"172.31.9.2:51821\"]"},
    {"172.31.9.2:51821", "[::]:99", "9.9.9.9:9", "172.31.9.2:99",
     "[\"9.9.9.9:9\",\"172.31.9.2:51821\"]"},
    {"172.31.9.2:51821", "0.0.0.0:51821", NULL, "172.31.9.2:51821", "[]"},
    {"172.31.9.2:51821", "foo.example:1", NULL, "foo.example:1", "[\"172.31.9.2:51821\"]"},
    {"172.31.9.2:51821", "foo.example:1", "172.31.9.2:51821", "foo.example:1",
     "[\"172.31.9.2:51821\"]"},
    {"172.31.9.2:51821", "172.31.9.2:51821", NULL, "172.31.9.2:51821", "[]"},
    {"[2001:db8::1]:5833", NULL, NULL, "[2001:db8::1]:5833", "[]"},
    {"0.0.0.0:51821", NULL, NULL, NULL, "[]"}, /* an unspecified one is none (D24) */
    {"[::]:51821", "1.2.3.4:5", NULL, "1.2.3.4:5", "[]"},
};

static void check(const struct row *row)
{
    struct endpoints e = table_with(row->seen);
    struct endpoint candidate = ENDPOINT_INIT;
    struct peer p = {.public_key = key_of(7)};
    struct peer shown;
    struct endpoint *array;
    if (row->stored)
        p.endpoint = endpoint_of(row->stored);
    if (row->candidate) {
        candidate = endpoint_of(row->candidate);
        p.candidates = &candidate;
        p.n_candidates = 1;
    }
    assert_int_equal(endpoints_inject(&e, &p, &shown, &array), 0);
    CLEAN_BUF struct buf candidates = BUF_INIT;
    record_encode_candidates(&candidates, shown.candidates, shown.n_candidates);
    assert_string_equal(candidates.data, row->candidates);
    char *text = endpoint_is_set(&shown.endpoint) ? endpoint_text(&shown.endpoint) : NULL;
    if (row->endpoint)
        assert_string_equal(text, row->endpoint);
    else
        assert_null(text);
    free(text);
    free(array);
    endpoint_done(&candidate);
    endpoint_done(&p.endpoint);
    endpoints_done(&e);
}

static void injects_by_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        check(&rows[i]);
}

static void the_table_follows_the_device(void **state)
{
    (void)state;
    struct endpoints e = table_with("1.1.1.1:1");
    struct key key = key_of(7);
    struct key other = key_of(8);
    uint64_t generation = e.generation;
    struct wg_peer peer = {
        .public_key = key, .has_endpoint = true, .endpoint = sock_addr_of("1.1.1.1:1")};
    struct wg_device device = {.peers = &peer, .n_peers = 1};
    assert_int_equal(endpoints_update(&e, &device), 0);
    assert_int_equal(e.generation, generation); /* the same again */
    peer.endpoint = sock_addr_of("1.1.1.1:2");
    assert_int_equal(endpoints_update(&e, &device), 0);
    assert_true(e.generation > generation);
    assert_int_equal(endpoints_find(&e, &key)->port, 2);
    assert_null(endpoints_find(&e, &other));
    generation = e.generation;
    device.n_peers = 0; /* gone from the device, gone from the table (D25) */
    assert_int_equal(endpoints_update(&e, &device), 0);
    assert_null(endpoints_find(&e, &key));
    assert_true(e.generation > generation);
    endpoints_done(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(injects_by_the_table),
        cmocka_unit_test(the_table_follows_the_device),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
