#pragma once
/* Picking a CIDR by option or from a menu. */

#include "flow.h"
#include "innernet/record.h"

/* First CIDR of that name: its index, or -ENOENT. */
int cidr_find(const struct cidr *cidrs, size_t n, const char *name, size_t *ret, struct err *err);

/* The CIDR that `option` names, or else a menu of all but the server's ("<name> (<cidr>)"). */
int cidr_choose(const struct cli_args *args, const char *option, const char *question,
                const struct cidr *cidrs, size_t n, size_t *ret, struct err *err);
/* The same menu alone. */
int cidr_select(const char *question, const char *option, const struct cidr *cidrs, size_t n,
                size_t *ret, struct err *err);
int cidr_menu_add(struct menu *m, const struct cidr *cidrs, size_t index);
