#pragma once
/* WireGuard in userspace: the cross-platform configuration protocol over a unix socket. Source:
 * https://www.wireguard.com/xplatform/, spec/client.md 8.7, 9.15, 9.30. */

#include <stdbool.h>
#include <stddef.h>

#include "innernet/buf.h"
#include "innernet/wg.h"
#include "wg_build.h"

/* Does a device answer under this name? */
bool wg_uapi_exists(const char *name);
/* Names of all that answer, sorted, given to `add` (0 or a negative errno). No folder: none. */
int wg_uapi_list(int (*add)(void *ctx, const char *name), void *ctx);
/* -ENODEV when nothing answers. */
int wg_uapi_get(const char *name, struct wg_device *ret, struct err *err);
int wg_uapi_set(const char *name, const struct wg_update *update, struct err *err);
/* Removes the socket and a .name file, and waits shortly (2.5 s at most) for the implementation to
 * end and its link to go. */
int wg_uapi_delete(const char *name, struct err *err);

/* The program that would be started, from the environment or the default. */
const char *wg_uapi_program(void);
/* Is it there to be run? */
bool wg_uapi_is_installed(void);
/* Starts it for this name and waits until its socket takes connections. -ENOENT when it is not
 * installed, -EADDRNOTAVAIL when it fails, -ETIMEDOUT when it or its socket takes too long. */
int wg_uapi_start(const char *name, struct err *err);

/* Connects; a descriptor or a negative errno, -ENODEV when nothing answers. */
int wg_uapi_connect(const char *name);
/* "<folder>/<name><suffix>" in the folder of sockets that exists. */
#define WG_UAPI_PATH_MAX 64
const char *wg_uapi_path(const char *name, const char *suffix, char out[static WG_UAPI_PATH_MAX]);
#define WG_UAPI_FOLDER "/var/run/wireguard"

/* Pure part. */

#define WG_UAPI_LINE_MAX 4096

/* The answer to get=1, line by line. Zero-initialise apart from build.device. */
struct wg_uapi_reader {
    struct wg_build build;
    struct wg_peer *peer; /* NULL before the first */
    bool has_code;
    int code; /* of the errno line: 0 or a negative errno */
};
/* Takes one line without its newline. 1 at the end of the answer, 0 before, or a negative errno:
 * -EBADMSG, -ENOMEM, -E2BIG, and what the errno line says. Unknown keys are passed over. */
int wg_uapi_read_line(struct wg_uapi_reader *r, const char *line, struct err *err);
/* The same for a whole answer in memory. Without its end: -EBADMSG. */
int wg_uapi_parse_get(const char *text, size_t len, struct wg_device *ret, struct err *err);
/* The answer to set=1, likewise one line at a time; *has_code starts as false. */
int wg_uapi_read_status_line(bool *has_code, const char *line, struct err *err);
/* Writes the set=1 request. */
void wg_uapi_format_set(const struct wg_update *update, struct buf *out);
