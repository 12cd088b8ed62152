#include "nl.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "innernet/util.h"

#define BUFFER_FIRST (32u * 1024)
#define DATAGRAM_MAX (1024u * 1024)
#define ANSWER_TIMEOUT_S 10

struct nl {
    int bus;
    struct mnl_socket *socket; /* NULL: to be opened at the next exchange */
    uint32_t seq;
    uint8_t *buf;
    size_t size;
};

static int socket_open(struct nl *nl)
{
    struct timeval timeout = {.tv_sec = ANSWER_TIMEOUT_S};
    int on = 1;
    int sndbuf = (int)(4 * NL_MESSAGE_MAX);
    if (nl->socket)
        return 0;
    struct mnl_socket *s = mnl_socket_open2(nl->bus, SOCK_CLOEXEC);
    if (!s)
        return -errno;
    int fd = mnl_socket_get_fd(s);
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) < 0 ||
        mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) < 0) {
        int rc = -errno;
        mnl_socket_close(s);
        return rc;
    }
    /* A message of ours has to fit, whatever the default. Not everybody may force it. */
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &sndbuf, sizeof(sndbuf)) < 0)
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &sndbuf, sizeof(sndbuf));
    /* A refusal need not bring our request back, 64 kB at times. Kernels that cannot do so, do. */
    mnl_socket_setsockopt(s, NETLINK_CAP_ACK, &on, sizeof(on));
    nl->socket = s;
    return 0;
}

static void socket_close(struct nl *nl)
{
    if (nl->socket)
        mnl_socket_close(nl->socket);
    nl->socket = NULL;
}

int nl_open(int bus, struct nl **ret)
{
    struct nl *nl = calloc(1, sizeof(*nl));
    if (!nl)
        return -ENOMEM;
    nl->bus = bus;
    nl->size = BUFFER_FIRST;
    nl->buf = malloc(nl->size);
    int rc = nl->buf ? socket_open(nl) : -ENOMEM;
    if (rc < 0) {
        nl_close(nl);
        return rc;
    }
    *ret = nl;
    return 0;
}

void nl_close(struct nl *nl)
{
    if (!nl)
        return;
    socket_close(nl);
    /* A dump of a WireGuard device has the private key in it. */
    if (nl->buf)
        explicit_bzero(nl->buf, nl->size);
    free(nl->buf);
    free(nl);
}

static int grow(struct nl *nl, size_t need)
{
    if (need <= nl->size)
        return 0;
    if (need > DATAGRAM_MAX)
        return -EMSGSIZE;
    uint8_t *buf = malloc(need);
    if (!buf)
        return -ENOMEM;
    explicit_bzero(nl->buf, nl->size);
    free(nl->buf);
    nl->buf = buf;
    nl->size = need;
    return 0;
}

static int receive_error(void)
{
    return errno == EAGAIN ? -ETIMEDOUT : -errno;
}

/* Receives one datagram from the kernel whole; its size is looked at first. */
static int receive(struct nl *nl, size_t *ret_len)
{
    int fd = mnl_socket_get_fd(nl->socket);
    for (;;) {
        struct sockaddr_nl from = {0};
        socklen_t from_len = sizeof(from);
        ssize_t n = recv(fd, NULL, 0, MSG_PEEK | MSG_TRUNC);
        int rc = n < 0 ? receive_error() : grow(nl, (size_t)n);
        if (rc == 0) {
            n = recvfrom(fd, nl->buf, nl->size, MSG_TRUNC, (void *)&from, &from_len);
            rc = n < 0 ? receive_error() : 0;
        }
        if (rc == -EINTR)
            continue;
        if (rc < 0)
            return rc;
        if ((size_t)n > nl->size)
            return -EMSGSIZE;
        if (from.nl_pid != 0)
            continue; /* another process may write to us: only the kernel is believed */
        *ret_len = (size_t)n;
        return 0;
    }
}

static int send_request(struct nl *nl, struct nlmsghdr *request)
{
    int rc = socket_open(nl);
    if (rc < 0)
        return rc;
    request->nlmsg_seq = ++nl->seq;
    while (mnl_socket_sendto(nl->socket, request, request->nlmsg_len) < 0)
        if (errno != EINTR)
            return -errno;
    return 0;
}

static int exchange_once(struct nl *nl, struct nlmsghdr *request, struct nl_answer *a)
{
    int rc = send_request(nl, request);
    a->seq = nl->seq;
    while (rc == 0 && !a->is_ended) {
        size_t len = 0;
        rc = receive(nl, &len);
        if (rc == 0)
            rc = nl_answer_take(a, nl->buf, len);
    }
    if (rc < 0)
        socket_close(nl); /* what may still come belongs to nobody */
    return rc;
}

int nl_exchange(struct nl *nl, struct nlmsghdr *request, const struct nl_sink *sink)
{
    for (int tries = 0; tries < NL_DUMP_TRIES; tries++) {
        struct nl_answer a = {.sink = sink};
        int rc = exchange_once(nl, request, &a);
        if (rc < 0)
            return rc;
        if (a.rc < 0 || !a.is_interrupted)
            return a.rc;
        if (sink && sink->restart)
            sink->restart(sink->ctx);
    }
    return -EAGAIN;
}
