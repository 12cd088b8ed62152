/* Link, address and route messages, and which addresses become candidates: spec/client.md 3.6, 8.4,
 * 8.5, 9.16, 9.17, spec/server.md 5.5, D19, D58. */

#include "message.h"
#include "unit.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "innernet/netif.h"
#include "netif_internal.h"

static struct network net_of(const char *text)
{
    struct network net;
    assert_int_equal(network_parse(text, &net, NULL), 0);
    return net;
}

static struct ip ip_of(const char *text)
{
    struct ip ip;
    assert_int_equal(ip_parse(text, &ip), 0);
    return ip;
}

static void assert_message(const struct nlmsghdr *m, const char *hex)
{
    uint8_t expected[256];
    size_t n = message_from_hex(hex, expected, sizeof(expected));
    assert_int_equal(m->nlmsg_len, n);
    assert_memory_equal(m, expected, n);
}

static void writes_link_messages(void **state)
{
    (void)state;
    _Alignas(struct nlmsghdr) char buf[NL_LINK_MAX];
    /* 68 bytes: REQUEST|ACK|CREATE|EXCL, all-zero header */
    assert_message(nl_link_build_create(buf, "evilcorp", "wireguard"),
                   "44000000 1000 0506 00000000 00000000"
                   "00000000 00000000 00000000 00000000"
                   "0d00 0300 6576696c636f7270 00 000000"
                   "1400 1280 0e00 0100 776972656775617264 00 0000");
    assert_message(nl_link_build_delete(buf, "wg0", "wireguard"),
                   "3c000000 1100 0500 00000000 00000000"
                   "00000000 00000000 00000000 00000000"
                   "0800 0300 77673000"
                   "1400 1280 0e00 0100 776972656775617264 00 0000");
    assert_message(nl_link_build_get(buf, "wg0"), "28000000 1200 0500 00000000 00000000"
                                                  "00000000 00000000 00000000 00000000"
                                                  "0800 0300 77673000");
    assert_message(nl_link_build_dump(buf), "20000000 1200 0103 00000000 00000000"
                                            "00000000 00000000 00000000 00000000");
    /* IFF_UP in flags and change mask alone, so that NOARP and MULTICAST stay as they are. */
    assert_message(nl_link_build_up(buf, 7, 1280), "28000000 1000 0500 00000000 00000000"
                                                   "00000000 07000000 01000000 01000000"
                                                   "0800 0400 00050000");
}

static void writes_addresses(void **state)
{
    (void)state;
    _Alignas(struct nlmsghdr) char buf[NETIF_REQUEST_MAX];
    struct network v4 = net_of("10.66.0.1/16"), v6 = net_of("fd00:66::1/64");
    /* REQUEST|ACK|REPLACE|CREATE; family, prefix, flags, scope, index */
    assert_message(netif_build_set_address(buf, 7, &v4), "28000000 1400 0505 00000000 00000000"
                                                         "02 10 00 00 07000000"
                                                         "0800 0200 0a420001"
                                                         "0800 0100 0a420001");
    /* IFA_F_NODAD: bindable at once */
    assert_message(netif_build_set_address(buf, 7, &v6),
                   "2c000000 1400 0505 00000000 00000000"
                   "0a 40 02 00 07000000"
                   "1400 0100 fd000066000000000000000000000001");
}

static void writes_routes(void **state)
{
    (void)state;
    _Alignas(struct nlmsghdr) char buf[NETIF_REQUEST_MAX];
    struct network v4 = net_of("10.66.7.1/16"), v6 = net_of("fd00:66::1/64");
    /* REQUEST|ACK|EXCL|CREATE; main table, proto boot, scope link, unicast; host bits cleared */
    assert_message(netif_build_add_route(buf, 7, &v4), "2c000000 1800 0506 00000000 00000000"
                                                       "02 10 00 00 fe 03 fd 01 00000000"
                                                       "0800 0100 0a420000"
                                                       "0800 0400 07000000");
    assert_message(netif_build_add_route(buf, 7, &v6), "38000000 1800 0506 00000000 00000000"
                                                       "0a 40 00 00 fe 03 fd 01 00000000"
                                                       "1400 0100 fd000066000000000000000000000000"
                                                       "0800 0400 07000000");
}

/* One message of a link dump. */
static struct nlmsghdr *link_message(struct message *buf, int index, const char *name,
                                     unsigned flags, uint8_t operstate, const char *kind)
{
    struct ifinfomsg head = {.ifi_index = index, .ifi_flags = flags};
    struct nlmsghdr *m = message_begin(buf, RTM_NEWLINK, &head, sizeof(head));
    mnl_attr_put(m, 600, 3, "new");
    mnl_attr_put_strz(m, IFLA_IFNAME, name);
    mnl_attr_put_u32(m, IFLA_MTU, 1500);
    mnl_attr_put_u8(m, IFLA_OPERSTATE, operstate);
    if (kind) {
        struct nlattr *info = mnl_attr_nest_start(m, IFLA_LINKINFO);
        mnl_attr_put_strz(m, IFLA_INFO_KIND, kind);
        mnl_attr_put(m, IFLA_INFO_DATA, 5, "data");
        mnl_attr_nest_end(m, info);
    }
    return m;
}

static int parse_link(const struct nlmsghdr *m)
{
    struct nl_link link;
    return nl_link_parse(m, &link);
}

static void reads_links(void **state)
{
    (void)state;
    struct message buf;
    struct nl_link link;
    struct nlmsghdr *m = link_message(&buf, 5, "wg0", IFF_UP | IFF_NOARP, 0, "wireguard");
    assert_int_equal(nl_link_parse(m, &link), 0);
    assert_int_equal(link.index, 5);
    assert_int_equal(link.flags, IFF_UP | IFF_NOARP);
    assert_int_equal(link.operstate, 0);
    assert_string_equal(link.name, "wg0");
    assert_string_equal(link.kind, "wireguard");
    message_torture(m, -EBADMSG, parse_link);
    m = link_message(&buf, 5, "eth0", IFF_UP, 6, NULL);
    assert_int_equal(nl_link_parse(m, &link), 0);
    assert_string_equal(link.kind, "");
    assert_int_equal(link.operstate, 6);
    m = link_message(&buf, 5, "x", 0, 0, "a-kind-with-a-very-long-name");
    assert_int_equal(nl_link_parse(m, &link), 0);
    assert_string_equal(link.kind, "");
    m = link_message(&buf, 5, "sixteen-bytes-up", 0, 0, NULL);
    assert_int_equal(nl_link_parse(m, &link), -EBADMSG);
    m->nlmsg_type = RTM_DELLINK;
    assert_int_equal(nl_link_parse(m, &link), 1);
}

struct address_row {
    const char *row;
    int index;
    const char *address, *local, *label;
    uint8_t scope, flags;
    uint32_t more_flags; /* IFA_FLAGS, when not 0 */
    bool is_chosen;
};

static struct nlmsghdr *address_message(struct message *buf, const struct address_row *r)
{
    struct ip address = ip_of(r->address);
    struct ifaddrmsg head = {.ifa_family = address.family == IP_V4 ? AF_INET : AF_INET6,
                             .ifa_prefixlen = 24,
                             .ifa_flags = r->flags,
                             .ifa_scope = r->scope,
                             .ifa_index = (uint32_t)r->index};
    struct nlmsghdr *m = message_begin(buf, RTM_NEWADDR, &head, sizeof(head));
    mnl_attr_put(m, 88, 1, "x");
    mnl_attr_put(m, IFA_ADDRESS, ip_bits(&address) / 8, address.bytes);
    if (r->local) {
        struct ip local = ip_of(r->local);
        mnl_attr_put(m, IFA_LOCAL, ip_bits(&local) / 8, local.bytes);
    }
    if (r->label)
        mnl_attr_put_strz(m, IFA_LABEL, r->label);
    if (r->more_flags)
        mnl_attr_put_u32(m, IFA_FLAGS, r->more_flags);
    return m;
}

static int parse_address(const struct nlmsghdr *m)
{
    struct netif_address a;
    return netif_parse_address(m, &a);
}

static void reads_addresses(void **state)
{
    (void)state;
    static const struct address_row row = {
        .index = 3, .address = "192.0.2.9", .local = "192.0.2.1", .label = "ppp0", .scope = 253};
    struct message buf;
    struct netif_address a;
    char text[IP_TEXT_MAX];
    struct nlmsghdr *m = address_message(&buf, &row);
    assert_int_equal(netif_parse_address(m, &a), 0);
    assert_int_equal(a.index, 3);
    assert_int_equal(a.scope, 253);
    assert_string_equal(a.label, "ppp0");
    assert_string_equal(ip_format(&a.addr, text), "192.0.2.1"); /* our end */
    message_torture(m, -EBADMSG, parse_address);

    m->nlmsg_type = RTM_DELADDR;
    assert_int_equal(netif_parse_address(m, &a), 1);
    m->nlmsg_type = RTM_NEWADDR;
    ((struct ifaddrmsg *)mnl_nlmsg_get_payload(m))->ifa_family = AF_INET6;
    assert_int_equal(netif_parse_address(m, &a), -EBADMSG); /* 4 bytes are no IPv6 address */
    ((struct ifaddrmsg *)mnl_nlmsg_get_payload(m))->ifa_family = AF_UNIX;
    assert_int_equal(netif_parse_address(m, &a), 1);
    struct ifaddrmsg head = {.ifa_family = AF_INET};
    m = message_begin(&buf, RTM_NEWADDR, &head, sizeof(head));
    assert_int_equal(netif_parse_address(m, &a), -EBADMSG); /* no address at all */
    m = message_begin(&buf, RTM_NEWADDR, &head, 4);
    assert_int_equal(netif_parse_address(m, &a), -EBADMSG);
}

/* Links: 1 lo, 2 eth0 (up), 3 eth1 (down), 4 wg0 (kernel), 5 wgu0 (userspace), 6 ppp0 (up), 7 mine.
 */
static void add_links(struct netif_view *view)
{
    static const struct {
        int index;
        const char *name;
        unsigned flags;
        uint8_t operstate;
        const char *kind;
    } rows[] = {{1, "lo", IFF_UP | IFF_LOOPBACK, 6, NULL},
                {2, "eth0", IFF_UP, 6, NULL},
                {3, "eth1", IFF_UP, 2, NULL},
                {4, "wg0", IFF_UP, 6, "wireguard"},
                {5, "wgu0", IFF_UP, 6, "tun"},
                {7, "mine", IFF_UP, 6, "veth"},
                {6, "ppp0", IFF_UP, 6, NULL}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct message buf;
        assert_int_equal(
            netif_view_add_link(view, link_message(&buf, rows[i].index, rows[i].name, rows[i].flags,
                                                   rows[i].operstate, rows[i].kind)),
            0);
    }
}

static const struct address_row addresses[] = {
    {"v4", 2, "192.0.2.1", "192.0.2.1", "eth0", 0, 0, 0, true},
    {"private v4", 2, "10.0.0.1", "10.0.0.1", "eth0", 0, 0, 0, true},
    {"secondary v4", 2, "10.0.0.2", "10.0.0.2", "eth0", 0, IFA_F_SECONDARY, 0, true},
    {"v4 link-local, universe", 2, "169.254.1.1", "169.254.1.1", "eth0", 0, 0, 0, true},
    {"alias", 2, "192.0.2.2", "192.0.2.2", "eth0:1", 0, 0, 0, false},
    {"no label", 2, "192.0.2.3", "192.0.2.3", NULL, 0, 0, 0, false},
    {"scope link", 2, "192.0.2.4", "192.0.2.4", "eth0", 253, 0, 0, false},
    {"scope host", 2, "192.0.2.5", "192.0.2.5", "eth0", 254, 0, 0, false},
    {"loopback link", 1, "192.0.2.6", "192.0.2.6", "lo", 0, 0, 0, false},
    {"link down", 3, "192.0.2.7", "192.0.2.7", "eth1", 0, 0, 0, false},
    {"unknown link", 99, "192.0.2.8", "192.0.2.8", "eth9", 0, 0, 0, false},
    {"point-to-point", 6, "203.0.113.2", "203.0.113.1", "ppp0", 0, 0, 0, true},
    {"kernel wireguard", 4, "192.0.2.9", "192.0.2.9", "wg0", 0, 0, 0, false},
    {"userspace wireguard", 5, "192.0.2.10", "192.0.2.10", "wgu0", 0, 0, 0, false},
    {"own interface", 7, "192.0.2.11", "192.0.2.11", "mine", 0, 0, 0, false},
    {"v6", 2, "2a00::1", NULL, NULL, 0, IFA_F_PERMANENT, 0, true},
    {"v6 of a link that is down", 3, "2a00::2", NULL, NULL, 0, 0, 0, true},
    {"v6 point-to-point", 6, "2a00::bad", "2a00::3", NULL, 0, 0, 0, true},
    {"v6 on kernel wireguard", 4, "2a00::4", NULL, NULL, 0, 0, 0, false},
    {"v6 on userspace wireguard", 5, "2a00::5", NULL, NULL, 0, 0, 0, false},
    {"v6 on own interface", 7, "2a00::6", NULL, NULL, 0, 0, 0, false},
    {"v6 tentative", 2, "2a00::7", NULL, NULL, 0, IFA_F_TENTATIVE, 0, false},
    {"v6 deprecated", 2, "2a00::8", NULL, NULL, 0, IFA_F_DEPRECATED, 0, false},
    {"v6 temporary", 2, "2a00::9", NULL, NULL, 0, IFA_F_TEMPORARY, 0, false},
    {"v6 dad failed", 2, "2a00::a", NULL, NULL, 0, IFA_F_DADFAILED, 0, false},
    {"v6 wide flags", 2, "2a00::b", NULL, NULL, 0, 0, IFA_F_DEPRECATED | IFA_F_NOPREFIXROUTE,
     false},
    {"v6 stable privacy", 2, "2a00::c", NULL, NULL, 0, 0, IFA_F_STABLE_PRIVACY, true},
    {"v6 scope link", 2, "2a00::d", NULL, NULL, 253, 0, 0, false},
    {"v6 multicast", 2, "ff02::1", NULL, NULL, 0, 0, 0, false},
    {"v6 loopback", 2, "::1", NULL, NULL, 0, 0, 0, false},
    {"v6 unspecified", 2, "::", NULL, NULL, 0, 0, 0, false},
    {"v6 documentation", 2, "2001:db8::1", NULL, NULL, 0, 0, 0, false},
    {"v6 next to documentation", 2, "2001:db9::1", NULL, NULL, 0, 0, 0, true},
    {"v6 link-local", 2, "fe80::1", NULL, NULL, 0, 0, 0, false},
    {"v6 link-local end", 2, "febf::1", NULL, NULL, 0, 0, 0, false},
    {"v6 site-local", 2, "fec0::1", NULL, NULL, 0, 0, 0, true},
    {"v6 unique-local", 2, "fc00::1", NULL, NULL, 0, 0, 0, false},
    {"v6 unique-local end", 2, "fdff::1", NULL, NULL, 0, 0, 0, false},
    {"v6 mapped", 2, "::ffff:192.0.2.1", NULL, NULL, 0, 0, 0, true},
    {"v6 6to4", 2, "2002:c000:201::1", NULL, NULL, 0, 0, 0, true},
    {"v6 nat64", 2, "64:ff9b::1", NULL, NULL, 0, 0, 0, true},
};

static void add_addresses(struct netif_view *view)
{
    for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
        struct message buf;
        assert_int_equal(netif_view_add_address(view, address_message(&buf, &addresses[i])), 0);
    }
}

static const char *const hidden[] = {"mine", "wgu0"};

static void test_CX44_chooses_candidates(void **state)
{
    (void)state;
    CLEAN_NETIF_VIEW struct netif_view view = {0};
    struct netif_filter filter = {.hidden = hidden, .n_hidden = 2};
    struct ip found[ARRAY_SIZE(addresses)];
    add_links(&view);
    add_addresses(&view);
    size_t n = netif_select(&view, &filter, found, ARRAY_SIZE(found));
    size_t at = 0;
    for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
        const struct address_row *r = &addresses[i];
        struct ip expected = ip_of(r->local ? r->local : r->address);
        if (r->is_chosen)
            assert_row(r->row, at < n && ip_equal(&found[at++], &expected));
        for (size_t k = 0; !r->is_chosen && k < n; k++)
            assert_row(r->row, !ip_equal(&found[k], &expected));
    }
    assert_int_equal(at, n);
    /* At most as many as asked for, the first of them. */
    struct ip first = found[0];
    assert_int_equal(netif_select(&view, &filter, found, 2), 2);
    assert_true(ip_equal(&found[0], &first));
    assert_int_equal(netif_select(&view, &filter, found, 0), 0);
}

/* Excluded addresses use up no place: spec/client.md 9.17. */
static void test_CX44_excludes_before_it_counts(void **state)
{
    (void)state;
    CLEAN_NETIF_VIEW struct netif_view view = {0};
    struct network excluded[] = {net_of("0.0.0.0/0"), net_of("2a00::/16")};
    struct netif_filter filter = {
        .hidden = hidden, .n_hidden = 2, .excluded = excluded, .n_excluded = 2};
    struct ip found[2], expected = ip_of("2001:db9::1");
    add_links(&view);
    add_addresses(&view);
    assert_int_equal(netif_select(&view, &filter, found, 2), 2);
    assert_true(ip_equal(&found[0], &expected));
    /* A network of the other family excludes nothing. */
    filter.n_excluded = 1;
    expected = ip_of("2a00::1");
    assert_int_equal(netif_select(&view, &filter, found, 2), 2);
    assert_true(ip_equal(&found[0], &expected));
}

static void starts_a_view_again(void **state)
{
    (void)state;
    CLEAN_NETIF_VIEW struct netif_view view = {0};
    add_links(&view);
    add_addresses(&view);
    netif_view_drop_links(&view);
    netif_view_drop_addresses(&view);
    assert_int_equal(view.n_links + view.n_addresses, 0);
    struct netif_filter filter = {0};
    struct ip found;
    assert_int_equal(netif_select(&view, &filter, &found, 1), 0);
}

static void names_an_interface_that_is_not_there(void **state)
{
    (void)state;
    struct network net = net_of("10.0.0.1/8");
    struct err err = ERR_INIT;
    bool has;
    assert_int_equal(netif_has_address("no-such-link", &net.addr, &has, &err), -ENODEV);
    assert_non_null(strstr(err.text, "no-such-link"));
}

/* Of this machine, whatever it has. */
static void test_T14_listing_local_addresses_does_not_fail(void **state)
{
    (void)state;
    struct ip found[10];
    struct err err = ERR_INIT;
    size_t n = SIZE_MAX;
    if (netif_candidates("no-such-link", NULL, 0, found, ARRAY_SIZE(found), &n, &err) < 0)
        fail_msg("%s", err.text);
    assert_true(n <= ARRAY_SIZE(found));
    for (size_t i = 0; i < n; i++)
        assert_true(found[i].family == IP_V4 || found[i].family == IP_V6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_link_messages),
        cmocka_unit_test(writes_addresses),
        cmocka_unit_test(writes_routes),
        cmocka_unit_test(reads_links),
        cmocka_unit_test(reads_addresses),
        cmocka_unit_test(test_CX44_chooses_candidates),
        cmocka_unit_test(test_CX44_excludes_before_it_counts),
        cmocka_unit_test(starts_a_view_again),
        cmocka_unit_test(names_an_interface_that_is_not_there),
        cmocka_unit_test(test_T14_listing_local_addresses_does_not_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
