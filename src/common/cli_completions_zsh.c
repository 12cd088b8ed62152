#include "cli_completions.h"

struct zsh {
    struct buf *b;
    const struct cli_program *program;
    const char *identifier;
};

/* Inside single quotes and inside a specification, where ":" and brackets have a meaning. */
static void put_text(struct buf *b, const char *text)
{
    for (const char *c = text ? text : ""; *c; c++) {
        if (*c == '\'')
            buf_puts(b, "'\\''");
        else
            cli_put_escaped(b, (char[]){*c, 0}, ":[]\\", "\\");
    }
}

static void put_offer(const struct zsh *z, enum cli_offer offer, const char *words)
{
    switch (offer) {
    case CLI_OFFER_NOTHING:
        buf_putc(z->b, ' ');
        break;
    case CLI_OFFER_WORDS:
        buf_printf(z->b, "(%s)", words);
        break;
    case CLI_OFFER_FILES:
        buf_puts(z->b, "_files");
        break;
    case CLI_OFFER_DIRS:
        buf_puts(z->b, "_files -/");
        break;
    case CLI_OFFER_INTERFACES:
        buf_printf(z->b, "_%s_interfaces", z->identifier);
        break;
    }
}

/* One spelling: '(-i --interval)--interval=[Pause]:SECONDS: '. */
static void put_spelling(const struct zsh *z, const struct cli_option *option, bool is_short)
{
    bool repeatable = option->kind == CLI_COUNT || option->kind == CLI_LIST;
    bool valued = cli_option_takes_value(option);
    CLEAN_BUF struct buf words = BUF_INIT;
    cli_put_option_words(&words, option, " ", "");
    buf_puts(z->b, " \\\n            '");
    if (repeatable) {
        buf_putc(z->b, '*');
    } else {
        buf_putc(z->b, '(');
        cli_put_option_spellings(z->b, option, " ", "");
        buf_putc(z->b, ')');
    }
    if (is_short)
        buf_printf(z->b, "-%c%s[", option->short_name, valued ? "+" : "");
    else
        buf_printf(z->b, "--%s%s[", option->name, valued ? "=" : "");
    put_text(z->b, option->help);
    buf_putc(z->b, ']');
    if (valued) {
        buf_putc(z->b, ':');
        put_text(z->b, option->value_name ? option->value_name : option->name);
        buf_putc(z->b, ':');
        put_offer(z, cli_option_offer(option), words.data ? words.data : "");
    }
    buf_putc(z->b, '\'');
}

static void put_options(const struct zsh *z, const struct cli_command *command)
{
    CLEAN_CLI_SCOPE struct cli_scope scope = {0};
    if (cli_scope_init(&scope, z->program, command) < 0) {
        z->b->failed = true;
        return;
    }
    for (size_t i = 0; i < scope.n; i++) {
        if (scope.settings[i].option->short_name)
            put_spelling(z, scope.settings[i].option, true);
        put_spelling(z, scope.settings[i].option, false);
    }
}

static void put_command(const struct zsh *z, const struct cli_command *command)
{
    buf_puts(z->b, "        ");
    cli_put_command_spellings(z->b, command, " | ", "");
    buf_puts(z->b, ")\n            _arguments -s -S");
    put_options(z, command);
    for (size_t i = 0; i < cli_positional_count(command); i++) {
        const struct cli_positional *positional = &command->positionals[i];
        CLEAN_BUF struct buf words = BUF_INIT;
        cli_put_positional_words(&words, z->program, command, i, " ", "");
        if (positional->repeated)
            buf_puts(z->b, " \\\n            '*:");
        else
            buf_printf(z->b, " \\\n            '%zu:%s", i + 1, positional->required ? "" : ":");
        put_text(z->b, positional->name);
        buf_putc(z->b, ':');
        put_offer(z, cli_positional_offer(command, i), words.data ? words.data : "");
        buf_putc(z->b, '\'');
    }
    buf_puts(z->b, "\n            ;;\n");
}

static void put_commands(const struct zsh *z)
{
    const struct cli_command *command;
    buf_printf(z->b, "_%s_commands()\n{\n    local -a commands=(", z->identifier);
    for (size_t i = 0; (command = cli_command_at(z->program, i)); i++) {
        buf_printf(z->b, "\n        '%s:", command->name);
        put_text(z->b, command->summary);
        buf_putc(z->b, '\'');
        if (command->alias && !command->alias_hidden) {
            buf_printf(z->b, "\n        '%s:", command->alias);
            put_text(z->b, command->summary);
            buf_putc(z->b, '\'');
        }
    }
    buf_puts(z->b, ")\n    _describe -t commands command commands\n}\n\n");
}

static void put_interfaces(const struct zsh *z)
{
    const char *dir = cli_config_dir(z->program);
    buf_printf(z->b,
               "_%s_interfaces()\n{\n    local -a names=(%s/*.conf(N:t:r))\n"
               "    compadd -a names\n}\n\n",
               z->identifier, dir ? dir : "/nonexistent");
}

void cli_completions_zsh(struct buf *b, const struct cli_program *program)
{
    CLEAN_BUF struct buf identifier = BUF_INIT;
    const struct cli_command *command;
    cli_put_identifier(&identifier, program);
    struct zsh z = {.b = b, .program = program, .identifier = identifier.data};
    buf_printf(b, "#compdef %s\n\n", program->name);
    put_commands(&z);
    put_interfaces(&z);
    buf_printf(b,
               "_%s()\n{\n    local context state state_descr line curcontext=$curcontext\n"
               "    local -A opt_args\n    _arguments -s -S -C",
               identifier.data);
    put_options(&z, NULL);
    buf_printf(b,
               " \\\n            '1:command:_%s_commands' \\\n            '*::argument:->argument'"
               "\n    if [[ $state == argument ]]; then\n        case $line[1] in\n",
               identifier.data);
    for (size_t i = 0; (command = cli_command_at(program, i)); i++)
        put_command(&z, command);
    buf_printf(b,
               "        esac\n    fi\n}\n\nif [[ $zsh_eval_context[-1] == loadautofunc ]]; then\n"
               "    _%1$s \"$@\"\nelse\n    compdef _%1$s %2$s\nfi\n",
               identifier.data, program->name);
}
