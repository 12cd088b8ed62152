#pragma once
/* Netlink for the files that speak it (wg_kernel*.c, netif*.c): one socket kept for many exchanges,
 * and bounds-checked walks through messages and attributes. RFC 3549, linux/netlink.h. */

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "innernet/addr.h"

/* Where answers go. */
struct nl_sink {
    /* Takes one message that is neither an acknowledgement nor an end; 0 or a negative errno, which
     * ends up as the result of the exchange. The message is only valid during the call. */
    int (*message)(void *ctx, const struct nlmsghdr *m);
    /* A dump is asked for again from its start: forget what came. */
    void (*restart)(void *ctx);
    void *ctx;
};

struct nl;

/* A socket for NETLINK_ROUTE or NETLINK_GENERIC. 0 or a negative errno. */
int nl_open(int bus, struct nl **ret);
void nl_close(struct nl *nl);
static inline void nl_cleanup(struct nl **nl)
{
    nl_close(*nl);
}
#define CLEAN_NL CLEANUP(nl_cleanup)

/* Sends `request` (its sequence number is set here) and gives the answer to `sink` (nullable) up to
 * its acknowledgement, its final message or its error. The request must carry NLM_F_ACK or
 * NLM_F_DUMP. A dump which the kernel marks as interrupted is repeated, at most NL_DUMP_TRIES
 * times, then -EAGAIN. The kernel's error codes come back as they are; -EBADMSG for an answer that
 * does not add up, -ETIMEDOUT when none comes. After either the next exchange uses a fresh socket.
 */
int nl_exchange(struct nl *nl, struct nlmsghdr *request, const struct nl_sink *sink);
#define NL_DUMP_TRIES 10

/* The largest message we send. An attribute, and so a list of peers, has a length of 16 bits; the
 * kernel itself takes what fits into the socket's send buffer, which is made four times as large.
 */
#define NL_MESSAGE_MAX 65532u

/* Pure part. */

/* One answer being taken in. Zero-initialise apart from seq and sink. */
struct nl_answer {
    uint32_t seq;
    const struct nl_sink *sink; /* nullable */
    bool is_ended;              /* acknowledged, done or refused */
    bool is_interrupted;        /* NLM_F_DUMP_INTR seen */
    int rc;                     /* valid when ended: the first error of kernel or sink, else 0 */
};
/* Takes in one datagram. Messages with another sequence number are left out: they belong to an
 * earlier exchange. 0 or -EBADMSG. */
int nl_answer_take(struct nl_answer *a, const void *data, size_t len);

/* Walks attributes: nl_attrs_next gives each, then NULL. `is_bad` tells after that whether the walk
 * ended because a length is wrong. */
struct nl_attrs {
    const uint8_t *at;
    size_t left;
    bool is_bad;
};
/* Attributes behind a fixed header of `head` bytes; bad when the message is too short for it. */
struct nl_attrs nl_attrs_of_message(const struct nlmsghdr *m, size_t head);
struct nl_attrs nl_attrs_of_nest(const struct nlattr *nest);
const struct nlattr *nl_attrs_next(struct nl_attrs *attrs);

/* Values; false when the attribute has another size. */
bool nl_attr_get(const struct nlattr *a, void *ret, size_t size);
/* Text of at most size - 1 bytes, with or without NUL at its end. */
bool nl_attr_get_text(const struct nlattr *a, char *ret, size_t size);
/* 4 or 16 bytes. */
bool nl_attr_get_ip(const struct nlattr *a, struct ip *ret);
