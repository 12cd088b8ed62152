#include "commands.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "innernet/fsutil.h"
#include "innernet/log.h"
#include "innernet/prompt.h"

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

char *command_cidr_label(const struct cidr *c)
{
    char name[2 * CIDR_NAME_MAX_LEN];
    char net[NETWORK_TEXT_MAX];
    char *label = NULL;
    if (asprintf(&label, "%s (%s)", log_safe(c->name, name, sizeof(name)),
                 network_format(&c->net, net)) < 0)
        return NULL;
    return label;
}

int command_confirm(const struct cli_args *args, const char *question, bool *ret, struct err *err)
{
    *ret = true;
    if (cli_given(args, "yes"))
        return 0;
    const struct prompt p = {.question = question, .option = "--yes"};
    return prompt_confirm(&p, PROMPT_DEFAULT_NO, ret, err);
}

int command_text(const struct cli_args *args, const char *option, const char *question,
                 const char *def, int (*check)(const char *, struct err *), char **ret,
                 struct err *err)
{
    const char *given = cli_value(args, option);
    if (given) {
        *ret = strdup(given);
        return *ret ? 0 : err_set(err, -ENOMEM, "out of memory");
    }
    char hint[64];
    snprintf(hint, sizeof(hint), "--%s", option);
    const struct prompt p = {.question = question, .option = hint};
    return prompt_input(&p, def, NULL, check, ret, err);
}
