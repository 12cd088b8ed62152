#include <errno.h>
#include <string.h>

#include "addr_text.h"
#include "innernet/addr.h"

#define SHOWN "\"%.60s\""
#define REMEDY "write it as address/prefix, such as 10.1.0.0/16 or fd00:1::/64"

int network_parse(const char *text, struct network *ret, struct err *err)
{
    size_t len = strnlen(text, 2 * NETWORK_TEXT_MAX);
    const char *slash = memchr(text, '/', len);
    struct network net = {0};
    if (!slash)
        return err_set(err, -EINVAL, SHOWN " is no network, the prefix length is missing; " REMEDY,
                       text);
    if (!ip_text_parse(text, (size_t)(slash - text), OCTETS_LAX, &net.addr))
        return err_set(err, -EINVAL, SHOWN " is no network, its address is malformed; " REMEDY,
                       text);
    size_t digits = len - (size_t)(slash + 1 - text);
    uint32_t prefix;
    if (digits > (net.addr.family == IP_V4 ? 2 : 3) ||
        !decimal_text_parse(slash + 1, digits, ip_bits(&net.addr), &prefix))
        return err_set(err, -EINVAL,
                       SHOWN " is no network, the prefix length must be 0 to %u; " REMEDY, text,
                       ip_bits(&net.addr));
    net.prefix = (uint8_t)prefix;
    *ret = net;
    return 0;
}

const char *network_format(const struct network *net, char out[static NETWORK_TEXT_MAX])
{
    size_t len = ip_text_format(&net->addr, out);
    out[len++] = '/';
    decimal_text_format(net->prefix, out + len);
    return out;
}

bool network_equal(const struct network *a, const struct network *b)
{
    return a->prefix == b->prefix && ip_equal(&a->addr, &b->addr);
}

bool network_same_range(const struct network *a, const struct network *b)
{
    struct ip first_a = network_first(a);
    struct ip first_b = network_first(b);
    return a->prefix == b->prefix && ip_equal(&first_a, &first_b);
}

/* The host bits within byte i. */
static uint8_t host_mask(const struct network *net, size_t i)
{
    size_t start = i * 8;
    if (net->prefix <= start)
        return 0xff;
    if (net->prefix >= start + 8)
        return 0;
    return (uint8_t)(0xff >> (net->prefix - start));
}

struct ip network_first(const struct network *net)
{
    struct ip ip = net->addr;
    for (size_t i = 0; i < ip_bits(&ip) / 8; i++)
        ip.bytes[i] &= (uint8_t)~host_mask(net, i);
    return ip;
}

struct ip network_last(const struct network *net)
{
    struct ip ip = net->addr;
    for (size_t i = 0; i < ip_bits(&ip) / 8; i++)
        ip.bytes[i] |= host_mask(net, i);
    return ip;
}

bool network_contains_ip(const struct network *net, const struct ip *ip)
{
    if (net->addr.family != ip->family)
        return false;
    for (size_t i = 0; i < ip_bits(ip) / 8; i++)
        if ((net->addr.bytes[i] ^ ip->bytes[i]) & ~host_mask(net, i))
            return false;
    return true;
}

bool network_contains(const struct network *outer, const struct network *inner)
{
    return outer->prefix <= inner->prefix && network_contains_ip(outer, &inner->addr);
}

bool network_overlaps(const struct network *a, const struct network *b)
{
    return network_contains(a, b) || network_contains(b, a);
}

/* How many addresses at the edges of the network may not be given to peers. */
static unsigned reserved_at_start(const struct network *net)
{
    return net->prefix + 1u < ip_bits(&net->addr);
}

static unsigned reserved_at_end(const struct network *net)
{
    return net->addr.family == IP_V4 && reserved_at_start(net);
}

bool network_is_assignable(const struct network *net, const struct ip *ip)
{
    if (!network_contains_ip(net, ip))
        return false;
    struct ip first = network_first_assignable(net);
    struct ip last = network_last_assignable(net);
    return ip_compare(&first, ip) <= 0 && ip_compare(ip, &last) <= 0;
}

/* At least two host bits are there, so that the last bit alone makes the difference. */
struct ip network_first_assignable(const struct network *net)
{
    struct ip ip = network_first(net);
    ip.bytes[ip_bits(&ip) / 8 - 1] |= (uint8_t)reserved_at_start(net);
    return ip;
}

struct ip network_last_assignable(const struct network *net)
{
    struct ip ip = network_last(net);
    ip.bytes[ip_bits(&ip) / 8 - 1] &= (uint8_t)~reserved_at_end(net);
    return ip;
}

struct network network_of_ip(const struct ip *ip)
{
    return (struct network){.addr = *ip, .prefix = (uint8_t)ip_bits(ip)};
}
