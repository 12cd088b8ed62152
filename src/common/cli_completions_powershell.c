#include "cli_completions.h"

static void put_text(struct buf *b, const char *text)
{
    buf_putc(b, '\'');
    cli_put_escaped(b, text && text[0] ? text : " ", "'", "'");
    buf_putc(b, '\'');
}

static void put_candidate(struct buf *b, const char *dashes, const char *name, const char *kind,
                          const char *help)
{
    buf_printf(b,
               "            [System.Management.Automation.CompletionResult]::new('%s%s', '%s%s', "
               "'%s', ",
               dashes, name, dashes, name, kind);
    put_text(b, help);
    buf_puts(b, ")\n");
}

static void put_words(struct buf *b, const char *indent, const char *words)
{
    buf_printf(b,
               "%s%s | ForEach-Object { "
               "[System.Management.Automation.CompletionResult]::new($_) }\n",
               indent, words);
}

/* Where nothing is offered, PowerShell offers files by itself. */
static void put_values(struct buf *b, const struct cli_scope *scope)
{
    buf_puts(b, "            switch -CaseSensitive ($previous) {\n");
    for (size_t i = 0; i < scope->n; i++) {
        const struct cli_option *option = scope->settings[i].option;
        CLEAN_BUF struct buf words = BUF_INIT;
        if (!cli_option_takes_value(option))
            continue;
        buf_puts(b, "                { $_ -cin ");
        cli_put_option_spellings(b, option, ", ", "'");
        buf_puts(b, " } {\n");
        cli_put_option_words(&words, option, ", ", "'");
        if (words.data)
            put_words(b, "                    ", words.data);
        buf_puts(b, "                    return\n                }\n");
    }
    buf_puts(b, "            }\n");
}

static void put_options(struct buf *b, const struct cli_scope *scope)
{
    for (size_t i = 0; i < scope->n; i++) {
        const struct cli_option *option = scope->settings[i].option;
        char short_name[2] = {option->short_name, 0};
        if (option->short_name)
            put_candidate(b, "-", short_name, "ParameterName", option->help);
        put_candidate(b, "--", option->name, "ParameterName", option->help);
    }
}

static void put_positionals(struct buf *b, const struct cli_program *program,
                            const struct cli_command *command)
{
    for (size_t i = 0; i < cli_positional_count(command); i++) {
        CLEAN_BUF struct buf words = BUF_INIT;
        cli_put_positional_words(&words, program, command, i, ", ", "'");
        if (words.data)
            put_words(b, "            ", words.data);
    }
}

static void put_commands(struct buf *b, const struct cli_program *program)
{
    const struct cli_command *command;
    for (size_t i = 0; (command = cli_command_at(program, i)); i++) {
        put_candidate(b, "", command->name, "ParameterValue", command->summary);
        if (command->alias && !command->alias_hidden)
            put_candidate(b, "", command->alias, "ParameterValue", command->summary);
    }
}

static void put_branch(struct buf *b, const struct cli_program *program,
                       const struct cli_command *command)
{
    CLEAN_CLI_SCOPE struct cli_scope scope = {0};
    if (cli_scope_init(&scope, program, command) < 0) {
        b->failed = true;
        return;
    }
    buf_puts(b, "        { $_ -cin ");
    if (command)
        cli_put_command_spellings(b, command, ", ", "'");
    else
        buf_puts(b, "''");
    buf_puts(b, " } {\n");
    put_values(b, &scope);
    if (command)
        put_positionals(b, program, command);
    else
        put_commands(b, program);
    put_options(b, &scope);
    buf_puts(b, "            return\n        }\n");
}

static const char head[] = "    $words = @($commandAst.CommandElements |\n"
                           "        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |\n"
                           "        ForEach-Object { $_.ToString() })\n"
                           "    $previous = if ($words.Count -gt 0) { $words[-1] } else { '' }\n"
                           "    $command = ''\n"
                           "    $skip = $false\n"
                           "    foreach ($word in ($words | Select-Object -Skip 1)) {\n"
                           "        if ($skip) {\n"
                           "            $skip = $false\n"
                           "        } elseif ($globals -ccontains $word) {\n"
                           "            $skip = $true\n"
                           "        } elseif (-not $word.StartsWith('-')) {\n"
                           "            $command = $word\n"
                           "            break\n"
                           "        }\n"
                           "    }\n"
                           "    $candidates = & { switch -CaseSensitive ($command) {\n";

void cli_completions_powershell(struct buf *b, const struct cli_program *program)
{
    CLEAN_CLI_SCOPE struct cli_scope global = {0};
    const struct cli_command *command;
    if (cli_scope_init(&global, program, NULL) < 0) {
        b->failed = true;
        return;
    }
    buf_printf(b,
               "# PowerShell completion for %s\n\n"
               "Register-ArgumentCompleter -Native -CommandName '%s' -ScriptBlock {\n",
               program->name, program->name);
    /* A parameter list has to come first in a script block. */
    buf_puts(b, "    param($wordToComplete, $commandAst, $cursorPosition)\n    $globals = @(");
    cli_put_scope_words(b, &global, true, ", ", "'");
    buf_puts(b, ")\n");
    buf_puts(b, head);
    put_branch(b, program, NULL);
    for (size_t i = 0; (command = cli_command_at(program, i)); i++)
        put_branch(b, program, command);
    buf_puts(b, "    } }\n"
                "    $candidates | Where-Object { $_.CompletionText -clike \"$wordToComplete*\" }\n"
                "}\n");
}
