#include <ctype.h>
#include <string.h>

#include "cli_internal.h"
#include "innernet/log.h"

static void put_value_name(struct buf *b, const struct cli_option *option)
{
    if (option->value_name) {
        buf_printf(b, " <%s>", option->value_name);
        return;
    }
    buf_puts(b, " <");
    for (const char *c = option->name; *c; c++)
        buf_putc(b, (char)(*c == '-' ? '_' : toupper((unsigned char)*c)));
    buf_putc(b, '>');
}

static void option_left(struct buf *b, const struct cli_option *option)
{
    buf_reset(b);
    if (option->short_name)
        buf_printf(b, "-%c, --%s", option->short_name, option->name);
    else
        buf_printf(b, "    --%s", option->name);
    if (cli_option_takes_value(option))
        put_value_name(b, option);
    if (option->kind == CLI_COUNT || option->kind == CLI_LIST)
        buf_puts(b, "...");
}

static void put_choices(struct buf *b, const char *const *choices)
{
    buf_puts(b, " [possible values: ");
    for (size_t i = 0; choices[i]; i++)
        buf_printf(b, "%s%s", i ? ", " : "", choices[i]);
    buf_putc(b, ']');
}

static void option_right(struct buf *b, const struct cli_option *option)
{
    buf_reset(b);
    buf_puts(b, option->help ? option->help : "");
    if (option->default_value)
        buf_printf(b, " [default: %s]", option->default_value);
    if (option->choices)
        put_choices(b, option->choices);
}

static void positional_left(struct buf *b, const struct cli_positional *positional)
{
    buf_reset(b);
    buf_printf(b, positional->required ? "<%s>%s" : "[%s]%s", positional->name,
               positional->repeated ? "..." : "");
}

static void positional_right(struct buf *b, const struct cli_positional *positional)
{
    buf_reset(b);
    buf_puts(b, positional->help ? positional->help : "");
    if (positional->choices)
        put_choices(b, positional->choices);
}

static void command_right(struct buf *b, const struct cli_command *command)
{
    buf_reset(b);
    buf_puts(b, command->summary);
    if (command->alias && !command->alias_hidden)
        buf_printf(b, " [alias: %s]", command->alias);
}

static void put_heading(struct buf *b, const char *text)
{
    buf_putc(b, '\n');
    paint(b, SGR_BOLD, text);
    buf_putc(b, '\n');
}

static void put_commands(struct cli_sheet s, const struct cli_program *program)
{
    CLEAN_BUF struct buf right = BUF_INIT;
    const struct cli_command *command;
    for (size_t i = 0; (command = cli_command_at(program, i)); i++)
        cli_sheet_fit(&s, command->name);
    put_heading(s.b, "Commands:");
    for (size_t i = 0; (command = cli_command_at(program, i)); i++) {
        command_right(&right, command);
        cli_sheet_row(&s, command->name, right.data);
    }
}

static void put_positionals(struct cli_sheet s, const struct cli_command *command)
{
    CLEAN_BUF struct buf left = BUF_INIT;
    CLEAN_BUF struct buf right = BUF_INIT;
    size_t n = cli_positional_count(command);
    for (size_t i = 0; i < n; i++) {
        positional_left(&left, &command->positionals[i]);
        cli_sheet_fit(&s, left.data);
    }
    if (n > 0)
        put_heading(s.b, "Arguments:");
    for (size_t i = 0; i < n; i++) {
        positional_left(&left, &command->positionals[i]);
        positional_right(&right, &command->positionals[i]);
        cli_sheet_row(&s, left.data, right.data);
    }
}

static void put_options(struct cli_sheet s, const struct cli_program *program,
                        const struct cli_command *command)
{
    CLEAN_BUF struct buf left = BUF_INIT;
    CLEAN_BUF struct buf right = BUF_INIT;
    CLEAN_CLI_SCOPE struct cli_scope scope = {0};
    if (cli_scope_init(&scope, program, command) < 0)
        return;
    for (size_t i = 0; i < scope.n; i++) {
        option_left(&left, scope.settings[i].option);
        cli_sheet_fit(&s, left.data);
    }
    put_heading(s.b, command ? "Options:" : "Options, to be given before the command:");
    for (size_t i = 0; i < scope.n; i++) {
        option_left(&left, scope.settings[i].option);
        option_right(&right, scope.settings[i].option);
        cli_sheet_row(&s, left.data, right.data);
    }
}

/* Command lines are not wrapped: they are there to be copied. */
static void put_example(struct buf *b, const char *example)
{
    put_heading(b, "Example:");
    for (const char *line = example; *line;) {
        size_t len = strcspn(line, "\n");
        buf_puts(b, "  ");
        buf_append(b, line, len);
        buf_putc(b, '\n');
        line += len + (line[len] == '\n');
    }
}

void cli_put_usage(struct buf *b, const struct cli_program *program,
                   const struct cli_command *command)
{
    buf_puts(b, program->name);
    if (!command) {
        buf_puts(b, program->default_command ? " [OPTIONS] [COMMAND]" : " [OPTIONS] <COMMAND>");
        return;
    }
    CLEAN_BUF struct buf positional = BUF_INIT;
    buf_printf(b, " %s [OPTIONS]", command->name);
    for (size_t i = 0; i < cli_positional_count(command); i++) {
        positional_left(&positional, &command->positionals[i]);
        buf_printf(b, " %s", positional.data);
    }
}

void cli_put_help(struct buf *b, const struct cli_program *program,
                  const struct cli_command *command, bool with_details, size_t width)
{
    struct cli_sheet s = {.b = b, .width = width};
    bool has_more = command && (command->details || command->example);
    cli_put_wrapped(b, command ? command->summary : program->about, 0, width);
    buf_putc(b, '\n');
    if (has_more && with_details && command->details) {
        buf_putc(b, '\n');
        cli_put_wrapped(b, command->details, 0, width);
        buf_putc(b, '\n');
    }
    buf_putc(b, '\n');
    paint(b, SGR_BOLD, "Usage:");
    buf_putc(b, ' ');
    cli_put_usage(b, program, command);
    buf_putc(b, '\n');
    if (command)
        put_positionals(s, command);
    else
        put_commands(s, program);
    put_options(s, program, command);
    if (has_more && with_details && command->example)
        put_example(b, command->example);
    if (has_more && !with_details)
        buf_puts(b, "\n--help says more and shows an example.\n");
    if (!command)
        buf_printf(b, "\n'%s help COMMAND' explains a command.\n", program->name);
}
