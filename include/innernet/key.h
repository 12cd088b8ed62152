#pragma once
/* WireGuard keys. libsodium is used in key.c only (and in map.c for its hash). Sources:
 * spec/server.md 0.5, spec/client.md A.9, RFC 7748. */

#include <stdbool.h>
#include <stdint.h>

#include "innernet/util.h"

#define KEY_LEN 32
#define KEY_TEXT_MAX 45 /* base64 with the NUL */
#define KEY_HEX_MAX 65  /* hex with the NUL */

struct key {
    uint8_t bytes[KEY_LEN];
};

#define CLEAN_KEY CLEANUP(key_wipe)

/* Standard base64 of 32 bytes: 44 characters with, or 43 without the padding; no URL alphabet, no
 * blanks, no non-zero trailing bits. 0 or -EINVAL. */
int key_parse(const char *text, struct key *ret);
const char *key_format(const struct key *key, char out[static KEY_TEXT_MAX]);
/* 64 hex digits, either case. 0 or -EINVAL. Writing is lower case. */
int key_parse_hex(const char *text, struct key *ret);
const char *key_format_hex(const struct key *key, char out[static KEY_HEX_MAX]);
/* 32 random bytes, clamped (b[0]&=248; b[31]&=127; b[31]|=64). */
void key_generate(struct key *ret);
/* Unclamped random bytes, for preshared keys. */
void key_generate_preshared(struct key *ret);
/* X25519 base point multiple. */
struct key key_public(const struct key *private_key);
bool key_equal(const struct key *a, const struct key *b); /* constant time */
bool key_is_zero(const struct key *key);                  /* constant time */
void key_wipe(struct key *key);
