#pragma once
/* Command lines from one table per program: parsing, help, completions (and later the man page) all
 * come from it. Grammar: spec/client.md 5.1; the server's options are in spec/server.md part 6. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "innernet/err.h"

/* Every command and the program have -h (short) and --help (with details and example), the program
 * also -V and --version; tables do not list them. */

enum cli_kind {
    CLI_FLAG,  /* no value */
    CLI_COUNT, /* repeatable flag, -vv */
    CLI_VALUE, /* one value, at most once */
    CLI_LIST,  /* one value each time, repeatable */
};

/* What completions offer for a value. Values with FILE and DIR may be any bytes, others must be
 * UTF-8. */
enum cli_hint {
    CLI_HINT_NONE,
    CLI_HINT_FILE,
    CLI_HINT_DIR,
    CLI_HINT_INTERFACE, /* what has a .conf in the default of the global option "config-dir" */
};

/* Checks a value's text at parse time: 0, or -EINVAL with the reason only (the parser adds which
 * argument it was). NULL = any text. */
typedef int (*cli_check_fn)(const char *text, struct err *err);

struct cli_option {
    const char *name; /* long name without dashes */
    char short_name;  /* 0 = none */
    enum cli_kind kind;
    const char *value_name; /* as help shows it, e.g. "PATH" */
    const char *help;
    const char *default_value;  /* shown in help and returned by cli_value; NULL = none */
    const char *const *choices; /* NULL-terminated, exact case; NULL = free */
    cli_check_fn check;
    bool allow_empty; /* an empty value is legal (--host-suffix '') */
    enum cli_hint hint;
    const char *conflicts[3]; /* long names; only explicit use counts, either order */
    const char *requires;     /* long name that must be given too, NULL = none */
};

struct cli_positional { /* never empty */
    const char *name;   /* as help shows it, e.g. "INTERFACE" */
    const char *help;
    bool required;
    bool repeated; /* only the last one */
    const char *const *choices;
    cli_check_fn check;
    enum cli_hint hint;
};

struct cli_args;

struct cli_command {
    const char *name;
    const char *alias; /* second name, NULL = none */
    bool alias_hidden; /* not shown in help and not completed */
    const char *summary;
    const char *details;                      /* further paragraphs for --help; NULL = none */
    const char *example;                      /* usage example for --help; NULL = none */
    const struct cli_positional *positionals; /* terminated by name == NULL; NULL = none */
    const struct cli_option *const *options;  /* NULL-terminated list of option arrays, each
                                                 terminated by name == NULL, so that groups are
                                                 shared between commands; NULL = none */
    /* Runs the command; `user` is what cli_main was given. Returns the exit code. */
    int (*run)(const struct cli_args *args, void *user);
    bool any_user; /* runs without root (server: completions, help) */
};

struct cli_program {
    const char *name;
    const char *version;
    const char *about;
    const struct cli_option *global_options; /* terminated by name == NULL */
    const struct cli_command *commands;      /* terminated by name == NULL; `help` and `completions`
                                                are added by the module itself */
    const char *default_command;             /* run when none is given; NULL = usage error */
};

/* What the command line said. Values are borrowed from argv. */
const struct cli_command *cli_args_command(const struct cli_args *args);
/* Positional by index, NULL when not given. */
const char *cli_positional(const struct cli_args *args, size_t index);
/* The value of an option of the subcommand; its default when not given; NULL without default. The
 * name must be in the table (programming error otherwise: abort). */
const char *cli_value(const struct cli_args *args, const char *option);
bool cli_given(const struct cli_args *args, const char *option); /* flags, or "was it explicit" */
unsigned cli_count(const struct cli_args *args, const char *option);
size_t cli_list(const struct cli_args *args, const char *option, const char *const **ret);
/* The same four for global options. */
const char *cli_global_value(const struct cli_args *args, const char *option);
bool cli_global_given(const struct cli_args *args, const char *option);
unsigned cli_global_count(const struct cli_args *args, const char *option);

/* Checks for tables; each gives the reason. */
int cli_check_hostname(const char *text, struct err *err);
int cli_check_interface(const char *text, struct err *err);
int cli_check_ip(const char *text, struct err *err);
int cli_check_network(const char *text, struct err *err);
int cli_check_endpoint(const char *text, struct err *err);
int cli_check_u16(const char *text, struct err *err);
int cli_check_u32(const char *text, struct err *err);
int cli_check_u64(const char *text, struct err *err);
int cli_check_timestring(const char *text, struct err *err);
/* Decimal, optional '+', range checked; for texts that passed the check (aborts otherwise). */
uint64_t cli_u64(const char *text);

/* Parses argv and runs the command. Help and version go to stdout, exit 0; usage errors go to
 * stderr and start with "error: ", name argument and reason, usage line and a pointer to --help,
 * exit 2. `before_run` (nullable) is called after a successful parse and before the command: a
 * value other than 0 is returned as exit code instead (the server's root check, the client's
 * logging set-up). */
int cli_main(const struct cli_program *program, int argc, char **argv,
             int (*before_run)(const struct cli_args *args, void *user), void *user);

/* A completion script for bash, elvish, fish, powershell or zsh; -EINVAL for another shell. */
int cli_completions(const struct cli_program *program, const char *shell, FILE *out);
extern const char *const cli_shells[]; /* NULL-terminated */
