#include <errno.h>
#include <stdint.h>

#include "commands.h"
#include "fetch.h"
#include "innernet/log.h"
#include "output.h"
#include "paths.h"
#include "stop.h"

struct up_run {
    const struct client *client;
    const char *interface; /* NULL = all that are installed */
    struct fetch_options options;
};

/* One round over the installed interfaces. An error of one does not stop the others; all are logged
 * but the last, which the caller gets (and the exit code that goes with it). */
static int up_all(const struct up_run *run, struct err *err)
{
    CLEAN_PATH_NAMES struct path_names names = {0};
    int failure = 0;
    int r = paths_interfaces(run->client, &names, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < names.n && !stop_requested(); i++) {
        struct err one = ERR_INIT;
        r = fetch_run(run->client, names.names[i], &run->options, &one);
        if (r >= 0)
            continue;
        if (failure < 0)
            log_error("%s", err->text);
        failure = r;
        *err = one;
    }
    if (failure == 0 && names.n_bad > 0)
        return err_set(err, -EINVAL, "%s has %zu file(s) that belong to no interface",
                       run->client->config_dir, names.n_bad);
    return failure;
}

static int up_once(const struct up_run *run, struct err *err)
{
    if (!run->interface)
        return up_all(run, err);
    return fetch_run(run->client, run->interface, &run->options, err);
}

static long long interval_ms(const char *seconds)
{
    uint64_t value = cli_u64(seconds);
    return value > INT64_MAX / 1000 ? INT64_MAX : (long long)value * 1000;
}

/* Goes on whatever happens, until it is told to stop. */
static int up_forever(const struct up_run *run, long long interval, struct err *err)
{
    int r = stop_install(err);
    while (r == 0 && !stop_requested()) {
        struct err one = ERR_INIT;
        if (up_once(run, &one) < 0 && !stop_requested())
            log_error("%s", one.text);
        stop_sleep_ms(interval);
    }
    return r;
}

static int up(const struct cli_args *args, const struct client *client, struct err *err)
{
    struct up_run run = {.client = client, .interface = cli_positional(args, 0)};
    int r = fetch_options_init(args, true, &run.options, err);
    if (r == 0)
        r = cli_given(args, "daemon")
                ? up_forever(&run, interval_ms(cli_value(args, "interval")), err)
                : up_once(&run, err);
    fetch_options_done(&run.options);
    return r;
}

int cmd_up(const struct cli_args *args, void *client)
{
    struct err err = ERR_INIT;
    return output_finish(up(args, client, &err), &err);
}
