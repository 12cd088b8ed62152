#include "commands.h"
#include "options.h"
#include "serve.h"

static int serve(const struct cli_args *args, struct err *err)
{
    CLEAN_NETWORK_FILES struct network_files files = {0};
    int r = network_files_init(&files, args, cli_positional(args, 0), err);
    if (r == 0)
        r = command_check_files(args, &files, err);
    if (r < 0)
        return r;
    const struct serve_options options = {
        .interface = cli_positional(args, 0),
        .config_path = files.config,
        .database_path = files.database,
        .network = options_read_network(args, true),
        .hosts_path = cli_given(args, "no-write-hosts") ? NULL : cli_value(args, "hosts-path"),
        .host_suffix = cli_value(args, "host-suffix"),
    };
    return serve_run(&options, err);
}

int cmd_serve(const struct cli_args *args, void *user)
{
    (void)user;
    struct err err = ERR_INIT;
    return command_exit(serve(args, &err), &err);
}
