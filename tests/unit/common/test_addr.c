/* Addresses and socket addresses: spec/server.md 0.1; spec/client.md A.4. */

#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "innernet/addr.h"

static const struct {
    const char *input;
    const char *output; /* NULL: refused */
} ip_rows[] = {
    {"0.0.0.0", "0.0.0.0"},
    {"255.255.255.255", "255.255.255.255"},
    {"10.66.4.7", "10.66.4.7"},
    {"01.2.3.4", NULL},
    {"1.2.3.04", NULL},
    {"1.2.3.00", NULL},
    {"1.2.3", NULL},
    {"1.2.3.4.5", NULL},
    {"1.2.3.4.", NULL},
    {".1.2.3.4", NULL},
    {"1..3.4", NULL},
    {"1.2.3.256", NULL},
    {"1.2.3.1000", NULL},
    {"1.2.3.-4", NULL},
    {"1.2.3.+4", NULL},
    {"1.2.3.0x4", NULL},
    {"1", NULL},
    {" 1.2.3.4", NULL},
    {"1.2.3.4 ", NULL},
    {"1.2.3.4\n", NULL},
    {"1.2.3.4/24", NULL},
    {"1.2.3.4:80", NULL},
    {"", NULL},
    {".", NULL},
    {"...", NULL},
    {"host", NULL},
    /* groups without leading zeros, lower case */
    {"2001:0DB8:0000:0001:0002:0003:0004:0005", "2001:db8:0:1:2:3:4:5"},
    {"FE80::ABCD", "fe80::abcd"},
    {"::", "::"},
    {"::1", "::1"},
    {"1::", "1::"},
    {"0:0:0:0:0:0:0:0", "::"},
    /* one lone zero group is not compressed */
    {"1:2:3:0:5:6:7:8", "1:2:3:0:5:6:7:8"},
    {"1:2:3::5:6:7:8", "1:2:3:0:5:6:7:8"},
    {"0:2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
    {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
    /* the longest run, the first one on a tie */
    {"1:0:0:2:0:0:0:3", "1:0:0:2::3"},
    {"1:0:0:0:2:0:0:3", "1::2:0:0:3"},
    {"1:0:0:2:3:0:0:4", "1::2:3:0:0:4"},
    {"0:0:1:2:3:4:0:0", "::1:2:3:4:0:0"},
    {"1:0:1:0:1:0:0:0", "1:0:1:0:1::"},
    {"0:0:0:1::", "0:0:0:1::"},
    /* a dotted tail is read anywhere, written for the mapped block alone */
    {"::ffff:1.2.3.4", "::ffff:1.2.3.4"},
    {"::FFFF:102:304", "::ffff:1.2.3.4"},
    {"::ffff:0:0", "::ffff:0.0.0.0"},
    {"0:0:0:0:0:ffff:255.255.255.255", "::ffff:255.255.255.255"},
    {"::1.2.3.4", "::102:304"},
    {"::0.0.0.1", "::1"},
    {"::0.1.0.0", "::1:0"},
    {"::ffff:0:1.2.3.4", "::ffff:0:102:304"},
    {"64:ff9b::1.2.3.4", "64:ff9b::102:304"},
    {"1:2:3:4:5:6:7.8.9.10", "1:2:3:4:5:6:708:90a"},
    {"1::1:ffff:102:304", "1::1:ffff:102:304"},
    {"::fffe:1.2.3.4", "::fffe:102:304"},
    {"::01.2.3.4", NULL},
    {"::1.2.3", NULL},
    {"::1.2.3.4:5", NULL},
    {"1.2.3.4::", NULL},
    {"1:2:3:4:5:6:7:1.2.3.4", NULL},
    {"::a.1.2.3", NULL},
    /* malformed */
    {"1::2::3", NULL},
    {":::", NULL},
    {":", NULL},
    {":1", NULL},
    {"1:", NULL},
    {":1:2:3:4:5:6:7", NULL},
    {"1:2:3:4:5:6:7:", NULL},
    {"1:2:3:4:5:6:7", NULL},
    {"1:2:3:4:5:6:7:8:9", NULL},
    {"1:2:3:4:5:6:7:8::", NULL},
    {"::1:2:3:4:5:6:7:8", NULL},
    {"1::2:3:4:5:6:7:8", NULL},
    {"12345::", NULL},
    {"00001::", NULL},
    {"g::", NULL},
    {"fe80::1%eth0", NULL},
    {"fe80::1%3", NULL},
    {"[::1]", NULL},
    {" ::1", NULL},
    {"::1 ", NULL},
    {"::1/64", NULL},
    {"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000", NULL},
};

static void test_CX04_parses_and_prints_ips(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(ip_rows); i++) {
        const char *row = ip_rows[i].input;
        struct ip ip = {.family = 99};
        int r = ip_parse(row, &ip);
        assert_row(row, r == (ip_rows[i].output ? 0 : -EINVAL));
        if (r < 0) {
            assert_row(row, ip.family == 99);
            continue;
        }
        char text[IP_TEXT_MAX];
        assert_row_text(row, ip_format(&ip, text), ip_rows[i].output);
        struct ip again;
        assert_row(row, ip_parse(text, &again) == 0 && ip_equal(&ip, &again));
        assert_row(row, memcmp(&ip, &again, sizeof(ip)) == 0);
    }
}

/* A second opinion on values: the C library's parser takes the same IPv6 forms. */
static void agrees_with_the_c_library(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(ip_rows); i++) {
        const char *row = ip_rows[i].input;
        uint8_t bytes[16] = {0};
        struct ip ip;
        bool six = strchr(row, ':');
        bool theirs = inet_pton(six ? AF_INET6 : AF_INET, row, bytes) == 1;
        bool ours = ip_parse(row, &ip) == 0;
        assert_row(row, ours == theirs);
        assert_row(row, !ours || memcmp(bytes, ip.bytes, sizeof(bytes)) == 0);
    }
}

static struct ip ip_of(const char *text)
{
    struct ip ip;
    if (ip_parse(text, &ip) != 0)
        fail_msg("no IP: %s", text);
    return ip;
}

static void assert_ip(const char *row, struct ip ip, const char *expected)
{
    char text[IP_TEXT_MAX];
    assert_row_text(row, ip_format(&ip, text), expected);
}

static void orders_ips(void **state)
{
    (void)state;
    static const char *const ascending[] = {
        "0.0.0.0", "0.0.0.255", "0.0.1.0", "128.0.0.0", "255.255.255.255",
        "::",      "::1",       "::1:0",   "1::",       "ff00::"};
    for (size_t i = 0; i < ARRAY_SIZE(ascending); i++) {
        for (size_t j = 0; j < ARRAY_SIZE(ascending); j++) {
            struct ip a = ip_of(ascending[i]);
            struct ip b = ip_of(ascending[j]);
            int order = ip_compare(&a, &b);
            assert_row(ascending[i], (order < 0) == (i < j) && (order > 0) == (i > j));
            assert_row(ascending[i], ip_equal(&a, &b) == (i == j));
        }
    }
}

static void classifies_ips(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned bits;
        bool unspecified, loopback, multicast;
    } rows[] = {
        {"0.0.0.0", 32, true, false, false},    {"0.0.0.1", 32, false, false, false},
        {"127.0.0.1", 32, false, true, false},  {"127.255.0.9", 32, false, true, false},
        {"128.0.0.1", 32, false, false, false}, {"223.255.255.255", 32, false, false, false},
        {"224.0.0.0", 32, false, false, true},  {"239.255.255.255", 32, false, false, true},
        {"240.0.0.0", 32, false, false, false}, {"::", 128, true, false, false},
        {"::1", 128, false, true, false},       {"::2", 128, false, false, false},
        {"7f00::1", 128, false, false, false},  {"ff02::1", 128, false, false, true},
        {"fe80::1", 128, false, false, false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct ip ip = ip_of(rows[i].text);
        assert_row(rows[i].text, ip_bits(&ip) == rows[i].bits);
        assert_row(rows[i].text, ip_is_unspecified(&ip) == rows[i].unspecified);
        assert_row(rows[i].text, ip_is_loopback(&ip) == rows[i].loopback);
        assert_row(rows[i].text, ip_is_multicast(&ip) == rows[i].multicast);
    }
    struct ip none = {0};
    assert_false(ip_is_unspecified(&none));
}

static void steps_to_the_next_ip(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"10.0.0.1", "10.0.0.2"},
        {"10.0.0.255", "10.0.1.0"},
        {"9.255.255.255", "10.0.0.0"},
        {"255.255.255.255", NULL},
        {"::", "::1"},
        {"::ffff:ffff", "::1:0:0"},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct ip ip = ip_of(rows[i][0]);
        assert_row(rows[i][0], ip_next(&ip) == (rows[i][1] != NULL));
        assert_ip(rows[i][0], ip, rows[i][1] ? rows[i][1] : rows[i][0]);
    }
}

static const struct {
    const char *input;
    const char *output; /* NULL: refused */
} sock_rows[] = {
    {"10.66.0.1:51820", "10.66.0.1:51820"},
    {"10.66.0.1:00080", "10.66.0.1:80"},
    {"10.66.0.1:0", "10.66.0.1:0"},
    {"10.66.0.1:65535", "10.66.0.1:65535"},
    {"[fd00::1]:80", "[fd00::1]:80"},
    {"[FD00:0::1]:080", "[fd00::1]:80"},
    {"[::ffff:1.2.3.4]:80", "[::ffff:1.2.3.4]:80"},
    {"[fe80::1%3]:80", "[fe80::1%3]:80"},
    {"[fe80::1%4294967295]:80", "[fe80::1%4294967295]:80"},
    {"[fe80::1%0]:80", "[fe80::1]:80"},
    {"10.66.0.1:65536", NULL},
    {"10.66.0.1:+80", NULL},
    {"10.66.0.1:-80", NULL},
    {"10.66.0.1:", NULL},
    {"10.66.0.1", NULL},
    {"10.66.0.1: 80", NULL},
    {"10.66.0.1:80 ", NULL},
    {" 10.66.0.1:80", NULL},
    {"010.66.0.1:80", NULL},
    {"1.2.3:80", NULL},
    {"host:80", NULL},
    {":80", NULL},
    {"", NULL},
    {"::1:80", NULL},
    {"[::1]", NULL},
    {"[::1:80", NULL},
    {"[::1]80", NULL},
    {"[]:80", NULL},
    {"[1.2.3.4]:80", NULL},
    {"[fe80::1%eth0]:80", NULL},
    {"[fe80::1%]:80", NULL},
    {"[fe80::1%4294967296]:80", NULL},
    {"[fe80::1%+3]:80", NULL},
    {"1.2.3.4%3:80", NULL},
};

static void test_CX04_parses_and_prints_socket_addresses(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(sock_rows); i++) {
        const char *row = sock_rows[i].input;
        struct sock_addr sa = {.port = 9};
        int r = sock_addr_parse(row, &sa);
        assert_row(row, r == (sock_rows[i].output ? 0 : -EINVAL));
        if (r < 0) {
            assert_row(row, sa.port == 9);
            continue;
        }
        char text[SOCK_ADDR_TEXT_MAX];
        assert_row_text(row, sock_addr_format(&sa, text), sock_rows[i].output);
        struct sockaddr_storage storage;
        struct sock_addr again;
        socklen_t len = sock_addr_to_sockaddr(&sa, &storage);
        assert_row(row, sock_addr_from_sockaddr((struct sockaddr *)&storage, len, &again) == 0);
        assert_row(row, sock_addr_equal(&sa, &again));
        assert_row(row, sock_addr_from_sockaddr((struct sockaddr *)&storage, len - 1, &again) ==
                            -EAFNOSUPPORT);
    }
}

static void maps_to_the_right_sockaddr(void **state)
{
    (void)state;
    struct sock_addr sa;
    struct sockaddr_storage storage;
    assert_int_equal(sock_addr_parse("1.2.3.4:258", &sa), 0);
    assert_int_equal(sock_addr_to_sockaddr(&sa, &storage), sizeof(struct sockaddr_in));
    const struct sockaddr_in *in = (const struct sockaddr_in *)&storage;
    assert_int_equal(in->sin_family, AF_INET);
    assert_int_equal(in->sin_port, htons(258));
    assert_int_equal(in->sin_addr.s_addr, htonl(0x01020304));

    assert_int_equal(sock_addr_parse("[fe80::1%7]:258", &sa), 0);
    assert_int_equal(sock_addr_to_sockaddr(&sa, &storage), sizeof(struct sockaddr_in6));
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&storage;
    assert_int_equal(in6->sin6_family, AF_INET6);
    assert_int_equal(in6->sin6_port, htons(258));
    assert_int_equal(in6->sin6_scope_id, 7);
    assert_int_equal(in6->sin6_addr.s6_addr[15], 1);

    storage.ss_family = AF_UNIX;
    assert_int_equal(sock_addr_from_sockaddr((struct sockaddr *)&storage, sizeof(storage), &sa),
                     -EAFNOSUPPORT);
    assert_int_equal(sock_addr_from_sockaddr((struct sockaddr *)&storage, 1, &sa), -EAFNOSUPPORT);
}

static void compares_socket_addresses(void **state)
{
    (void)state;
    struct sock_addr a, b;
    static const char *const others[] = {"[fe80::1%3]:81", "[fe80::1%4]:80", "[fe80::2%3]:80",
                                         "1.2.3.4:80"};
    assert_int_equal(sock_addr_parse("[fe80::1%3]:80", &a), 0);
    assert_true(sock_addr_equal(&a, &a));
    for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
        assert_int_equal(sock_addr_parse(others[i], &b), 0);
        assert_row(others[i], !sock_addr_equal(&a, &b));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_CX04_parses_and_prints_ips),
        cmocka_unit_test(agrees_with_the_c_library),
        cmocka_unit_test(orders_ips),
        cmocka_unit_test(classifies_ips),
        cmocka_unit_test(steps_to_the_next_ip),
        cmocka_unit_test(test_CX04_parses_and_prints_socket_addresses),
        cmocka_unit_test(maps_to_the_right_sockaddr),
        cmocka_unit_test(compares_socket_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
