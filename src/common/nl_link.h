#pragma once
/* Link messages of rtnetlink: builders and a parser, all pure. linux/if_link.h. */

#include <linux/netlink.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NL_LINK_MAX 512 /* room enough for every request made here */

#define NL_LINK_OPER_UP 6 /* RFC 2863; linux/if.h and net/if.h exclude each other */

struct nl_link {
    int index;
    unsigned flags; /* IFF_* */
    uint8_t operstate;
    char name[IF_NAMESIZE];
    char kind[IF_NAMESIZE]; /* IFLA_INFO_KIND, "" when it has none */
};

/* Requests into `buf` (NL_LINK_MAX bytes, aligned like a message header). `name` has at most
 * IF_NAMESIZE - 1 bytes. */
struct nlmsghdr *nl_link_build_dump(void *buf);
struct nlmsghdr *nl_link_build_get(void *buf, const char *name);
struct nlmsghdr *nl_link_build_create(void *buf, const char *name, const char *kind);
struct nlmsghdr *nl_link_build_delete(void *buf, const char *name, const char *kind);
/* IFF_UP, nothing else of the flags, and the MTU in one message. */
struct nlmsghdr *nl_link_build_up(void *buf, int index, uint32_t mtu);

/* An RTM_NEWLINK message. Unknown attributes are passed over. 0, -EBADMSG, or 1 when it is another
 * kind of message. */
int nl_link_parse(const struct nlmsghdr *m, struct nl_link *ret);
