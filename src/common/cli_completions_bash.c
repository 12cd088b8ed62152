#include "cli_completions.h"

/* How the script names what may follow. */
static void put_kind(struct buf *b, enum cli_offer offer)
{
    static const char *const kinds[] = {
        [CLI_OFFER_NOTHING] = "nothing",       [CLI_OFFER_WORDS] = "words ",
        [CLI_OFFER_FILES] = "files",           [CLI_OFFER_DIRS] = "dirs",
        [CLI_OFFER_INTERFACES] = "interfaces",
    };
    buf_puts(b, kinds[offer]);
}

static void put_values(struct buf *b, const struct cli_scope *scope)
{
    buf_puts(b, "        case $prev in\n");
    for (size_t i = 0; i < scope->n; i++) {
        const struct cli_option *option = scope->settings[i].option;
        if (!cli_option_takes_value(option))
            continue;
        buf_puts(b, "        ");
        cli_put_option_spellings(b, option, " | ", "");
        buf_puts(b, ") kind='");
        put_kind(b, cli_option_offer(option));
        cli_put_option_words(b, option, " ", "");
        buf_puts(b, "' ;;\n");
    }
    buf_puts(b, "        esac\n");
}

static void put_places(struct buf *b, const struct cli_program *program,
                       const struct cli_command *command)
{
    size_t n = cli_positional_count(command);
    buf_puts(b, "        places=(");
    for (size_t i = 0; i < n; i++) {
        buf_puts(b, i ? " '" : "'");
        put_kind(b, cli_positional_offer(command, i));
        cli_put_positional_words(b, program, command, i, " ", "");
        buf_putc(b, '\'');
    }
    buf_puts(b, ")\n");
    if (n > 0 && command->positionals[n - 1].repeated)
        buf_puts(b, "        repeated=1\n");
}

/* One branch of the script: what belongs to a command, or (NULL) to the program. */
static void put_branch(struct buf *b, const struct cli_program *program,
                       const struct cli_command *command)
{
    CLEAN_CLI_SCOPE struct cli_scope scope = {0};
    if (cli_scope_init(&scope, program, command) < 0) {
        b->failed = true;
        return;
    }
    buf_puts(b, "    ");
    if (command)
        cli_put_command_spellings(b, command, " | ", "");
    else
        buf_puts(b, "''");
    buf_puts(b, ")\n        options='");
    cli_put_scope_words(b, &scope, false, " ", "");
    buf_puts(b, "'\n        valued=' ");
    cli_put_scope_words(b, &scope, true, " ", "");
    buf_puts(b, " '\n");
    put_values(b, &scope);
    if (command) {
        put_places(b, program, command);
    } else {
        buf_puts(b, "        places=('words ");
        cli_put_command_words(b, program, " ", "");
        buf_puts(b, "')\n");
    }
    buf_puts(b, "        ;;\n");
}

/* Bash splits words at "=" too. */
static const char head[] =
    "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
    "    local command= options= valued= kind= repeated= n=0 i word\n"
    "    local -a places=()\n"
    "    COMPREPLY=()\n"
    "    if [[ $cur == = ]]; then\n"
    "        cur=\n"
    "    elif [[ $prev == = ]]; then\n"
    "        prev=${COMP_WORDS[COMP_CWORD - 2]}\n"
    "    fi\n"
    "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "        word=${COMP_WORDS[i]}\n"
    "        if [[ $globals == *\" $word \"* ]]; then\n"
    "            [[ ${COMP_WORDS[i + 1]} == = ]] && ((i++))\n"
    "            ((i++))\n"
    "            [[ $word == -c || $word == --config-dir ]] && dir=${COMP_WORDS[i]}\n"
    "        elif [[ $word != -* ]]; then\n"
    "            command=$word\n"
    "            break\n"
    "        fi\n"
    "    done\n"
    "    case $command in\n";

static const char tail[] =
    "    *) return ;;\n"
    "    esac\n"
    "    for ((i++; i < COMP_CWORD; i++)); do\n"
    "        word=${COMP_WORDS[i]}\n"
    "        if [[ $valued == *\" $word \"* ]]; then\n"
    "            [[ ${COMP_WORDS[i + 1]} == = ]] && ((i++))\n"
    "            ((i++))\n"
    "        elif [[ $word != -* ]]; then\n"
    "            ((n++))\n"
    "        fi\n"
    "    done\n"
    "    [[ $repeated ]] && ((n >= ${#places[@]})) && n=$((${#places[@]} - 1))\n"
    "    if [[ $cur == -* && ! $kind ]]; then\n"
    "        kind=\"words $options\"\n"
    "    elif [[ ! $kind ]]; then\n"
    "        kind=${places[n]-}\n"
    "    fi\n"
    "    case $kind in\n"
    "    words*) mapfile -t COMPREPLY < <(compgen -W \"${kind#words }\" -- \"$cur\") ;;\n"
    "    files)\n"
    "        mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
    "        compopt -o filenames 2>/dev/null\n"
    "        ;;\n"
    "    dirs)\n"
    "        mapfile -t COMPREPLY < <(compgen -d -- \"$cur\")\n"
    "        compopt -o filenames 2>/dev/null\n"
    "        ;;\n"
    "    interfaces)\n"
    "        for word in \"$dir\"/*.conf; do\n"
    "            word=${word##*/}\n"
    "            word=${word%.conf}\n"
    "            [[ $word != '*' && $word == \"$cur\"* ]] && COMPREPLY+=(\"$word\")\n"
    "        done\n"
    "        ;;\n"
    "    esac\n"
    "    return 0\n"
    "}\n";

void cli_completions_bash(struct buf *b, const struct cli_program *program)
{
    CLEAN_CLI_SCOPE struct cli_scope global = {0};
    const struct cli_command *command;
    const char *dir = cli_config_dir(program);
    if (cli_scope_init(&global, program, NULL) < 0) {
        b->failed = true;
        return;
    }
    buf_printf(b, "# bash completion for %s\n\n_", program->name);
    cli_put_identifier(b, program);
    buf_puts(b, "_complete()\n{\n    local dir='");
    cli_put_escaped(b, dir ? dir : "/nonexistent", "'", "'\\'");
    buf_puts(b, "' globals=' ");
    cli_put_scope_words(b, &global, true, " ", "");
    buf_puts(b, " '\n");
    buf_puts(b, head);
    put_branch(b, program, NULL);
    for (size_t i = 0; (command = cli_command_at(program, i)); i++)
        put_branch(b, program, command);
    buf_puts(b, tail);
    buf_puts(b, "\ncomplete -F _");
    cli_put_identifier(b, program);
    buf_printf(b, "_complete %s\n", program->name);
}
