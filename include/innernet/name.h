#pragma once
/* Names and their rules. Pure. Sources: spec/server.md 0.3, 0.4; spec/client.md A.6. */

#include <stdbool.h>
#include <stddef.h>

#include "innernet/err.h"

#define HOSTNAME_MAX_LEN 63
#define INTERFACE_NAME_MAX_LEN 15
#define SERVER_NAME "innernet-server" /* reserved: the server's peer and its CIDR */
#define CIDR_NAME_MAX_LEN 255         /* ours; longer names from anywhere are refused */

/* Hostname: 1-63 bytes of a-z 0-9 and single inner hyphens. 0 or -EINVAL with the reason. */
int name_check_hostname(const char *name, struct err *err);
/* Rule C: hostname of at most 15 bytes. */
int name_check_interface(const char *name, struct err *err);
/* Rule D: 1-15 bytes without NUL, '/', ASCII whitespace (and not "." or ".."). `len` because the
 * tests have NULs inside. */
int name_check_device(const char *name, size_t len, struct err *err);
/* CIDR names from API, database and server: not empty, valid UTF-8, no control characters (C0, DEL,
 * C1), at most CIDR_NAME_MAX_LEN bytes. */
int name_check_cidr(const char *name, struct err *err);
/* True for well-formed UTF-8 without overlong forms and surrogates (RFC 3629). */
bool utf8_is_valid(const char *text, size_t len);
