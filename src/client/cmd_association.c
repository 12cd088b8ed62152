#include <errno.h>
#include <inttypes.h>

#include "commands.h"
#include "flow.h"
#include "innernet/choice.h"
#include "innernet/listing.h"
#include "innernet/log.h"
#include "output.h"

static int add_association(const struct cli_args *args, const struct client *client,
                           struct err *err)
{
    CLEAN_ADMIN struct admin admin = {0};
    CLEAN_CIDR_LIST struct cidr_list cidrs = {0};
    size_t a = 0, b = 0;
    bool yes = false;
    int r = admin_open(client, cli_positional(args, 0), &admin, err);
    if (r == 0)
        r = admin_fetch_cidrs(&admin, &cidrs, err);
    if (r == 0)
        r = choice_cidr_pair(args, cidrs.items, cidrs.n, &a, &b, &yes, err);
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

static int delete_association(const struct cli_args *args, const struct client *client,
                              struct err *err)
{
    CLEAN_ADMIN struct admin admin = {0};
    CLEAN_CIDR_LIST struct cidr_list cidrs = {0};
    CLEAN_ASSOCIATION_LIST struct association_list list = {0};
    bool yes = false;
    size_t at = 0;
    int r = admin_open(client, cli_positional(args, 0), &admin, err);
    if (r == 0)
        r = admin_fetch_cidrs(&admin, &cidrs, err);
    if (r == 0)
        r = admin_fetch_associations(&admin, &list, err);
    if (r == 0)
        r = choice_association(args, cidrs.items, cidrs.n, list.items, list.n, &at, err);
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

static int list_associations(const struct cli_args *args, const struct client *client,
                             struct err *err)
{
    CLEAN_ADMIN struct admin admin = {0};
    CLEAN_CIDR_LIST struct cidr_list cidrs = {0};
    CLEAN_ASSOCIATION_LIST struct association_list list = {0};
    CLEAN_BUF struct buf out = BUF_INIT;
    int r = admin_open(client, cli_positional(args, 0), &admin, err);
    if (r == 0)
        r = admin_fetch_cidrs(&admin, &cidrs, err);
    if (r == 0)
        r = admin_fetch_associations(&admin, &list, err);
    if (r < 0)
        return r;
    if (listing_associations(list.items, list.n, cidrs.items, cidrs.n, &out) < 0)
        return err_set(err, -ENOMEM, "out of memory");
    return print_text(&out, err);
}

int cmd_list_associations(const struct cli_args *args, void *client)
{
    struct err err = ERR_INIT;
    return output_finish(list_associations(args, client, &err), &err);
}
