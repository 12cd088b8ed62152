#include "innernet/ask.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int ask_text(const struct cli_args *args, const char *option, const char *question, const char *def,
             cli_check_fn check, char **ret, struct err *err)
{
    char hint[64];
    const char *given = cli_value(args, option);
    if (given) {
        *ret = strdup(given);
        return *ret ? 0 : err_set(err, -ENOMEM, "out of memory");
    }
    snprintf(hint, sizeof(hint), "--%s", option);
    return prompt_input(&(struct prompt){.question = question, .option = hint}, def, NULL, check,
                        ret, err);
}

int ask_consent(const struct cli_args *args, bool stdin_optional, bool *ret, struct err *err,
                const char *format, va_list list)
{
    CLEAN_FREE char *question = NULL;
    if (cli_given(args, "yes")) {
        *ret = true;
        return 0;
    }
    if (vasprintf(&question, format, list) < 0) {
        question = NULL;
        return err_set(err, -ENOMEM, "out of memory");
    }
    return prompt_confirm(
        &(struct prompt){.question = question, .option = "--yes", .stdin_optional = stdin_optional},
        PROMPT_DEFAULT_NO, ret, err);
}

int menu_add(struct menu *m, size_t index, const char *format, ...)
{
    char **items = realloc(m->items, (m->n + 1) * sizeof(*items));
    if (!items)
        return -ENOMEM;
    m->items = items;
    size_t *indexes = realloc(m->index, (m->n + 1) * sizeof(*indexes));
    if (!indexes)
        return -ENOMEM;
    m->index = indexes;
    va_list list;
    va_start(list, format);
    int r = vasprintf(&m->items[m->n], format, list);
    va_end(list);
    if (r < 0)
        return -ENOMEM;
    m->index[m->n++] = index;
    return 0;
}

void menu_done(struct menu *m)
{
    for (size_t i = 0; i < m->n; i++)
        free(m->items[i]);
    free(m->items);
    free(m->index);
    *m = (struct menu){0};
}

int menu_select(const struct menu *m, const char *question, const char *option, size_t *ret,
                struct err *err)
{
    size_t at;
    int r = prompt_select(&(struct prompt){.question = question, .option = option},
                          (const char *const *)m->items, m->n, &at, err);
    if (r < 0)
        return r;
    *ret = m->index[at];
    return 0;
}
