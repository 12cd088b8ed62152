#include "fixture.h"
#include "innernet/config.h"
#include "innernet/log.h"
#include "show.h"

#define NOW 1795343000

/* Device state from which the golden listings follow. */
static struct network allowed[3];
static struct wg_peer device_peers[3];
static struct wg_device device;
static struct client_config config;
static struct state store;

static void peer_init(size_t at, const char *key, const char *endpoint, int64_t age_s, uint64_t rx,
                      uint64_t tx)
{
    struct wg_peer *p = &device_peers[at];
    *p = (struct wg_peer){.has_endpoint = true,
                          .endpoint = sock_addr_of(endpoint),
                          .keepalive_s = 25,
                          .last_handshake_s = NOW - age_s,
                          .rx_bytes = rx,
                          .tx_bytes = tx,
                          .allowed_ips = &allowed[at],
                          .n_allowed_ips = 1};
    assert_int_equal(key_parse(key, &p->public_key), 0);
}

static int set_up(void **state)
{
    (void)state;
    CLEAN_BUF struct buf text = BUF_INIT, conf = BUF_INIT;
    test_data("golden/store.json", &text);
    test_data("golden/client.conf", &conf);
    assert_int_equal(record_decode_store(text.data, text.len, NULL, NULL, &store, NULL), 0);
    assert_int_equal(client_config_parse(conf.data, conf.len, "client.conf", &config, NULL), 0);
    /* In another order than the listings', which sort by IP. */
    allowed[0] = network_of("10.66.2.2/32");
    allowed[1] = network_of("10.66.0.1/32");
    allowed[2] = network_of("10.66.2.1/32");
    peer_init(0, "zkccNlQ4w24/oUjijqz2fTWWbLV/jqn8UI+0RtDAv2k=", "172.31.1.4:49571", 9, 124, 180);
    peer_init(1, "4S1xKBAElTwaxNeUwv8ncdiQdGc0VBYi8xFrawYOlR4=", "172.31.1.1:51820", 24, 20716,
              16660);
    peer_init(2, "AIKdo0ABetmYLOzsBA8C5LbDBusAWce1MsG4quRvzlg=", "172.31.1.3:45904", 9, 764, 820);
    device = (struct wg_device){.name = "evilcorp",
                                .has_key = true,
                                .private_key = config.private_key,
                                .public_key = key_public(&config.private_key),
                                .listen_port = 39524,
                                .peers = device_peers,
                                .n_peers = 3};
    color_override(0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    state_done(&store);
    client_config_done(&config);
    color_override(-1);
    return 0;
}

static struct show_input input(void)
{
    return (struct show_input){.device = &device, .store = &store, .config = &config, .now_s = NOW};
}

typedef int (*form_fn)(const struct show_input *in, struct buf *out);

static void assert_golden(form_fn form, const struct show_input *in, const char *name)
{
    CLEAN_BUF struct buf out = BUF_INIT, golden = BUF_INIT;
    test_data(name, &golden);
    assert_int_equal(form(in, &out), 0);
    assert_string_equal(out.data, golden.data);
}

static void test_CX47_plain_forms_match_the_golden_ones(void **state)
{
    (void)state;
    struct show_input in = input();
    assert_golden(show_long, &in, "golden/show.txt");
    assert_golden(show_short, &in, "golden/show-short.txt");
    assert_golden(show_tree, &in, "golden/show-tree.txt");
}

static void test_CX47_coloured_forms_match_the_golden_ones(void **state)
{
    (void)state;
    struct show_input in = input();
    color_override(1);
    assert_golden(show_long, &in, "golden/show.color.txt");
    assert_golden(show_short, &in, "golden/show-short.color.txt");
    assert_golden(show_tree, &in, "golden/show-tree.color.txt");
}

static void verbose_shows_whole_keys(void **state)
{
    (void)state;
    struct show_input in = input();
    in.full_keys = true;
    device_peers[1].rx_bytes = 27494;
    device_peers[1].tx_bytes = 21146;
    assert_golden(show_long, &in, "golden/show-verbose.txt");
}

/* The output of a form in `out`, with only the first device peer, which the caller bent. */
static void one_peer(form_fn form, struct buf *out)
{
    struct show_input in = input();
    device.n_peers = 1;
    buf_reset(out);
    assert_int_equal(form(&in, out), 0);
}

static void what_is_not_there_has_no_line(void **state)
{
    (void)state;
    CLEAN_BUF struct buf out = BUF_INIT;
    device.listen_port = 0;
    device_peers[0].has_endpoint = false;
    device_peers[0].last_handshake_s = 0;
    device_peers[0].rx_bytes = device_peers[0].tx_bytes = 0;
    one_peer(show_long, &out);
    assert_string_equal(out.data, "network: evilcorp\n"
                                  "  peer: admin (2IAk2EqXjh\u2026)\n"
                                  "    ip: 10.66.1.1\n"
                                  "  peer: peer3 (zkccNlQ4w2\u2026)\n"
                                  "    ip: 10.66.2.2\n");
    one_peer(show_short, &out);
    assert_string_equal(out.data, "evilcorp \n"
                                  "  | \u25c9 10.66.1.1: admin (you, 2IAk2EqXjh\u2026)\n"
                                  "  | \u25ef 10.66.2.2: peer3 (zkccNlQ4w2\u2026)\n");
    color_override(1);
    one_peer(show_short, &out);
    assert_non_null(strstr(out.data, "\x1b[1;32mevilcorp\x1b[0m \x1b[2m\x1b[0m\n"));
    assert_non_null(strstr(out.data, "| \x1b[2m\u25ef\x1b[0m \x1b[1;33m10.66.2.2\x1b[0m: "));
}

/* Connected up to 180 s after a handshake; one in the future is shown as now (9.7). */
static void marks_follow_the_last_handshake(void **state)
{
    (void)state;
    CLEAN_BUF struct buf out = BUF_INIT;
    device_peers[0].last_handshake_s = NOW - 180;
    one_peer(show_short, &out);
    assert_non_null(strstr(out.data, "| \u25c9 10.66.2.2"));
    device_peers[0].last_handshake_s = NOW - 181;
    one_peer(show_short, &out);
    assert_non_null(strstr(out.data, "| \u25ef 10.66.2.2"));
    device_peers[0].last_handshake_s = NOW + 50;
    one_peer(show_long, &out);
    assert_non_null(strstr(out.data, "    last handshake: just now\n"));
}

/* An override is mentioned with the endpoint only (4.1). */
static void overrides_are_noted_where_they_act(void **state)
{
    (void)state;
    CLEAN_BUF struct buf out = BUF_INIT;
    device_peers[0] = device_peers[2];
    device_peers[0].has_endpoint = false;
    one_peer(show_long, &out);
    assert_null(strstr(out.data, "overridden"));
    one_peer(show_short, &out);
    assert_non_null(strstr(out.data, "peer2 (AIKdo0ABet\u2026) (endpoint overridden locally)\n"));
}

/* 9.29: listed by key, and shown in the tree too. */
static void unknown_peers_are_listed_by_key(void **state)
{
    (void)state;
    CLEAN_BUF struct buf out = BUF_INIT;
    device_peers[0].public_key = key_of(1);
    one_peer(show_long, &out);
    assert_non_null(strstr(out.data, "  peer: [unknown] (AQIDAAAAAA\u2026)\n    ip: 10.66.2.2\n"));
    one_peer(show_tree, &out);
    assert_non_null(strstr(out.data, "\n  | \u25c9 10.66.2.2: [unknown] (AQIDAAAAAA\u2026)\n"));
    device_peers[0].n_allowed_ips = 0;
    one_peer(show_short, &out);
    assert_non_null(strstr(out.data, "| \u25c9 ?: [unknown] (AQIDAAAAAA\u2026)\n"));
}

/* Peers come after the CIDRs below theirs, at their CIDR's indent. */
static void the_tree_lists_child_cidrs_before_peers(void **state)
{
    (void)state;
    CLEAN_BUF struct buf out = BUF_INIT;
    store.cidrs[3].parent = 3; /* robots below humans */
    one_peer(show_tree, &out);
    assert_string_equal(out.data, "evilcorp (:39524) \n"
                                  "  10.66.0.0/16 evilcorp\n"
                                  "    10.66.0.1/32 innernet-server\n"
                                  "    10.66.1.0/24 humans\n"
                                  "      10.66.2.0/24 robots\n"
                                  "      | \u25c9 10.66.2.2: peer3 (zkccNlQ4w2\u2026)\n"
                                  "    | \u25c9 10.66.1.1: admin (you, 2IAk2EqXjh\u2026)\n");
}

/* 9.7: no endless walk, no crash. */
static void the_tree_survives_nonsense(void **state)
{
    (void)state;
    CLEAN_BUF struct buf out = BUF_INIT;
    store.cidrs[0].has_parent = true;
    store.cidrs[0].parent = 1;
    one_peer(show_tree, &out);
    assert_non_null(strstr(out.data, "  10.66.0.0/16 evilcorp\n"));
    store.cidrs[0].parent = 3;
    store.cidrs[2].parent = 4;
    store.cidrs[3].parent = 3;
    one_peer(show_tree, &out);
    assert_null(strstr(out.data, "robots"));
    cidrs_free(store.cidrs, store.n_cidrs);
    store.cidrs = NULL;
    store.n_cidrs = 0;
    one_peer(show_tree, &out);
    assert_string_equal(out.data, "evilcorp (:39524) \n");
}

static void durations(void **state)
{
    static const struct {
        int64_t seconds;
        const char *text;
    } rows[] = {
        {-5, "just now"},
        {0, "just now"},
        {1, "1 seconds ago"},
        {59, "59 seconds ago"},
        {60, "1 minute, 0 seconds ago"},
        {61, "1 minute, 1 second ago"},
        {125, "2 minutes, 5 seconds ago"},
        {3599, "59 minutes, 59 seconds ago"},
        {3600, "1 hour, 0 minutes ago"},
        {3661, "1 hour, 1 minute ago"},
        {7325, "2 hours, 2 minutes ago"},
        {360000, "100 hours, 0 minutes ago"},
    };
    (void)state;
    CLEAN_BUF struct buf out = BUF_INIT;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        buf_reset(&out);
        show_put_duration(&out, rows[i].seconds);
        assert_string_equal(out.data, rows[i].text);
    }
    color_override(1);
    buf_reset(&out);
    show_put_duration(&out, 61);
    assert_string_equal(out.data, "1 \x1b[36mminute\x1b[0m, 1 \x1b[36msecond\x1b[0m ago");
    buf_reset(&out);
    show_put_duration(&out, 0);
    assert_string_equal(out.data, "\x1b[36mjust now\x1b[0m");
}

static void sizes(void **state)
{
    static const struct {
        uint64_t bytes;
        const char *text;
    } rows[] = {
        {0, "0 B"},
        {2047, "2047 B"},
        {2048, "2.00 KiB"},
        {((uint64_t)2 << 20) - 1, "2048.00 KiB"},
        {(uint64_t)2 << 20, "2.00 MiB"},
        {(uint64_t)2 << 30, "2.00 GiB"},
        {((uint64_t)2 << 30) - ((uint64_t)1 << 20), "2047.00 MiB"},
        {(uint64_t)2 << 40, "2.00 TiB"},
        {(uint64_t)5000 << 40, "5000.00 TiB"},
        {UINT64_MAX, "16777216.00 TiB"},
    };
    (void)state;
    CLEAN_BUF struct buf out = BUF_INIT;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        buf_reset(&out);
        show_put_size(&out, rows[i].bytes);
        assert_string_equal(out.data, rows[i].text);
    }
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_CX47_plain_forms_match_the_golden_ones),
        CASE(test_CX47_coloured_forms_match_the_golden_ones),
        CASE(verbose_shows_whole_keys),
        CASE(what_is_not_there_has_no_line),
        CASE(marks_follow_the_last_handshake),
        CASE(overrides_are_noted_where_they_act),
        CASE(unknown_peers_are_listed_by_key),
        CASE(the_tree_lists_child_cidrs_before_peers),
        CASE(the_tree_survives_nonsense),
        CASE(durations),
        CASE(sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
