#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "addr_text.h"
#include "innernet/addr.h"

/* The part between the brackets: an address and perhaps "%<zone number>". */
static bool scoped_parse(const char *text, size_t len, struct sock_addr *sa)
{
    const char *percent = memchr(text, '%', len);
    size_t ip_len = percent ? (size_t)(percent - text) : len;
    sa->ip.family = IP_V6;
    if (!ipv6_text_parse(text, ip_len, OCTETS_STRICT, sa->ip.bytes))
        return false;
    return !percent || decimal_text_parse(percent + 1, len - ip_len - 1, UINT32_MAX, &sa->scope_id);
}

int sock_addr_parse(const char *text, struct sock_addr *ret)
{
    size_t len = strnlen(text, ENDPOINT_TEXT_LIMIT + 1);
    const char *colon = memrchr(text, ':', len);
    if (len > ENDPOINT_TEXT_LIMIT || !colon)
        return -EINVAL;
    struct sock_addr sa = {.ip = {.family = IP_V4}};
    size_t host_len = (size_t)(colon - text);
    bool ok;
    if (host_len >= 2 && text[0] == '[' && colon[-1] == ']')
        ok = scoped_parse(text + 1, host_len - 2, &sa);
    else
        ok = ipv4_text_parse(text, host_len, OCTETS_STRICT, sa.ip.bytes);
    uint32_t port;
    if (!ok || !decimal_text_parse(colon + 1, len - host_len - 1, UINT16_MAX, &port))
        return -EINVAL;
    sa.port = (uint16_t)port;
    *ret = sa;
    return 0;
}

const char *sock_addr_format(const struct sock_addr *sa, char out[static SOCK_ADDR_TEXT_MAX])
{
    bool is_v4 = sa->ip.family == IP_V4;
    size_t len = 0;
    if (!is_v4)
        out[len++] = '[';
    len += ip_text_format(&sa->ip, out + len);
    if (!is_v4 && sa->scope_id) {
        out[len++] = '%';
        len += decimal_text_format(sa->scope_id, out + len);
    }
    if (!is_v4)
        out[len++] = ']';
    out[len++] = ':';
    decimal_text_format(sa->port, out + len);
    return out;
}

bool sock_addr_equal(const struct sock_addr *a, const struct sock_addr *b)
{
    return a->port == b->port && a->scope_id == b->scope_id && ip_equal(&a->ip, &b->ip);
}

socklen_t sock_addr_to_sockaddr(const struct sock_addr *sa, struct sockaddr_storage *ret)
{
    memset(ret, 0, sizeof(*ret));
    if (sa->ip.family == IP_V4) {
        struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(sa->port)};
        memcpy(&in.sin_addr, sa->ip.bytes, sizeof(in.sin_addr));
        memcpy(ret, &in, sizeof(in));
        return sizeof(in);
    }
    struct sockaddr_in6 in6 = {
        .sin6_family = AF_INET6, .sin6_port = htons(sa->port), .sin6_scope_id = sa->scope_id};
    memcpy(&in6.sin6_addr, sa->ip.bytes, sizeof(in6.sin6_addr));
    memcpy(ret, &in6, sizeof(in6));
    return sizeof(in6);
}

int sock_addr_from_sockaddr(const struct sockaddr *sa, size_t len, struct sock_addr *ret)
{
    sa_family_t family;
    if (len < offsetof(struct sockaddr, sa_family) + sizeof(family))
        return -EAFNOSUPPORT;
    memcpy(&family, (const char *)sa + offsetof(struct sockaddr, sa_family), sizeof(family));
    struct sock_addr result = {0};
    if (family == AF_INET && len >= sizeof(struct sockaddr_in)) {
        struct sockaddr_in in;
        memcpy(&in, sa, sizeof(in));
        result.ip.family = IP_V4;
        memcpy(result.ip.bytes, &in.sin_addr, sizeof(in.sin_addr));
        result.port = ntohs(in.sin_port);
    } else if (family == AF_INET6 && len >= sizeof(struct sockaddr_in6)) {
        struct sockaddr_in6 in6;
        memcpy(&in6, sa, sizeof(in6));
        result.ip.family = IP_V6;
        memcpy(result.ip.bytes, &in6.sin6_addr, sizeof(in6.sin6_addr));
        result.port = ntohs(in6.sin6_port);
        result.scope_id = in6.sin6_scope_id;
    } else {
        return -EAFNOSUPPORT;
    }
    *ret = result;
    return 0;
}
