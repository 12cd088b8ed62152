#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "netif_internal.h"
#include "nl.h"

static struct nlmsghdr *begin(void *buf, uint16_t type, uint16_t flags)
{
    /* libmnl leaves the padding of attributes as it was. */
    memset(buf, 0, NETIF_REQUEST_MAX);
    struct nlmsghdr *m = mnl_nlmsg_put_header(buf);
    m->nlmsg_type = type;
    m->nlmsg_flags = NLM_F_REQUEST | flags;
    return m;
}

static uint8_t family_of(const struct ip *ip)
{
    return ip->family == IP_V4 ? AF_INET : AF_INET6;
}

static void put_ip(struct nlmsghdr *m, uint16_t type, const struct ip *ip)
{
    mnl_attr_put_check(m, NETIF_REQUEST_MAX, type, ip_bits(ip) / 8, ip->bytes);
}

struct nlmsghdr *netif_build_set_address(void *buf, int index, const struct network *address)
{
    struct nlmsghdr *m = begin(buf, RTM_NEWADDR, NLM_F_ACK | NLM_F_REPLACE | NLM_F_CREATE);
    struct ifaddrmsg *head = mnl_nlmsg_put_extra_header(m, sizeof(*head));
    head->ifa_family = family_of(&address->addr);
    head->ifa_prefixlen = address->prefix;
    head->ifa_scope = RT_SCOPE_UNIVERSE;
    head->ifa_index = (uint32_t)index;
    if (address->addr.family == IP_V4)
        put_ip(m, IFA_LOCAL, &address->addr);
    else
        head->ifa_flags = IFA_F_NODAD; /* else it cannot be bound for a while */
    put_ip(m, IFA_ADDRESS, &address->addr);
    return m;
}

struct nlmsghdr *netif_build_add_route(void *buf, int index, const struct network *net)
{
    struct nlmsghdr *m = begin(buf, RTM_NEWROUTE, NLM_F_ACK | NLM_F_EXCL | NLM_F_CREATE);
    struct rtmsg *head = mnl_nlmsg_put_extra_header(m, sizeof(*head));
    struct ip first = network_first(net);
    head->rtm_family = family_of(&first);
    head->rtm_dst_len = net->prefix;
    head->rtm_table = RT_TABLE_MAIN;
    head->rtm_protocol = RTPROT_BOOT;
    head->rtm_scope = RT_SCOPE_LINK;
    head->rtm_type = RTN_UNICAST;
    put_ip(m, RTA_DST, &first);
    mnl_attr_put_u32_check(m, NETIF_REQUEST_MAX, RTA_OIF, (uint32_t)index);
    return m;
}

struct nlmsghdr *netif_build_dump_addresses(void *buf)
{
    struct nlmsghdr *m = begin(buf, RTM_GETADDR, NLM_F_DUMP);
    mnl_nlmsg_put_extra_header(m, sizeof(struct ifaddrmsg));
    return m;
}

static bool parse_attr(const struct nlattr *a, struct netif_address *address, struct ip *local)
{
    switch (mnl_attr_get_type(a)) {
    case IFA_ADDRESS:
        return nl_attr_get_ip(a, &address->addr);
    case IFA_LOCAL:
        return nl_attr_get_ip(a, local);
    case IFA_LABEL:
        return nl_attr_get_text(a, address->label, sizeof(address->label));
    case IFA_FLAGS: /* all 32 bits of them, where the header has 8 */
        return nl_attr_get(a, &address->flags, sizeof(address->flags));
    default:
        return true;
    }
}

int netif_parse_address(const struct nlmsghdr *m, struct netif_address *ret)
{
    struct nl_attrs attrs = nl_attrs_of_message(m, sizeof(struct ifaddrmsg));
    if (m->nlmsg_type != RTM_NEWADDR)
        return 1;
    if (attrs.is_bad)
        return -EBADMSG;
    const struct ifaddrmsg *head = mnl_nlmsg_get_payload(m);
    if (head->ifa_family != AF_INET && head->ifa_family != AF_INET6)
        return 1;
    struct netif_address address = {
        .index = (int)head->ifa_index, .scope = head->ifa_scope, .flags = head->ifa_flags};
    struct ip local = {0};
    const struct nlattr *a;
    while ((a = nl_attrs_next(&attrs)))
        if (!parse_attr(a, &address, &local))
            return -EBADMSG;
    if (local.family != IP_NONE)
        address.addr = local;
    if (attrs.is_bad || address.addr.family == IP_NONE ||
        family_of(&address.addr) != head->ifa_family)
        return -EBADMSG;
    *ret = address;
    return 0;
}
