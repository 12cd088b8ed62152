#pragma once
/* What the options for hosts and NAT mean to a fetch (spec/client.md 5.3). */

#include <stdbool.h>

#include "innernet/addr.h"
#include "innernet/cli.h"

extern const struct cli_option options_nat[];

struct fetch_options {
    bool may_bring_up;
    bool write_hosts;
    const char *hosts_path;
    const char *host_suffix; /* NULL = the default names */
    bool no_nat_traversal;
    bool no_candidates;
    struct network *excluded; /* owned */
    size_t n_excluded;
};

/* Reads a command that has options_nat and the hosts options of innernet/cli_shared.h. 0 or
 * -ENOMEM. */
int fetch_options_init(const struct cli_args *args, bool may_bring_up, struct fetch_options *ret,
                       struct err *err);
void fetch_options_done(struct fetch_options *o);
#define CLEAN_FETCH_OPTIONS CLEANUP(fetch_options_done)
