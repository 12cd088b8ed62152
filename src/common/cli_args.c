#include <stdlib.h>
#include <string.h>

#include "cli_internal.h"
#include "innernet/log.h"

/* A name that is not in the table is a slip in our own code: there is no sensible answer. */
static const struct cli_setting *setting(const struct cli_scope *scope, const char *option)
{
    const struct cli_setting *s = cli_scope_find(scope, option, strlen(option));
    if (!s) {
        log_error("no option '%s' in the command table", option);
        abort();
    }
    return s;
}

static const char *scope_value(const struct cli_scope *scope, const char *option)
{
    const struct cli_setting *s = setting(scope, option);
    if (s->option->kind != CLI_VALUE) {
        log_error("option '%s' of the command table has no single value", option);
        abort();
    }
    return s->n_values > 0 ? s->values[0] : s->option->default_value;
}

const struct cli_command *cli_args_command(const struct cli_args *args)
{
    return args->command;
}

const char *cli_positional(const struct cli_args *args, size_t index)
{
    return index < args->n_positionals ? args->positionals[index] : NULL;
}

const char *cli_value(const struct cli_args *args, const char *option)
{
    return scope_value(&args->local, option);
}

bool cli_given(const struct cli_args *args, const char *option)
{
    return setting(&args->local, option)->count > 0;
}

unsigned cli_count(const struct cli_args *args, const char *option)
{
    return setting(&args->local, option)->count;
}

size_t cli_list(const struct cli_args *args, const char *option, const char *const **ret)
{
    const struct cli_setting *s = setting(&args->local, option);
    *ret = s->values;
    return s->n_values;
}

const char *cli_global_value(const struct cli_args *args, const char *option)
{
    return scope_value(&args->global, option);
}

bool cli_global_given(const struct cli_args *args, const char *option)
{
    return setting(&args->global, option)->count > 0;
}

unsigned cli_global_count(const struct cli_args *args, const char *option)
{
    return setting(&args->global, option)->count;
}
