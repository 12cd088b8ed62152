/* The text of the userspace configuration protocol: spec/client.md 8.7, 9.30. What needs a device
 * is in test_wg_device.c. */

#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wg_uapi.h"

#define KEY_1 "0101010101010101010101010101010101010101010101010101010101010141"
#define KEY_2 "0202020202020202020202020202020202020202020202020202020202020242"
#define KEY_3 "ABCDEF0303030303030303030303030303030303030303030303030303030343"
#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"

/* Parses a copy that ends where the text does. */
static int parse(const char *text, struct wg_device *ret, struct err *err)
{
    size_t len = strlen(text);
    char *tight = malloc(len ? len : 1);
    assert_non_null(tight);
    memcpy(tight, text, len);
    int rc = wg_uapi_parse_get(tight, len, ret, err);
    free(tight);
    return rc;
}

static const char full[] = "private_key=" KEY_1 "\n"
                           "listen_port=51820\n"
                           "fwmark=17\n"
                           "public_key=" KEY_2 "\n"
                           "preshared_key=" ZERO "\n"
                           "protocol_version=1\n"
                           "endpoint=192.0.2.7:1234\n"
                           "last_handshake_time_sec=1700000000\n"
                           "last_handshake_time_nsec=99\n"
                           "tx_bytes=18446744073709551615\n"
                           "rx_bytes=5\n"
                           "persistent_keepalive_interval=25\n"
                           "allowed_ip=10.0.0.1/32\n"
                           "allowed_ip=fd00::/64\n"
                           "a_key_of_the_future=1\n"
                           "public_key=" KEY_3 "\n"
                           "endpoint=[fe80::1%3]:99\n"
                           "errno=0\n"
                           "\n";

static void reads_a_device(void **state)
{
    (void)state;
    CLEAN_WG_DEVICE struct wg_device d = {0};
    struct key key;
    char text[SOCK_ADDR_TEXT_MAX];
    assert_int_equal(parse(full, &d, NULL), 0);
    assert_int_equal(d.backend, WG_BACKEND_USERSPACE);
    assert_true(d.has_key);
    assert_int_equal(key_parse_hex(KEY_1, &key), 0);
    assert_true(key_equal(&d.private_key, &key));
    key = key_public(&key);
    assert_true(key_equal(&d.public_key, &key));
    assert_int_equal(d.listen_port, 51820);
    assert_int_equal(d.fwmark, 17);
    assert_int_equal(d.n_peers, 2);
    const struct wg_peer *p = &d.peers[0];
    assert_int_equal(key_parse_hex(KEY_2, &key), 0);
    assert_true(key_equal(&p->public_key, &key));
    assert_true(p->has_endpoint);
    assert_string_equal(sock_addr_format(&p->endpoint, text), "192.0.2.7:1234");
    assert_int_equal(p->last_handshake_s, 1700000000);
    assert_true(p->tx_bytes == UINT64_MAX);
    assert_int_equal(p->rx_bytes, 5);
    assert_int_equal(p->keepalive_s, 25);
    assert_int_equal(p->n_allowed_ips, 2);
    char net[NETWORK_TEXT_MAX];
    assert_string_equal(network_format(&p->allowed_ips[0], net), "10.0.0.1/32");
    assert_string_equal(network_format(&p->allowed_ips[1], net), "fd00::/64");
    p = &d.peers[1];
    assert_int_equal(key_parse_hex(KEY_3, &key), 0);
    assert_true(key_equal(&p->public_key, &key));
    assert_string_equal(sock_addr_format(&p->endpoint, text), "[fe80::1%3]:99");
    assert_int_equal(p->last_handshake_s, 0);
    assert_int_equal(p->n_allowed_ips, 0);
}

static void reads_a_device_without_anything(void **state)
{
    (void)state;
    CLEAN_WG_DEVICE struct wg_device d = {0};
    assert_int_equal(parse("errno=0\n\n", &d, NULL), 0);
    assert_false(d.has_key);
    assert_int_equal(d.n_peers, 0);
    assert_int_equal(parse("private_key=" ZERO "\nerrno=0\n\n", &d, NULL), 0);
    assert_false(d.has_key);
}

static void leaves_out_a_zone_by_name(void **state)
{
    (void)state;
    CLEAN_WG_DEVICE struct wg_device d = {0};
    char text[SOCK_ADDR_TEXT_MAX];
    assert_int_equal(
        parse("public_key=" KEY_1 "\nendpoint=[fe80::1%eth0]:9\nerrno=0\n\n", &d, NULL), 0);
    assert_string_equal(sock_addr_format(&d.peers[0].endpoint, text), "[fe80::1]:9");
}

/* `text` is followed by the end of a good answer. */
static void refuses_bad_lines(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "no equals sign",
        "listen_port=65536",
        "listen_port=",
        "listen_port=-1",
        "listen_port=+1",
        "listen_port= 1",
        "listen_port=1x",
        "listen_port=99999999999999999999999999",
        "fwmark=4294967296",
        "private_key=" KEY_1 "00",
        "private_key=zz",
        "public_key=short",
        "allowed_ip=10.0.0.0/8",      /* before any peer */
        "endpoint=1.2.3.4:5",         /* likewise */
        "last_handshake_time_nsec=1", /* likewise */
        "public_key=" KEY_1 "\nallowed_ip=10.0.0.0/33",
        "public_key=" KEY_1 "\nallowed_ip=10.0.0.0",
        "public_key=" KEY_1 "\nallowed_ip=name/8",
        "public_key=" KEY_1 "\nendpoint=host.example:5",
        "public_key=" KEY_1 "\nendpoint=1.2.3.4",
        "public_key=" KEY_1 "\nendpoint=[fe80::1%eth0",
        "public_key=" KEY_1 "\npersistent_keepalive_interval=65536",
        "public_key=" KEY_1 "\npersistent_keepalive_interval=off",
        "public_key=" KEY_1 "\nlast_handshake_time_sec=9223372036854775808",
        "public_key=" KEY_1 "\nrx_bytes=18446744073709551616",
        "errno=none",
        "errno=",
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEAN_WG_DEVICE struct wg_device d = {0};
        struct err err = ERR_INIT;
        char text[1024];
        snprintf(text, sizeof(text), "%s\nerrno=0\n\n", rows[i]);
        assert_row(rows[i], parse(text, &d, &err) == -EBADMSG);
        assert_row(rows[i], err.text[0] && !strstr(err.text, KEY_1));
        assert_row(rows[i], d.peers == NULL);
    }
}

static void refuses_every_cut(void **state)
{
    (void)state;
    char text[sizeof(full)];
    for (size_t len = 0; len < sizeof(full) - 1; len++) {
        struct wg_device d = {0};
        memcpy(text, full, len);
        text[len] = '\0';
        assert_int_equal(parse(text, &d, NULL), -EBADMSG);
    }
}

static void refuses_an_answer_without_errno(void **state)
{
    (void)state;
    struct wg_device d = {0};
    assert_int_equal(parse("listen_port=5\n\n", &d, NULL), -EBADMSG);
    assert_int_equal(parse("\n", &d, NULL), -EBADMSG);
}

static void refuses_lines_that_are_none(void **state)
{
    (void)state;
    struct wg_device d = {0};
    static const char with_nul[] = "fwmark=1\0\nerrno=0\n\n";
    assert_int_equal(wg_uapi_parse_get(with_nul, sizeof(with_nul) - 1, &d, NULL), -EBADMSG);
    char text[2 * WG_UAPI_LINE_MAX];
    memset(text, 'a', sizeof(text));
    text[1] = '=';
    static const char end[] = "\nerrno=0\n\n";
    memcpy(text + WG_UAPI_LINE_MAX - 1, end, sizeof(end)); /* the longest line there may be */
    assert_int_equal(parse(text, &d, NULL), 0);
    wg_device_done(&d);
    memset(text, 'a', WG_UAPI_LINE_MAX);
    text[1] = '=';
    memcpy(text + WG_UAPI_LINE_MAX, end, sizeof(end));
    assert_int_equal(parse(text, &d, NULL), -EBADMSG);
}

static void takes_an_errno_of_either_sign(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int rc;
    } rows[] = {{"errno=22\n\n", -EINVAL},
                {"errno=-22\n\n", -EINVAL},
                {"errno=-1\n\n", -EPERM},
                {"errno=4096\n\n", -EIO},
                {"errno=-4294967295\n\n", -EIO}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct wg_device d = {0};
        struct err err = ERR_INIT;
        bool has_code = false;
        char line[32];
        assert_row(rows[i].text, parse(rows[i].text, &d, &err) == rows[i].rc);
        assert_row(rows[i].text, err.os_errno == -rows[i].rc);
        snprintf(line, sizeof(line), "%.*s", (int)strcspn(rows[i].text, "\n"), rows[i].text);
        assert_row(rows[i].text, wg_uapi_read_status_line(&has_code, line, NULL) == rows[i].rc);
    }
}

static void reads_the_answer_to_set(void **state)
{
    (void)state;
    bool has_code = false;
    assert_int_equal(wg_uapi_read_status_line(&has_code, "errno=0", NULL), 0);
    assert_true(has_code);
    assert_int_equal(wg_uapi_read_status_line(&has_code, "", NULL), 1);
    has_code = false;
    assert_int_equal(wg_uapi_read_status_line(&has_code, "", NULL), -EBADMSG);
    assert_int_equal(wg_uapi_read_status_line(&has_code, "fwmark=0", NULL), -EBADMSG);
    assert_int_equal(wg_uapi_read_status_line(&has_code, "errno", NULL), -EBADMSG);
}

static void joins_lines_of_the_same_peer(void **state)
{
    (void)state;
    CLEAN_WG_DEVICE struct wg_device d = {0};
    assert_int_equal(parse("public_key=" KEY_1 "\nallowed_ip=10.0.0.1/32\npublic_key=" KEY_1
                           "\nallowed_ip=10.0.0.2/32\nerrno=0\n\n",
                           &d, NULL),
                     0);
    assert_int_equal(d.n_peers, 1);
    assert_int_equal(d.peers[0].n_allowed_ips, 2);
}

static void writes_all_of_an_update(void **state)
{
    (void)state;
    static const char expected[] = "set=1\n"
                                   "private_key=" KEY_1 "\n"
                                   "fwmark=111\n"
                                   "listen_port=0\n"
                                   "replace_peers=true\n"
                                   "public_key=" KEY_2 "\n"
                                   "update_only=true\n"
                                   "replace_allowed_ips=true\n"
                                   "endpoint=[fd00::1]:51820\n"
                                   "persistent_keepalive_interval=0\n"
                                   "allowed_ip=10.0.0.1/32\n"
                                   "allowed_ip=fd00::/64\n"
                                   "public_key=" KEY_1 "\n"
                                   "remove=true\n"
                                   "\n";
    struct network ips[2];
    struct wg_peer_update peers[2] = {{.update_only = true,
                                       .replace_allowed_ips = true,
                                       .has_endpoint = true,
                                       .has_keepalive = true,
                                       .allowed_ips = ips,
                                       .n_allowed_ips = 2},
                                      {.remove = true}};
    struct wg_update u = {.has_private_key = true,
                          .has_fwmark = true,
                          .fwmark = 111,
                          .has_listen_port = true,
                          .replace_peers = true,
                          .peers = peers,
                          .n_peers = 2};
    assert_int_equal(network_parse("10.0.0.1/32", &ips[0], NULL), 0);
    assert_int_equal(network_parse("fd00::/64", &ips[1], NULL), 0);
    assert_int_equal(sock_addr_parse("[fd00::1]:51820", &peers[0].endpoint), 0);
    assert_int_equal(key_parse_hex(KEY_1, &u.private_key), 0);
    assert_int_equal(key_parse_hex(KEY_2, &peers[0].public_key), 0);
    assert_int_equal(key_parse_hex(KEY_1, &peers[1].public_key), 0);
    CLEAN_BUF struct buf out = BUF_INIT;
    wg_uapi_format_set(&u, &out);
    assert_string_equal(out.data, expected);
    u = (struct wg_update){0};
    buf_reset(&out);
    wg_uapi_format_set(&u, &out);
    assert_string_equal(out.data, "set=1\n\n");
}

static void chooses_the_program_by_the_environment(void **state)
{
    (void)state;
    unsetenv("WG_USERSPACE_IMPLEMENTATION");
    unsetenv("WG_QUICK_USERSPACE_IMPLEMENTATION");
    assert_string_equal(wg_uapi_program(), "wireguard-go");
    setenv("WG_QUICK_USERSPACE_IMPLEMENTATION", "sh", 1);
    assert_string_equal(wg_uapi_program(), "sh");
    assert_true(wg_uapi_is_installed());
    setenv("WG_USERSPACE_IMPLEMENTATION", "", 1);
    assert_string_equal(wg_uapi_program(), "sh");
    setenv("WG_USERSPACE_IMPLEMENTATION", "/bin/sh", 1);
    assert_string_equal(wg_uapi_program(), "/bin/sh");
    assert_true(wg_uapi_is_installed());
    static const char *const missing[] = {"/bin", "/etc/passwd", "/no/such/program",
                                          "no-such-program"};
    for (size_t i = 0; i < ARRAY_SIZE(missing); i++) {
        setenv("WG_USERSPACE_IMPLEMENTATION", missing[i], 1);
        assert_row(missing[i], !wg_uapi_is_installed());
    }
}

static void knows_the_backends(void **state)
{
    (void)state;
    enum wg_backend backend = WG_BACKEND_AUTO;
    assert_int_equal(wg_backend_parse("kernel", &backend), 0);
    assert_int_equal(backend, WG_BACKEND_KERNEL);
    assert_int_equal(wg_backend_parse("userspace", &backend), 0);
    assert_int_equal(backend, WG_BACKEND_USERSPACE);
    assert_int_equal(wg_backend_parse("Kernel", &backend), -EINVAL);
    assert_int_equal(wg_backend_parse("auto", &backend), -EINVAL);
    assert_int_equal(wg_backend_parse("", &backend), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_device),
        cmocka_unit_test(reads_a_device_without_anything),
        cmocka_unit_test(leaves_out_a_zone_by_name),
        cmocka_unit_test(refuses_bad_lines),
        cmocka_unit_test(refuses_every_cut),
        cmocka_unit_test(refuses_an_answer_without_errno),
        cmocka_unit_test(refuses_lines_that_are_none),
        cmocka_unit_test(takes_an_errno_of_either_sign),
        cmocka_unit_test(reads_the_answer_to_set),
        cmocka_unit_test(joins_lines_of_the_same_peer),
        cmocka_unit_test(writes_all_of_an_update),
        cmocka_unit_test(chooses_the_program_by_the_environment),
        cmocka_unit_test(knows_the_backends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
