#include "diff.h"
#include "diff_log.h"
#include "fixture.h"
#include "innernet/log.h"

#define NOW 1000000

/* One device peer and one record, both with key 1 and 10.0.0.1, which tests bend. */
struct pair {
    struct network allowed;
    struct wg_peer before;
    struct wg_device device;
    struct peer peer;
    struct endpoint candidate;
    struct sock_addr endpoint;
    bool has_endpoint;
    struct key server_key;
    bool keep_server;
    bool is_settled;
    struct diffs diffs;
};

static int set_up(void **state)
{
    struct pair *p = calloc(1, sizeof(*p));
    p->allowed = network_of("10.0.0.1/32");
    p->before =
        (struct wg_peer){.public_key = key_of(1), .allowed_ips = &p->allowed, .n_allowed_ips = 1};
    p->device = (struct wg_device){
        .has_key = true, .public_key = key_of(100), .peers = &p->before, .n_peers = 1};
    p->peer = peer_of("blah", "10.0.0.1", 1);
    p->candidate = endpoint_of("5.5.5.5:5");
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct pair *p = *state;
    diffs_done(&p->diffs);
    free(p->peer.name);
    free(p);
    return 0;
}

static void compute(struct pair *p)
{
    CLEAN_FREE size_t *match = NULL;
    diffs_done(&p->diffs);
    assert_int_equal(diff_match(&p->device, &p->peer, 1, &match), 0);
    struct diff_input in = {.device = &p->device,
                            .peers = &p->peer,
                            .n_peers = 1,
                            .match = match,
                            .is_settled = &p->is_settled,
                            .server_key = p->keep_server ? &p->server_key : NULL,
                            .now_s = NOW,
                            .endpoints = &p->endpoint,
                            .has_endpoint = &p->has_endpoint};
    assert_int_equal(diff_compute(&in, &p->diffs), 0);
}

static const struct diff *only(const struct pair *p)
{
    assert_int_equal(p->diffs.n, 1);
    return &p->diffs.items[0];
}

static void has_endpoint(struct pair *p, const char *text)
{
    p->endpoint = sock_addr_of(text);
    p->has_endpoint = true;
}

/* T4, and 9.14: no keepalive and keepalive 0 are one. */
static void test_T4_the_same_is_no_diff(void **state)
{
    struct pair *p = *state;
    compute(p);
    assert_int_equal(p->diffs.n, 0);
    p->peer.has_keepalive = true;
    p->peer.keepalive_s = 0;
    compute(p);
    assert_int_equal(p->diffs.n, 0);
}

/* T5 */
static void test_T5_keepalive_differs(void **state)
{
    struct pair *p = *state;
    p->peer.has_keepalive = true;
    p->peer.keepalive_s = 15;
    compute(p);
    const struct diff *d = only(p);
    assert_int_equal(d->action, DIFF_MODIFY);
    assert_true(d->sets_keepalive && d->keepalive_s == 15);
    assert_false(d->sets_allowed_ips || d->sets_endpoint || d->reattempts);
    assert_int_equal(p->diffs.n_changes, 1);
    p->before.keepalive_s = 15;
    p->peer.has_keepalive = false;
    compute(p);
    d = only(p);
    assert_true(d->sets_keepalive && d->keepalive_s == 0);
}

/* T6 and the edges of "recently connected": 180 s counts, 181 s, never, and the future do not. */
static void test_T6_endpoint_only_when_not_recently_connected(void **state)
{
    static const struct {
        int64_t handshake;
        bool expected;
    } rows[] = {{NOW - 200, true}, {NOW - 181, true}, {NOW - 180, false},
                {NOW, false},      {NOW + 1, true},   {0, true}};
    struct pair *p = *state;
    has_endpoint(p, "1.1.1.1:1111");
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        p->before.last_handshake_s = rows[i].handshake;
        compute(p);
        assert_int_equal(p->diffs.n, rows[i].expected);
        if (rows[i].expected)
            assert_true(only(p)->sets_endpoint &&
                        sock_addr_equal(&only(p)->endpoint, &p->endpoint));
    }
}

static void the_same_endpoint_is_no_diff(void **state)
{
    struct pair *p = *state;
    has_endpoint(p, "1.1.1.1:1111");
    p->before.has_endpoint = true;
    p->before.endpoint = sock_addr_of("1.1.1.1:1111");
    compute(p);
    assert_int_equal(p->diffs.n, 0);
    p->before.endpoint = sock_addr_of("1.1.1.1:1112");
    compute(p);
    assert_true(only(p)->sets_endpoint);
}

/* An endpoint that did not resolve, or to nowhere, is none. */
static void unresolved_endpoints_are_not_set(void **state)
{
    struct pair *p = *state;
    p->endpoint = sock_addr_of("1.1.1.1:1");
    p->has_endpoint = false;
    compute(p);
    assert_int_equal(p->diffs.n, 0);
    has_endpoint(p, "0.0.0.0:51820");
    compute(p);
    assert_int_equal(p->diffs.n, 0);
}

/* 9.33: a reattempt alone is noted, but changes nothing. */
static void reattempts_are_no_changes(void **state)
{
    struct pair *p = *state;
    struct wg_peer_update *updates;
    p->peer.candidates = &p->candidate;
    p->peer.n_candidates = 1;
    compute(p);
    assert_true(only(p)->reattempts);
    assert_int_equal(p->diffs.n_changes, 0);
    assert_int_equal(diff_to_updates(&p->diffs, &updates), 0);
    assert_null(updates);
    /* not beside an endpoint that is set anyway, nor while connected */
    has_endpoint(p, "1.1.1.1:1");
    compute(p);
    assert_true(only(p)->sets_endpoint && !only(p)->reattempts);
    p->before.last_handshake_s = NOW;
    compute(p);
    assert_int_equal(p->diffs.n, 0);
}

static void allowed_ips_are_replaced_when_they_differ(void **state)
{
    static const char *const other[] = {"10.0.0.2/32", "10.0.0.1/31", "fd00::1/128"};
    struct pair *p = *state;
    struct network two[] = {network_of("10.0.0.1/32"), network_of("10.0.0.3/32")};
    for (size_t i = 0; i < ARRAY_SIZE(other); i++) {
        p->allowed = network_of(other[i]);
        compute(p);
        assert_true(only(p)->sets_allowed_ips);
        assert_true(network_equal(&only(p)->allowed_ip, &two[0]));
    }
    p->before.allowed_ips = two;
    p->before.n_allowed_ips = 2;
    compute(p);
    assert_true(only(p)->sets_allowed_ips);
    p->before.n_allowed_ips = 0;
    compute(p);
    assert_true(only(p)->sets_allowed_ips);
}

/* Everything is set on a new peer, also a keepalive of 0. */
static void a_new_peer_gets_everything(void **state)
{
    struct pair *p = *state;
    struct wg_peer_update *updates;
    p->device.n_peers = 0;
    p->peer.candidates = &p->candidate;
    p->peer.n_candidates = 1;
    compute(p);
    const struct diff *d = only(p);
    assert_int_equal(d->action, DIFF_ADD);
    assert_true(d->sets_allowed_ips && d->sets_keepalive && d->reattempts && !d->sets_endpoint);
    has_endpoint(p, "1.1.1.1:1");
    compute(p);
    assert_int_equal(diff_to_updates(&p->diffs, &updates), 0);
    struct key key = key_of(1);
    assert_true(key_equal(&updates[0].public_key, &key));
    assert_true(updates[0].replace_allowed_ips && updates[0].n_allowed_ips == 1);
    assert_true(updates[0].has_keepalive && updates[0].keepalive_s == 0);
    assert_true(updates[0].has_endpoint && !updates[0].remove);
    free(updates);
}

static void an_ipv6_peer_gets_128(void **state)
{
    struct pair *p = *state;
    struct network wanted = network_of("fd00::7/128");
    p->device.n_peers = 0;
    p->peer.ip = ip_of("fd00::7");
    compute(p);
    assert_true(network_equal(&only(p)->allowed_ip, &wanted));
}

static void unknown_peers_are_removed(void **state)
{
    struct pair *p = *state;
    struct wg_peer_update *updates;
    p->before.public_key = key_of(7);
    compute(p);
    assert_int_equal(p->diffs.n, 2);
    assert_int_equal(p->diffs.n_changes, 2);
    assert_int_equal(p->diffs.items[0].action, DIFF_ADD);
    assert_int_equal(p->diffs.items[1].action, DIFF_REMOVE);
    assert_null(p->diffs.items[1].peer);
    assert_int_equal(diff_to_updates(&p->diffs, &updates), 0);
    struct key key = key_of(7);
    assert_true(updates[1].remove && key_equal(&updates[1].public_key, &key));
    free(updates);
}

/* 9.13: a disabled peer is as good as absent. */
static void disabled_peers_are_removed_and_never_added(void **state)
{
    struct pair *p = *state;
    p->peer.is_disabled = true;
    compute(p);
    assert_int_equal(only(p)->action, DIFF_REMOVE);
    p->device.n_peers = 0;
    compute(p);
    assert_int_equal(p->diffs.n, 0);
}

static void we_are_no_peer_of_ourselves(void **state)
{
    struct pair *p = *state;
    p->device.public_key = key_of(1);
    p->device.n_peers = 0;
    compute(p);
    assert_int_equal(p->diffs.n, 0);
}

static void the_server_is_never_removed(void **state)
{
    struct pair *p = *state;
    p->peer.is_disabled = true;
    p->server_key = key_of(1);
    p->keep_server = true;
    compute(p);
    assert_int_equal(p->diffs.n, 0);
}

static void a_key_listed_twice_counts_once(void **state)
{
    struct pair *p = *state;
    struct peer twice[2] = {p->peer, p->peer};
    struct sock_addr endpoints[2] = {0};
    bool ok[2] = {0};
    struct diffs diffs;
    twice[1].ip = ip_of("10.0.0.2");
    p->device.n_peers = 0;
    CLEAN_FREE size_t *match = NULL;
    assert_int_equal(diff_match(&p->device, twice, 2, &match), 0);
    struct diff_input in = {.device = &p->device,
                            .peers = twice,
                            .n_peers = 2,
                            .match = match,
                            .now_s = NOW,
                            .endpoints = endpoints,
                            .has_endpoint = ok};
    assert_int_equal(diff_compute(&in, &diffs), 0);
    assert_int_equal(diffs.n, 1);
    assert_ptr_equal(diffs.items[0].peer, &twice[0]);
    diffs_done(&diffs);
}

/* Only endpoints that the diff looks at are resolved. */
static bool is_stale(struct pair *p)
{
    CLEAN_FREE size_t *match = NULL;
    bool stale;
    assert_int_equal(diff_match(&p->device, &p->peer, 1, &match), 0);
    diff_find_stale(&(struct diff_input){.device = &p->device,
                                         .peers = &p->peer,
                                         .n_peers = 1,
                                         .match = match,
                                         .is_settled = &p->is_settled,
                                         .now_s = NOW},
                    &stale);
    return stale;
}

/* Nothing is new about it: not even its endpoint is set again. But a peer that the device lacks is
 * put there. */
static void settled_peers_are_left_alone(void **state)
{
    struct pair *p = *state;
    has_endpoint(p, "1.1.1.1:1");
    p->peer.endpoint = p->candidate;
    p->peer.has_keepalive = true;
    p->peer.keepalive_s = 15;
    p->is_settled = true;
    assert_false(is_stale(p));
    compute(p);
    assert_int_equal(p->diffs.n, 0);
    p->device.n_peers = 0;
    assert_true(is_stale(p));
    compute(p);
    assert_int_equal(only(p)->action, DIFF_ADD);
    assert_true(only(p)->sets_endpoint && only(p)->sets_keepalive && only(p)->sets_allowed_ips);
}

/* Whatever the order of both lists. */
static void matches_by_key(void **state)
{
    struct wg_peer on_device[4] = {0};
    struct peer peers[4] = {0};
    static const size_t expected[] = {2, 3, DIFF_NO_MATCH, 0};
    CLEAN_FREE size_t *match = NULL;
    (void)state;
    for (uint8_t i = 0; i < 4; i++)
        on_device[i].public_key = key_of(i);
    for (uint8_t i = 0; i < 4; i++)
        peers[i].public_key = key_of(expected[i] == DIFF_NO_MATCH ? 9 : (uint8_t)expected[i]);
    struct wg_device device = {.peers = on_device, .n_peers = 4};
    assert_int_equal(diff_match(&device, peers, 4, &match), 0);
    assert_memory_equal(match, expected, sizeof(expected));
}

static void stale_peers_are_those_to_resolve(void **state)
{
    struct pair *p = *state;
    bool stale = is_stale(p);
    assert_false(stale); /* no endpoint */
    p->peer.endpoint = p->candidate;
    stale = is_stale(p);
    assert_true(stale);
    p->before.last_handshake_s = NOW - 10;
    stale = is_stale(p);
    assert_false(stale);
    p->device.n_peers = 0;
    stale = is_stale(p);
    assert_true(stale);
    p->peer.is_disabled = true;
    stale = is_stale(p);
    assert_false(stale);
    p->peer.is_disabled = false;
    p->device.public_key = key_of(1);
    stale = is_stale(p);
    assert_false(stale);
}

static void lines_name_the_peer_and_the_action(void **state)
{
    struct pair *p = *state;
    CLEAN_BUF struct buf line = BUF_INIT;
    p->before.public_key = key_of(7);
    compute(p);
    color_override(0);
    diff_describe(&p->diffs.items[0], "blah", &line);
    assert_string_equal(line.data, "  peer blah (AQIDAAAAAA...) was added.");
    buf_reset(&line);
    color_override(1);
    diff_describe(&p->diffs.items[1], "[unknown]", &line);
    assert_string_equal(line.data, "  peer \x1b[33m[unknown]\x1b[0m (\x1b[2mAQIDAAAAAA...\x1b[0m) "
                                   "was \x1b[31mremoved\x1b[0m.");
    color_override(-1);
}

static void allowed_ip_lists_are_written_in_brackets(void **state)
{
    (void)state;
    CLEAN_BUF struct buf text = BUF_INIT;
    struct network nets[] = {network_of("10.66.1.1/32"), network_of("fd00::1/128")};
    diff_format_allowed_ips(nets, 0, &text);
    buf_putc(&text, ' ');
    diff_format_allowed_ips(nets, 2, &text);
    assert_string_equal(text.data, "[] [10.66.1.1/32, fd00::1/128]");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_T4_the_same_is_no_diff),
        CASE(test_T5_keepalive_differs),
        CASE(test_T6_endpoint_only_when_not_recently_connected),
        CASE(the_same_endpoint_is_no_diff),
        CASE(unresolved_endpoints_are_not_set),
        CASE(reattempts_are_no_changes),
        CASE(allowed_ips_are_replaced_when_they_differ),
        CASE(a_new_peer_gets_everything),
        CASE(an_ipv6_peer_gets_128),
        CASE(unknown_peers_are_removed),
        CASE(disabled_peers_are_removed_and_never_added),
        CASE(we_are_no_peer_of_ourselves),
        CASE(the_server_is_never_removed),
        CASE(a_key_listed_twice_counts_once),
        CASE(stale_peers_are_those_to_resolve),
        CASE(settled_peers_are_left_alone),
        CASE(matches_by_key),
        CASE(lines_name_the_peer_and_the_action),
        CASE(allowed_ip_lists_are_written_in_brackets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
