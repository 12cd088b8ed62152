#include "innernet/key.h"

#include <sodium.h>

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
