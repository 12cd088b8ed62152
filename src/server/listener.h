#pragma once
/* The API's listening socket. Source: spec/server.md 2.1, D18, D19. */

#include <stdint.h>

#include "innernet/addr.h"
#include "innernet/err.h"

/* Only this address, only over this interface: both are set before the socket listens. Waits up to
 * five seconds for an address that the interface does not have yet. Non-blocking, CLOEXEC; the
 * caller closes *ret_fd. */
int listener_open(const char *interface, const struct ip *address, uint16_t port, int *ret_fd,
                  struct err *err);
/* Serves the interface that has this name now: a socket is bound to an interface, not to its name.
 */
int listener_follow(int fd, const char *interface, struct err *err);
