#include "cidr_choice.h"

#include <errno.h>
#include <string.h>

#include "innernet/log.h"

int cidr_find(const struct cidr *cidrs, size_t n, const char *name, size_t *ret, struct err *err)
{
    char safe[256];
    for (size_t i = 0; i < n; i++)
        if (strcmp(cidrs[i].name, name) == 0) {
            *ret = i;
            return 0;
        }
    return err_set(err, -ENOENT, "there is no CIDR '%s'; see: innernet list-cidrs",
                   log_safe(name, safe, sizeof(safe)));
}

int cidr_menu_add(struct menu *m, const struct cidr *cidrs, size_t index)
{
    char net[NETWORK_TEXT_MAX];
    return menu_add(m, index, "%s (%s)", cidrs[index].name, network_format(&cidrs[index].net, net));
}

int cidr_select(const char *question, const char *option, const struct cidr *cidrs, size_t n,
                size_t *ret, struct err *err)
{
    CLEAN_MENU struct menu menu = {0};
    for (size_t i = 0; i < n; i++) {
        if (strcmp(cidrs[i].name, SERVER_NAME) == 0)
            continue;
        if (cidr_menu_add(&menu, cidrs, i) < 0)
            return err_set(err, -ENOMEM, "out of memory");
    }
    return menu_select(&menu, question, option, ret, err);
}

int cidr_choose(const struct cli_args *args, const char *option, const char *question,
                const struct cidr *cidrs, size_t n, size_t *ret, struct err *err)
{
    char hint[32] = "--";
    const char *given = cli_value(args, option);
    if (given)
        return cidr_find(cidrs, n, given, ret, err);
    strncat(hint, option, sizeof(hint) - 3);
    return cidr_select(question, hint, cidrs, n, ret, err);
}
