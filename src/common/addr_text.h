#pragma once
/* The pieces from which the text forms of addresses, networks and endpoints are put together. Each
 * of the forms has rules of its own; what differs is a parameter here. Pure. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "innernet/addr.h"

enum octet_rule {
    OCTETS_STRICT, /* no leading zeros */
    OCTETS_LAX,    /* one to three digits, leading zeros count for nothing */
};

/* All `len` bytes of the text must be the address. False leaves `out` undefined. */
bool ipv4_text_parse(const char *text, size_t len, enum octet_rule rule, uint8_t out[static 4]);
/* `rule` is for a dotted tail. No zone. "::" stands for at least one group. */
bool ipv6_text_parse(const char *text, size_t len, enum octet_rule rule, uint8_t out[static 16]);
/* Either family, told apart by a colon. */
bool ip_text_parse(const char *text, size_t len, enum octet_rule rule, struct ip *ret);

/* Written without printf: thousands at a time. All return the length, without the NUL. */
#define IPV4_TEXT_MAX 16    /* with the NUL */
#define DECIMAL_TEXT_MAX 11 /* with the NUL */
size_t ipv4_text_format(const uint8_t bytes[static 4], char out[static IPV4_TEXT_MAX]);
size_t ip_text_format(const struct ip *ip, char out[static IP_TEXT_MAX]); /* as ip_format */
size_t decimal_text_format(uint32_t value, char out[static DECIMAL_TEXT_MAX]);
/* RFC 5952 without any dotted form. */
size_t ipv6_text_format(const uint8_t bytes[static 16], char out[static IP_TEXT_MAX]);

/* Unsigned decimal of at least one digit, leading zeros allowed, at most `max`. */
bool decimal_text_parse(const char *text, size_t len, uint32_t max, uint32_t *ret);
