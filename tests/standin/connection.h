#pragma once
/* One client of the configuration socket, served without ever blocking. */

#include "device.h"

struct connection;

/* Takes over `fd` (non-blocking) on success; NULL without memory. */
struct connection *connection_new(int fd);
void connection_free(struct connection *c);
int connection_fd(const struct connection *c);
/* What to poll for: input only while nothing waits to be sent. */
short connection_events(const struct connection *c);
/* Reads, answers what is complete, writes. 0 to go on, -1 when the connection is over. */
int connection_serve(struct connection *c, struct device *d);
