#include "addr_text.h"

#include <string.h>

#define N_GROUPS 8
#define NO_GAP ((size_t)-1)

bool decimal_text_parse(const char *text, size_t len, uint32_t max, uint32_t *ret)
{
    uint64_t value = 0;
    if (len == 0)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(text[i] - '0');
        if (value > max)
            return false;
    }
    *ret = (uint32_t)value;
    return true;
}

static bool octet_parse(const char *text, size_t len, enum octet_rule rule, uint8_t *ret)
{
    uint32_t value;
    if (len > 3 || (rule == OCTETS_STRICT && len > 1 && text[0] == '0'))
        return false;
    if (!decimal_text_parse(text, len, 255, &value))
        return false;
    *ret = (uint8_t)value;
    return true;
}

bool ipv4_text_parse(const char *text, size_t len, enum octet_rule rule, uint8_t out[static 4])
{
    const char *end = text + len;
    for (int i = 0; i < 4; i++) {
        const char *dot = i < 3 ? memchr(text, '.', (size_t)(end - text)) : end;
        if (!dot || !octet_parse(text, (size_t)(dot - text), rule, &out[i]))
            return false;
        text = dot + 1;
    }
    return true;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Number of hex digits read, at most four. */
static size_t group_parse(const char *text, size_t len, unsigned *ret)
{
    size_t n = 0;
    *ret = 0;
    for (; n < len && n < 4 && hex_value(text[n]) >= 0; n++)
        *ret = *ret << 4 | (unsigned)hex_value(text[n]);
    return n;
}

struct group_list {
    uint8_t bytes[16];
    size_t n;   /* groups read */
    size_t gap; /* how many of them stand before "::" */
};

/* Moves the groups behind "::" to the end. */
static bool spread(const struct group_list *list, uint8_t out[static 16])
{
    if (list->gap == NO_GAP ? list->n != N_GROUPS : list->n >= N_GROUPS)
        return false;
    size_t head = list->gap == NO_GAP ? N_GROUPS : list->gap;
    size_t tail = list->n - (list->gap == NO_GAP ? N_GROUPS : list->gap);
    memset(out, 0, 16);
    memcpy(out, list->bytes, head * 2);
    memcpy(out + 16 - tail * 2, list->bytes + head * 2, tail * 2);
    return true;
}

/* One group and the colons behind it, or a dotted tail. Number of bytes read, 0 for nonsense. */
static size_t item_parse(const char *text, size_t len, enum octet_rule rule,
                         struct group_list *list)
{
    unsigned value;
    size_t n = group_parse(text, len, &value);
    if (n == 0 || list->n == N_GROUPS)
        return 0;
    if (n < len && text[n] == '.') {
        if (list->n > N_GROUPS - 2 || !ipv4_text_parse(text, len, rule, list->bytes + list->n * 2))
            return 0;
        list->n += 2;
        return len;
    }
    list->bytes[list->n * 2] = (uint8_t)(value >> 8);
    list->bytes[list->n * 2 + 1] = (uint8_t)value;
    list->n++;
    if (n == len)
        return n;
    if (text[n++] != ':' || n == len)
        return 0;
    if (text[n] != ':')
        return n;
    if (list->gap != NO_GAP)
        return 0;
    list->gap = list->n;
    return n + 1;
}

bool ipv6_text_parse(const char *text, size_t len, enum octet_rule rule, uint8_t out[static 16])
{
    struct group_list list = {.gap = NO_GAP};
    size_t at = 0;
    if (len >= 2 && text[0] == ':' && text[1] == ':') {
        list.gap = 0;
        at = 2;
    }
    while (at < len) {
        size_t n = item_parse(text + at, len - at, rule, &list);
        if (n == 0)
            return false;
        at += n;
    }
    return spread(&list, out);
}

bool ip_text_parse(const char *text, size_t len, enum octet_rule rule, struct ip *ret)
{
    struct ip ip = {0};
    if (memchr(text, ':', len)) {
        ip.family = IP_V6;
        if (!ipv6_text_parse(text, len, rule, ip.bytes))
            return false;
    } else {
        ip.family = IP_V4;
        if (!ipv4_text_parse(text, len, rule, ip.bytes))
            return false;
    }
    *ret = ip;
    return true;
}

/* The longest run of at least two zero groups, the first one on a tie. */
static void find_zero_run(const unsigned groups[static N_GROUPS], size_t *ret_at, size_t *ret_len)
{
    *ret_at = N_GROUPS;
    *ret_len = 1;
    for (size_t at = 0; at < N_GROUPS; at++) {
        size_t n = 0;
        while (at + n < N_GROUPS && groups[at + n] == 0)
            n++;
        if (n > *ret_len) {
            *ret_at = at;
            *ret_len = n;
        }
    }
}

size_t decimal_text_format(uint32_t value, char out[static DECIMAL_TEXT_MAX])
{
    char digits[DECIMAL_TEXT_MAX];
    size_t n = 0;
    do {
        digits[n++] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    for (size_t i = 0; i < n; i++)
        out[i] = digits[n - 1 - i];
    out[n] = '\0';
    return n;
}

static size_t octet_format(uint8_t value, char *out)
{
    char *at = out;
    if (value >= 100)
        *at++ = (char)('0' + value / 100);
    if (value >= 10)
        *at++ = (char)('0' + value / 10 % 10);
    *at++ = (char)('0' + value % 10);
    return (size_t)(at - out);
}

size_t ipv4_text_format(const uint8_t bytes[static 4], char out[static IPV4_TEXT_MAX])
{
    size_t len = octet_format(bytes[0], out);
    for (size_t i = 1; i < 4; i++) {
        out[len++] = '.';
        len += octet_format(bytes[i], out + len);
    }
    out[len] = '\0';
    return len;
}

static size_t group_format(unsigned value, char *out)
{
    static const char digits[] = "0123456789abcdef";
    size_t len = 0;
    for (int shift = 12; shift >= 0; shift -= 4)
        if (len || shift == 0 || value >> shift)
            out[len++] = digits[value >> shift & 15];
    return len;
}

size_t ipv6_text_format(const uint8_t bytes[static 16], char out[static IP_TEXT_MAX])
{
    unsigned groups[N_GROUPS];
    for (size_t i = 0; i < N_GROUPS; i++)
        groups[i] = (unsigned)bytes[2 * i] << 8 | bytes[2 * i + 1];
    size_t run_at, run_len;
    find_zero_run(groups, &run_at, &run_len);
    size_t len = 0;
    for (size_t i = 0; i < N_GROUPS;) {
        if (i == run_at) {
            out[len++] = ':';
            out[len++] = ':';
            i += run_len;
            continue;
        }
        if (i > 0 && i != run_at + run_len)
            out[len++] = ':';
        len += group_format(groups[i++], out + len);
    }
    out[len] = '\0';
    return len;
}
