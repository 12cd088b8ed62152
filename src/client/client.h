#pragma once
/* What the global options said (spec/client.md 5.2): every command gets it. */

#include <stdbool.h>
#include <stdint.h>

#include "innernet/wg.h"

struct client {
    const char *config_dir;
    const char *data_dir;
    enum wg_backend backend;
    bool no_routing;
    uint32_t mtu; /* 0 = default */
    unsigned verbosity;
};
