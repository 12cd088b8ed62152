#pragma once
/* A peer's contents as JSON, with no more than what must be there. */

#include <string.h>

#include "innernet/record.h"

#define KEY_A "4S1xKBAElTwaxNeUwv8ncdiQdGc0VBYi8xFrawYOlR4="
#define REQUIRED                                                                                   \
    "\"name\":\"dev2\",\"ip\":\"10.66.2.2\",\"cidr_id\":4,\"public_key\":\"" KEY_A                 \
    "\",\"is_admin\":false,\"is_disabled\":true,\"is_redeemed\":false"
#define PEER(more) "{" REQUIRED more "}"

static int decode_peer(const char *text, struct peer *ret, struct err *err)
{
    return record_decode_peer_contents(text, strlen(text), ret, err);
}
