#pragma once
/* The one blocking look-up and thread start-up, for the helper threads of resolve.c and resolver.c.
 */

#include <stdint.h>

#include "innernet/addr.h"

/* getaddrinfo for `domain`, stream, first result; the port is not filled in. Returns 0 or an EAI_*
 * code (EAI_NONAME when nothing usable was answered). May block for a long time. */
int resolve_name(const char *domain, struct sock_addr *ret);

/* A detached thread with all signals blocked. 0 or a negative errno. */
int resolve_start_thread(void *(*run)(void *), void *arg);

/* Milliseconds of a clock that only goes forward. */
uint64_t resolve_now_ms(void);
