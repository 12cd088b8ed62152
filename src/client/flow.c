#include "flow.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "innernet/log.h"
#include "paths.h"

int admin_open(const struct client *client, const char *interface, struct admin *ret,
               struct err *err)
{
    *ret = (struct admin){0};
    CLEAN_FREE char *path = paths_config(client, interface);
    if (!path)
        return err_set(err, -ENOMEM, "%s - out of memory", interface);
    int r = client_config_load(path, true, &ret->config, err);
    if (r < 0)
        return r;
    return api_open(&ret->config, &ret->api, err);
}

void admin_close(struct admin *a)
{
    api_close(&a->api);
    client_config_done(&a->config);
}

int flow_confirm(const struct cli_args *args, bool stdin_optional, bool *ret, struct err *err,
                 const char *question, ...)
{
    char *text = NULL;
    if (cli_given(args, "yes")) {
        *ret = true;
        return 0;
    }
    va_list list;
    va_start(list, question);
    int r = vasprintf(&text, question, list);
    va_end(list);
    if (r < 0)
        return err_set(err, -ENOMEM, "out of memory");
    r = prompt_confirm(
        &(struct prompt){.question = text, .option = "--yes", .stdin_optional = stdin_optional},
        PROMPT_DEFAULT_NO, ret, err);
    free(text);
    if (r == 0 && !*ret)
        log_info("Declined: nothing was changed");
    return r;
}

int flow_input(const struct cli_args *args, const char *option, const char *question,
               const char *def, cli_check_fn check, char **ret, struct err *err)
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

int menu_add(struct menu *m, size_t index, const char *fmt, ...)
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
    va_start(list, fmt);
    int r = vasprintf(&m->items[m->n], fmt, list);
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
