#pragma once
/* WireGuard in the kernel: links of kind wireguard and the generic netlink family of that name.
 * linux/wireguard.h, linux/genetlink.h, spec/client.md 8.3, 8.4. */

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "innernet/wg.h"
#include "nl.h"
#include "nl_link.h"
#include "wg_build.h"

#define WG_KERNEL_KIND "wireguard"

/* Sockets are opened at the first use and kept, the family's number too. Zero-initialise. */
struct wg_kernel {
    struct nl *route;
    struct nl *generic;
    uint16_t family; /* 0 = not known yet */
};

void wg_kernel_done(struct wg_kernel *k);

/* What link has this name? -ENODEV when none has. */
int wg_kernel_find_link(struct wg_kernel *k, const char *name, struct nl_link *ret);
/* The links of kind wireguard, in dump order, appended by `add` (0 or a negative errno). */
int wg_kernel_list(struct wg_kernel *k, int (*add)(void *ctx, const char *name), void *ctx);
/* 0; -EEXIST when the name is taken, by whatever; -EOPNOTSUPP when the kernel has no WireGuard,
 * even after the attempt, which makes it load its module. */
int wg_kernel_create(struct wg_kernel *k, const char *name);
int wg_kernel_delete(struct wg_kernel *k, const char *name);
/* -ENODEV: no such link; -EOPNOTSUPP: not a WireGuard link, or none of the kernel's WireGuard. */
int wg_kernel_get(struct wg_kernel *k, const char *name, struct wg_device *ret);
int wg_kernel_set(struct wg_kernel *k, const char *name, const struct wg_update *update);

/* Pure part. */

#define WG_KERNEL_REQUEST_MAX 128
/* Requests into `buf` (WG_KERNEL_REQUEST_MAX bytes, aligned like a message header). */
struct nlmsghdr *wg_kernel_build_get_family(void *buf);
struct nlmsghdr *wg_kernel_build_get_device(void *buf, uint16_t family, const char *name);
/* The family's number out of the answer. 0 or -EBADMSG. */
int wg_kernel_parse_family(const struct nlmsghdr *m, uint16_t *ret);
/* Adds one message of a device dump to what was read before it. 0, -EBADMSG, -ENOMEM, -E2BIG. */
int wg_kernel_parse_device(const struct nlmsghdr *m, struct wg_build *b);

/* Writes an update as messages of at most `max` bytes each (512 up to NL_MESSAGE_MAX) into `buf`,
 * which has that size, and gives each to `emit`; stops at the first error from there. An update
 * without content gives none. A peer with more allowed IPs than fit goes on in the next message. */
int wg_kernel_build_set(uint16_t family, const char *name, const struct wg_update *update,
                        void *buf, size_t max, int (*emit)(void *ctx, struct nlmsghdr *m),
                        void *ctx);
