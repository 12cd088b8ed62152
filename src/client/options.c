#include "options.h"

#include <errno.h>
#include <stdlib.h>

const struct cli_option options_nat[] = {
    {.name = "no-nat-traversal", .kind = CLI_FLAG, .help = "Do not attempt NAT traversal"},
    {.name = "exclude-nat-candidates",
     .kind = CLI_LIST,
     .value_name = "CIDR",
     .help = "Do not report addresses in this network as candidates (0.0.0.0/0 excludes IPv4 "
             "only); may be given several times",
     .check = cli_check_network,
     .conflicts = {"no-nat-candidates"}},
    {.name = "no-nat-candidates", .kind = CLI_FLAG, .help = "Report no candidates at all"},
    {0},
};

static int parse_excluded(const struct cli_args *args, struct fetch_options *o, struct err *err)
{
    const char *const *texts;
    size_t n = cli_list(args, "exclude-nat-candidates", &texts);
    o->excluded = calloc(n + 1, sizeof(*o->excluded));
    if (!o->excluded)
        return err_set(err, -ENOMEM, "out of memory");
    for (; o->n_excluded < n; o->n_excluded++) {
        int r = network_parse(texts[o->n_excluded], &o->excluded[o->n_excluded], err);
        if (r < 0)
            return r;
    }
    return 0;
}

int fetch_options_init(const struct cli_args *args, bool may_bring_up, struct fetch_options *ret,
                       struct err *err)
{
    *ret = (struct fetch_options){
        .may_bring_up = may_bring_up,
        .write_hosts = !cli_given(args, "no-write-hosts"),
        .hosts_path = cli_value(args, "hosts-path"),
        .host_suffix = cli_value(args, "host-suffix"),
        .no_nat_traversal = cli_given(args, "no-nat-traversal"),
        .no_candidates = cli_given(args, "no-nat-candidates"),
    };
    return parse_excluded(args, ret, err);
}

void fetch_options_done(struct fetch_options *o)
{
    free(o->excluded);
    o->excluded = NULL;
}
