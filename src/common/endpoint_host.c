#include "endpoint_host.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "addr_text.h"

/* A host while it is worked on: bytes, NULs included. */
struct host {
    char bytes[ENDPOINT_TEXT_LIMIT + 1];
    size_t len;
};

static int digit_value(char c, int base)
{
    int value = 99;
    if (c >= '0' && c <= '9')
        value = c - '0';
    else if (c >= 'a' && c <= 'f')
        value = c - 'a' + 10;
    else if (c >= 'A' && c <= 'F')
        value = c - 'A' + 10;
    return value < base ? value : -1;
}

static void percent_decode(const char *text, size_t len, struct host *out)
{
    out->len = 0;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c == '%' && len - i > 2) {
            int high = digit_value(text[i + 1], 16);
            int low = digit_value(text[i + 2], 16);
            if (high >= 0 && low >= 0) {
                c = (char)(high << 4 | low);
                i += 2;
            }
        }
        out->bytes[out->len++] = c;
    }
    out->bytes[out->len] = '\0';
}

static bool is_forbidden(unsigned char c)
{
    return c <= 0x20 || c == 0x7f || strchr("%#/:<>?@[\\]^|", c) != NULL;
}

/* NULL when every byte may stand in a host, which is lower-cased by the way. */
static const char *check_and_fold(struct host *host)
{
    for (size_t i = 0; i < host->len; i++) {
        unsigned char c = (unsigned char)host->bytes[i];
        if (c >= 0x80)
            return "is not ASCII; write an international name in its xn-- form";
        if (is_forbidden(c))
            return "has a character in it that no host name may have";
        if (c >= 'A' && c <= 'Z')
            host->bytes[i] = (char)(c + ('a' - 'A'));
    }
    return NULL;
}

enum number { NUMBER_NONE, NUMBER_FITS, NUMBER_TOO_LARGE };

/* One part of a numeric host: decimal, octal with a leading 0, or hex with 0x (bare 0x is 0). */
static enum number number_parse(const char *text, size_t len, uint32_t *ret)
{
    int base = 10;
    if (len == 0)
        return NUMBER_NONE;
    if (len >= 2 && text[0] == '0') {
        base = text[1] == 'x' ? 16 : 8;
        text += base == 16 ? 2 : 1;
        len -= base == 16 ? 2 : 1;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < len; i++) {
        int digit = digit_value(text[i], base);
        if (digit < 0)
            return NUMBER_NONE;
        if (value <= UINT32_MAX)
            value = value * (uint64_t)base + (uint64_t)digit;
    }
    *ret = (uint32_t)value;
    return value <= UINT32_MAX ? NUMBER_FITS : NUMBER_TOO_LARGE;
}

static bool all_digits(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] < '0' || text[i] > '9')
            return false;
    return len > 0;
}

static size_t without_final_dot(const struct host *host)
{
    return host->len > 0 && host->bytes[host->len - 1] == '.' ? host->len - 1 : host->len;
}

static bool ends_in_number(const struct host *host)
{
    size_t len = without_final_dot(host);
    const char *dot = memrchr(host->bytes, '.', len);
    const char *label = dot ? dot + 1 : host->bytes;
    size_t label_len = len - (size_t)(label - host->bytes);
    uint32_t ignored;
    return all_digits(label, label_len) || number_parse(label, label_len, &ignored) != NUMBER_NONE;
}

/* One to four numbers; the last one fills all the bytes that the others leave. */
static bool numeric_ipv4_parse(const struct host *host, uint8_t out[static 4])
{
    const char *at = host->bytes;
    const char *end = at + without_final_dot(host);
    for (unsigned i = 0; i < 4; i++) {
        const char *dot = memchr(at, '.', (size_t)(end - at));
        uint32_t value;
        if (number_parse(at, (size_t)((dot ? dot : end) - at), &value) != NUMBER_FITS)
            return false;
        if (!dot) {
            if (value > UINT32_MAX >> (8 * i))
                return false;
            for (unsigned byte = 4; byte-- > i; value >>= 8)
                out[byte] = (uint8_t)value;
            return true;
        }
        if (value > 255)
            return false;
        out[i] = (uint8_t)value;
        at = dot + 1;
    }
    return false;
}

static int bracketed_parse(const char *text, size_t len, struct endpoint *ret,
                           const char **ret_reason)
{
    struct ip ip = {.family = IP_V6};
    *ret_reason = "is not an IPv6 address in brackets (zones are not possible)";
    if (len < 2 || text[len - 1] != ']' ||
        !ipv6_text_parse(text + 1, len - 2, OCTETS_STRICT, ip.bytes))
        return -EINVAL;
    ret->ip = ip;
    return 0;
}

int endpoint_host_parse(const char *text, size_t len, struct endpoint *ret, const char **ret_reason)
{
    if (len > 0 && text[0] == '[')
        return bracketed_parse(text, len, ret, ret_reason);
    struct ip plain = {.family = IP_V4}; /* what nearly all are, and needs none of the rest */
    if (ipv4_text_parse(text, len, OCTETS_STRICT, plain.bytes)) {
        ret->ip = plain;
        return 0;
    }
    if (len > ENDPOINT_TEXT_LIMIT) {
        *ret_reason = "is too long";
        return -EINVAL;
    }
    struct host host;
    percent_decode(text, len, &host);
    *ret_reason = host.len == 0 ? "is empty" : check_and_fold(&host);
    if (*ret_reason)
        return -EINVAL;
    if (ends_in_number(&host)) {
        struct ip ip = {.family = IP_V4};
        *ret_reason = "ends in a number but is not an IPv4 address";
        if (!numeric_ipv4_parse(&host, ip.bytes))
            return -EINVAL;
        ret->ip = ip;
        return 0;
    }
    ret->domain = strdup(host.bytes);
    return ret->domain ? 0 : -ENOMEM;
}
