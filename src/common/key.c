#include "innernet/key.h"

#include <sodium.h>
#include <string.h>

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

/* Public keys are compared by the thousand, so whole words at a time, but never only up to the
 * first difference: private keys come here, too. */
bool key_equal(const struct key *a, const struct key *b)
{
    uint64_t x[KEY_LEN / sizeof(uint64_t)], y[KEY_LEN / sizeof(uint64_t)], difference = 0;
    memcpy(x, a->bytes, KEY_LEN);
    memcpy(y, b->bytes, KEY_LEN);
    for (size_t i = 0; i < KEY_LEN / sizeof(uint64_t); i++)
        difference |= x[i] ^ y[i];
    return difference == 0;
}

bool key_is_zero(const struct key *key)
{
    return sodium_is_zero(key->bytes, KEY_LEN) == 1;
}

void key_wipe(struct key *key)
{
    sodium_memzero(key, sizeof(*key));
}
