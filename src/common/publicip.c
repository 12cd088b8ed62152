#include "innernet/publicip.h"

#include <errno.h>
#include <poll.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define DNS_PORT 53
#define ANSWER_MAX 1232

/* One question to one of the two resolvers. */
struct probe {
    enum ip_family family;
    const char *resolver;
    int fd; /* -1: failed or finished */
    uint16_t id;
};

static int64_t now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Leaves fd at -1 when there is no way to that resolver. */
static void ask(struct probe *p)
{
    struct sock_addr resolver = {.port = DNS_PORT};
    struct sockaddr_storage to;
    uint8_t query[64];
    if (ip_parse(p->resolver, &resolver.ip) < 0 ||
        getrandom(&p->id, sizeof(p->id), 0) != sizeof(p->id))
        return;
    size_t len = publicip_build_query(p->id, p->family, query, sizeof(query));
    socklen_t to_len = sock_addr_to_sockaddr(&resolver, &to);
    CLEAN_CLOSE int fd = socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&to, to_len) < 0 ||
        send(fd, query, len, 0) != (ssize_t)len)
        return;
    p->fd = take_fd(&fd);
}

static void finish(struct probe *p)
{
    if (p->fd >= 0)
        close(p->fd);
    p->fd = -1;
}

/* Waits for this probe's answer until the deadline. Datagrams that are none are passed over, so
 * that a forged one does not end the wait. */
static bool await(struct probe *p, int64_t deadline_ms, struct ip *ret)
{
    uint8_t answer[ANSWER_MAX];
    while (p->fd >= 0) {
        int64_t left = deadline_ms - now_ms();
        struct pollfd wait = {.fd = p->fd, .events = POLLIN};
        int n = poll(&wait, 1, left > 0 ? (int)left : 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        ssize_t len = recv(p->fd, answer, sizeof(answer), 0);
        if (len < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (len < 0)
            return false;
        if (publicip_parse_answer(answer, (size_t)len, p->id, p->family, ret) == 0)
            return true;
    }
    return false;
}

int publicip_detect(struct ip *ret, struct err *err)
{
    struct probe probes[] = {
        {.family = IP_V4, .resolver = "9.9.9.9", .fd = -1},
        {.family = IP_V6, .resolver = "2620:fe::fe", .fd = -1},
    };
    int64_t deadline_ms = now_ms() + PUBLICIP_TIMEOUT_MS;
    bool found = false;
    for (size_t i = 0; i < ARRAY_SIZE(probes); i++)
        ask(&probes[i]);
    for (size_t i = 0; i < ARRAY_SIZE(probes); i++) {
        found = found || await(&probes[i], deadline_ms, ret);
        finish(&probes[i]);
    }
    if (found)
        return 0;
    return err_set(err, -EHOSTUNREACH,
                   "the public address could not be found out: no answer from Quad9 (9.9.9.9, "
                   "2620:fe::fe); name the address by hand");
}
