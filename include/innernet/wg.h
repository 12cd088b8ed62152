#pragma once
/* WireGuard devices: one model over two backends, the kernel's generic netlink family (wg_kernel.c)
 * and the userspace UAPI socket (wg_uapi.c). Sources: spec/client.md part 8,
 * spec/server.md 5.6-5.7, linux/wireguard.h, the cross-platform userspace configuration protocol of
 * WireGuard. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "innernet/addr.h"
#include "innernet/err.h"
#include "innernet/key.h"
#include "innernet/name.h"

enum wg_backend { WG_BACKEND_AUTO, WG_BACKEND_KERNEL, WG_BACKEND_USERSPACE };

struct wg_peer {
    struct key public_key;
    bool has_endpoint;
    struct sock_addr endpoint;
    uint16_t keepalive_s;     /* 0 = off */
    int64_t last_handshake_s; /* unix time, 0 = never */
    uint64_t rx_bytes;
    uint64_t tx_bytes;
    struct network
        *allowed_ips; /* NULL when there are none; lies in the device's all_allowed_ips */
    size_t n_allowed_ips;
};

struct wg_device {
    char name[INTERFACE_NAME_MAX_LEN + 1];
    enum wg_backend backend; /* the one it was read with */
    bool has_key;            /* has a private and so a public key */
    struct key private_key;
    struct key public_key;
    uint16_t listen_port; /* 0 = unknown or not yet chosen */
    uint32_t fwmark;
    struct wg_peer *peers; /* owned; entries of one key are merged */
    size_t n_peers;
    struct network *all_allowed_ips; /* owned; one piece of memory for thousands of peers */
};

void wg_device_done(struct wg_device *d); /* wipes keys; idempotent */
#define CLEAN_WG_DEVICE CLEANUP(wg_device_done)

/* Changes to one peer. Unset parts leave the device as it is. Borrowed memory only. */
struct wg_peer_update {
    struct key public_key;
    bool remove;
    bool update_only; /* do nothing when the device lacks the peer */
    bool has_endpoint;
    struct sock_addr endpoint; /* callers never pass an unspecified address (spec/server.md D24) */
    bool has_keepalive;
    uint16_t keepalive_s;
    bool replace_allowed_ips;
    const struct network *allowed_ips;
    size_t n_allowed_ips;
};

struct wg_update {
    bool has_private_key;
    struct key private_key;
    bool has_listen_port;
    uint16_t listen_port; /* 0 = let the kernel choose */
    bool has_fwmark;
    uint32_t fwmark;
    bool replace_peers;
    const struct wg_peer_update *peers;
    size_t n_peers;
};

/* A session with the backends: sockets are opened once and the netlink family id is cached. Not
 * shared between threads. */
struct wg;

/* Remembers the choice of --backend; opens nothing yet. 0 or -ENOMEM. */
int wg_open(enum wg_backend choice, struct wg **ret, struct err *err);
void wg_free(struct wg *wg);
static inline void wg_cleanup(struct wg **wg)
{
    wg_free(*wg);
}
#define CLEAN_WG CLEANUP(wg_cleanup)

/* "kernel" or "userspace", exact case; -EINVAL otherwise. */
int wg_backend_parse(const char *text, enum wg_backend *ret);

/* Names of all devices of the chosen backend (AUTO: of both, kernel first, each name once). Kernel:
 * links of kind wireguard; userspace: *.sock in the socket folder with a valid name that accept a
 * connection. A backend that is not there at all has no devices. Caller frees (wg_names_free). */
int wg_list(struct wg *wg, char ***ret_names, size_t *ret_n, struct err *err);
void wg_names_free(char **names, size_t n);
bool wg_exists(struct wg *wg, const char *name);

/* -ENODEV when there is no such device (or a link of that name which is not WireGuard's, then the
 * text says so). Retries NLM_F_DUMP_INTR. */
int wg_get(struct wg *wg, const char *name, struct wg_device *ret, struct err *err);

/* Creates the device when it does not exist; *ret_created (nullable) tells whether this call did.
 * AUTO: an existing device decides; else the kernel if it has WireGuard; else a userspace
 * implementation if one is installed; else an error which names both remedies. Userspace: starts
 * $WG_USERSPACE_IMPLEMENTATION, else $WG_QUICK_USERSPACE_IMPLEMENTATION, else wireguard-go, with
 * the name as its only argument and std streams on /dev/null, and waits for its exit and for the
 * socket (at most 5 s). */
int wg_create(struct wg *wg, const char *name, bool *ret_created, struct err *err);

/* Applies the update to an existing device, never creates one (-ENODEV). Split into as many
 * messages as needed, each at most max(8192, page size) bytes; on an error earlier messages stay
 * applied. */
int wg_set(struct wg *wg, const char *name, const struct wg_update *update, struct err *err);

/* Deletes the device with the backend that has it. Userspace: unlinks the socket (and .name file)
 * and waits shortly for the link to go. -ENODEV when there is none. */
int wg_delete(struct wg *wg, const char *name, struct err *err);
