#include <errno.h>
#include <string.h>

#include "golden.h"
#include "innernet/new_record.h"
#include "unit.h"

static struct ip ip_of(const char *text)
{
    struct ip ip;
    assert_int_equal(ip_parse(text, &ip), 0);
    return ip;
}

static struct network network_of(const char *text)
{
    struct network net;
    assert_int_equal(network_parse(text, &net, NULL), 0);
    return net;
}

static struct endpoint endpoint_of(const char *text)
{
    struct endpoint ep;
    assert_int_equal(endpoint_parse(text, &ep, NULL), 0);
    return ep;
}

static struct ip suggest(const char *net, const struct peer *peers, size_t n)
{
    struct cidr cidr = {.id = 1, .name = "c", .net = network_of(net)};
    const struct peer *refs[4];
    struct ip ip;
    for (size_t i = 0; i < n; i++)
        refs[i] = &peers[i];
    assert_int_equal(new_peer_suggest_ip(&cidr, refs, n, &ip, NULL), 0);
    return ip;
}

static void assert_suggests(const char *net, const struct peer *peers, size_t n, const char *text)
{
    struct ip got = suggest(net, peers, n), wanted = ip_of(text);
    assert_true(ip_equal(&got, &wanted));
}

/* A.5: neither network nor broadcast, except where there is no room for such. */
static void the_lowest_free_address_is_suggested(void **state)
{
    (void)state;
    struct peer peers[] = {{.ip = ip_of("10.0.0.1")},
                           {.ip = ip_of("10.0.0.2"), .is_disabled = true},
                           {.ip = ip_of("10.0.0.4")}};
    assert_suggests("10.0.0.0/24", NULL, 0, "10.0.0.1");
    assert_suggests("10.0.0.0/24", peers, 3, "10.0.0.3");
    assert_suggests("10.0.0.77/24", NULL, 0, "10.0.0.1");
    assert_suggests("10.0.0.0/31", NULL, 0, "10.0.0.0");
    assert_suggests("10.0.0.5/32", NULL, 0, "10.0.0.5");
    assert_suggests("fd00::/64", NULL, 0, "fd00::1");
    assert_suggests("fd00::9/128", NULL, 0, "fd00::9");
    assert_suggests("255.255.255.254/31", NULL, 0, "255.255.255.254");
}

static void a_full_cidr_is_an_error(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct ip ip;
    struct cidr small = {.name = "tiny", .net = network_of("10.0.0.0/30")};
    struct cidr last = {.name = "last", .net = network_of("255.255.255.255/32")};
    struct peer peers[] = {
        {.ip = ip_of("10.0.0.1")}, {.ip = ip_of("10.0.0.2")}, {.ip = ip_of("255.255.255.255")}};
    const struct peer *refs[] = {&peers[0], &peers[1], &peers[2]};
    assert_int_equal(new_peer_suggest_ip(&small, refs, 3, &ip, &err), -EADDRNOTAVAIL);
    assert_non_null(strstr(err.text, "tiny"));
    assert_int_equal(new_peer_suggest_ip(&last, refs, 3, &ip, &err), -EADDRNOTAVAIL);
}

/* 9.7: found out before anything is created. */
static void the_server_must_be_listed_with_an_endpoint(void **state)
{
    (void)state;
    const struct peer *server;
    struct err err = ERR_INIT;
    struct peer peers[] = {{.id = 5}, {.id = 1}};
    const struct peer *refs[] = {&peers[0], &peers[1]};
    assert_int_equal(new_peer_find_server(refs, 1, &server, &err), -ENOENT);
    assert_int_equal(new_peer_find_server(refs, 2, &server, &err), -ENOENT);
    peers[1].endpoint = endpoint_of("1.2.3.4:5");
    assert_int_equal(new_peer_find_server(refs, 2, &server, &err), 0);
    assert_ptr_equal(server, &peers[1]);
}

/* The golden invitation from its parts; its comment block is free. */
static void test_CX08_the_invitation_matches_the_golden_one(void **state)
{
    (void)state;
    CLEAN_BUF struct buf out = BUF_INIT, golden = BUF_INIT;
    struct network root = network_of("10.66.0.0/16");
    struct ip ip = ip_of("10.66.2.1");
    struct sock_addr internal = {.ip = ip_of("10.66.0.1"), .port = 51820};
    struct peer server = {.id = 1, .endpoint = endpoint_of("172.31.1.1:51820")};
    struct key private_key;
    assert_int_equal(key_parse("4S1xKBAElTwaxNeUwv8ncdiQdGc0VBYi8xFrawYOlR4=", &server.public_key),
                     0);
    assert_int_equal(key_parse("KBLHVzrnbKEQM0TOmqJAMRJnFv5GdVp+lzKwbbsbeEg=", &private_key), 0);
    assert_int_equal(
        new_peer_invitation("evilcorp", &root, &ip, &server, &internal, &private_key, &out, NULL),
        0);
    golden_read("invitation.toml", &golden);
    assert_string_equal(strstr(out.data, "[interface]"), strstr(golden.data, "[interface]"));
    struct ip other = ip_of("fd00::1");
    assert_int_equal(new_peer_invitation("evilcorp", &root, &other, &server, &internal,
                                         &private_key, &out, NULL),
                     -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_lowest_free_address_is_suggested),
        cmocka_unit_test(a_full_cidr_is_an_error),
        cmocka_unit_test(the_server_must_be_listed_with_an_endpoint),
        cmocka_unit_test(test_CX08_the_invitation_matches_the_golden_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
