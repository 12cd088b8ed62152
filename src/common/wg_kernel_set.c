/* Updates as messages: attributes and peers are packed greedily, a new message starts with the name
 * again. spec/client.md 8.3. */

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/wireguard.h>
#include <string.h>

#include "wg_kernel.h"

struct writer {
    uint16_t family;
    const char *name;
    void *buf;
    size_t max;
    int (*emit)(void *ctx, struct nlmsghdr *m);
    void *ctx;
    struct nlmsghdr *m;
    struct nlattr *peers; /* NULL until the message has a peer */
};

static void begin(struct writer *w)
{
    /* libmnl leaves the padding of attributes as it was. */
    memset(w->buf, 0, w->max);
    w->m = mnl_nlmsg_put_header(w->buf);
    w->m->nlmsg_type = w->family;
    w->m->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
    struct genlmsghdr *head = mnl_nlmsg_put_extra_header(w->m, sizeof(*head));
    head->cmd = WG_CMD_SET_DEVICE;
    head->version = WG_GENL_VERSION;
    mnl_attr_put_strz(w->m, WGDEVICE_A_IFNAME, w->name);
    w->peers = NULL;
}

static int finish(struct writer *w)
{
    if (w->peers)
        mnl_attr_nest_end(w->m, w->peers);
    return w->emit(w->ctx, w->m);
}

static void put_device(struct nlmsghdr *m, const struct wg_update *u)
{
    if (u->has_private_key)
        mnl_attr_put(m, WGDEVICE_A_PRIVATE_KEY, KEY_LEN, u->private_key.bytes);
    if (u->has_fwmark)
        mnl_attr_put_u32(m, WGDEVICE_A_FWMARK, u->fwmark);
    if (u->has_listen_port)
        mnl_attr_put_u16(m, WGDEVICE_A_LISTEN_PORT, u->listen_port);
    if (u->replace_peers)
        mnl_attr_put_u32(m, WGDEVICE_A_FLAGS, WGDEVICE_F_REPLACE_PEERS);
}

static bool put_endpoint(struct nlmsghdr *m, size_t max, const struct sock_addr *endpoint)
{
    struct sockaddr_storage ss;
    socklen_t len = sock_addr_to_sockaddr(endpoint, &ss);
    return mnl_attr_put_check(m, max, WGPEER_A_ENDPOINT, len, &ss);
}

static bool put_allowed_ip(struct nlmsghdr *m, size_t max, const struct network *net)
{
    bool is_v4 = net->addr.family == IP_V4;
    struct nlattr *nest = mnl_attr_nest_start_check(m, max, 0);
    if (!nest)
        return false;
    if (!mnl_attr_put_u16_check(m, max, WGALLOWEDIP_A_FAMILY, is_v4 ? AF_INET : AF_INET6) ||
        !mnl_attr_put_check(m, max, WGALLOWEDIP_A_IPADDR, is_v4 ? 4 : 16, net->addr.bytes) ||
        !mnl_attr_put_u8_check(m, max, WGALLOWEDIP_A_CIDR_MASK, net->prefix)) {
        mnl_attr_nest_cancel(m, nest);
        return false;
    }
    mnl_attr_nest_end(m, nest);
    return true;
}

static uint32_t peer_flags(const struct wg_peer_update *p, bool is_first_part)
{
    uint32_t flags = 0;
    if (p->remove)
        flags |= WGPEER_F_REMOVE_ME;
    if (p->replace_allowed_ips && is_first_part)
        flags |= WGPEER_F_REPLACE_ALLOWEDIPS;
    if (p->update_only)
        flags |= WGPEER_F_UPDATE_ONLY;
    return flags;
}

/* As many from *at on as fit, and moves *at behind them. False when not even the list fits. */
static bool put_allowed_ips(struct nlmsghdr *m, size_t max, const struct wg_peer_update *p,
                            size_t *at)
{
    struct nlattr *ips = mnl_attr_nest_start_check(m, max, WGPEER_A_ALLOWEDIPS);
    if (!ips)
        return false;
    while (*at < p->n_allowed_ips && put_allowed_ip(m, max, &p->allowed_ips[*at]))
        (*at)++;
    mnl_attr_nest_end(m, ips);
    return true;
}

/* Puts the peer with its allowed IPs from *at on, as many as fit, and moves *at behind them. False,
 * and nothing put, when not even the head of the peer fits. */
static bool put_peer(struct nlmsghdr *m, size_t max, const struct wg_peer_update *p, size_t *at)
{
    bool is_first_part = *at == 0;
    uint32_t flags = peer_flags(p, is_first_part);
    size_t ips_max = flags ? max - (sizeof(struct nlattr) + sizeof(flags)) : max;
    struct nlattr *peer = mnl_attr_nest_start_check(m, max, 0);
    if (!peer)
        return false;
    bool fits = mnl_attr_put_check(m, max, WGPEER_A_PUBLIC_KEY, KEY_LEN, p->public_key.bytes);
    if (fits && is_first_part && p->has_endpoint)
        fits = put_endpoint(m, max, &p->endpoint);
    if (fits && is_first_part && p->has_keepalive)
        fits =
            mnl_attr_put_u16_check(m, max, WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL, p->keepalive_s);
    if (fits && p->n_allowed_ips > 0)
        fits = put_allowed_ips(m, ips_max, p, at);
    if (fits && flags)
        fits = mnl_attr_put_u32_check(m, max, WGPEER_A_FLAGS, flags);
    if (!fits) {
        mnl_attr_nest_cancel(m, peer);
        return false;
    }
    mnl_attr_nest_end(m, peer);
    return true;
}

/* The peer into the message under way, whole; else nothing is put. */
static bool put_whole_peer(struct writer *w, const struct wg_peer_update *p)
{
    uint32_t len_before = w->m->nlmsg_len;
    bool is_first = !w->peers;
    size_t at = 0;
    if (is_first)
        w->peers = mnl_attr_nest_start_check(w->m, w->max, WGDEVICE_A_PEERS);
    if (w->peers && put_peer(w->m, w->max, p, &at) && at == p->n_allowed_ips)
        return true;
    w->m->nlmsg_len = len_before;
    if (is_first)
        w->peers = NULL;
    return false;
}

/* The peer into a new message and, as it may be too large for one, those after it. */
static int put_large_peer(struct writer *w, const struct wg_peer_update *p)
{
    size_t at = 0;
    do {
        size_t before = at;
        int rc = finish(w);
        if (rc < 0)
            return rc;
        begin(w);
        w->peers = mnl_attr_nest_start_check(w->m, w->max, WGDEVICE_A_PEERS);
        if (!w->peers || !put_peer(w->m, w->max, p, &at) || (at == before && p->n_allowed_ips > 0))
            return -EMSGSIZE;
    } while (at < p->n_allowed_ips);
    return 0;
}

static bool is_empty(const struct wg_update *u)
{
    return !u->has_private_key && !u->has_listen_port && !u->has_fwmark && !u->replace_peers &&
           u->n_peers == 0;
}

int wg_kernel_build_set(uint16_t family, const char *name, const struct wg_update *update,
                        void *buf, size_t max, int (*emit)(void *ctx, struct nlmsghdr *m),
                        void *ctx)
{
    struct writer w = {
        .family = family, .name = name, .buf = buf, .max = max, .emit = emit, .ctx = ctx};
    if (is_empty(update))
        return 0;
    begin(&w);
    put_device(w.m, update);
    for (size_t i = 0; i < update->n_peers; i++) {
        if (put_whole_peer(&w, &update->peers[i]))
            continue;
        int rc = put_large_peer(&w, &update->peers[i]);
        if (rc < 0)
            return rc;
    }
    return finish(&w);
}
