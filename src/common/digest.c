#include "innernet/digest.h"

#include <sodium.h>

#define DIGEST_LEN 16

const char *digest_text(const void *data, size_t len, char out[static DIGEST_TEXT_MAX])
{
    unsigned char digest[DIGEST_LEN];
    crypto_generichash(digest, sizeof(digest), data, len, NULL, 0);
    return sodium_bin2base64(out, DIGEST_TEXT_MAX, digest, sizeof(digest),
                             sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}
