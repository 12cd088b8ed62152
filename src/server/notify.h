#pragma once
/* The service manager's notification protocol (sd_notify(3)): one datagram to $NOTIFY_SOCKET. */

/* Sends for example "READY=1"; does nothing when nobody listens. Failures are logged at debug
 * level: the service works without. */
void notify_send(const char *state);
