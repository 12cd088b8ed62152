#pragma once
/* Shared between the cli*.c files only: parse state, table walking, text output. */

#include <stdbool.h>
#include <stddef.h>

#include "innernet/buf.h"
#include "innernet/cli.h"

/* What the command line said about one option of a scope. */
struct cli_setting {
    const struct cli_option *option;
    unsigned count;
    const char **values; /* owned array of texts borrowed from argv */
    size_t n_values;
};

/* The options that may stand at one place: before the subcommand, or after it. */
struct cli_scope {
    struct cli_setting *settings;
    size_t n;
};

#define CLEAN_CLI_SCOPE CLEANUP(cli_scope_done)

struct cli_args {
    const struct cli_program *program;
    const struct cli_command *command; /* NULL: the program itself (its help, its usage errors) */
    struct cli_scope global;
    struct cli_scope local;
    const char **positionals;
    size_t n_positionals;
};

enum cli_outcome { CLI_RUN, CLI_HELP_SHORT, CLI_HELP_LONG, CLI_VERSION };

/* cli_table.c: walking the tables, with what the module adds to them. */

extern const struct cli_command cli_builtin_help;
extern const struct cli_command cli_builtin_completions;
/* The table's commands, then those the module adds; NULL after the last. */
const struct cli_command *cli_command_at(const struct cli_program *program, size_t i);
/* By name or alias, NULL if there is none. */
const struct cli_command *cli_command_find(const struct cli_program *program, const char *name);
/* Flattens the option groups of a command (NULL: of the program), --help and --version included.
 * 0 or -ENOMEM. */
int cli_scope_init(struct cli_scope *scope, const struct cli_program *program,
                   const struct cli_command *command);
void cli_scope_done(struct cli_scope *scope);
struct cli_setting *cli_scope_find(const struct cli_scope *scope, const char *name, size_t len);
struct cli_setting *cli_scope_find_short(const struct cli_scope *scope, char short_name);
bool cli_option_takes_value(const struct cli_option *option);
size_t cli_positional_count(const struct cli_command *command);
bool cli_is_help(const struct cli_option *option);
bool cli_is_version(const struct cli_option *option);

/* cli_parse.c: fills `args` (zero but for the program). An enum cli_outcome, or -EINVAL with the
 * reason, or -ENOMEM. args->command is set as soon as it is known, also on failure. */
int cli_parse(struct cli_args *args, int argc, char **argv, struct err *err);
void cli_args_done(struct cli_args *args);

/* cli_suggest.c: the candidate nearest to `text` if it is near enough to be a slip, else NULL. */
const char *cli_suggest_command(const struct cli_program *program, const char *text);
const char *cli_suggest_option(const struct cli_scope *scope, const char *text);

/* cli_layout.c: text for a terminal. */

/* Two columns; the text of the right one is wrapped. Start with `left` zero and fit every row. */
struct cli_sheet {
    struct buf *b;
    size_t width;
    size_t left; /* width of the left column, indentation and gap included */
};

/* Columns of the terminal on stdout: COLUMNS, else what the terminal says, else 80; 40 to 100. */
size_t cli_terminal_width(void);
/* Appends words broken at `width`; the cursor stands at column `indent`, where further lines begin
 * too. Line breaks in the text are kept. */
void cli_put_wrapped(struct buf *b, const char *text, size_t indent, size_t width);
/* Widens the left column for `left`, unless that takes too much room. */
void cli_sheet_fit(struct cli_sheet *s, const char *left);
void cli_sheet_row(const struct cli_sheet *s, const char *left, const char *right);

/* cli_help.c */

/* Appends "innernet fetch [OPTIONS] <INTERFACE>" (`command` NULL: the program). */
void cli_put_usage(struct buf *b, const struct cli_program *program,
                   const struct cli_command *command);
/* Appends the whole help text for a terminal of `width` columns. */
void cli_put_help(struct buf *b, const struct cli_program *program,
                  const struct cli_command *command, bool with_details, size_t width);
