#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli_internal.h"
#include "innernet/log.h"

static int usage_error(const struct cli_args *args, const struct err *err)
{
    const char *name = args->program->name;
    CLEAN_BUF struct buf b = BUF_INIT;
    buf_printf(&b, "error: %s\n", err->text);
    if (err->code == -EINVAL) {
        buf_puts(&b, "\nUsage: ");
        cli_put_usage(&b, args->program, args->command);
        buf_printf(&b, "\nSee '%s%s%s --help'.\n", name, args->command ? " " : "",
                   args->command ? args->command->name : "");
    }
    if (b.data)
        fwrite(b.data, 1, b.len, stderr);
    return err->code == -EINVAL ? 2 : 1;
}

/* A reader that went away (head, less) is no error worth words. */
static int write_stdout(const struct buf *b)
{
    errno = b->failed ? ENOMEM : 0;
    if (!b->failed && fwrite(b->data, 1, b->len, stdout) == b->len && fflush(stdout) == 0)
        return 0;
    if (errno != EPIPE)
        fprintf(stderr, "error: cannot write to stdout - %s\n", strerror(errno));
    return 1;
}

static int print_help(const struct cli_args *args, bool with_details)
{
    CLEAN_BUF struct buf b = BUF_INIT;
    cli_put_help(&b, args->program, args->command, with_details, cli_terminal_width());
    return write_stdout(&b);
}

static int print_version(const struct cli_program *program)
{
    CLEAN_BUF struct buf b = BUF_INIT;
    buf_printf(&b, "%s %s\n", program->name, program->version);
    return write_stdout(&b);
}

int cli_main(const struct cli_program *program, int argc, char **argv,
             int (*before_run)(const struct cli_args *args, void *user), void *user)
{
    struct cli_args args = {.program = program};
    struct err err = ERR_INIT;
    int code;
    switch (cli_parse(&args, argc, argv, &err)) {
    case CLI_RUN:
        code = before_run ? before_run(&args, user) : 0;
        if (code == 0)
            code = args.command->run(&args, user);
        break;
    case CLI_HELP_SHORT:
        code = print_help(&args, false);
        break;
    case CLI_HELP_LONG:
        code = print_help(&args, true);
        break;
    case CLI_VERSION:
        code = print_version(program);
        break;
    default:
        code = usage_error(&args, &err);
    }
    cli_args_done(&args);
    return code;
}
