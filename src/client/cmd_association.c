#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cidr_choice.h"
#include "commands.h"
#include "innernet/cidr_tree.h"
#include "innernet/log.h"
#include "listing.h"
#include "lists.h"
#include "output.h"

static int fetch_cidrs(struct admin *admin, struct cidr_list *ret, struct err *err)
{
    log_info("Fetching CIDRs");
    return api_list_cidrs(&admin->api, &ret->items, &ret->n, err);
}

static int fetch_associations(struct admin *admin, struct association_list *ret, struct err *err)
{
    log_info("Fetching associations");
    return api_list_associations(&admin->api, &ret->items, &ret->n, err);
}

/* --- add-association ---------------------------------------------------------------------------
 */

static int choose_end(const struct cli_args *args, size_t positional, const char *question,
                      const char *hint, const struct cidr_list *cidrs, size_t *ret, struct err *err)
{
    const char *given = cli_positional(args, positional);
    if (given)
        return cidr_find(cidrs->items, cidrs->n, given, ret, err);
    return cidr_select(question, hint, cidrs->items, cidrs->n, ret, err);
}

static int add_association(const struct cli_args *args, const struct client *client,
                           struct err *err)
{
    CLEAN_ADMIN struct admin admin = {0};
    CLEAN_CIDR_LIST struct cidr_list cidrs = {0};
    size_t a = 0, b = 0;
    bool yes = cli_positional(args, 1) && cli_positional(args, 2);
    int r = admin_open(client, cli_positional(args, 0), &admin, err);
    if (r == 0)
        r = fetch_cidrs(&admin, &cidrs, err);
    if (r == 0)
        r = choose_end(args, 1, "First CIDR", "CIDR1", &cidrs, &a, err);
    if (r == 0)
        r = choose_end(args, 2, "Second CIDR", "CIDR2", &cidrs, &b, err);
    if (r == 0 && !yes)
        r = flow_confirm(args, false, &yes, err, "Associate CIDRs %s and %s?", cidrs.items[a].name,
                         cidrs.items[b].name);
    if (r < 0 || !yes)
        return r;
    r = api_add_association(
        &admin.api,
        &(struct association){.cidr_id_1 = cidrs.items[a].id, .cidr_id_2 = cidrs.items[b].id}, err);
    if (r == 0)
        log_info("CIDRs %s and %s are associated: their peers see each other", cidrs.items[a].name,
                 cidrs.items[b].name);
    return r;
}

int cmd_add_association(const struct cli_args *args, void *client)
{
    struct err err = ERR_INIT;
    return output_finish(add_association(args, client, &err), &err);
}

/* --- delete-association ------------------------------------------------------------------------
 */

static int find_association(const struct cli_args *args, const struct cidr_list *cidrs,
                            const struct association_list *list, size_t *ret, struct err *err)
{
    size_t a, b;
    int r = cidr_find(cidrs->items, cidrs->n, cli_positional(args, 1), &a, err);
    if (r == 0)
        r = cidr_find(cidrs->items, cidrs->n, cli_positional(args, 2), &b, err);
    if (r < 0)
        return r;
    int64_t id_a = cidrs->items[a].id, id_b = cidrs->items[b].id;
    for (size_t i = 0; i < list->n; i++) {
        const struct association *x = &list->items[i];
        if ((x->cidr_id_1 == id_a && x->cidr_id_2 == id_b) ||
            (x->cidr_id_1 == id_b && x->cidr_id_2 == id_a)) {
            *ret = i;
            return 0;
        }
    }
    return err_set(err, -ENOENT, "CIDRs %s and %s are not associated", cidrs->items[a].name,
                   cidrs->items[b].name);
}

static int select_association(const struct cidr_list *cidrs, const struct association_list *list,
                              size_t *ret, struct err *err)
{
    CLEAN_MENU struct menu menu = {0};
    CLEAN_CIDR_TREE struct cidr_tree tree = {0};
    int r = cidr_tree_init(&tree, cidrs->items, cidrs->n);
    for (size_t i = 0; r == 0 && i < list->n; i++) {
        const struct association *x = &list->items[i];
        size_t a = cidr_tree_find_id(&tree, x->cidr_id_1);
        size_t b = cidr_tree_find_id(&tree, x->cidr_id_2);
        r = menu_add(&menu, i, "%" PRId64 ": %s <=> %s", x->id,
                     a == CIDR_TREE_NONE ? "[unknown]" : cidrs->items[a].name,
                     b == CIDR_TREE_NONE ? "[unknown]" : cidrs->items[b].name);
    }
    if (r < 0)
        return err_set(err, r, "out of memory");
    if (menu.n == 0)
        return err_set(err, -ENOENT, "there are no associations");
    return menu_select(&menu, "Association", "CIDR1 CIDR2", ret, err);
}

static int delete_association(const struct cli_args *args, const struct client *client,
                              struct err *err)
{
    CLEAN_ADMIN struct admin admin = {0};
    CLEAN_CIDR_LIST struct cidr_list cidrs = {0};
    CLEAN_ASSOCIATION_LIST struct association_list list = {0};
    bool both = cli_positional(args, 1) && cli_positional(args, 2), yes = false;
    size_t at = 0;
    int r = admin_open(client, cli_positional(args, 0), &admin, err);
    if (r == 0)
        r = fetch_cidrs(&admin, &cidrs, err);
    if (r == 0)
        r = fetch_associations(&admin, &list, err);
    if (r < 0)
        return r;
    if (!both && cli_positional(args, 1))
        log_warn("One CIDR alone does not tell which association is meant");
    r = both ? find_association(args, &cidrs, &list, &at, err)
             : select_association(&cidrs, &list, &at, err);
    if (r == 0)
        r = flow_confirm(args, false, &yes, err, "Delete association #%" PRId64 "?",
                         list.items[at].id);
    if (r < 0 || !yes)
        return r;
    r = api_delete_association(&admin.api, list.items[at].id, err);
    if (r == 0)
        log_info("Association #%" PRId64 " is deleted", list.items[at].id);
    return r;
}

int cmd_delete_association(const struct cli_args *args, void *client)
{
    struct err err = ERR_INIT;
    return output_finish(delete_association(args, client, &err), &err);
}

/* --- list-associations -------------------------------------------------------------------------
 */

static int list_associations(const struct cli_args *args, const struct client *client,
                             struct err *err)
{
    CLEAN_ADMIN struct admin admin = {0};
    CLEAN_CIDR_LIST struct cidr_list cidrs = {0};
    CLEAN_ASSOCIATION_LIST struct association_list list = {0};
    CLEAN_BUF struct buf out = BUF_INIT;
    int r = admin_open(client, cli_positional(args, 0), &admin, err);
    if (r == 0)
        r = fetch_cidrs(&admin, &cidrs, err);
    if (r == 0)
        r = fetch_associations(&admin, &list, err);
    if (r < 0)
        return r;
    if (listing_associations(list.items, list.n, cidrs.items, cidrs.n, &out) < 0)
        return err_set(err, -ENOMEM, "out of memory");
    return output_write(&out, err);
}

int cmd_list_associations(const struct cli_args *args, void *client)
{
    struct err err = ERR_INIT;
    return output_finish(list_associations(args, client, &err), &err);
}
