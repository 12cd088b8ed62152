#include "listener.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define BACKLOG 4096
#define RETRY_EVERY_MS 100
#define RETRIES 50

static int set_flag(int fd, int level, int option)
{
    int on = 1;
    return setsockopt(fd, level, option, &on, sizeof(on));
}

/* An address alone would also be reached over other interfaces. */
static int bind_to(int fd, const char *interface)
{
    if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface, (socklen_t)strlen(interface)) < 0)
        return -errno;
    return 0;
}

static int prepare(int fd, const char *interface, const struct ip *address)
{
    if (set_flag(fd, SOL_SOCKET, SO_REUSEADDR) < 0)
        return -errno;
    if (address->family == IP_V6 && set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY) < 0)
        return -errno;
    return bind_to(fd, interface);
}

static int bind_patiently(int fd, const struct sockaddr_storage *addr, socklen_t len)
{
    const struct timespec pause = {.tv_nsec = RETRY_EVERY_MS * 1000000L};
    for (int i = 0;; i++) {
        if (bind(fd, (const struct sockaddr *)addr, len) == 0)
            return 0;
        if (errno != EADDRNOTAVAIL || i == RETRIES)
            return -errno;
        nanosleep(&pause, NULL);
    }
}

int listener_open(const char *interface, const struct ip *address, uint16_t port, int *ret_fd,
                  struct err *err)
{
    char text[SOCK_ADDR_TEXT_MAX];
    struct sockaddr_storage storage;
    const struct sock_addr where = {.ip = *address, .port = port};
    socklen_t len = sock_addr_to_sockaddr(&where, &storage);
    CLEAN_CLOSE int fd =
        socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
    if (fd < 0)
        return err_set_os(err, -errno, "cannot create a TCP socket");
    int r = prepare(fd, interface, address);
    if (r == 0)
        r = bind_patiently(fd, &storage, len);
    if (r == 0 && listen(fd, BACKLOG) < 0)
        r = -errno;
    if (r < 0)
        return err_set_os(err, r, "cannot listen on %s over %s", sock_addr_format(&where, text),
                          interface);
    *ret_fd = take_fd(&fd);
    return 0;
}

int listener_follow(int fd, const char *interface, struct err *err)
{
    int r = bind_to(fd, interface);
    return r < 0 ? err_set_os(err, r, "cannot listen over %s", interface) : 0;
}
