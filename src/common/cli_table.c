#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli_internal.h"

const char *const cli_shells[] = {"bash", "elvish", "fish", "powershell", "zsh", NULL};

static const struct cli_option help_options[] = {
    {.name = "help", .short_name = 'h', .kind = CLI_FLAG, .help = "Print this help"},
    {0},
};

static const struct cli_option version_options[] = {
    {.name = "version", .short_name = 'V', .kind = CLI_FLAG, .help = "Print the version"},
    {0},
};

static int run_completions(const struct cli_args *args, void *user)
{
    (void)user;
    return cli_completions(args->program, cli_positional(args, 0), stdout) < 0 ? 1 : 0;
}

static const struct cli_positional completions_positionals[] = {
    {.name = "SHELL",
     .help = "Shell to write the script for",
     .required = true,
     .choices = cli_shells},
    {0},
};

const struct cli_command cli_builtin_completions = {
    .name = "completions",
    .summary = "Print a completion script for a shell",
    .positionals = completions_positionals,
    .run = run_completions,
    .any_user = true,
};

static const struct cli_positional help_positionals[] = {
    {.name = "COMMAND", .help = "Command to explain"},
    {0},
};

/* Has no run function: the parser turns it into the help of the command it names. */
const struct cli_command cli_builtin_help = {
    .name = "help",
    .summary = "Print the help of the program or of a command",
    .positionals = help_positionals,
    .any_user = true,
};

const struct cli_command *cli_command_at(const struct cli_program *program, size_t i)
{
    size_t n = 0;
    for (; program->commands[n].name; n++)
        if (n == i)
            return &program->commands[n];
    if (i == n)
        return &cli_builtin_completions;
    return i == n + 1 ? &cli_builtin_help : NULL;
}

const struct cli_command *cli_command_find(const struct cli_program *program, const char *name)
{
    const struct cli_command *command;
    for (size_t i = 0; (command = cli_command_at(program, i)); i++)
        if (strcmp(command->name, name) == 0 ||
            (command->alias && strcmp(command->alias, name) == 0))
            return command;
    return NULL;
}

static size_t group_add(struct cli_scope *scope, const struct cli_option *group, bool count_only)
{
    size_t n = 0;
    for (; group && group[n].name; n++)
        if (!count_only)
            scope->settings[scope->n++].option = &group[n];
    return n;
}

static size_t groups_add(struct cli_scope *scope, const struct cli_program *program,
                         const struct cli_command *command, bool count_only)
{
    size_t n = 0;
    if (command)
        for (size_t i = 0; command->options && command->options[i]; i++)
            n += group_add(scope, command->options[i], count_only);
    else
        n += group_add(scope, program->global_options, count_only);
    n += group_add(scope, help_options, count_only);
    if (!command)
        n += group_add(scope, version_options, count_only);
    return n;
}

int cli_scope_init(struct cli_scope *scope, const struct cli_program *program,
                   const struct cli_command *command)
{
    *scope = (struct cli_scope){0};
    scope->settings = calloc(groups_add(scope, program, command, true), sizeof(*scope->settings));
    if (!scope->settings)
        return -ENOMEM;
    groups_add(scope, program, command, false);
    return 0;
}

void cli_scope_done(struct cli_scope *scope)
{
    for (size_t i = 0; i < scope->n; i++)
        free(scope->settings[i].values);
    free(scope->settings);
    *scope = (struct cli_scope){0};
}

struct cli_setting *cli_scope_find(const struct cli_scope *scope, const char *name, size_t len)
{
    for (size_t i = 0; i < scope->n; i++) {
        const char *have = scope->settings[i].option->name;
        if (strlen(have) == len && memcmp(have, name, len) == 0)
            return &scope->settings[i];
    }
    return NULL;
}

struct cli_setting *cli_scope_find_short(const struct cli_scope *scope, char short_name)
{
    for (size_t i = 0; i < scope->n; i++)
        if (short_name && scope->settings[i].option->short_name == short_name)
            return &scope->settings[i];
    return NULL;
}

bool cli_option_takes_value(const struct cli_option *option)
{
    return option->kind == CLI_VALUE || option->kind == CLI_LIST;
}

size_t cli_positional_count(const struct cli_command *command)
{
    size_t n = 0;
    while (command->positionals && command->positionals[n].name)
        n++;
    return n;
}

bool cli_is_help(const struct cli_option *option)
{
    return option == help_options;
}

bool cli_is_version(const struct cli_option *option)
{
    return option == version_options;
}
