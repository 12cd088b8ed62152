#pragma once
/* The running server: everything that lives as long as it does. */

#include "api.h"
#include "endpoints.h"
#include "hosts_writer.h"
#include "http.h"
#include "innernet/config.h"
#include "innernet/err.h"
#include "innernet/resolve.h"
#include "innernet/wg.h"
#include "keeper.h"
#include "options.h"
#include "registry.h"
#include "snapshot.h"
#include "worker.h"
#include "writer.h"

struct serve_options {
    const char *interface;
    const char *config_path;
    const char *database_path;
    struct network_options network;
    const char *hosts_path; /* NULL: leave the hosts file alone */
    const char *host_suffix;
};

struct server {
    const struct serve_options *options;
    struct server_config config;
    struct registry registry;
    struct endpoints endpoints;
    struct snapshot snapshot;
    struct keeper keeper;
    struct hosts_writer hosts;
    struct api api;
    struct wg *wg;
    struct resolver *resolver;
    struct worker *worker;
    struct writer writer;
    struct http *http;
    unsigned if_index; /* of the interface as we made it; 0 while it is missing */
    int listen_fd;     /* http's */
    int epoll_fd;
    int tick_fd;   /* every 10 s */
    int switch_fd; /* when a redeemed peer's key is due */
    int signal_fd;
    bool is_sweeping;           /* a sweep is on its way to the database */
    bool device_wanted;         /* the device has to be looked at */
    uint64_t device_updated_ms; /* when it was */
    uint64_t stop_at_ms;        /* 0 while running */
};

/* Brings the network up and serves until SIGTERM or SIGINT (spec/server.md 5.1, D21): 0 then, or
 * the error that kept it from starting. */
int serve_run(const struct serve_options *options, struct err *err);

/* The parts of it that live in serve_loop.c. */
int serve_loop_open(struct server *s, struct err *err);
int serve_loop_run(struct server *s, struct err *err);
void serve_loop_close(struct server *s);
/* And in serve_interface.c. Makes the interface unless it is there, with keys, address, MTU and
 * route; its peers are keeper's. */
int serve_interface_up(struct server *s, struct err *err);
/* Makes an interface that was deleted or replaced since once more, and moves the listening socket
 * to it. Not when the configuration is gone as well: then somebody uninstalled the network.
 * Failures are logged, the next call tries again. */
void serve_interface_keep(struct server *s);
/* What the API does to the device; its user is the server. */
extern const struct api_device serve_device;
