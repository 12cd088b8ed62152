#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli_internal.h"
#include "innernet/log.h"
#include "innernet/name.h"

#define SHOWN_MAX 128 /* of an argument in a message */

struct parser {
    struct cli_args *args;
    char *const *argv; /* NULL-terminated, what is not read yet */
    struct err *err;
};

/* One place where a value is given: which option, and how the user wrote it. */
struct slot {
    const char *label; /* "option '--mtu'", "argument <INTERFACE>" */
    const char *const *choices;
    cli_check_fn check;
    bool allow_empty;
    bool is_path;
};

static int check_choice(const char *const *choices, const char *text, struct err *err)
{
    CLEAN_BUF struct buf list = BUF_INIT;
    for (size_t i = 0; choices[i]; i++) {
        if (strcmp(choices[i], text) == 0)
            return 0;
        buf_printf(&list, "%s%s", i ? ", " : "", choices[i]);
    }
    return err_set(err, -EINVAL, "must be one of: %s", list.data ? list.data : "");
}

static int check_value(const struct slot *slot, const char *text, struct err *err)
{
    char shown[SHOWN_MAX];
    struct err reason = ERR_INIT;
    int r = 0;
    if (!text[0] && !slot->allow_empty)
        return err_set(err, -EINVAL, "%s must not be empty", slot->label);
    if (!slot->is_path && !utf8_is_valid(text, strlen(text)))
        return err_set(err, -EINVAL, "the value of %s is not valid UTF-8", slot->label);
    if (slot->choices)
        r = check_choice(slot->choices, text, &reason);
    else if (slot->check)
        r = slot->check(text, &reason);
    if (r < 0)
        return err_set(err, -EINVAL, "invalid value '%s' for %s: %s",
                       log_safe(text, shown, sizeof(shown)), slot->label, reason.text);
    return 0;
}

static int append_text(const char ***list, size_t *n, const char *text, struct err *err)
{
    const char **grown = reallocarray(*list, *n + 1, sizeof(**list));
    if (!grown)
        return err_set(err, -ENOMEM, "out of memory");
    *list = grown;
    grown[(*n)++] = text;
    return 0;
}

static int note_use(struct parser *p, struct cli_setting *s)
{
    bool repeatable = s->option->kind == CLI_COUNT || s->option->kind == CLI_LIST;
    if (s->count > 0 && !repeatable)
        return err_set(p->err, -EINVAL, "option '--%s' may be given only once", s->option->name);
    s->count++;
    return 0;
}

/* `attached` is the text after '=' or glued to a short option, NULL when there is none. */
static int take_value(struct parser *p, struct cli_setting *s, const char *attached)
{
    const struct cli_option *option = s->option;
    char label[SHOWN_MAX];
    snprintf(label, sizeof(label), "option '--%s'", option->name);
    const char *text = attached;
    if (!text) {
        const char *next = *p->argv;
        if (!next)
            return err_set(p->err, -EINVAL, "%s needs a value", label);
        if (next[0] == '-' && next[1])
            return err_set(p->err, -EINVAL,
                           "%s needs a value; one that starts with '-' is written '--%s=VALUE'",
                           label, option->name);
        text = next;
        p->argv++;
    }
    struct slot slot = {
        .label = label,
        .choices = option->choices,
        .check = option->check,
        .allow_empty = option->allow_empty,
        .is_path = option->hint == CLI_HINT_FILE || option->hint == CLI_HINT_DIR,
    };
    int r = note_use(p, s);
    if (r == 0)
        r = check_value(&slot, text, p->err);
    return r < 0 ? r : append_text(&s->values, &s->n_values, text, p->err);
}

/* `text` has the dashes and no value. */
static int unknown_option(struct parser *p, const struct cli_scope *scope, const char *text)
{
    char shown[SHOWN_MAX];
    bool is_long = text[1] == '-';
    const char *tip = is_long ? cli_suggest_option(scope, text + 2) : NULL;
    const struct cli_scope *global = &p->args->global;
    log_safe(text, shown, sizeof(shown));
    if (tip)
        return err_set(p->err, -EINVAL, "unknown option '%s'; did you mean '--%s'?", shown, tip);
    if (scope != global && (is_long ? cli_scope_find(global, text + 2, strlen(text + 2))
                                    : cli_scope_find_short(global, text[1])))
        return err_set(p->err, -EINVAL, "option '%s' must stand before the command", shown);
    return err_set(p->err, -EINVAL, "unknown option '%s'", shown);
}

/* "--name" or "--name=value". An outcome or an error. */
static int parse_long(struct parser *p, const struct cli_scope *scope, const char *arg)
{
    const char *name = arg + 2;
    size_t len = strcspn(name, "=");
    const char *attached = name[len] == '=' ? name + len + 1 : NULL;
    struct cli_setting *s = cli_scope_find(scope, name, len);
    if (!s) {
        CLEAN_FREE char *text = strndup(arg, len + 2);
        return text ? unknown_option(p, scope, text) : err_set(p->err, -ENOMEM, "out of memory");
    }
    if (cli_option_takes_value(s->option))
        return take_value(p, s, attached);
    if (attached)
        return err_set(p->err, -EINVAL, "option '--%s' takes no value", s->option->name);
    if (cli_is_help(s->option))
        return CLI_HELP_LONG;
    if (cli_is_version(s->option))
        return CLI_VERSION;
    return note_use(p, s);
}

/* "-abc", "-oVALUE", "-o=VALUE". An outcome or an error. */
static int parse_shorts(struct parser *p, const struct cli_scope *scope, const char *arg)
{
    for (const char *c = arg + 1; *c; c++) {
        struct cli_setting *s = cli_scope_find_short(scope, *c);
        if (!s) {
            char text[8] = {'-', *c};
            for (size_t i = 1; i < 4 && ((unsigned char)c[i] & 0xc0) == 0x80; i++)
                text[i + 1] = c[i];
            return unknown_option(p, scope, text);
        }
        const char *rest = c[1] ? c + 1 : NULL;
        if (cli_option_takes_value(s->option))
            return take_value(p, s, rest && rest[0] == '=' ? rest + 1 : rest);
        if (rest && rest[0] == '=')
            return err_set(p->err, -EINVAL, "option '-%c' takes no value", *c);
        if (cli_is_help(s->option))
            return CLI_HELP_SHORT;
        if (cli_is_version(s->option))
            return CLI_VERSION;
        int r = note_use(p, s);
        if (r < 0)
            return r;
    }
    return CLI_RUN;
}

static bool is_option(const char *arg)
{
    return arg[0] == '-' && arg[1];
}

static int parse_option(struct parser *p, const struct cli_scope *scope, const char *arg)
{
    return arg[1] == '-' ? parse_long(p, scope, arg) : parse_shorts(p, scope, arg);
}

static int take_positional(struct parser *p, const char *text)
{
    struct cli_args *args = p->args;
    size_t n = cli_positional_count(args->command);
    size_t at = args->n_positionals;
    char shown[SHOWN_MAX], label[SHOWN_MAX];
    if (at >= n && n > 0 && args->command->positionals[n - 1].repeated)
        at = n - 1;
    if (at >= n)
        return err_set(p->err, -EINVAL, "unexpected argument '%s'",
                       log_safe(text, shown, sizeof(shown)));
    const struct cli_positional *positional = &args->command->positionals[at];
    snprintf(label, sizeof(label), "argument <%s>", positional->name);
    struct slot slot = {
        .label = label,
        .choices = positional->choices,
        .check = positional->check,
        .is_path = positional->hint == CLI_HINT_FILE || positional->hint == CLI_HINT_DIR,
    };
    int r = check_value(&slot, text, p->err);
    return r < 0 ? r : append_text(&args->positionals, &args->n_positionals, text, p->err);
}

static int check_relations(const struct cli_scope *scope, struct err *err)
{
    for (size_t i = 0; i < scope->n; i++) {
        const struct cli_option *option = scope->settings[i].option;
        if (scope->settings[i].count == 0)
            continue;
        for (size_t j = 0; j < ARRAY_SIZE(option->conflicts) && option->conflicts[j]; j++) {
            const char *name = option->conflicts[j];
            const struct cli_setting *other = cli_scope_find(scope, name, strlen(name));
            if (other && other->count > 0)
                return err_set(err, -EINVAL, "options '--%s' and '--%s' cannot be used together",
                               option->name, name);
        }
        if (option->requires) {
            const struct cli_setting *other =
                cli_scope_find(scope, option->requires, strlen(option->requires));
            if (!other || other->count == 0)
                return err_set(err, -EINVAL, "option '--%s' can only be used with '--%s'",
                               option->name, option->requires);
        }
    }
    return 0;
}

static int check_positionals_given(const struct cli_args *args, struct err *err)
{
    for (size_t i = args->n_positionals; i < cli_positional_count(args->command); i++)
        if (args->command->positionals[i].required)
            return err_set(err, -EINVAL, "argument <%s> is missing",
                           args->command->positionals[i].name);
    return 0;
}

static int find_command(struct parser *p, const char *name, const struct cli_command **ret)
{
    char shown[SHOWN_MAX];
    const struct cli_program *program = p->args->program;
    *ret = cli_command_find(program, name);
    if (*ret)
        return 0;
    log_safe(name, shown, sizeof(shown));
    const char *tip = cli_suggest_command(program, name);
    if (tip)
        return err_set(p->err, -EINVAL, "unknown command '%s'; did you mean '%s'?", shown, tip);
    return err_set(p->err, -EINVAL, "unknown command '%s'", shown);
}

/* Options before the command and the command's name; leaves args->command NULL when none is named.
 */
static int parse_globals(struct parser *p)
{
    struct cli_args *args = p->args;
    bool ended = false;
    int r;
    for (const char *arg; (arg = *p->argv);) {
        p->argv++;
        if (ended)
            return err_set(p->err, -EINVAL, "a command cannot stand after '--'");
        if (strcmp(arg, "--") == 0)
            ended = true;
        else if (!is_option(arg))
            return find_command(p, arg, &args->command);
        else if ((r = parse_option(p, &args->global, arg)) != CLI_RUN)
            return r;
    }
    return CLI_RUN;
}

static int parse_locals(struct parser *p)
{
    struct cli_args *args = p->args;
    bool ended = false;
    for (const char *arg; (arg = *p->argv);) {
        p->argv++;
        int r = CLI_RUN;
        if (!ended && strcmp(arg, "--") == 0)
            ended = true;
        else if (!ended && is_option(arg))
            r = parse_option(p, &args->local, arg);
        else
            r = take_positional(p, arg);
        if (r != CLI_RUN)
            return r;
    }
    int r = check_relations(&args->local, p->err);
    return r < 0 ? r : check_positionals_given(args, p->err);
}

/* "help fetch" is "fetch --help". */
static int resolve_help(struct parser *p)
{
    const struct cli_command *target = NULL;
    const char *name = cli_positional(p->args, 0);
    int r = name ? find_command(p, name, &target) : 0;
    if (r < 0)
        return r;
    p->args->command = target;
    return CLI_HELP_LONG;
}

static int parse_command(struct parser *p)
{
    struct cli_args *args = p->args;
    if (!args->command && !args->program->default_command)
        return err_set(p->err, -EINVAL, "a command is missing");
    if (!args->command)
        args->command = cli_command_find(args->program, args->program->default_command);
    if (cli_scope_init(&args->local, args->program, args->command) < 0)
        return err_set(p->err, -ENOMEM, "out of memory");
    int r = parse_locals(p);
    return r == CLI_RUN && args->command == &cli_builtin_help ? resolve_help(p) : r;
}

int cli_parse(struct cli_args *args, int argc, char **argv, struct err *err)
{
    struct parser p = {.args = args, .argv = argv + (argc > 0), .err = err};
    if (cli_scope_init(&args->global, args->program, NULL) < 0)
        return err_set(err, -ENOMEM, "out of memory");
    int r = parse_globals(&p);
    if (r != CLI_RUN)
        return r;
    r = check_relations(&args->global, err);
    return r < 0 ? r : parse_command(&p);
}

void cli_args_done(struct cli_args *args)
{
    cli_scope_done(&args->global);
    cli_scope_done(&args->local);
    free(args->positionals);
    args->positionals = NULL;
}
