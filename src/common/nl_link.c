#include "nl_link.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "nl.h"

static struct nlmsghdr *begin(void *buf, uint16_t type, uint16_t flags)
{
    /* libmnl leaves the padding of attributes as it was. */
    memset(buf, 0, NL_LINK_MAX);
    struct nlmsghdr *m = mnl_nlmsg_put_header(buf);
    m->nlmsg_type = type;
    m->nlmsg_flags = NLM_F_REQUEST | flags;
    mnl_nlmsg_put_extra_header(m, sizeof(struct ifinfomsg));
    return m;
}

struct nlmsghdr *nl_link_build_dump(void *buf)
{
    return begin(buf, RTM_GETLINK, NLM_F_DUMP);
}

struct nlmsghdr *nl_link_build_get(void *buf, const char *name)
{
    struct nlmsghdr *m = begin(buf, RTM_GETLINK, NLM_F_ACK);
    mnl_attr_put_strz_check(m, NL_LINK_MAX, IFLA_IFNAME, name);
    return m;
}

static void put_name_and_kind(struct nlmsghdr *m, const char *name, const char *kind)
{
    mnl_attr_put_strz_check(m, NL_LINK_MAX, IFLA_IFNAME, name);
    struct nlattr *info = mnl_attr_nest_start(m, IFLA_LINKINFO);
    mnl_attr_put_strz_check(m, NL_LINK_MAX, IFLA_INFO_KIND, kind);
    mnl_attr_nest_end(m, info);
}

struct nlmsghdr *nl_link_build_create(void *buf, const char *name, const char *kind)
{
    struct nlmsghdr *m = begin(buf, RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
    put_name_and_kind(m, name, kind);
    return m;
}

struct nlmsghdr *nl_link_build_delete(void *buf, const char *name, const char *kind)
{
    struct nlmsghdr *m = begin(buf, RTM_DELLINK, NLM_F_ACK);
    put_name_and_kind(m, name, kind);
    return m;
}

struct nlmsghdr *nl_link_build_up(void *buf, int index, uint32_t mtu)
{
    struct nlmsghdr *m = begin(buf, RTM_NEWLINK, NLM_F_ACK);
    struct ifinfomsg *info = mnl_nlmsg_get_payload(m);
    info->ifi_index = index;
    info->ifi_flags = IFF_UP;
    info->ifi_change = IFF_UP;
    mnl_attr_put_u32_check(m, NL_LINK_MAX, IFLA_MTU, mtu);
    return m;
}

static int parse_info(const struct nlattr *info, struct nl_link *link)
{
    struct nl_attrs attrs = nl_attrs_of_nest(info);
    const struct nlattr *a;
    while ((a = nl_attrs_next(&attrs)))
        /* A kind too long for us is none we know. */
        if (mnl_attr_get_type(a) == IFLA_INFO_KIND &&
            !nl_attr_get_text(a, link->kind, sizeof(link->kind)))
            link->kind[0] = '\0';
    return attrs.is_bad ? -EBADMSG : 0;
}

static int parse_attr(const struct nlattr *a, struct nl_link *link)
{
    switch (mnl_attr_get_type(a)) {
    case IFLA_IFNAME:
        return nl_attr_get_text(a, link->name, sizeof(link->name)) ? 0 : -EBADMSG;
    case IFLA_OPERSTATE:
        return nl_attr_get(a, &link->operstate, sizeof(link->operstate)) ? 0 : -EBADMSG;
    case IFLA_LINKINFO:
        return parse_info(a, link);
    default:
        return 0;
    }
}

int nl_link_parse(const struct nlmsghdr *m, struct nl_link *ret)
{
    struct nl_link link = {0};
    if (m->nlmsg_type != RTM_NEWLINK)
        return 1;
    struct nl_attrs attrs = nl_attrs_of_message(m, sizeof(struct ifinfomsg));
    const struct nlattr *a;
    while ((a = nl_attrs_next(&attrs))) {
        int rc = parse_attr(a, &link);
        if (rc < 0)
            return rc;
    }
    if (attrs.is_bad)
        return -EBADMSG;
    const struct ifinfomsg *info = mnl_nlmsg_get_payload(m);
    link.index = info->ifi_index;
    link.flags = info->ifi_flags;
    *ret = link;
    return 0;
}
