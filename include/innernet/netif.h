#pragma once
/* Links, addresses and routes by rtnetlink, both backends alike. Sources: spec/server.md 5.5, 5.6,
 * D19, D20, D58; spec/client.md 3.6, 8.5, 9.16, 9.17; RFC 3549; linux/rtnetlink.h. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "innernet/addr.h"
#include "innernet/err.h"
#include "innernet/record.h"
#include "innernet/wg.h"

#define MTU_DEFAULT 1280
#define MTU_LEAST_V4 576
#define MTU_LEAST_V6 1280

/* IFF_UP and carries this address? For "is it configured or a half-made leftover". */
int netif_has_address(const char *ifname, const struct ip *ip, bool *ret, struct err *err);

/* Addresses under which others may reach this host, in dump order: links not loopback with state
 * UP, scope universe, IPv4 label = link name, IPv6 filters of spec/client.md 3.6.3; tentative,
 * deprecated, temporary and dad-failed IPv6 left out; IFA_LOCAL preferred; addresses of WireGuard
 * devices and of `except_ifname` (nullable) left out; `excluded` networks left out before the
 * limit. At most `max` are written to `ret`. */
int netif_candidates(const char *except_ifname, const struct network *excluded, size_t n_excluded,
                     struct ip *ret, size_t max, size_t *ret_n, struct err *err);

/* How to bring an interface up (spec/client.md 8.6, spec/server.md 5.6). */
struct netif_bring_up {
    const char *name;
    const struct wg_update *update; /* first keys and peers */
    struct network address;
    uint32_t
        mtu; /* 0 = MTU_DEFAULT; less than the address needs: -EINVAL before anything is done */
    bool no_routing;
};

/* Creates the device if needed, then update, address (RTM_NEWADDR REPLACE|CREATE; IPv6 with
 * IFA_F_NODAD so that it can be bound at once), IFF_UP (with change mask IFF_UP) and the MTU in one
 * RTM_NEWLINK, a link-scope route to the address's network (one that is there is fine). A device
 * that this call created is deleted again when a later step fails. Errors name the step. */
int netif_bring_up(struct wg *wg, const struct netif_bring_up *how, bool *ret_created,
                   struct err *err);

/* Tells that links or addresses of this machine may have changed, by rtnetlink's notifications. */
struct netif_watch;
int netif_watch_open(struct netif_watch **ret, struct err *err);
void netif_watch_free(struct netif_watch *w);
/* Readable when something has changed since the last netif_watch_drain. */
int netif_watch_fd(const struct netif_watch *w);
/* Takes in what came; false when nothing did. Never blocks. */
bool netif_watch_drain(struct netif_watch *w);
