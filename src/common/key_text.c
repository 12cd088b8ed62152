/* Text forms of keys. Some are secret, so bits become characters and back by arithmetic alone: no
 * branch and no table look-up depends on them. Only whether a text is a key at all is told. */
#include <errno.h>
#include <string.h>

#include "innernet/key.h"

#define BASE64_PADDED (KEY_TEXT_MAX - 1)
#define BASE64_BARE (KEY_TEXT_MAX - 2)
#define WHOLE_GROUPS (KEY_LEN / 3) /* of three bytes and four characters; two bytes are left over  \
                                    */

/* All ones when low <= c <= high, else zero; c is a byte. */
static uint32_t mask_of_range(uint32_t c, uint32_t low, uint32_t high)
{
    return 0 - (((low - 1 - c) & (c - high - 1)) >> 31);
}

static uint32_t base64_digit(char character)
{
    uint32_t c = (unsigned char)character;
    uint32_t digit = 0; /* plus one */
    digit += mask_of_range(c, 'A', 'Z') & (c - 'A' + 1);
    digit += mask_of_range(c, 'a', 'z') & (c - 'a' + 27);
    digit += mask_of_range(c, '0', '9') & (c - '0' + 53);
    digit += mask_of_range(c, '+', '+') & 63;
    digit += mask_of_range(c, '/', '/') & 64;
    return digit - 1;
}

static char base64_character(uint32_t digit)
{
    uint32_t c = 'A' + digit;
    c += mask_of_range(digit, 26, 63) & ('a' - 'Z' - 1);
    c -= mask_of_range(digit, 52, 63) & ('z' + 1 - '0');
    c -= mask_of_range(digit, 62, 63) & ('9' + 1 - '+');
    c += mask_of_range(digit, 63, 63) & ('/' - '+' - 1);
    return (char)c;
}

/* Four characters as 24 bits; *bad gets its top bit set when one is no digit. */
static uint32_t base64_group(const char *text, uint32_t *bad)
{
    uint32_t bits = 0;
    for (size_t i = 0; i < 4; i++) {
        uint32_t digit = base64_digit(text[i]);
        *bad |= digit;
        bits = bits << 6 | digit;
    }
    return bits;
}

int key_parse(const char *text, struct key *ret)
{
    size_t len = strnlen(text, KEY_TEXT_MAX);
    if (len != BASE64_BARE && (len != BASE64_PADDED || text[BASE64_BARE] != '='))
        return -EINVAL;
    CLEAN_KEY struct key key;
    uint32_t bad = 0;
    for (size_t i = 0; i < WHOLE_GROUPS; i++) {
        uint32_t bits = base64_group(text + i * 4, &bad);
        key.bytes[i * 3] = (uint8_t)(bits >> 16);
        key.bytes[i * 3 + 1] = (uint8_t)(bits >> 8);
        key.bytes[i * 3 + 2] = (uint8_t)bits;
    }
    const char last[4] = {text[WHOLE_GROUPS * 4], text[WHOLE_GROUPS * 4 + 1],
                          text[WHOLE_GROUPS * 4 + 2], 'A'};
    uint32_t bits = base64_group(last, &bad);
    key.bytes[KEY_LEN - 2] = (uint8_t)(bits >> 16);
    key.bytes[KEY_LEN - 1] = (uint8_t)(bits >> 8);
    if (bad >> 31 || bits & 0xff)
        return -EINVAL;
    *ret = key;
    return 0;
}

static void put_group(uint32_t bits, char *out)
{
    for (unsigned i = 0; i < 4; i++)
        out[i] = base64_character(bits >> (18 - 6 * i) & 63);
}

const char *key_format(const struct key *key, char out[static KEY_TEXT_MAX])
{
    const uint8_t *b = key->bytes;
    for (size_t i = 0; i < WHOLE_GROUPS; i++, b += 3)
        put_group((uint32_t)b[0] << 16 | (uint32_t)b[1] << 8 | b[2], out + i * 4);
    put_group((uint32_t)b[0] << 16 | (uint32_t)b[1] << 8, out + WHOLE_GROUPS * 4);
    out[BASE64_BARE] = '=';
    out[BASE64_PADDED] = '\0';
    return out;
}

static uint32_t hex_digit(char character)
{
    uint32_t c = (unsigned char)character;
    uint32_t digit = 0; /* plus one */
    digit += mask_of_range(c, '0', '9') & (c - '0' + 1);
    digit += mask_of_range(c | 0x20, 'a', 'f') & ((c | 0x20) - 'a' + 11);
    return digit - 1;
}

static char hex_character(uint32_t digit)
{
    return (char)('0' + digit + (mask_of_range(digit, 10, 15) & ('a' - '9' - 1)));
}

int key_parse_hex(const char *text, struct key *ret)
{
    if (strnlen(text, KEY_HEX_MAX) != KEY_HEX_MAX - 1)
        return -EINVAL;
    CLEAN_KEY struct key key;
    uint32_t bad = 0;
    for (size_t i = 0; i < KEY_LEN; i++) {
        uint32_t high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);
        bad |= high | low;
        key.bytes[i] = (uint8_t)(high << 4 | low);
    }
    if (bad >> 31)
        return -EINVAL;
    *ret = key;
    return 0;
}

const char *key_format_hex(const struct key *key, char out[static KEY_HEX_MAX])
{
    for (size_t i = 0; i < KEY_LEN; i++) {
        out[2 * i] = hex_character(key->bytes[i] >> 4);
        out[2 * i + 1] = hex_character(key->bytes[i] & 15);
    }
    out[KEY_HEX_MAX - 1] = '\0';
    return out;
}
