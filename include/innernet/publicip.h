#pragma once
/* This host's public address, asked of Quad9 by DNS. Source: spec/server.md 6.12, D42. */

#include <stddef.h>
#include <stdint.h>

#include "innernet/addr.h"
#include "innernet/err.h"

#define PUBLICIP_TIMEOUT_MS 500

/* Pure: builds the query for `family` (A or AAAA) into out (at least 64 bytes); returns its length. */
size_t publicip_build_query(uint16_t id, enum ip_family family, uint8_t *out, size_t out_size);
/* Pure: the address in an answer, or -EBADMSG. A plain DNS parser with bounds checks: owner names
 * compressed or not, additional records tolerated. */
int publicip_parse_answer(const uint8_t *msg, size_t len, uint16_t id, enum ip_family family,
                          struct ip *ret);
/* Both queries at once, IPv4 preferred. -EHOSTUNREACH when neither is answered. */
int publicip_detect(struct ip *ret, struct err *err);
