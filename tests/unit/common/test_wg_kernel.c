/* The messages of the kernel's WireGuard, without a kernel. Bytes: spec/client.md 8.3, T12, T13. */

#include "message.h"
#include "unit.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/wireguard.h>

#include "wg_kernel.h"

#define FAMILY 0x1c
#define MAX_LEN 8192

/* Every message of an update, and a device that has taken them all in: what is set and what is
 * reported have the same form. */
struct outcome {
    unsigned n_messages;
    uint32_t longest;
    struct nlmsghdr *first;
    struct wg_device device;
    struct wg_build build;
    int fail_at; /* 0 = never */
};

static int collect(void *ctx, struct nlmsghdr *m)
{
    struct outcome *o = ctx;
    static const struct genlmsghdr head = {.cmd = WG_CMD_SET_DEVICE, .version = WG_GENL_VERSION};
    if (o->fail_at && (int)o->n_messages + 1 == o->fail_at)
        return -EPERM;
    o->n_messages++;
    if (m->nlmsg_len > o->longest)
        o->longest = m->nlmsg_len;
    assert_int_equal(m->nlmsg_type, FAMILY);
    assert_int_equal(m->nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK);
    assert_memory_equal(mnl_nlmsg_get_payload(m), &head, sizeof(head));
    const struct nlattr *name = mnl_nlmsg_get_payload_offset(m, sizeof(head));
    assert_int_equal(mnl_attr_get_type(name), WGDEVICE_A_IFNAME);
    assert_string_equal(mnl_attr_get_str(name), "wg0");
    struct nlmsghdr *copy = message_tight(m, m->nlmsg_len);
    assert_int_equal(wg_kernel_parse_device(copy, &o->build), 0);
    if (o->first)
        free(copy);
    else
        o->first = copy;
    return 0;
}

static int build(const struct wg_update *u, size_t max, struct outcome *o)
{
    int fail_at = o->fail_at;
    *o = (struct outcome){.fail_at = fail_at};
    o->build.device = &o->device;
    void *buf = malloc(max);
    assert_non_null(buf);
    int rc = wg_kernel_build_set(FAMILY, "wg0", u, buf, max, collect, o);
    free(buf);
    wg_build_finish(&o->build);
    return rc;
}

static void outcome_done(struct outcome *o)
{
    free(o->first);
    wg_device_done(&o->device);
}
#define CLEAN_OUTCOME CLEANUP(outcome_done)

static struct key key_of(unsigned number)
{
    struct key key = {0};
    memcpy(key.bytes, &number, sizeof(number));
    key.bytes[31] = 0x40;
    return key;
}

static struct network net_of(const char *text)
{
    struct network net;
    assert_int_equal(network_parse(text, &net, NULL), 0);
    return net;
}

static void writes_the_example_byte_for_byte(void **state)
{
    (void)state;
    static const char expected[] =
        "e8000000 1c00 0500 00000000 00000000 01010000"
        "0800 0200 77673000"
        "2400 0300 0202020202020202020202020202020202020202020202020202020202020202"
        "0600 0600 3930 0000"
        "a000 0880"
        "6c00 0080"
        "2400 0100 0303030303030303030303030303030303030303030303030303030303030303"
        "1400 0400 02000005 01020304 00000000 00000000"
        "0600 0500 1900 0000"
        "2000 0980"
        "1c00 0080 0600 0100 0200 0000 0800 0200 0a000001 0500 0300 20 000000"
        "0800 0300 02000000"
        "3000 0080"
        "2400 0100 0404040404040404040404040404040404040404040404040404040404040404"
        "0800 0300 01000000"; /* without the empty list of the specification's example */
    uint8_t bytes[232];
    struct network ip = net_of("10.0.0.1/32");
    struct wg_peer_update peers[2] = {{.has_endpoint = true,
                                       .has_keepalive = true,
                                       .keepalive_s = 25,
                                       .replace_allowed_ips = true,
                                       .allowed_ips = &ip,
                                       .n_allowed_ips = 1},
                                      {.remove = true}};
    struct wg_update u = {.has_private_key = true,
                          .has_listen_port = true,
                          .listen_port = 12345,
                          .peers = peers,
                          .n_peers = 2};
    memset(u.private_key.bytes, 2, KEY_LEN);
    memset(peers[0].public_key.bytes, 3, KEY_LEN);
    memset(peers[1].public_key.bytes, 4, KEY_LEN);
    assert_int_equal(sock_addr_parse("1.2.3.4:5", &peers[0].endpoint), 0);
    CLEAN_OUTCOME struct outcome o = {0};
    assert_int_equal(build(&u, MAX_LEN, &o), 0);
    assert_int_equal(o.n_messages, 1);
    assert_int_equal(message_from_hex(expected, bytes, sizeof(bytes)), 232);
    assert_int_equal(o.longest, 232);
    assert_memory_equal(o.first, bytes, 232);
}

/* T12, and the order of the device's attributes. */
static void test_T12_writes_one_message_for_one_peer(void **state)
{
    (void)state;
    struct network ip = net_of("fd00::1/128");
    struct wg_peer_update peer = {.public_key = key_of(1),
                                  .update_only = true,
                                  .has_endpoint = true,
                                  .has_keepalive = true,
                                  .allowed_ips = &ip,
                                  .n_allowed_ips = 1};
    struct wg_update u = {.has_private_key = true,
                          .private_key = key_of(2),
                          .has_listen_port = true,
                          .listen_port = 12345,
                          .has_fwmark = true,
                          .fwmark = 111,
                          .replace_peers = true,
                          .peers = &peer,
                          .n_peers = 1};
    static const uint16_t order[] = {WGDEVICE_A_IFNAME, WGDEVICE_A_PRIVATE_KEY,
                                     WGDEVICE_A_FWMARK, WGDEVICE_A_LISTEN_PORT,
                                     WGDEVICE_A_FLAGS,  WGDEVICE_A_PEERS};
    assert_int_equal(sock_addr_parse("[fe80::1%3]:99", &peer.endpoint), 0);
    CLEAN_OUTCOME struct outcome o = {0};
    assert_int_equal(build(&u, MAX_LEN, &o), 0);
    assert_int_equal(o.n_messages, 1);
    struct nl_attrs attrs = nl_attrs_of_message(o.first, sizeof(struct genlmsghdr));
    for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
        const struct nlattr *a = nl_attrs_next(&attrs);
        assert_non_null(a);
        assert_int_equal(mnl_attr_get_type(a), order[i]);
        if (order[i] == WGDEVICE_A_FLAGS)
            assert_int_equal(mnl_attr_get_u32(a), WGDEVICE_F_REPLACE_PEERS);
    }
    assert_null(nl_attrs_next(&attrs));
    assert_int_equal(o.device.fwmark, 111);
    assert_int_equal(o.device.listen_port, 12345);
    assert_true(o.device.has_key);
    assert_true(key_equal(&o.device.private_key, &u.private_key));
    assert_int_equal(o.device.n_peers, 1);
    assert_true(sock_addr_equal(&o.device.peers[0].endpoint, &peer.endpoint));
    assert_int_equal(o.device.peers[0].keepalive_s, 0);
    /* The last attribute of the peer is its flags. */
    const uint8_t *end = (const uint8_t *)o.first + o.longest;
    uint32_t flags;
    memcpy(&flags, end - sizeof(flags), sizeof(flags));
    assert_int_equal(flags, WGPEER_F_UPDATE_ONLY);
}

static void writes_nothing_for_an_empty_update(void **state)
{
    (void)state;
    struct wg_update u = {0};
    CLEAN_OUTCOME struct outcome o = {0};
    assert_int_equal(build(&u, MAX_LEN, &o), 0);
    assert_int_equal(o.n_messages, 0);
    u.has_listen_port = true;
    assert_int_equal(build(&u, MAX_LEN, &o), 0);
    assert_int_equal(o.n_messages, 1);
}

static void assert_same_ips(const struct wg_peer *p, const struct network *ips, size_t n)
{
    assert_int_equal(p->n_allowed_ips, n);
    for (size_t i = 0; i < n; i++)
        assert_true(network_equal(&p->allowed_ips[i], &ips[i]));
}

/* T13: peers of varying size in several messages, none too long, nothing lost, nothing reordered.
 */
static void test_T13_spreads_many_peers_over_messages(void **state)
{
    (void)state;
    enum { N = 10000 };
    static const size_t limits[] = {512, 4096, MAX_LEN, NL_MESSAGE_MAX};
    struct wg_peer_update *peers = calloc(N, sizeof(*peers));
    struct network *ips = calloc(N + 16, sizeof(*ips));
    assert_non_null(peers);
    assert_non_null(ips);
    for (unsigned i = 0; i < N + 16; i++) {
        ips[i] = net_of(i % 3 ? "10.0.0.0/32" : "fd00::/128");
        memcpy(ips[i].addr.bytes + 1, &i, 3);
    }
    for (unsigned i = 0; i < N; i++) {
        peers[i] = (struct wg_peer_update){.public_key = key_of(i),
                                           .has_endpoint = i % 2,
                                           .has_keepalive = i % 5,
                                           .keepalive_s = (uint16_t)i,
                                           .replace_allowed_ips = i % 7,
                                           .allowed_ips = &ips[i],
                                           .n_allowed_ips = i % 13};
        assert_int_equal(
            sock_addr_parse(i % 4 == 1 ? "1.2.3.4:5" : "[2001:db8::1]:6", &peers[i].endpoint), 0);
    }
    struct wg_update u = {.has_private_key = true,
                          .private_key = key_of(1),
                          .replace_peers = true,
                          .peers = peers,
                          .n_peers = N};
    for (size_t l = 0; l < ARRAY_SIZE(limits); l++) {
        CLEAN_OUTCOME struct outcome o = {0};
        assert_int_equal(build(&u, limits[l], &o), 0);
        assert_true(o.n_messages > 1);
        assert_true(o.longest <= limits[l]);
        assert_true(o.longest > limits[l] / 2); /* and they are filled */
        assert_int_equal(o.device.n_peers, N);
        for (unsigned i = 0; i < N; i++) {
            const struct wg_peer *p = &o.device.peers[i];
            assert_true(key_equal(&p->public_key, &peers[i].public_key));
            assert_int_equal(p->has_endpoint, peers[i].has_endpoint);
            assert_int_equal(p->keepalive_s, peers[i].has_keepalive ? peers[i].keepalive_s : 0);
            assert_same_ips(p, &ips[i], peers[i].n_allowed_ips);
        }
    }
    free(peers);
    free(ips);
}

/* A removal is a key and a flag, and messages are as long as the length of an attribute lets them.
 */
static void removes_ten_thousand_peers_in_eight_messages(void **state)
{
    (void)state;
    enum { N = 10000 };
    struct wg_peer_update *peers = calloc(N, sizeof(*peers));
    assert_non_null(peers);
    for (unsigned i = 0; i < N; i++)
        peers[i] = (struct wg_peer_update){.public_key = key_of(i), .remove = true};
    struct wg_update u = {.peers = peers, .n_peers = N};
    CLEAN_OUTCOME struct outcome o = {0};
    assert_int_equal(build(&u, NL_MESSAGE_MAX, &o), 0);
    assert_int_equal(o.n_messages, 8);
    assert_in_range(o.longest, NL_MESSAGE_MAX - 64, NL_MESSAGE_MAX);
    assert_int_equal(o.device.n_peers, N);
    free(peers);
}

static unsigned n_replacing, n_parts;

/* Counts the parts of the one peer and those which replace its allowed IPs. */
static int count_parts(void *ctx, struct nlmsghdr *m)
{
    struct nl_attrs device = nl_attrs_of_message(m, sizeof(struct genlmsghdr));
    const struct nlattr *a;
    while ((a = nl_attrs_next(&device))) {
        if (mnl_attr_get_type(a) != WGDEVICE_A_PEERS)
            continue;
        struct nl_attrs peers = nl_attrs_of_nest(a);
        struct nl_attrs peer = nl_attrs_of_nest(nl_attrs_next(&peers));
        assert_null(nl_attrs_next(&peers));
        n_parts++;
        while ((a = nl_attrs_next(&peer)))
            if (mnl_attr_get_type(a) == WGPEER_A_FLAGS &&
                mnl_attr_get_u32(a) & WGPEER_F_REPLACE_ALLOWEDIPS)
                n_replacing++;
        break;
    }
    return collect(ctx, m);
}

static void splits_a_peer_that_is_too_large(void **state)
{
    (void)state;
    enum { N = 5000 };
    static struct network ips[N];
    for (unsigned i = 0; i < N; i++) {
        ips[i] = net_of("10.0.0.0/32");
        memcpy(ips[i].addr.bytes + 1, &i, 2);
    }
    struct wg_peer_update peer = {.public_key = key_of(5),
                                  .replace_allowed_ips = true,
                                  .has_keepalive = true,
                                  .keepalive_s = 25,
                                  .allowed_ips = ips,
                                  .n_allowed_ips = N};
    struct wg_update u = {.peers = &peer, .n_peers = 1};
    CLEAN_OUTCOME struct outcome o = {0};
    o.build.device = &o.device;
    void *buf = malloc(MAX_LEN);
    n_replacing = n_parts = 0;
    assert_int_equal(wg_kernel_build_set(FAMILY, "wg0", &u, buf, MAX_LEN, count_parts, &o), 0);
    free(buf);
    wg_build_finish(&o.build);
    assert_true(n_parts > 10);
    assert_int_equal(n_replacing, 1);
    assert_true(o.longest <= MAX_LEN);
    /* The parser joins them again: this is what a split dump looks like. */
    assert_int_equal(o.device.n_peers, 1);
    assert_int_equal(o.device.peers[0].keepalive_s, 25);
    assert_same_ips(&o.device.peers[0], ips, N);
}

static void stops_when_a_message_fails(void **state)
{
    (void)state;
    enum { N = 500 };
    static struct wg_peer_update peers[N];
    for (unsigned i = 0; i < N; i++)
        peers[i] = (struct wg_peer_update){.public_key = key_of(i)};
    struct wg_update u = {.peers = peers, .n_peers = N};
    CLEAN_OUTCOME struct outcome o = {.fail_at = 2};
    assert_int_equal(build(&u, MAX_LEN, &o), -EPERM);
    assert_int_equal(o.n_messages, 1);
}

static void asks_for_family_and_device(void **state)
{
    (void)state;
    _Alignas(struct nlmsghdr) char buf[WG_KERNEL_REQUEST_MAX];
    uint8_t bytes[64];
    size_t n = message_from_hex("24000000 1000 0500 00000000 00000000 03020000"
                                "0e00 0200 776972656775617264 00 0000",
                                bytes, sizeof(bytes));
    const struct nlmsghdr *m = wg_kernel_build_get_family(buf);
    assert_int_equal(m->nlmsg_len, n);
    assert_memory_equal(m, bytes, n);
    n = message_from_hex("1c000000 1c00 0503 00000000 00000000 00010000 0800 0200 77673000", bytes,
                         sizeof(bytes));
    m = wg_kernel_build_get_device(buf, FAMILY, "wg0");
    assert_int_equal(m->nlmsg_len, n);
    assert_memory_equal(m, bytes, n);
}

static int parse_family(const struct nlmsghdr *m)
{
    uint16_t family;
    return wg_kernel_parse_family(m, &family);
}

static void reads_the_family(void **state)
{
    (void)state;
    static const struct genlmsghdr head = {.cmd = CTRL_CMD_NEWFAMILY, .version = 2};
    struct message buf;
    uint16_t family = 0;
    struct nlmsghdr *m = message_begin(&buf, GENL_ID_CTRL, &head, sizeof(head));
    mnl_attr_put_strz(m, CTRL_ATTR_FAMILY_NAME, "wireguard");
    assert_int_equal(wg_kernel_parse_family(m, &family), -EBADMSG);
    mnl_attr_put_u16(m, CTRL_ATTR_FAMILY_ID, FAMILY);
    mnl_attr_put_u32(m, CTRL_ATTR_VERSION, 1);
    mnl_attr_put_u32(m, 999, 1);
    assert_int_equal(wg_kernel_parse_family(m, &family), 0);
    assert_int_equal(family, FAMILY);
    message_torture(m, -EBADMSG, parse_family);

    m = message_begin(&buf, GENL_ID_CTRL, &head, sizeof(head));
    mnl_attr_put_u32(m, CTRL_ATTR_FAMILY_ID, FAMILY);
    assert_int_equal(wg_kernel_parse_family(m, &family), -EBADMSG);
    m = message_begin(&buf, GENL_ID_CTRL, &head, sizeof(head));
    mnl_attr_put_u16(m, CTRL_ATTR_FAMILY_ID, 3); /* would be a control message */
    assert_int_equal(wg_kernel_parse_family(m, &family), -EBADMSG);
}

/* A part of a device dump under construction. */
static struct nlmsghdr *begin_dump(struct message *buf)
{
    static const struct genlmsghdr head = {.cmd = WG_CMD_GET_DEVICE, .version = 1};
    struct nlmsghdr *m = message_begin(buf, FAMILY, &head, sizeof(head));
    mnl_attr_put_strz(m, WGDEVICE_A_IFNAME, "wg0");
    return m;
}

static void put_ip(struct nlmsghdr *m, uint16_t family, const char *text, uint8_t mask)
{
    struct ip ip;
    assert_int_equal(ip_parse(text, &ip), 0);
    struct nlattr *nest = mnl_attr_nest_start(m, 0);
    mnl_attr_put_u8(m, WGALLOWEDIP_A_CIDR_MASK, mask);
    mnl_attr_put(m, 77, 3, "new");
    mnl_attr_put_u16(m, WGALLOWEDIP_A_FAMILY, family);
    mnl_attr_put(m, WGALLOWEDIP_A_IPADDR, ip_bits(&ip) / 8, ip.bytes);
    mnl_attr_nest_end(m, nest);
}

/* Everything that a kernel tells about a device, with attributes from its future between. */
static void put_full_device(struct nlmsghdr *m)
{
    static const uint8_t zero_key[KEY_LEN];
    struct sockaddr_storage ss;
    struct sock_addr sa;
    static const int64_t time[2] = {1700000000, 5};
    struct key secret = key_of(9), public_key = key_public(&secret), peer_key = key_of(10);
    mnl_attr_put_u32(m, WGDEVICE_A_IFINDEX, 4);
    mnl_attr_put_u16(m, WGDEVICE_A_LISTEN_PORT, 51820);
    mnl_attr_put_u32(m, WGDEVICE_A_FWMARK, 17);
    mnl_attr_put(m, 500, 6, "future");
    mnl_attr_put(m, WGDEVICE_A_PRIVATE_KEY, KEY_LEN, secret.bytes);
    mnl_attr_put(m, WGDEVICE_A_PUBLIC_KEY, KEY_LEN, public_key.bytes);
    struct nlattr *peers = mnl_attr_nest_start(m, WGDEVICE_A_PEERS);
    struct nlattr *peer = mnl_attr_nest_start(m, 0);
    mnl_attr_put_u64(m, 60, 1);
    mnl_attr_put(m, WGPEER_A_PUBLIC_KEY, KEY_LEN, peer_key.bytes);
    mnl_attr_put(m, WGPEER_A_PRESHARED_KEY, KEY_LEN, zero_key);
    mnl_attr_put(m, WGPEER_A_LAST_HANDSHAKE_TIME, sizeof(time), time);
    mnl_attr_put_u16(m, WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL, 25);
    mnl_attr_put_u64(m, WGPEER_A_RX_BYTES, UINT64_MAX);
    mnl_attr_put_u64(m, WGPEER_A_TX_BYTES, 2);
    mnl_attr_put_u32(m, WGPEER_A_PROTOCOL_VERSION, 1);
    assert_int_equal(sock_addr_parse("[fe80::1%3]:99", &sa), 0);
    socklen_t len = sock_addr_to_sockaddr(&sa, &ss);
    mnl_attr_put(m, WGPEER_A_ENDPOINT, len, &ss);
    struct nlattr *ips = mnl_attr_nest_start(m, WGPEER_A_ALLOWEDIPS);
    put_ip(m, AF_INET, "10.0.0.0", 8);
    put_ip(m, AF_INET6, "fd00::7", 128);
    mnl_attr_nest_end(m, ips);
    mnl_attr_nest_end(m, peer);
    mnl_attr_nest_end(m, peers);
}

static int parse_once(const struct nlmsghdr *m)
{
    CLEAN_WG_DEVICE struct wg_device d = {0};
    struct wg_build b = {.device = &d};
    return wg_kernel_parse_device(m, &b);
}

static void reads_all_of_a_device(void **state)
{
    (void)state;
    struct message buf;
    struct key secret = key_of(9), public_key = key_public(&secret), peer_key = key_of(10);
    struct network ips[] = {net_of("10.0.0.0/8"), net_of("fd00::7/128")};
    struct nlmsghdr *m = begin_dump(&buf);
    put_full_device(m);
    CLEAN_WG_DEVICE struct wg_device d = {0};
    struct wg_build b = {.device = &d};
    assert_int_equal(wg_kernel_parse_device(m, &b), 0);
    wg_build_finish(&b);
    assert_string_equal(d.name, "wg0");
    assert_true(d.has_key);
    assert_true(key_equal(&d.private_key, &secret));
    assert_true(key_equal(&d.public_key, &public_key));
    assert_int_equal(d.listen_port, 51820);
    assert_int_equal(d.fwmark, 17);
    assert_int_equal(d.n_peers, 1);
    const struct wg_peer *p = &d.peers[0];
    char text[SOCK_ADDR_TEXT_MAX];
    assert_true(key_equal(&p->public_key, &peer_key));
    assert_true(p->has_endpoint);
    assert_string_equal(sock_addr_format(&p->endpoint, text), "[fe80::1%3]:99");
    assert_int_equal(p->keepalive_s, 25);
    assert_int_equal(p->last_handshake_s, 1700000000);
    assert_true(p->rx_bytes == UINT64_MAX);
    assert_int_equal(p->tx_bytes, 2);
    assert_same_ips(p, ips, 2);
    message_torture(m, -EBADMSG, parse_once);
}

static void reads_a_device_without_key(void **state)
{
    (void)state;
    static const uint8_t zero_key[KEY_LEN];
    struct message buf;
    struct nlmsghdr *m = begin_dump(&buf);
    mnl_attr_put(m, WGDEVICE_A_PRIVATE_KEY, KEY_LEN, zero_key);
    CLEAN_WG_DEVICE struct wg_device d = {0};
    struct wg_build b = {.device = &d};
    assert_int_equal(wg_kernel_parse_device(m, &b), 0);
    wg_build_finish(&b);
    assert_false(d.has_key);
    assert_int_equal(d.n_peers, 0);
}

/* As the kernel does it: what does not fit goes on under the key alone. spec/client.md 9.21 */
static void joins_a_peer_split_over_messages(void **state)
{
    (void)state;
    static const char *const parts[][2] = {
        {"10.0.0.1", "10.0.0.2"}, {"10.0.0.3", "10.0.0.4"}, {"10.0.0.5", "10.0.0.6"}};
    struct network all[6];
    struct key peer_key = key_of(10), other_key = key_of(11);
    CLEAN_WG_DEVICE struct wg_device d = {0};
    struct wg_build b = {.device = &d};
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        struct message buf;
        struct nlmsghdr *m = begin_dump(&buf);
        struct nlattr *peers = mnl_attr_nest_start(m, WGDEVICE_A_PEERS);
        struct nlattr *peer = mnl_attr_nest_start(m, 0);
        mnl_attr_put(m, WGPEER_A_PUBLIC_KEY, KEY_LEN, peer_key.bytes);
        if (i == 0)
            mnl_attr_put_u16(m, WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL, 25);
        struct nlattr *ips = mnl_attr_nest_start(m, WGPEER_A_ALLOWEDIPS);
        for (size_t k = 0; k < 2; k++) {
            put_ip(m, AF_INET, parts[i][k], 32);
            assert_int_equal(ip_parse(parts[i][k], &all[2 * i + k].addr), 0);
            all[2 * i + k].prefix = 32;
        }
        mnl_attr_nest_end(m, ips);
        mnl_attr_nest_end(m, peer);
        if (i == 2) {
            peer = mnl_attr_nest_start(m, 0);
            mnl_attr_put(m, WGPEER_A_PUBLIC_KEY, KEY_LEN, other_key.bytes);
            mnl_attr_nest_end(m, peer);
        }
        mnl_attr_nest_end(m, peers);
        assert_int_equal(wg_kernel_parse_device(m, &b), 0);
    }
    wg_build_finish(&b);
    assert_int_equal(d.n_peers, 2);
    assert_int_equal(d.peers[0].keepalive_s, 25);
    assert_same_ips(&d.peers[0], all, 6);
    assert_true(key_equal(&d.peers[1].public_key, &other_key));
    assert_int_equal(d.peers[1].n_allowed_ips, 0);
    assert_null(d.peers[1].allowed_ips);
    /* A dump that starts again starts from nothing. */
    wg_build_reset(&b);
    assert_int_equal(d.n_peers, 0);
    assert_null(d.peers);
}

static void refuses_values_that_are_none(void **state)
{
    (void)state;
    static const struct {
        const char *row;
        uint16_t family;
        const char *ip;
        uint8_t mask;
        int rc;
    } rows[] = {{"good", AF_INET, "10.0.0.0", 32, 0},
                {"v4 prefix", AF_INET, "10.0.0.0", 33, -EBADMSG},
                {"v6 prefix", AF_INET6, "fd00::", 129, -EBADMSG},
                {"v6 address as v4", AF_INET, "fd00::", 32, -EBADMSG},
                {"v4 address as v6", AF_INET6, "10.0.0.0", 32, -EBADMSG},
                {"no family of ours", AF_UNIX, "10.0.0.0", 32, -EBADMSG}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct message buf;
        struct key peer_key = key_of(10);
        struct nlmsghdr *m = begin_dump(&buf);
        struct nlattr *peers = mnl_attr_nest_start(m, WGDEVICE_A_PEERS);
        struct nlattr *peer = mnl_attr_nest_start(m, 0);
        mnl_attr_put(m, WGPEER_A_PUBLIC_KEY, KEY_LEN, peer_key.bytes);
        struct nlattr *ips = mnl_attr_nest_start(m, WGPEER_A_ALLOWEDIPS);
        put_ip(m, rows[i].family, rows[i].ip, rows[i].mask);
        mnl_attr_nest_end(m, ips);
        mnl_attr_nest_end(m, peer);
        mnl_attr_nest_end(m, peers);
        assert_row(rows[i].row, parse_once(m) == rows[i].rc);
    }
}

static void refuses_lengths_that_lie(void **state)
{
    (void)state;
    struct message buf;
    struct key peer_key = key_of(10);
    /* A peer without its key. */
    struct nlmsghdr *m = begin_dump(&buf);
    struct nlattr *peers = mnl_attr_nest_start(m, WGDEVICE_A_PEERS);
    struct nlattr *peer = mnl_attr_nest_start(m, 0);
    mnl_attr_put_u64(m, WGPEER_A_RX_BYTES, 1);
    mnl_attr_nest_end(m, peer);
    mnl_attr_nest_end(m, peers);
    assert_int_equal(parse_once(m), -EBADMSG);
    /* A key that is too short; a peer that reaches beyond the nest; a name without end. */
    m = begin_dump(&buf);
    peers = mnl_attr_nest_start(m, WGDEVICE_A_PEERS);
    peer = mnl_attr_nest_start(m, 0);
    mnl_attr_put(m, WGPEER_A_PUBLIC_KEY, KEY_LEN - 1, peer_key.bytes);
    mnl_attr_nest_end(m, peer);
    mnl_attr_nest_end(m, peers);
    assert_int_equal(parse_once(m), -EBADMSG);
    m = begin_dump(&buf);
    peers = mnl_attr_nest_start(m, WGDEVICE_A_PEERS);
    peer = mnl_attr_nest_start(m, 0);
    mnl_attr_put(m, WGPEER_A_PUBLIC_KEY, KEY_LEN, peer_key.bytes);
    mnl_attr_nest_end(m, peer);
    mnl_attr_nest_end(m, peers);
    assert_int_equal(parse_once(m), 0);
    peer->nla_len = (uint16_t)(peer->nla_len + 4);
    assert_int_equal(parse_once(m), -EBADMSG);
    m = begin_dump(&buf);
    mnl_attr_put(m, WGDEVICE_A_IFNAME, 20, "a-name-that-is-longr");
    assert_int_equal(parse_once(m), -EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_the_example_byte_for_byte),
        cmocka_unit_test(test_T12_writes_one_message_for_one_peer),
        cmocka_unit_test(writes_nothing_for_an_empty_update),
        cmocka_unit_test(test_T13_spreads_many_peers_over_messages),
        cmocka_unit_test(removes_ten_thousand_peers_in_eight_messages),
        cmocka_unit_test(splits_a_peer_that_is_too_large),
        cmocka_unit_test(stops_when_a_message_fails),
        cmocka_unit_test(asks_for_family_and_device),
        cmocka_unit_test(reads_the_family),
        cmocka_unit_test(reads_all_of_a_device),
        cmocka_unit_test(reads_a_device_without_key),
        cmocka_unit_test(joins_a_peer_split_over_messages),
        cmocka_unit_test(refuses_values_that_are_none),
        cmocka_unit_test(refuses_lengths_that_lie),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
