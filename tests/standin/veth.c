#include "veth.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ATTR_HEAD sizeof(struct nlattr)

/* Large enough for the one request made here. */
struct request {
    union {
        struct nlmsghdr head;
        uint8_t bytes[512];
    };
};

static void *append(struct request *r, size_t len)
{
    void *at = r->bytes + NLMSG_ALIGN(r->head.nlmsg_len);
    r->head.nlmsg_len = (uint32_t)(NLMSG_ALIGN(r->head.nlmsg_len) + len);
    return at;
}

static void put(struct request *r, uint16_t type, const void *data, size_t len)
{
    struct nlattr *attr = append(r, ATTR_HEAD + len);
    attr->nla_type = type;
    attr->nla_len = (uint16_t)(ATTR_HEAD + len);
    if (len)
        memcpy((uint8_t *)attr + ATTR_HEAD, data, len);
}

static struct nlattr *nest_begin(struct request *r, uint16_t type)
{
    struct nlattr *attr = (void *)(r->bytes + NLMSG_ALIGN(r->head.nlmsg_len));
    put(r, type, NULL, 0);
    return attr;
}

static void nest_end(struct request *r, struct nlattr *nest)
{
    r->head.nlmsg_len = NLMSG_ALIGN(r->head.nlmsg_len);
    nest->nla_len = (uint16_t)(r->bytes + r->head.nlmsg_len - (uint8_t *)nest);
}

static int talk(int fd, struct request *r)
{
    const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    struct {
        struct nlmsghdr head;
        struct nlmsgerr error;
        uint8_t rest[512];
    } answer;
    ssize_t n = sendto(fd, r->bytes, r->head.nlmsg_len, 0, (const void *)&kernel, sizeof(kernel));
    if (n >= 0)
        n = recv(fd, &answer, sizeof(answer), 0);
    if (n < 0)
        return -errno;
    if ((size_t)n < sizeof(answer.head) + sizeof(int) || answer.head.nlmsg_type != NLMSG_ERROR)
        return -EPROTO;
    return answer.error.error;
}

static int open_socket(void)
{
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    return fd < 0 ? -errno : fd;
}

/* A netlink socket stays with the namespace it was made in. */
static int open_socket_in(const char *netns)
{
    int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    int there = open(netns, O_RDONLY | O_CLOEXEC);
    int fd = -1;
    if (here < 0 || there < 0 || setns(there, CLONE_NEWNET) < 0)
        fd = -errno;
    else
        fd = open_socket();
    if (fd >= 0 && setns(here, CLONE_NEWNET) < 0) {
        close(fd);
        fd = -EIO;
    }
    if (here >= 0)
        close(here);
    if (there >= 0)
        close(there);
    return fd;
}

static struct ifinfomsg *begin(struct request *r, uint16_t type, uint16_t flags)
{
    memset(r, 0, sizeof(*r));
    r->head.nlmsg_len = NLMSG_HDRLEN;
    r->head.nlmsg_type = type;
    r->head.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
    return append(r, sizeof(struct ifinfomsg));
}

static int create_pair(int fd, const char *name, const char *far, int netns_fd)
{
    static const uint8_t hardware[6] = {0x02, 'i', 'n', 'n', 'e', 'r'};
    struct request r;
    struct ifinfomsg *near_info = begin(&r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
    near_info->ifi_flags = near_info->ifi_change = IFF_NOARP;
    put(&r, IFLA_IFNAME, name, strlen(name) + 1);
    put(&r, IFLA_ADDRESS, hardware, sizeof(hardware));
    struct nlattr *link = nest_begin(&r, IFLA_LINKINFO);
    put(&r, IFLA_INFO_KIND, "veth", 4);
    struct nlattr *data = nest_begin(&r, IFLA_INFO_DATA);
    struct nlattr *peer = nest_begin(&r, VETH_INFO_PEER);
    struct ifinfomsg *far_info = append(&r, sizeof(*far_info));
    far_info->ifi_flags = far_info->ifi_change = IFF_NOARP;
    put(&r, IFLA_IFNAME, far, strlen(far) + 1);
    put(&r, IFLA_ADDRESS, hardware, sizeof(hardware));
    if (netns_fd >= 0)
        put(&r, IFLA_NET_NS_FD, &netns_fd, sizeof(netns_fd));
    nest_end(&r, peer);
    nest_end(&r, data);
    nest_end(&r, link);
    return talk(fd, &r);
}

/* A step of its own: an end cannot go up before both are joined. */
static int set_up(int fd, const char *name)
{
    struct request r;
    struct ifinfomsg *info = begin(&r, RTM_NEWLINK, 0);
    info->ifi_flags = info->ifi_change = IFF_UP;
    put(&r, IFLA_IFNAME, name, strlen(name) + 1);
    return talk(fd, &r);
}

int veth_create(const char *name, const char *far, const char *netns, unsigned *ret_index)
{
    int netns_fd = netns ? open(netns, O_RDONLY | O_CLOEXEC) : -1;
    int fd = open_socket();
    int far_fd = netns ? open_socket_in(netns) : open_socket();
    int rc = fd < 0 ? fd : far_fd < 0 ? far_fd : 0;
    if (rc == 0)
        rc = create_pair(fd, name, far, netns_fd);
    if (rc == 0) {
        *ret_index = if_nametoindex(name);
        rc = set_up(far_fd, far);
        if (rc < 0)
            veth_delete(*ret_index);
    }
    if (netns_fd >= 0)
        close(netns_fd);
    if (fd >= 0)
        close(fd);
    if (far_fd >= 0)
        close(far_fd);
    return rc;
}

void veth_delete(unsigned index)
{
    struct request r;
    begin(&r, RTM_DELLINK, 0)->ifi_index = (int)index;
    int fd = open_socket();
    if (fd < 0)
        return;
    talk(fd, &r);
    close(fd);
}
