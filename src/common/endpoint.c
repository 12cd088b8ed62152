#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "addr_text.h"
#include "endpoint_host.h"
#include "innernet/addr.h"

#define SHOWN "\"%.120s\""
#define REMEDY                                                                                     \
    "write it as host:port, such as example.com:51820, 192.0.2.1:51820 or [2001:db8::1]:51820"

static bool port_parse(const char *text, size_t len, uint16_t *ret)
{
    uint32_t port;
    if (len > 0 && text[0] == '+') {
        text++;
        len--;
    }
    if (!decimal_text_parse(text, len, UINT16_MAX, &port))
        return false;
    *ret = (uint16_t)port;
    return true;
}

int endpoint_parse(const char *text, struct endpoint *ret, struct err *err)
{
    size_t len = strnlen(text, ENDPOINT_TEXT_LIMIT + 1);
    if (len > ENDPOINT_TEXT_LIMIT)
        return err_set(err, -EINVAL,
                       "endpoint " SHOWN "... is too long; at most %d characters are accepted",
                       text, ENDPOINT_TEXT_LIMIT);
    const char *colon = memrchr(text, ':', len);
    if (!colon)
        return err_set(err, -EINVAL, "endpoint " SHOWN " has no port; " REMEDY, text);
    struct endpoint ep = ENDPOINT_INIT;
    if (!port_parse(colon + 1, len - (size_t)(colon + 1 - text), &ep.port))
        return err_set(err, -EINVAL,
                       "endpoint " SHOWN " has a bad port, it must be 0 to 65535; " REMEDY, text);
    const char *reason = NULL;
    int r = endpoint_host_parse(text, (size_t)(colon - text), &ep, &reason);
    if (r == -ENOMEM)
        return err_set_os(err, r, "endpoint " SHOWN, text);
    if (r < 0)
        return err_set(err, r, "endpoint " SHOWN " has a bad host: it %s; " REMEDY, text, reason);
    *ret = ep;
    return 0;
}

void endpoint_done(struct endpoint *ep)
{
    free(ep->domain);
    *ep = ENDPOINT_INIT;
}

int endpoint_copy(const struct endpoint *from, struct endpoint *ret)
{
    struct endpoint copy = *from;
    if (from->domain && !(copy.domain = strdup(from->domain)))
        return -ENOMEM;
    *ret = copy;
    return 0;
}

void endpoint_format(const struct endpoint *ep, struct buf *out)
{
    char ip[IP_TEXT_MAX];
    if (ep->domain) {
        buf_puts(out, ep->domain);
    } else if (ep->ip.family == IP_V4) {
        buf_puts(out, ip_format(&ep->ip, ip));
    } else {
        ipv6_text_format(ep->ip.bytes, ip);
        buf_putc(out, '[');
        buf_puts(out, ip);
        buf_putc(out, ']');
    }
    buf_putc(out, ':');
    buf_put_u64(out, ep->port);
}

char *endpoint_text(const struct endpoint *ep)
{
    CLEAN_BUF struct buf text = BUF_INIT;
    endpoint_format(ep, &text);
    return buf_take(&text);
}

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
    if (a->port != b->port || !a->domain != !b->domain)
        return false;
    return a->domain ? strcmp(a->domain, b->domain) == 0 : ip_equal(&a->ip, &b->ip);
}

bool endpoint_is_set(const struct endpoint *ep)
{
    return ep->domain || ep->ip.family != IP_NONE;
}

bool endpoint_is_unspecified(const struct endpoint *ep)
{
    return !ep->domain && ip_is_unspecified(&ep->ip);
}

struct endpoint endpoint_from_sock_addr(const struct sock_addr *sa)
{
    return (struct endpoint){.ip = sa->ip, .port = sa->port};
}

bool endpoint_to_sock_addr(const struct endpoint *ep, struct sock_addr *ret)
{
    if (ep->domain || ep->ip.family == IP_NONE)
        return false;
    *ret = (struct sock_addr){.ip = ep->ip, .port = ep->port};
    return true;
}
