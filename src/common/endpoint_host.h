#pragma once
/* The host part of an endpoint, by the rules that WHATWG URLs have for special schemes, all-ASCII.
 * Source: spec/server.md 0.6. Pure. */

#include <stddef.h>

#include "innernet/addr.h"

/* Sets ret->domain or ret->ip from `len` bytes of text. 0, -ENOMEM, -EINVAL with a static text in
 * *ret_reason that continues "the host ...". */
int endpoint_host_parse(const char *text, size_t len, struct endpoint *ret,
                        const char **ret_reason);
