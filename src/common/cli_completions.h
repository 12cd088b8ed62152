#pragma once
/* Shared between the cli_completions*.c files only: one writer per shell. */

#include "cli_internal.h"

/* What may follow at one place. */
enum cli_offer {
    CLI_OFFER_NOTHING, /* free text */
    CLI_OFFER_WORDS,
    CLI_OFFER_FILES,
    CLI_OFFER_DIRS,
    CLI_OFFER_INTERFACES, /* the configurations in the program's config folder */
};

enum cli_offer cli_option_offer(const struct cli_option *option);
/* `command` because the argument of `help` is the name of a command. */
enum cli_offer cli_positional_offer(const struct cli_command *command, size_t i);
/* Appends the fixed values of a positional or option, separated by `separator` and each in `quote`
 * (which may be empty). */
void cli_put_option_words(struct buf *b, const struct cli_option *option, const char *separator,
                          const char *quote);
void cli_put_positional_words(struct buf *b, const struct cli_program *program,
                              const struct cli_command *command, size_t i, const char *separator,
                              const char *quote);
/* Appends the names of all commands, with those aliases that are not hidden. */
void cli_put_command_words(struct buf *b, const struct cli_program *program, const char *separator,
                           const char *quote);
/* Appends -x and --long of the options of a scope, or only of those that take a value. */
void cli_put_scope_words(struct buf *b, const struct cli_scope *scope, bool valued_only,
                         const char *separator, const char *quote);
/* Appends the spellings of one option or one command. */
void cli_put_option_spellings(struct buf *b, const struct cli_option *option, const char *separator,
                              const char *quote);
void cli_put_command_spellings(struct buf *b, const struct cli_command *command,
                               const char *separator, const char *quote);
/* Appends `text` with every character that is in `special` preceded by `escape`. */
void cli_put_escaped(struct buf *b, const char *text, const char *special, const char *escape);
/* Appends the program's name as an identifier. */
void cli_put_identifier(struct buf *b, const struct cli_program *program);
/* The folder whose *.conf are the interfaces, NULL if the program has no option config-dir. */
const char *cli_config_dir(const struct cli_program *program);

void cli_completions_bash(struct buf *b, const struct cli_program *program);
void cli_completions_elvish(struct buf *b, const struct cli_program *program);
void cli_completions_fish(struct buf *b, const struct cli_program *program);
void cli_completions_powershell(struct buf *b, const struct cli_program *program);
void cli_completions_zsh(struct buf *b, const struct cli_program *program);
