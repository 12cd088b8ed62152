#include "cli_completions.h"

static const char functions[] = "function __%1$s_command\n"
                                "    set -l words (commandline -opc)\n"
                                "    set -l skip 0\n"
                                "    for word in $words[2..-1]\n"
                                "        if test $skip = 1\n"
                                "            set skip 0\n"
                                "        else if contains -- $word %2$s\n"
                                "            set skip 1\n"
                                "        else if not string match -q -- '-*' $word\n"
                                "            echo $word\n"
                                "            return 0\n"
                                "        end\n"
                                "    end\n"
                                "    return 1\n"
                                "end\n\n"
                                "function __%1$s_using\n"
                                "    set -l command (__%1$s_command)\n"
                                "    and contains -- $command $argv\n"
                                "end\n\n"
                                "function __%1$s_interfaces\n"
                                "    for file in %3$s/*.conf\n"
                                "        string replace -r '.*/(.*)\\.conf$' '$1' -- $file\n"
                                "    end\n"
                                "end\n\n";

struct fish {
    struct buf *b;
    const struct cli_program *program;
    const char *identifier;
};

static void put_text(struct buf *b, const char *text)
{
    buf_putc(b, '\'');
    cli_put_escaped(b, text, "'\\", "\\");
    buf_putc(b, '\'');
}

/* "complete -c innernet -n <condition>", the condition being that `command` (NULL: none) was given.
 */
static void put_start(const struct fish *f, const struct cli_command *command)
{
    buf_printf(f->b, "complete -c %s -n ", f->program->name);
    if (!command) {
        buf_printf(f->b, "'not __%s_command >/dev/null'", f->identifier);
        return;
    }
    buf_printf(f->b, "'__%s_using ", f->identifier);
    cli_put_command_spellings(f->b, command, " ", "");
    buf_putc(f->b, '\'');
}

static void put_offer(const struct fish *f, enum cli_offer offer, const char *words)
{
    switch (offer) {
    case CLI_OFFER_NOTHING:
        buf_puts(f->b, " -f");
        break;
    case CLI_OFFER_WORDS:
        buf_printf(f->b, " -f -a '%s'", words);
        break;
    case CLI_OFFER_FILES:
        buf_puts(f->b, " -F");
        break;
    case CLI_OFFER_DIRS:
        buf_puts(f->b, " -f -a '(__fish_complete_directories)'");
        break;
    case CLI_OFFER_INTERFACES:
        buf_printf(f->b, " -f -a '(__%s_interfaces)'", f->identifier);
        break;
    }
}

static void put_options(const struct fish *f, const struct cli_command *command)
{
    CLEAN_CLI_SCOPE struct cli_scope scope = {0};
    if (cli_scope_init(&scope, f->program, command) < 0) {
        f->b->failed = true;
        return;
    }
    for (size_t i = 0; i < scope.n; i++) {
        const struct cli_option *option = scope.settings[i].option;
        CLEAN_BUF struct buf words = BUF_INIT;
        cli_put_option_words(&words, option, " ", "");
        put_start(f, command);
        if (option->short_name)
            buf_printf(f->b, " -s %c", option->short_name);
        buf_printf(f->b, " -l %s", option->name);
        if (cli_option_takes_value(option)) {
            buf_puts(f->b, " -r");
            put_offer(f, cli_option_offer(option), words.data ? words.data : "");
        }
        buf_puts(f->b, " -d ");
        put_text(f->b, option->help);
        buf_putc(f->b, '\n');
    }
}

static void put_positionals(const struct fish *f, const struct cli_command *command)
{
    for (size_t i = 0; i < cli_positional_count(command); i++) {
        CLEAN_BUF struct buf words = BUF_INIT;
        enum cli_offer offer = cli_positional_offer(command, i);
        cli_put_positional_words(&words, f->program, command, i, " ", "");
        if (offer == CLI_OFFER_NOTHING)
            continue;
        put_start(f, command);
        put_offer(f, offer, words.data ? words.data : "");
        buf_putc(f->b, '\n');
    }
}

void cli_completions_fish(struct buf *b, const struct cli_program *program)
{
    CLEAN_BUF struct buf identifier = BUF_INIT;
    CLEAN_BUF struct buf valued = BUF_INIT;
    CLEAN_CLI_SCOPE struct cli_scope global = {0};
    const struct cli_command *command;
    const char *dir = cli_config_dir(program);
    if (cli_scope_init(&global, program, NULL) < 0) {
        b->failed = true;
        return;
    }
    cli_put_identifier(&identifier, program);
    cli_put_scope_words(&valued, &global, true, " ", "");
    struct fish f = {.b = b, .program = program, .identifier = identifier.data};
    buf_printf(b, "# fish completion for %s\n\n", program->name);
    buf_printf(b, functions, identifier.data, valued.data ? valued.data : "",
               dir ? dir : "/nonexistent");
    buf_printf(b, "complete -c %s -f\n", program->name);
    put_options(&f, NULL);
    for (size_t i = 0; (command = cli_command_at(program, i)); i++) {
        put_start(&f, NULL);
        buf_puts(b, " -a '");
        cli_put_command_spellings(b, command, " ", "");
        buf_puts(b, "' -d ");
        put_text(b, command->summary);
        buf_putc(b, '\n');
    }
    for (size_t i = 0; (command = cli_command_at(program, i)); i++) {
        put_options(&f, command);
        put_positionals(&f, command);
    }
}
