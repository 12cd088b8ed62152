/* Preloaded into a load generator that cannot choose where its connections come from: each one is
 * bound to the next of $SPREAD_COUNT addresses, from $SPREAD_FIRST on in steps of $SPREAD_STEP. */

#include <arpa/inet.h>
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static uint32_t number(const char *name)
{
    const char *text = getenv(name);
    return text ? (uint32_t)strtoul(text, NULL, 10) : 1;
}

static void bind_to_next(int fd)
{
    static atomic_uint taken;
    struct in_addr first;
    const char *text = getenv("SPREAD_FIRST");
    if (!text || inet_pton(AF_INET, text, &first) != 1)
        return;
    uint32_t i = atomic_fetch_add(&taken, 1) % number("SPREAD_COUNT");
    struct sockaddr_in source = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(ntohl(first.s_addr) + i * number("SPREAD_STEP")),
    };
    bind(fd, (const struct sockaddr *)&source, sizeof(source));
}

int connect(int fd, const struct sockaddr *address, socklen_t len);

int connect(int fd, const struct sockaddr *address, socklen_t len)
{
    int (*next)(int, const struct sockaddr *, socklen_t);
    void *symbol = dlsym(RTLD_NEXT, "connect");
    memcpy(&next, &symbol, sizeof(next));
    if (address->sa_family == AF_INET)
        bind_to_next(fd);
    return next(fd, address, len);
}
