#include <errno.h>

#include "cli_internal.h"

int cli_completions(const struct cli_program *program, const char *shell, FILE *out)
{
    (void)program;
    (void)shell;
    (void)out;
    return -EINVAL;
}
