/* Device dumps read. spec/client.md 8.3, 9.21, 9.22. */

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/wireguard.h>
#include <string.h>
#include <sys/socket.h>

#include "wg_kernel.h"

static struct nlmsghdr *begin(void *buf, uint16_t type, uint16_t flags, uint8_t cmd,
                              uint8_t version)
{
    /* libmnl leaves the padding of attributes as it was. */
    memset(buf, 0, WG_KERNEL_REQUEST_MAX);
    struct nlmsghdr *m = mnl_nlmsg_put_header(buf);
    m->nlmsg_type = type;
    m->nlmsg_flags = NLM_F_REQUEST | flags;
    struct genlmsghdr *head = mnl_nlmsg_put_extra_header(m, sizeof(*head));
    head->cmd = cmd;
    head->version = version;
    return m;
}

struct nlmsghdr *wg_kernel_build_get_family(void *buf)
{
    struct nlmsghdr *m = begin(buf, GENL_ID_CTRL, NLM_F_ACK, CTRL_CMD_GETFAMILY, 2);
    mnl_attr_put_strz_check(m, WG_KERNEL_REQUEST_MAX, CTRL_ATTR_FAMILY_NAME, WG_GENL_NAME);
    return m;
}

struct nlmsghdr *wg_kernel_build_get_device(void *buf, uint16_t family, const char *name)
{
    struct nlmsghdr *m =
        begin(buf, family, NLM_F_DUMP | NLM_F_ACK, WG_CMD_GET_DEVICE, WG_GENL_VERSION);
    mnl_attr_put_strz_check(m, WG_KERNEL_REQUEST_MAX, WGDEVICE_A_IFNAME, name);
    return m;
}

int wg_kernel_parse_family(const struct nlmsghdr *m, uint16_t *ret)
{
    uint16_t family = 0;
    struct nl_attrs attrs = nl_attrs_of_message(m, sizeof(struct genlmsghdr));
    const struct nlattr *a;
    while ((a = nl_attrs_next(&attrs)))
        if (mnl_attr_get_type(a) == CTRL_ATTR_FAMILY_ID && !nl_attr_get(a, &family, sizeof(family)))
            return -EBADMSG;
    if (attrs.is_bad || family < NLMSG_MIN_TYPE)
        return -EBADMSG;
    *ret = family;
    return 0;
}

static int parse_allowed_ip(const struct nlattr *nest, struct wg_build *b)
{
    struct network net = {0};
    uint16_t family = 0;
    struct nl_attrs attrs = nl_attrs_of_nest(nest);
    const struct nlattr *a;
    bool has_mask = false;
    while ((a = nl_attrs_next(&attrs))) {
        bool is_good = true;
        switch (mnl_attr_get_type(a)) {
        case WGALLOWEDIP_A_FAMILY:
            is_good = nl_attr_get(a, &family, sizeof(family));
            break;
        case WGALLOWEDIP_A_IPADDR:
            is_good = nl_attr_get_ip(a, &net.addr);
            break;
        case WGALLOWEDIP_A_CIDR_MASK:
            is_good = has_mask = nl_attr_get(a, &net.prefix, sizeof(net.prefix));
            break;
        default:
            break;
        }
        if (!is_good)
            return -EBADMSG;
    }
    uint8_t expected = family == AF_INET ? IP_V4 : family == AF_INET6 ? IP_V6 : IP_NONE;
    if (attrs.is_bad || expected == IP_NONE || net.addr.family != expected || !has_mask ||
        net.prefix > ip_bits(&net.addr))
        return -EBADMSG;
    return wg_build_allowed_ip(b, &net);
}

static int parse_allowed_ips(const struct nlattr *nest, struct wg_build *b)
{
    struct nl_attrs attrs = nl_attrs_of_nest(nest);
    const struct nlattr *a;
    while ((a = nl_attrs_next(&attrs))) {
        int rc = parse_allowed_ip(a, b);
        if (rc < 0)
            return rc;
    }
    return attrs.is_bad ? -EBADMSG : 0;
}

static bool parse_endpoint(const struct nlattr *a, struct wg_peer *p)
{
    struct sockaddr_storage ss = {0};
    size_t len = mnl_attr_get_payload_len(a);
    if (len > sizeof(ss))
        return false;
    memcpy(&ss, mnl_attr_get_payload(a), len);
    p->has_endpoint = sock_addr_from_sockaddr((const void *)&ss, len, &p->endpoint) == 0;
    return p->has_endpoint;
}

static bool parse_handshake(const struct nlattr *a, struct wg_peer *p)
{
    int64_t time[2]; /* struct __kernel_timespec */
    if (!nl_attr_get(a, time, sizeof(time)))
        return false;
    p->last_handshake_s = time[0] > 0 ? time[0] : 0;
    return true;
}

static bool parse_peer_value(const struct nlattr *a, struct wg_peer *p)
{
    switch (mnl_attr_get_type(a)) {
    case WGPEER_A_ENDPOINT:
        return parse_endpoint(a, p);
    case WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL:
        return nl_attr_get(a, &p->keepalive_s, sizeof(p->keepalive_s));
    case WGPEER_A_LAST_HANDSHAKE_TIME:
        return parse_handshake(a, p);
    case WGPEER_A_RX_BYTES:
        return nl_attr_get(a, &p->rx_bytes, sizeof(p->rx_bytes));
    case WGPEER_A_TX_BYTES:
        return nl_attr_get(a, &p->tx_bytes, sizeof(p->tx_bytes));
    default:
        return true;
    }
}

/* The key comes first: it says whose the other attributes are. */
static int find_peer(const struct nlattr *nest, struct wg_build *b, struct wg_peer **ret)
{
    struct nl_attrs attrs = nl_attrs_of_nest(nest);
    const struct nlattr *a;
    struct key key;
    while ((a = nl_attrs_next(&attrs)))
        if (mnl_attr_get_type(a) == WGPEER_A_PUBLIC_KEY)
            return nl_attr_get(a, key.bytes, sizeof(key.bytes)) ? wg_build_peer(b, &key, ret)
                                                                : -EBADMSG;
    return -EBADMSG;
}

static int parse_peer(const struct nlattr *nest, struct wg_build *b)
{
    struct wg_peer *p;
    int rc = find_peer(nest, b, &p);
    struct nl_attrs attrs = nl_attrs_of_nest(nest);
    const struct nlattr *a;
    while (rc == 0 && (a = nl_attrs_next(&attrs))) {
        if (mnl_attr_get_type(a) == WGPEER_A_ALLOWEDIPS)
            rc = parse_allowed_ips(a, b);
        else if (!parse_peer_value(a, p))
            rc = -EBADMSG;
    }
    return rc == 0 && attrs.is_bad ? -EBADMSG : rc;
}

static int parse_peers(const struct nlattr *nest, struct wg_build *b)
{
    struct nl_attrs attrs = nl_attrs_of_nest(nest);
    const struct nlattr *a;
    while ((a = nl_attrs_next(&attrs))) {
        int rc = parse_peer(a, b);
        if (rc < 0)
            return rc;
    }
    return attrs.is_bad ? -EBADMSG : 0;
}

static bool parse_private_key(const struct nlattr *a, struct wg_build *b)
{
    CLEAN_KEY struct key key = {0};
    if (!nl_attr_get(a, key.bytes, sizeof(key.bytes)))
        return false;
    wg_build_private_key(b, &key);
    return true;
}

static int parse_device_attr(const struct nlattr *a, struct wg_build *b)
{
    struct wg_device *d = b->device;
    bool is_good = true;
    switch (mnl_attr_get_type(a)) {
    case WGDEVICE_A_IFNAME:
        is_good = nl_attr_get_text(a, d->name, sizeof(d->name));
        break;
    case WGDEVICE_A_PRIVATE_KEY:
        is_good = parse_private_key(a, b);
        break;
    case WGDEVICE_A_LISTEN_PORT:
        is_good = nl_attr_get(a, &d->listen_port, sizeof(d->listen_port));
        break;
    case WGDEVICE_A_FWMARK:
        is_good = nl_attr_get(a, &d->fwmark, sizeof(d->fwmark));
        break;
    case WGDEVICE_A_PEERS:
        return parse_peers(a, b);
    default:
        break;
    }
    return is_good ? 0 : -EBADMSG;
}

int wg_kernel_parse_device(const struct nlmsghdr *m, struct wg_build *b)
{
    struct nl_attrs attrs = nl_attrs_of_message(m, sizeof(struct genlmsghdr));
    const struct nlattr *a;
    while ((a = nl_attrs_next(&attrs))) {
        int rc = parse_device_attr(a, b);
        if (rc < 0)
            return rc;
    }
    return attrs.is_bad ? -EBADMSG : 0;
}
