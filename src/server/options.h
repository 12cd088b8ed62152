#pragma once
/* Options of the program and of serve, and what they say. Source: spec/server.md part 6. What the
 * client has too is in innernet/cli_shared.h. */

#include <stdbool.h>
#include <stdint.h>

#include "innernet/cli.h"
#include "innernet/err.h"
#include "innernet/wg.h"

extern const struct cli_option options_global[];
extern const struct cli_option options_network[]; /* --no-routing, --backend, --mtu */

struct network_options {
    bool no_routing;
    enum wg_backend backend;
    uint32_t mtu; /* 0 = default */
};

/* From the options before the subcommand; with `own` also those of the subcommand, which win
 * (spec/server.md D16). */
struct network_options options_read_network(const struct cli_args *args, bool own);
