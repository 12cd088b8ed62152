#include "cli_completions.h"

static void put_text(struct buf *b, const char *text)
{
    buf_putc(b, '\'');
    cli_put_escaped(b, text, "'", "'");
    buf_putc(b, '\'');
}

static void put_function(struct buf *b, enum cli_offer offer, const char *words)
{
    if (offer == CLI_OFFER_WORDS)
        buf_printf(b, "{ put %s }", words);
    else if (offer == CLI_OFFER_FILES || offer == CLI_OFFER_DIRS)
        buf_puts(b, "$files~");
    else
        buf_puts(b, "$nothing~");
}

/* "&'--interval'=$nothing~" for each spelling of each option with a value. */
static void put_values(struct buf *b, const struct cli_scope *scope)
{
    bool any = false;
    buf_putc(b, '[');
    for (size_t i = 0; i < scope->n; i++) {
        const struct cli_option *option = scope->settings[i].option;
        CLEAN_BUF struct buf words = BUF_INIT;
        if (!cli_option_takes_value(option))
            continue;
        cli_put_option_words(&words, option, " ", "'");
        if (option->short_name) {
            buf_printf(b, "&'-%c'=", option->short_name);
            put_function(b, cli_option_offer(option), words.data ? words.data : "");
            buf_putc(b, ' ');
        }
        buf_printf(b, "&'--%s'=", option->name);
        put_function(b, cli_option_offer(option), words.data ? words.data : "");
        buf_putc(b, ' ');
        any = true;
    }
    buf_puts(b, any ? "]\n" : "&]\n"); /* "[]" would be a list */
}

static void put_candidate(struct buf *b, const char *dashes, const char *name, const char *help)
{
    buf_printf(b, "      offer '%s%s' ", dashes, name);
    put_text(b, help);
    buf_putc(b, '\n');
}

static void put_option_candidates(struct buf *b, const struct cli_scope *scope)
{
    for (size_t i = 0; i < scope->n; i++) {
        const struct cli_option *option = scope->settings[i].option;
        char short_name[2] = {option->short_name, 0};
        if (option->short_name)
            put_candidate(b, "-", short_name, option->help);
        put_candidate(b, "--", option->name, option->help);
    }
}

static void put_positionals(struct buf *b, const struct cli_program *program,
                            const struct cli_command *command)
{
    for (size_t i = 0; i < cli_positional_count(command); i++) {
        enum cli_offer offer = cli_positional_offer(command, i);
        if (offer == CLI_OFFER_WORDS) {
            buf_puts(b, "      put ");
            cli_put_positional_words(b, program, command, i, " ", "'");
            buf_putc(b, '\n');
        } else if (offer == CLI_OFFER_FILES || offer == CLI_OFFER_DIRS) {
            buf_puts(b, "      files\n");
        }
    }
}

static void put_commands(struct buf *b, const struct cli_program *program)
{
    const struct cli_command *command;
    for (size_t i = 0; (command = cli_command_at(program, i)); i++) {
        put_candidate(b, "", command->name, command->summary);
        if (command->alias && !command->alias_hidden)
            put_candidate(b, "", command->alias, command->summary);
    }
}

/* One entry of both maps for each spelling of a command (NULL: the program). */
static void put_entries(struct buf *b, const struct cli_program *program,
                        const struct cli_command *command, const char *name, bool values)
{
    CLEAN_CLI_SCOPE struct cli_scope scope = {0};
    if (cli_scope_init(&scope, program, command) < 0) {
        b->failed = true;
        return;
    }
    buf_printf(b, "    &'%s'=", name);
    if (values) {
        put_values(b, &scope);
        return;
    }
    buf_puts(b, "{\n");
    if (command)
        put_positionals(b, program, command);
    else
        put_commands(b, program);
    put_option_candidates(b, &scope);
    buf_puts(b, "    }\n");
}

static void put_map(struct buf *b, const struct cli_program *program, const char *name, bool values)
{
    const struct cli_command *command;
    buf_printf(b, "  var %s = [\n", name);
    put_entries(b, program, NULL, "", values);
    for (size_t i = 0; (command = cli_command_at(program, i)); i++) {
        put_entries(b, program, command, command->name, values);
        if (command->alias && !command->alias_hidden)
            put_entries(b, program, command, command->alias, values);
    }
    buf_puts(b, "  ]\n");
}

static const char head[] = "  fn offer {|text help| edit:complex-candidate $text "
                           "&display=$text'  ('$help')' }\n"
                           "  fn files { edit:complete-filename $words[-1] }\n"
                           "  fn nothing { nop }\n";

static const char tail[] = "  var command = ''\n"
                           "  var skip = $false\n"
                           "  for word $words[1..-1] {\n"
                           "    if $skip {\n"
                           "      set skip = $false\n"
                           "    } elif (has-key $values[''] $word) {\n"
                           "      set skip = $true\n"
                           "    } elif (not (str:has-prefix $word '-')) {\n"
                           "      set command = $word\n"
                           "      break\n"
                           "    }\n"
                           "  }\n"
                           "  if (not (has-key $values $command)) {\n"
                           "    return\n"
                           "  }\n"
                           "  if (has-key $values[$command] $words[-2]) {\n"
                           "    $values[$command][$words[-2]]\n"
                           "  } else {\n"
                           "    $candidates[$command]\n"
                           "  }\n"
                           "}\n";

void cli_completions_elvish(struct buf *b, const struct cli_program *program)
{
    buf_printf(b,
               "# elvish completion for %s\n\nuse str\n\n"
               "set edit:completion:arg-completer['%s'] = {|@words|\n",
               program->name, program->name);
    buf_puts(b, head);
    put_map(b, program, "values", true);
    put_map(b, program, "candidates", false);
    buf_puts(b, tail);
}
