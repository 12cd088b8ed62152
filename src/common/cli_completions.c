#include "cli_completions.h"

#include <errno.h>
#include <string.h>

static enum cli_offer offer_of(const char *const *choices, enum cli_hint hint)
{
    if (choices)
        return CLI_OFFER_WORDS;
    switch (hint) {
    case CLI_HINT_FILE:
        return CLI_OFFER_FILES;
    case CLI_HINT_DIR:
        return CLI_OFFER_DIRS;
    case CLI_HINT_INTERFACE:
        return CLI_OFFER_INTERFACES;
    default:
        return CLI_OFFER_NOTHING;
    }
}

enum cli_offer cli_option_offer(const struct cli_option *option)
{
    return offer_of(option->choices, option->hint);
}

enum cli_offer cli_positional_offer(const struct cli_command *command, size_t i)
{
    const struct cli_positional *positional = &command->positionals[i];
    if (command == &cli_builtin_help)
        return CLI_OFFER_WORDS;
    return offer_of(positional->choices, positional->hint);
}

static void put_words(struct buf *b, const char *const *words, const char *separator,
                      const char *quote)
{
    for (size_t i = 0; words && words[i]; i++)
        buf_printf(b, "%s%s%s%s", i ? separator : "", quote, words[i], quote);
}

void cli_put_option_words(struct buf *b, const struct cli_option *option, const char *separator,
                          const char *quote)
{
    put_words(b, option->choices, separator, quote);
}

void cli_put_positional_words(struct buf *b, const struct cli_program *program,
                              const struct cli_command *command, size_t i, const char *separator,
                              const char *quote)
{
    if (command == &cli_builtin_help)
        cli_put_command_words(b, program, separator, quote);
    else
        put_words(b, command->positionals[i].choices, separator, quote);
}

void cli_put_command_spellings(struct buf *b, const struct cli_command *command,
                               const char *separator, const char *quote)
{
    buf_printf(b, "%s%s%s", quote, command->name, quote);
    if (command->alias && !command->alias_hidden)
        buf_printf(b, "%s%s%s%s", separator, quote, command->alias, quote);
}

void cli_put_command_words(struct buf *b, const struct cli_program *program, const char *separator,
                           const char *quote)
{
    const struct cli_command *command;
    for (size_t i = 0; (command = cli_command_at(program, i)); i++) {
        buf_puts(b, i ? separator : "");
        cli_put_command_spellings(b, command, separator, quote);
    }
}

void cli_put_option_spellings(struct buf *b, const struct cli_option *option, const char *separator,
                              const char *quote)
{
    if (option->short_name)
        buf_printf(b, "%s-%c%s%s", quote, option->short_name, quote, separator);
    buf_printf(b, "%s--%s%s", quote, option->name, quote);
}

void cli_put_scope_words(struct buf *b, const struct cli_scope *scope, bool valued_only,
                         const char *separator, const char *quote)
{
    bool first = true;
    for (size_t i = 0; i < scope->n; i++) {
        const struct cli_option *option = scope->settings[i].option;
        if (valued_only && !cli_option_takes_value(option))
            continue;
        buf_puts(b, first ? "" : separator);
        cli_put_option_spellings(b, option, separator, quote);
        first = false;
    }
}

void cli_put_escaped(struct buf *b, const char *text, const char *special, const char *escape)
{
    for (const char *c = text ? text : ""; *c; c++) {
        if (strchr(special, *c))
            buf_puts(b, escape);
        buf_putc(b, (char)(*c == '\n' ? ' ' : *c));
    }
}

void cli_put_identifier(struct buf *b, const struct cli_program *program)
{
    for (const char *c = program->name; *c; c++)
        buf_putc(b, (char)(*c == '-' ? '_' : *c));
}

const char *cli_config_dir(const struct cli_program *program)
{
    for (const struct cli_option *option = program->global_options; option && option->name;
         option++)
        if (strcmp(option->name, "config-dir") == 0)
            return option->default_value;
    return NULL;
}

int cli_completions(const struct cli_program *program, const char *shell, FILE *out)
{
    static void (*const writers[])(struct buf * b, const struct cli_program *program) = {
        cli_completions_bash,       cli_completions_elvish, cli_completions_fish,
        cli_completions_powershell, cli_completions_zsh,
    };
    size_t i = 0;
    while (cli_shells[i] && strcmp(cli_shells[i], shell) != 0)
        i++;
    if (!cli_shells[i])
        return -EINVAL;
    CLEAN_BUF struct buf b = BUF_INIT;
    writers[i](&b, program);
    if (b.failed)
        return -ENOMEM;
    errno = 0;
    if (fwrite(b.data, 1, b.len, out) != b.len || fflush(out) != 0)
        return errno ? -errno : -EIO;
    return 0;
}
