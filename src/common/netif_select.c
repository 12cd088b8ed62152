#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "netif_internal.h"

#define VIEW_MAX (1u << 18) /* links or addresses: more is no machine of ours */

void netif_view_done(struct netif_view *v)
{
    free(v->links);
    free(v->addresses);
    *v = (struct netif_view){0};
}

static int make_room(void **items, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return 0;
    if (n >= VIEW_MAX)
        return -E2BIG;
    size_t wanted = *cap ? *cap * 2 : 16;
    void *grown = reallocarray(*items, wanted, size);
    if (!grown)
        return -ENOMEM;
    *items = grown;
    *cap = wanted;
    return 0;
}

int netif_view_add_link(void *view, const struct nlmsghdr *m)
{
    struct netif_view *v = view;
    struct nl_link link;
    int rc = nl_link_parse(m, &link);
    if (rc != 0)
        return rc > 0 ? 0 : rc;
    void *items = v->links;
    rc = make_room(&items, v->n_links, &v->links_cap, sizeof(*v->links));
    v->links = items;
    if (rc == 0)
        v->links[v->n_links++] = link;
    return rc;
}

int netif_view_add_address(void *view, const struct nlmsghdr *m)
{
    struct netif_view *v = view;
    struct netif_address address;
    int rc = netif_parse_address(m, &address);
    if (rc != 0)
        return rc > 0 ? 0 : rc;
    void *items = v->addresses;
    rc = make_room(&items, v->n_addresses, &v->addresses_cap, sizeof(*v->addresses));
    v->addresses = items;
    if (rc == 0)
        v->addresses[v->n_addresses++] = address;
    return rc;
}

void netif_view_drop_links(void *view)
{
    ((struct netif_view *)view)->n_links = 0;
}

void netif_view_drop_addresses(void *view)
{
    ((struct netif_view *)view)->n_addresses = 0;
}

static int compare_links(const void *a, const void *b)
{
    const struct nl_link *left = a, *right = b;
    return (left->index > right->index) - (left->index < right->index);
}

static bool is_hidden(const struct nl_link *link, const struct netif_filter *f)
{
    if (strcmp(link->kind, "wireguard") == 0)
        return true;
    for (size_t i = 0; i < f->n_hidden; i++)
        if (strcmp(link->name, f->hidden[i]) == 0)
            return true;
    return false;
}

static bool is_helpful(const struct nl_link *link)
{
    return !(link->flags & IFF_LOOPBACK) && link->operstate == NL_LINK_OPER_UP;
}

/* Addresses that mean nothing, or something else, to others. */
static bool is_local_v6(const struct ip *ip)
{
    const uint8_t *b = ip->bytes;
    return ip_is_multicast(ip) || ip_is_loopback(ip) || ip_is_unspecified(ip) ||
           (b[0] == 0x20 && b[1] == 0x01 && b[2] == 0x0d && b[3] == 0xb8) || /* documentation */
           (b[0] == 0xfe && (b[1] & 0xc0) == 0x80) ||                        /* link-local */
           (b[0] & 0xfe) == 0xfc;                                            /* unique-local */
}

static bool is_usable(const struct netif_address *a, const struct nl_link *link)
{
    static const uint32_t passing =
        IFA_F_TENTATIVE | IFA_F_DEPRECATED | IFA_F_TEMPORARY | IFA_F_DADFAILED;
    if (a->scope != RT_SCOPE_UNIVERSE)
        return false;
    if (a->addr.family == IP_V4) /* an alias has another label */
        return link && is_helpful(link) && strcmp(a->label, link->name) == 0;
    return !(a->flags & passing) && !is_local_v6(&a->addr);
}

static bool is_excluded(const struct ip *ip, const struct netif_filter *f)
{
    for (size_t i = 0; i < f->n_excluded; i++)
        if (network_contains_ip(&f->excluded[i], ip))
            return true;
    return false;
}

size_t netif_select(struct netif_view *v, const struct netif_filter *f, struct ip *ret, size_t max)
{
    size_t n = 0;
    if (v->n_links > 0)
        qsort(v->links, v->n_links, sizeof(*v->links), compare_links);
    for (size_t i = 0; i < v->n_addresses && n < max; i++) {
        const struct netif_address *a = &v->addresses[i];
        struct nl_link wanted = {.index = a->index};
        const struct nl_link *link = NULL;
        if (v->n_links > 0)
            link = bsearch(&wanted, v->links, v->n_links, sizeof(wanted), compare_links);
        if ((link && is_hidden(link, f)) || !is_usable(a, link) || is_excluded(&a->addr, f))
            continue;
        ret[n++] = a->addr;
    }
    return n;
}
