#include "innernet/netif.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>

#include "innernet/util.h"
#include "netif_internal.h"
#include "nl.h"
#include "wg_uapi.h"

static int open_route(struct nl **ret, struct err *err)
{
    int rc = nl_open(NETLINK_ROUTE, ret);
    return rc < 0 ? err_set_os(err, rc, "cannot open a netlink socket") : 0;
}

static int find_index(const char *ifname, int *ret, struct err *err)
{
    unsigned index = if_nametoindex(ifname);
    if (!index)
        return err_set_os(err, -errno, "cannot find the interface %s", ifname);
    *ret = (int)index;
    return 0;
}

/* An interface while it is changed step by step. */
struct link {
    const char *name;
    int index;
    struct nl *nl;
};

static int link_open(struct link *l, const char *ifname, struct err *err)
{
    *l = (struct link){.name = ifname};
    int rc = find_index(ifname, &l->index, err);
    return rc < 0 ? rc : open_route(&l->nl, err);
}

static void link_close(struct link *l)
{
    nl_close(l->nl);
}

static int fail_address(int rc, const char *ifname, const struct network *address, struct err *err)
{
    char text[NETWORK_TEXT_MAX];
    network_format(address, text);
    bool is_v6 = address->addr.family == IP_V6;
    /* The kernel's words for IPv6 switched off are "Permission denied", which misleads. */
    if (is_v6 && (rc == -EACCES || rc == -EAFNOSUPPORT || rc == -EOPNOTSUPP))
        return err_set(err, rc,
                       "cannot set the address %s of %s - IPv6 is switched off - switch it on "
                       "(sysctl net.ipv6.conf.%s.disable_ipv6=0)",
                       text, ifname, ifname);
    return err_set_os(err, rc, "cannot set the address %s of %s", text, ifname);
}

static int set_address(struct link *l, const struct network *address, struct err *err)
{
    _Alignas(struct nlmsghdr) char buf[NETIF_REQUEST_MAX];
    int rc = nl_exchange(l->nl, netif_build_set_address(buf, l->index, address), NULL);
    return rc < 0 ? fail_address(rc, l->name, address, err) : 0;
}

static int set_up(struct link *l, uint32_t mtu, struct err *err)
{
    _Alignas(struct nlmsghdr) char buf[NL_LINK_MAX];
    int rc = nl_exchange(l->nl, nl_link_build_up(buf, l->index, mtu), NULL);
    return rc < 0 ? err_set_os(err, rc, "cannot set %s up with MTU %u", l->name, mtu) : 0;
}

static int add_route(struct link *l, const struct network *net, struct err *err)
{
    _Alignas(struct nlmsghdr) char buf[NETIF_REQUEST_MAX];
    char text[NETWORK_TEXT_MAX];
    int rc = nl_exchange(l->nl, netif_build_add_route(buf, l->index, net), NULL);
    if (rc == 0 || rc == -EEXIST)
        return 0;
    return err_set_os(err, rc, "cannot add a route to %s by %s", network_format(net, text),
                      l->name);
}

static int read_links(struct nl *nl, struct netif_view *view)
{
    _Alignas(struct nlmsghdr) char buf[NL_LINK_MAX];
    struct nl_sink sink = {
        .message = netif_view_add_link, .restart = netif_view_drop_links, .ctx = view};
    return nl_exchange(nl, nl_link_build_dump(buf), &sink);
}

static int read_addresses(struct nl *nl, struct netif_view *view)
{
    _Alignas(struct nlmsghdr) char buf[NETIF_REQUEST_MAX];
    struct nl_sink sink = {
        .message = netif_view_add_address, .restart = netif_view_drop_addresses, .ctx = view};
    return nl_exchange(nl, netif_build_dump_addresses(buf), &sink);
}

static int read_view(struct netif_view *view, struct err *err)
{
    CLEAN_NL struct nl *nl = NULL;
    int rc = open_route(&nl, err);
    if (rc < 0)
        return rc;
    rc = read_links(nl, view);
    if (rc == 0)
        rc = read_addresses(nl, view);
    return rc < 0 ? err_set_os(err, rc, "cannot read the addresses of this host") : 0;
}

int netif_has_address(const char *ifname, const struct ip *ip, bool *ret, struct err *err)
{
    CLEAN_NETIF_VIEW struct netif_view view = {0};
    int index = 0;
    bool is_up = false, has_address = false;
    int rc = find_index(ifname, &index, err);
    if (rc == 0)
        rc = read_view(&view, err);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < view.n_links; i++)
        if (view.links[i].index == index)
            is_up = view.links[i].flags & IFF_UP;
    for (size_t i = 0; i < view.n_addresses; i++)
        if (view.addresses[i].index == index && ip_equal(&view.addresses[i].addr, ip))
            has_address = true;
    *ret = is_up && has_address;
    return 0;
}

#define HIDDEN_MAX 1024

/* The names to hide, each in a place of its own. */
struct hidden {
    char (*names)[IF_NAMESIZE];
    const char **pointers;
    size_t n;
};

static void hidden_done(struct hidden *h)
{
    free(h->names);
    free(h->pointers);
}

static int hide(void *ctx, const char *name)
{
    struct hidden *h = ctx;
    size_t len = strlen(name);
    if (len >= IF_NAMESIZE)
        return 0;
    if (h->n == HIDDEN_MAX)
        return -E2BIG;
    memcpy(h->names[h->n], name, len + 1);
    h->pointers[h->n] = h->names[h->n];
    h->n++;
    return 0;
}

static int hide_devices(struct hidden *h, const char *except_ifname, struct err *err)
{
    h->names = calloc(HIDDEN_MAX, sizeof(*h->names));
    h->pointers = calloc(HIDDEN_MAX, sizeof(*h->pointers));
    int rc = h->names && h->pointers ? 0 : -ENOMEM;
    if (rc == 0 && except_ifname)
        rc = hide(h, except_ifname);
    if (rc == 0)
        rc = wg_uapi_list(hide, h);
    return rc < 0 ? err_set_os(err, rc, "cannot list the userspace WireGuard devices") : 0;
}

int netif_candidates(const char *except_ifname, const struct network *excluded, size_t n_excluded,
                     struct ip *ret, size_t max, size_t *ret_n, struct err *err)
{
    CLEAN_NETIF_VIEW struct netif_view view = {0};
    CLEANUP(hidden_done) struct hidden hidden = {0};
    int rc = read_view(&view, err);
    if (rc == 0)
        rc = hide_devices(&hidden, except_ifname, err);
    if (rc < 0)
        return rc;
    struct netif_filter filter = {.hidden = hidden.pointers,
                                  .n_hidden = hidden.n,
                                  .excluded = excluded,
                                  .n_excluded = n_excluded};
    *ret_n = netif_select(&view, &filter, ret, max);
    return 0;
}

static uint32_t mtu_of(const struct netif_bring_up *how)
{
    return how->mtu ? how->mtu : MTU_DEFAULT;
}

/* Below these the kernel takes IPv6 away from the link without a word, and an IPv4 network may lose
 * packets that every host has to take (RFC 8200 section 5, RFC 791 section 3.1). */
static int check_mtu(const struct netif_bring_up *how, struct err *err)
{
    bool is_v6 = how->address.addr.family == IP_V6;
    uint32_t least = is_v6 ? MTU_LEAST_V6 : MTU_LEAST_V4;
    if (mtu_of(how) >= least)
        return 0;
    return err_set(err, -EINVAL,
                   "MTU %u is too small for the IPv%d network of %s - choose at least %u", how->mtu,
                   is_v6 ? 6 : 4, how->name, least);
}

/* The kernel's WireGuard takes its port when the link goes up. */
static int bring_link_up(struct link *l, const struct netif_bring_up *how, struct err *err)
{
    int rc = set_up(l, mtu_of(how), err);
    if (rc != -EADDRINUSE || !how->update || !how->update->has_listen_port)
        return rc;
    return err_set(err, rc,
                   "cannot set %s up - another program listens on UDP port %u - end it or choose "
                   "another listen port",
                   how->name, how->update->listen_port);
}

static int configure(struct wg *wg, const struct netif_bring_up *how, struct err *err)
{
    CLEANUP(link_close) struct link l = {0};
    int rc = how->update ? wg_set(wg, how->name, how->update, err) : 0;
    if (rc == 0)
        rc = link_open(&l, how->name, err);
    if (rc == 0)
        rc = set_address(&l, &how->address, err);
    if (rc == 0)
        rc = bring_link_up(&l, how, err);
    if (rc == 0 && !how->no_routing)
        rc = add_route(&l, &how->address, err);
    return rc;
}

int netif_bring_up(struct wg *wg, const struct netif_bring_up *how, bool *ret_created,
                   struct err *err)
{
    bool is_created = false;
    int rc = check_mtu(how, err);
    if (rc == 0)
        rc = wg_create(wg, how->name, &is_created, err);
    if (rc < 0)
        return rc;
    rc = configure(wg, how, err);
    if (rc < 0) {
        /* A half-made device would pass for a configured one the next time. */
        if (is_created)
            wg_delete(wg, how->name, NULL);
        return rc;
    }
    if (ret_created)
        *ret_created = is_created;
    return 0;
}
