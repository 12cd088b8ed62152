#pragma once
/* What commands need to know: from the command line, or else from a person (prompt.h). Source:
 * spec/client.md part 6, spec/server.md part 6. */

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "innernet/cli.h"
#include "innernet/prompt.h"
#include "innernet/util.h"

/* The value of the command's option of that name, or else what is typed (prompt_input); caller
 * frees *ret. */
int ask_text(const struct cli_args *args, const char *option, const char *question, const char *def,
             cli_check_fn check, char **ret, struct err *err);

/* The final question, default no; --yes answers it. `format` and `list` make the question. */
int ask_consent(const struct cli_args *args, bool stdin_optional, bool *ret, struct err *err,
                const char *format, va_list list) __attribute__((format(printf, 5, 0)));

/* A menu of some elements of an array. */
struct menu {
    char **items; /* owned */
    size_t *index;
    size_t n;
};

/* Adds an item for the element at `index`. 0 or -ENOMEM. */
int menu_add(struct menu *m, size_t index, const char *format, ...) PRINTF_LIKE(3, 4);
void menu_done(struct menu *m);
#define CLEAN_MENU CLEANUP(menu_done)
/* *ret is the index that the chosen item was added with. `option` says how to answer on the command
 * line. -ENOENT for an empty menu. */
int menu_select(const struct menu *m, const char *question, const char *option, size_t *ret,
                struct err *err);
