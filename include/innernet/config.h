#pragma once
/* The two configuration files and the invitation. Reading goes through toml.h, writing is ours.
 * Sources: spec/server.md 1.2, 1.4; spec/client.md 1.3, 1.4. Errors name the file, the key (or line
 * and column), the reason, and the remedy. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "innernet/addr.h"
#include "innernet/buf.h"
#include "innernet/err.h"
#include "innernet/key.h"

#define CONFIG_FILE_MAX ((size_t)1 << 20) /* larger files are refused before they are read */

struct server_config {
    struct key private_key;
    uint16_t listen_port;
    struct ip address;
    uint8_t network_cidr_prefix; /* checked against the family of `address` */
};

/* Pure halves: text to record and back. `source` is how errors name the text. */
int server_config_parse(const char *text, size_t len, const char *source,
                        struct server_config *ret, struct err *err);
void server_config_format(const struct server_config *c, struct buf *out);
/* Reads the file; low nine mode bits other than 0600 are set to 0600 first, with a notice that names
 * the file on stdout (spec/server.md 1.2). -ENOENT and other errnos from the system. */
int server_config_load(const char *path, struct server_config *ret, struct err *err);
void server_config_done(struct server_config *c); /* wipes the key */

struct endpoint_override {
    struct ip peer_ip;
    struct endpoint endpoint;
};

struct client_config {
    char *network_name; /* owned, any text */
    struct network address;
    struct key private_key;
    bool has_listen_port;
    uint16_t listen_port;
    struct key server_key;
    struct endpoint server_external;
    struct sock_addr server_internal;
    struct endpoint_override *overrides; /* sorted: IPv4 before IPv6, numeric; one per IP */
    size_t n_overrides;
};

int client_config_parse(const char *text, size_t len, const char *source,
                        struct client_config *ret, struct err *err);
/* Exact layout of spec/client.md 1.3, without comments. */
void client_config_format(const struct client_config *c, struct buf *out);
/* Reads an interface's configuration; with `warn_mode` logs a warning when the file is accessible to
 * others (spec/client.md 1.2). An invitation is read with warn_mode false. */
int client_config_load(const char *path, bool warn_mode, struct client_config *ret,
                       struct err *err);
void client_config_done(struct client_config *c);
#define CLEAN_SERVER_CONFIG CLEANUP(server_config_done)
#define CLEAN_CLIENT_CONFIG CLEANUP(client_config_done)
/* NULL when there is none. */
const struct endpoint *client_config_override(const struct client_config *c, const struct ip *ip);
/* Sets or (endpoint NULL) removes; copies the endpoint. 0 or -ENOMEM. */
int client_config_set_override(struct client_config *c, const struct ip *ip,
                               const struct endpoint *endpoint);

/* The invitation: a block of '#' lines (our wording: what it is, how to redeem it with `innernet
 * install <file>`, that it works once, do not edit), directly followed by client_config_format. */
void invitation_format(const struct client_config *c, struct buf *out);
