#include "innernet/key.h"

#include <errno.h>
#include <sodium.h>
#include <stddef.h>
#include <string.h>

#define BASE64_PADDED (KEY_TEXT_MAX - 1)
#define BASE64_BARE (KEY_TEXT_MAX - 2)

int key_parse(const char *text, struct key *ret)
{
    size_t text_len = strnlen(text, KEY_TEXT_MAX);
    int variant;
    if (text_len == BASE64_PADDED)
        variant = sodium_base64_VARIANT_ORIGINAL;
    else if (text_len == BASE64_BARE)
        variant = sodium_base64_VARIANT_ORIGINAL_NO_PADDING;
    else
        return -EINVAL;
    CLEAN_KEY struct key key = {0};
    size_t len = 0;
    if (sodium_base642bin(key.bytes, KEY_LEN, text, text_len, NULL, &len, NULL, variant) < 0 ||
        len != KEY_LEN)
        return -EINVAL;
    *ret = key;
    return 0;
}

const char *key_format(const struct key *key, char out[static KEY_TEXT_MAX])
{
    return sodium_bin2base64(out, KEY_TEXT_MAX, key->bytes, KEY_LEN,
                             sodium_base64_VARIANT_ORIGINAL);
}

int key_parse_hex(const char *text, struct key *ret)
{
    if (strnlen(text, KEY_HEX_MAX) != KEY_HEX_MAX - 1)
        return -EINVAL;
    CLEAN_KEY struct key key = {0};
    size_t len = 0;
    if (sodium_hex2bin(key.bytes, KEY_LEN, text, KEY_HEX_MAX - 1, NULL, &len, NULL) < 0 ||
        len != KEY_LEN)
        return -EINVAL;
    *ret = key;
    return 0;
}

const char *key_format_hex(const struct key *key, char out[static KEY_HEX_MAX])
{
    return sodium_bin2hex(out, KEY_HEX_MAX, key->bytes, KEY_LEN);
}

void key_generate_preshared(struct key *ret)
{
    randombytes_buf(ret->bytes, KEY_LEN);
}

void key_generate(struct key *ret)
{
    key_generate_preshared(ret);
    ret->bytes[0] &= 248;
    ret->bytes[31] &= 127;
    ret->bytes[31] |= 64;
}

struct key key_public(const struct key *private_key)
{
    struct key public_key;
    crypto_scalarmult_base(public_key.bytes, private_key->bytes);
    return public_key;
}

bool key_equal(const struct key *a, const struct key *b)
{
    return sodium_memcmp(a->bytes, b->bytes, KEY_LEN) == 0;
}

bool key_is_zero(const struct key *key)
{
    return sodium_is_zero(key->bytes, KEY_LEN) == 1;
}

void key_wipe(struct key *key)
{
    sodium_memzero(key, sizeof(*key));
}
