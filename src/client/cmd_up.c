#include <stdint.h>

#include "commands.h"
#include "output.h"
#include "stop.h"
#include "up_jobs.h"

static long long interval_ms(const char *seconds)
{
    uint64_t value = cli_u64(seconds);
    return value > INT64_MAX / 1000 ? INT64_MAX : (long long)value * 1000;
}

static int up(const struct cli_args *args, const struct client *client, struct err *err)
{
    CLEAN_FETCH_OPTIONS struct fetch_options options = {0};
    struct up run = {.client = client, .interface = cli_positional(args, 0), .options = &options};
    int r = fetch_options_init(args, true, &options, err);
    if (r == 0 && cli_given(args, "daemon")) {
        r = stop_install(err);
        if (r == 0)
            up_forever(&run, interval_ms(cli_value(args, "interval")));
    } else if (r == 0) {
        r = up_once(&run, err);
    }
    return r;
}

int cmd_up(const struct cli_args *args, void *client)
{
    struct err err = ERR_INIT;
    return output_finish(up(args, client, &err), &err);
}
