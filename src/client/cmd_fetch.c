#include "commands.h"
#include "output.h"
#include "up_jobs.h"

static int fetch(const struct cli_args *args, const struct client *client, struct err *err)
{
    CLEAN_FETCH_OPTIONS struct fetch_options options = {0};
    int r = fetch_options_init(args, false, &options, err);
    if (r < 0)
        return r;
    return up_once(
        &(struct up){.client = client, .interface = cli_positional(args, 0), .options = &options},
        err);
}

int cmd_fetch(const struct cli_args *args, void *client)
{
    struct err err = ERR_INIT;
    return output_finish(fetch(args, client, &err), &err);
}
