#include "utf8.h"

#include <string.h>

#include "innernet/name.h"

struct lead {
    size_t len;
    uint32_t bits;  /* payload of the first byte */
    uint32_t least; /* smallest code point that needs this length */
};

static struct lead lead_of(unsigned char c)
{
    if (c < 0x80)
        return (struct lead){1, c, 0};
    if ((c & 0xe0) == 0xc0)
        return (struct lead){2, c & 0x1fu, 0x80};
    if ((c & 0xf0) == 0xe0)
        return (struct lead){3, c & 0x0fu, 0x800};
    if ((c & 0xf8) == 0xf0)
        return (struct lead){4, c & 0x07u, 0x10000};
    return (struct lead){0};
}

size_t utf8_sequence(const char *text, size_t len, uint32_t *ret_code)
{
    struct lead lead = lead_of((unsigned char)text[0]);
    if (lead.len == 0 || lead.len > len)
        return 0;
    uint32_t code = lead.bits;
    for (size_t i = 1; i < lead.len; i++) {
        unsigned char c = (unsigned char)text[i];
        if ((c & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (c & 0x3fu);
    }
    if (code < lead.least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return 0;
    if (ret_code)
        *ret_code = code;
    return lead.len;
}

bool utf8_is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

bool utf8_is_valid(const char *text, size_t len)
{
    while (len > 0) {
        size_t n = utf8_sequence(text, len, NULL);
        if (n == 0)
            return false;
        text += n;
        len -= n;
    }
    return true;
}
