#include "innernet/addr.h"

#include <errno.h>
#include <string.h>

#include "addr_text.h"

int ip_parse(const char *text, struct ip *ret)
{
    size_t len = strnlen(text, IP_TEXT_MAX);
    if (len == IP_TEXT_MAX || !ip_text_parse(text, len, OCTETS_STRICT, ret))
        return -EINVAL;
    return 0;
}

size_t ip_text_format(const struct ip *ip, char out[static IP_TEXT_MAX])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    static const char mapped_text[] = "::ffff:";
    size_t at = sizeof(mapped_text) - 1;
    if (ip->family == IP_V4)
        return ipv4_text_format(ip->bytes, out);
    if (memcmp(ip->bytes, mapped, sizeof(mapped)) != 0)
        return ipv6_text_format(ip->bytes, out);
    memcpy(out, mapped_text, at);
    return at + ipv4_text_format(ip->bytes + sizeof(mapped), out + at);
}

const char *ip_format(const struct ip *ip, char out[static IP_TEXT_MAX])
{
    ip_text_format(ip, out);
    return out;
}

bool ip_equal(const struct ip *a, const struct ip *b)
{
    return ip_compare(a, b) == 0;
}

int ip_compare(const struct ip *a, const struct ip *b)
{
    if (a->family != b->family)
        return a->family < b->family ? -1 : 1;
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

unsigned ip_bits(const struct ip *ip)
{
    return ip->family == IP_V4 ? 32 : 128;
}

bool ip_is_unspecified(const struct ip *ip)
{
    static const uint8_t zero[16];
    return ip->family != IP_NONE && memcmp(ip->bytes, zero, sizeof(zero)) == 0;
}

bool ip_is_loopback(const struct ip *ip)
{
    static const uint8_t one[16] = {[15] = 1};
    if (ip->family == IP_V4)
        return ip->bytes[0] == 127;
    return ip->family == IP_V6 && memcmp(ip->bytes, one, sizeof(one)) == 0;
}

bool ip_is_multicast(const struct ip *ip)
{
    if (ip->family == IP_V4)
        return (ip->bytes[0] & 0xf0) == 0xe0;
    return ip->family == IP_V6 && ip->bytes[0] == 0xff;
}

bool ip_next(struct ip *ip)
{
    struct ip next = *ip;
    for (size_t i = ip_bits(ip) / 8; i-- > 0;) {
        if (++next.bytes[i] != 0) {
            *ip = next;
            return true;
        }
    }
    return false;
}
