#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "innernet/netif.h"

#define DATAGRAM_MAX 8192

struct netif_watch {
    struct mnl_socket *socket;
};

int netif_watch_open(struct netif_watch **ret, struct err *err)
{
    struct netif_watch *w = calloc(1, sizeof(*w));
    if (!w)
        return err_set(err, -ENOMEM, "rtnetlink - out of memory");
    w->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (!w->socket ||
        mnl_socket_bind(w->socket, RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR,
                        MNL_SOCKET_AUTOPID) < 0) {
        int r = -errno;
        netif_watch_free(w);
        return err_set_os(err, r, "rtnetlink");
    }
    *ret = w;
    return 0;
}

void netif_watch_free(struct netif_watch *w)
{
    if (!w)
        return;
    if (w->socket)
        mnl_socket_close(w->socket);
    free(w);
}

int netif_watch_fd(const struct netif_watch *w)
{
    return mnl_socket_get_fd(w->socket);
}

/* What exactly has changed does not matter: who is told looks for himself. So neither do messages
 * that were cut or, with ENOBUFS, lost. */
bool netif_watch_drain(struct netif_watch *w)
{
    char buf[DATAGRAM_MAX];
    bool any = false;
    for (;;) {
        ssize_t n = recv(netif_watch_fd(w), buf, sizeof(buf), MSG_DONTWAIT | MSG_TRUNC);
        if (n < 0 && errno != EINTR && errno != ENOBUFS)
            return any;
        any = any || n > 0 || errno == ENOBUFS;
    }
}
