#include "commands.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "innernet/ask.h"
#include "innernet/fsutil.h"

void network_files_done(struct network_files *f)
{
    free(f->config);
    free(f->database);
    *f = (struct network_files){0};
}

int network_files_init(struct network_files *f, const struct cli_args *args, const char *interface,
                       struct err *err)
{
    f->config = fs_join(cli_global_value(args, "config-dir"), interface, ".conf");
    f->database = fs_join(cli_global_value(args, "data-dir"), interface, ".db");
    if (f->config && f->database)
        return 0;
    network_files_done(f);
    return err_set(err, -ENOMEM, "out of memory");
}

static int check_exists(const struct cli_args *args, const char *path, struct err *err)
{
    if (access(path, F_OK) == 0)
        return 0;
    err_set_os(err, -errno, "%s", path);
    return err_prefix(err, err->code,
                      "there is no network \"%s\" here; create it with `innernet-server new`, or "
                      "say where it is with --config-dir and --data-dir",
                      cli_positional(args, 0));
}

int command_check_files(const struct cli_args *args, const struct network_files *files,
                        struct err *err)
{
    int r = check_exists(args, files->config, err);
    return r < 0 ? r : check_exists(args, files->database, err);
}

int command_open_registry(const struct cli_args *args, struct registry *r, struct err *err)
{
    CLEAN_NETWORK_FILES struct network_files files = {0};
    int rc = network_files_init(&files, args, cli_positional(args, 0), err);
    if (rc < 0)
        return rc;
    rc = check_exists(args, files.database, err);
    return rc < 0 ? rc : registry_open(r, files.database, err);
}

int command_load_config(const struct cli_args *args, struct server_config *ret, struct err *err)
{
    CLEAN_NETWORK_FILES struct network_files files = {0};
    int rc = network_files_init(&files, args, cli_positional(args, 0), err);
    if (rc < 0)
        return rc;
    rc = check_exists(args, files.config, err);
    return rc < 0 ? rc : server_config_load(files.config, ret, err);
}

int command_exit(int outcome, const struct err *err)
{
    if (outcome >= 0)
        return 0;
    fprintf(stderr, "error: %s\n", err->text[0] ? err->text : strerror(-outcome));
    return 1;
}

int command_confirm(const struct cli_args *args, bool *ret, struct err *err, const char *question,
                    ...)
{
    va_list list;
    va_start(list, question);
    int r = ask_consent(args, false, ret, err, question, list);
    va_end(list);
    if (r == 0 && !*ret)
        puts("Nothing was changed.");
    return r;
}
