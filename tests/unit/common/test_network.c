/* Networks: spec/server.md 0.2, 4.3; spec/client.md A.5. */

#include "unit.h"

#include <errno.h>
#include <string.h>

#include "innernet/addr.h"

static struct ip ip_of(const char *text)
{
    struct ip ip;
    if (ip_parse(text, &ip) != 0)
        fail_msg("no IP: %s", text);
    return ip;
}

static struct network net_of(const char *text)
{
    struct network net;
    struct err err = ERR_INIT;
    if (network_parse(text, &net, &err) != 0)
        fail_msg("%s", err.text);
    return net;
}

static void assert_ip(const char *row, struct ip ip, const char *expected)
{
    char text[IP_TEXT_MAX];
    assert_row_text(row, ip_format(&ip, text), expected);
}

static const struct {
    const char *input;
    const char *output; /* NULL: refused */
} network_rows[] = {
    /* spec/server.md 0.2 */
    {"10.66.4.7/24", "10.66.4.7/24"},
    {"010.66.4.7/24", "10.66.4.7/24"},
    {"fd00:abc::1.2.3.4/64", "fd00:abc::102:304/64"},
    {"10.66.7.0", NULL},
    {"10.66.7.0/024", NULL},
    /* octets and prefixes, spec/client.md A.5 */
    {"000.001.010.255/8", "0.1.10.255/8"},
    {"0010.0.0.0/8", NULL},
    {"256.0.0.0/8", NULL},
    {"10.0.0/8", NULL},
    {"10/8", NULL},
    {"10.0.0.0/0", "10.0.0.0/0"},
    {"10.0.0.0/00", "10.0.0.0/0"},
    {"10.0.0.0/08", "10.0.0.0/8"},
    {"10.0.0.0/32", "10.0.0.0/32"},
    {"10.0.0.0/33", NULL},
    {"10.0.0.0/128", NULL},
    {"10.0.0.0/", NULL},
    {"10.0.0.0/+8", NULL},
    {"10.0.0.0/-1", NULL},
    {"10.0.0.0/ 8", NULL},
    {"10.0.0.0/8 ", NULL},
    {" 10.0.0.0/8", NULL},
    {"10.0.0.0 /8", NULL},
    {"10.0.0.0/8x", NULL},
    {"10.0.0.0/8/8", NULL},
    {"10.0.0.0/255.0.0.0", NULL},
    {"/8", NULL},
    {"", NULL},
    {"/", NULL},
    {"host/8", NULL},
    {"FD00::/8", "fd00::/8"},
    {"::/0", "::/0"},
    {"::/000", "::/0"},
    {"::/064", "::/64"},
    {"::/0064", NULL},
    {"::1/128", "::1/128"},
    {"::1/129", NULL},
    {"::1/999", NULL},
    {"::1", NULL},
    {"::ffff:1.2.3.4/96", "::ffff:1.2.3.4/96"},
    {"::ffff:01.002.3.4/96", "::ffff:1.2.3.4/96"},
    {"::1.2.3.4/96", "::102:304/96"},
    {"1:2:3:4:5:6:7::/64", "1:2:3:4:5:6:7:0/64"},
    {"1::2::3/64", NULL},
    {"12345::/64", NULL},
    {"fe80::1%1/64", NULL},
    {"[::1]/64", NULL},
    {"1:2:3:4:5:6:7:8:9/64", NULL},
};

static void test_CX05_parses_and_prints_networks(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(network_rows); i++) {
        const char *row = network_rows[i].input;
        struct network net = {.prefix = 99};
        struct err err = ERR_INIT;
        int r = network_parse(row, &net, &err);
        assert_row(row, r == (network_rows[i].output ? 0 : -EINVAL));
        if (r < 0) {
            assert_row(row, net.prefix == 99);
            assert_row(row, strstr(err.text, "is no network") && strstr(err.text, row));
            assert_row(row, network_parse(row, &net, NULL) == -EINVAL);
            continue;
        }
        char text[NETWORK_TEXT_MAX];
        assert_row_text(row, network_format(&net, text), network_rows[i].output);
    }
}

static void names_the_reason_for_a_bad_network(void **state)
{
    (void)state;
    struct network net;
    struct err err = ERR_INIT;
    network_parse("10.0.0.0", &net, &err);
    assert_non_null(strstr(err.text, "prefix length is missing"));
    network_parse("10.0.0/8", &net, &err);
    assert_non_null(strstr(err.text, "address is malformed"));
    network_parse("10.0.0.0/33", &net, &err);
    assert_non_null(strstr(err.text, "0 to 32"));
    network_parse("::/200", &net, &err);
    assert_non_null(strstr(err.text, "0 to 128"));
    char text[5000];
    memset(text, '1', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    assert_int_equal(network_parse(text, &net, &err), -EINVAL);
    assert_non_null(strstr(err.text, "write it as"));
}

static void derives_the_range(void **state)
{
    (void)state;
    static const struct {
        const char *net, *first, *last, *first_assignable, *last_assignable;
    } rows[] = {
        {"10.66.4.7/24", "10.66.4.0", "10.66.4.255", "10.66.4.1", "10.66.4.254"},
        {"10.66.4.7/13", "10.64.0.0", "10.71.255.255", "10.64.0.1", "10.71.255.254"},
        {"10.0.0.0/0", "0.0.0.0", "255.255.255.255", "0.0.0.1", "255.255.255.254"},
        {"10.0.0.9/30", "10.0.0.8", "10.0.0.11", "10.0.0.9", "10.0.0.10"},
        {"10.0.0.9/31", "10.0.0.8", "10.0.0.9", "10.0.0.8", "10.0.0.9"},
        {"10.0.0.9/32", "10.0.0.9", "10.0.0.9", "10.0.0.9", "10.0.0.9"},
        {"fd00::77/64", "fd00::", "fd00::ffff:ffff:ffff:ffff", "fd00::1",
         "fd00::ffff:ffff:ffff:ffff"},
        {"fd00::77/121", "fd00::", "fd00::7f", "fd00::1", "fd00::7f"},
        {"fd00::2/126", "fd00::", "fd00::3", "fd00::1", "fd00::3"},
        {"fd00::2/127", "fd00::2", "fd00::3", "fd00::2", "fd00::3"},
        {"fd00::2/128", "fd00::2", "fd00::2", "fd00::2", "fd00::2"},
        {"::/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::1",
         "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct network net = net_of(rows[i].net);
        assert_ip(rows[i].net, network_first(&net), rows[i].first);
        assert_ip(rows[i].net, network_last(&net), rows[i].last);
        assert_ip(rows[i].net, network_first_assignable(&net), rows[i].first_assignable);
        assert_ip(rows[i].net, network_last_assignable(&net), rows[i].last_assignable);
    }
}

/* Candidate order of spec/client.md A.5: everything assignable, ascending. */
static void test_CX05_enumerates_assignable_addresses(void **state)
{
    (void)state;
    static const char *const rows[][4] = {
        {"10.0.0.0/30", "10.0.0.1", "10.0.0.2", NULL},
        {"10.0.0.0/31", "10.0.0.0", "10.0.0.1", NULL},
        {"10.0.0.7/32", "10.0.0.7", NULL, NULL},
        {"fd00::/126", "fd00::1", "fd00::2", "fd00::3"},
        {"fd00::/127", "fd00::", "fd00::1", NULL},
        {"fd00::5/128", "fd00::5", NULL, NULL},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct network net = net_of(rows[i][0]);
        struct ip ip = network_first_assignable(&net);
        struct ip last = network_last_assignable(&net);
        size_t n = 1;
        for (;; n++) {
            assert_row(rows[i][0], n < 4 && rows[i][n]);
            assert_ip(rows[i][0], ip, rows[i][n]);
            assert_row(rows[i][0], network_is_assignable(&net, &ip));
            if (ip_equal(&ip, &last) || !ip_next(&ip))
                break;
        }
        assert_row(rows[i][0], n == 3 || !rows[i][n + 1]);
    }
}

static void test_CX05_knows_what_is_assignable(void **state)
{
    (void)state;
    static const struct {
        const char *net, *ip;
        bool contained, assignable;
    } rows[] = {
        {"10.1.0.0/16", "10.1.0.0", true, false},
        {"10.1.0.0/16", "10.1.255.255", true, false},
        {"10.1.0.0/16", "10.1.0.255", true, true},
        {"10.1.0.0/16", "10.1.1.0", true, true},
        {"10.1.0.0/16", "10.2.0.0", false, false},
        {"10.1.0.0/16", "10.0.255.255", false, false},
        {"10.1.2.3/16", "10.1.9.9", true, true},
        {"10.1.0.0/16", "::10.1.0.1", false, false},
        {"10.0.0.0/31", "10.0.0.0", true, true},
        {"10.0.0.0/31", "10.0.0.1", true, true},
        {"10.0.0.0/31", "10.0.0.2", false, false},
        {"10.0.0.3/32", "10.0.0.3", true, true},
        {"0.0.0.0/0", "255.255.255.255", true, false},
        {"0.0.0.0/0", "1.2.3.4", true, true},
        {"fd00::/64", "fd00::", true, false},
        {"fd00::/64", "fd00::ffff:ffff:ffff:ffff", true, true},
        {"fd00::/64", "fd00:0:0:1::", false, false},
        {"fd00::/64", "1.2.3.4", false, false},
        {"fd00::/126", "fd00::3", true, true},
        {"fd00::/127", "fd00::", true, true},
        {"fd00::9/128", "fd00::9", true, true},
        {"fd00::9/128", "fd00::8", false, false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct network net = net_of(rows[i].net);
        struct ip ip = ip_of(rows[i].ip);
        assert_row(rows[i].ip, network_contains_ip(&net, &ip) == rows[i].contained);
        assert_row(rows[i].ip, network_is_assignable(&net, &ip) == rows[i].assignable);
    }
}

static void relates_networks(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool contains, overlaps, equal, same_range;
    } rows[] = {
        {"10.0.0.0/8", "10.1.0.0/16", true, true, false, false},
        {"10.1.0.0/16", "10.0.0.0/8", false, true, false, false},
        {"10.0.0.0/8", "10.0.0.0/8", true, true, true, true},
        {"10.0.0.0/8", "10.9.9.9/8", true, true, false, true},
        {"10.9.9.9/8", "10.0.0.0/8", true, true, false, true},
        {"10.0.0.0/9", "10.128.0.0/9", false, false, false, false},
        {"10.0.0.0/8", "11.0.0.0/8", false, false, false, false},
        {"0.0.0.0/0", "255.0.0.0/8", true, true, false, false},
        {"0.0.0.0/0", "::/0", false, false, false, false},
        {"::/0", "0.0.0.0/0", false, false, false, false},
        {"::/96", "0.0.0.0/32", false, false, false, false},
        {"fd00::/64", "fd00::1:0:0:0/80", true, true, false, false},
        {"fd00::/64", "fd00:0:0:1::/64", false, false, false, false},
        {"10.0.0.0/24", "10.0.0.0/25", true, true, false, false},
        {"10.0.0.1/32", "10.0.0.1/32", true, true, true, true},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct network a = net_of(rows[i].a);
        struct network b = net_of(rows[i].b);
        assert_row(rows[i].a, network_contains(&a, &b) == rows[i].contains);
        assert_row(rows[i].a, network_overlaps(&a, &b) == rows[i].overlaps);
        assert_row(rows[i].a, network_overlaps(&b, &a) == rows[i].overlaps);
        assert_row(rows[i].a, network_equal(&a, &b) == rows[i].equal);
        assert_row(rows[i].a, network_same_range(&a, &b) == rows[i].same_range);
    }
}

static void makes_single_address_networks(void **state)
{
    (void)state;
    char text[NETWORK_TEXT_MAX];
    struct ip four = ip_of("1.2.3.4");
    struct ip six = ip_of("fd00::1");
    struct network net = network_of_ip(&four);
    assert_string_equal(network_format(&net, text), "1.2.3.4/32");
    net = network_of_ip(&six);
    assert_string_equal(network_format(&net, text), "fd00::1/128");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_CX05_parses_and_prints_networks),
        cmocka_unit_test(names_the_reason_for_a_bad_network),
        cmocka_unit_test(derives_the_range),
        cmocka_unit_test(test_CX05_enumerates_assignable_addresses),
        cmocka_unit_test(test_CX05_knows_what_is_assignable),
        cmocka_unit_test(relates_networks),
        cmocka_unit_test(makes_single_address_networks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
