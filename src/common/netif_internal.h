#pragma once
/* The pure part of netif: rtnetlink messages made and read, candidates chosen. linux/if_addr.h,
 * linux/rtnetlink.h, spec/client.md 3.6, 8.5. */

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "innernet/addr.h"
#include "nl_link.h"

#define NETIF_REQUEST_MAX 128

/* Requests into `buf` (NETIF_REQUEST_MAX bytes, aligned like a message header). */
struct nlmsghdr *netif_build_set_address(void *buf, int index, const struct network *address);
struct nlmsghdr *netif_build_add_route(void *buf, int index, const struct network *net);
struct nlmsghdr *netif_build_dump_addresses(void *buf);

struct netif_address {
    int index;
    uint8_t scope;
    uint32_t flags; /* IFA_F_* */
    struct ip addr; /* our own end on point-to-point links */
    char label[IF_NAMESIZE];
};

/* An RTM_NEWADDR message. 0, -EBADMSG, or 1 when it is another kind of message or family. */
int netif_parse_address(const struct nlmsghdr *m, struct netif_address *ret);

/* What the two dumps gave, in dump order. */
struct netif_view {
    struct nl_link *links;
    size_t n_links, links_cap;
    struct netif_address *addresses;
    size_t n_addresses, addresses_cap;
};

void netif_view_done(struct netif_view *v);
#define CLEAN_NETIF_VIEW CLEANUP(netif_view_done)
/* Add what a message holds; messages of other kinds are passed over. 0, -EBADMSG, -ENOMEM, -E2BIG.
 */
int netif_view_add_link(void *view, const struct nlmsghdr *m);
int netif_view_add_address(void *view, const struct nlmsghdr *m);
/* Drop all of one kind: its dump starts again. */
void netif_view_drop_links(void *view);
void netif_view_drop_addresses(void *view);

/* Which addresses count (see netif_candidates), in order. `hidden` are names of links to leave out;
 * links of kind wireguard always are. */
struct netif_filter {
    const char *const *hidden;
    size_t n_hidden;
    const struct network *excluded;
    size_t n_excluded;
};
/* At most `max` into `ret`; returns their number. Sorts the links by index. */
size_t netif_select(struct netif_view *v, const struct netif_filter *f, struct ip *ret, size_t max);
