#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "flow.h"
#include "innernet/choice.h"
#include "innernet/log.h"
#include "innernet/map.h"
#include "innernet/new_record.h"
#include "output.h"

/* --- add-cidr ----------------------------------------------------------------------------------
 */

static void tell_added(const struct cidr *c)
{
    CLEAN_BUF struct buf text = BUF_INIT;
    buf_puts(&text, "\nCIDR \"");
    paint(&text, SGR_BOLD, c->name);
    buf_puts(&text, "\" added.\n\n"
                    "For now its peers see only each other and the special infrastructure CIDR. To "
                    "let\nthem see another CIDR, run: innernet add-association\n");
    if (!text.failed)
        fputs(text.data, stderr);
}

static int add_cidr(const struct cli_args *args, const struct client *client, struct err *err)
{
    CLEAN_ADMIN struct admin admin = {0};
    CLEAN_CIDR_LIST struct cidr_list cidrs = {0};
    CLEAN_CIDR struct cidr wanted = {0};
    CLEAN_CIDR struct cidr added = {0};
    bool yes = false;
    int r = admin_open(client, cli_positional(args, 0), &admin, err);
    if (r == 0)
        r = admin_fetch_cidrs(&admin, &cidrs, err);
    if (r == 0)
        r = new_cidr_ask(args, cidrs.items, cidrs.n, &wanted, err);
    if (r == 0)
        r = flow_confirm(args, false, &yes, err, "Create CIDR \"%s\"?", wanted.name);
    if (r < 0 || !yes)
        return r;
    log_info("Creating CIDR");
    r = api_add_cidr(&admin.api, &wanted, &added, err);
    if (r == 0)
        tell_added(&added);
    return r;
}

int cmd_add_cidr(const struct cli_args *args, void *client)
{
    struct err err = ERR_INIT;
    return output_finish(add_cidr(args, client, &err), &err);
}

/* --- rename-cidr -------------------------------------------------------------------------------
 */

static int rename_cidr(const struct cli_args *args, const struct client *client, struct err *err)
{
    CLEAN_ADMIN struct admin admin = {0};
    CLEAN_CIDR_LIST struct cidr_list cidrs = {0};
    CLEAN_FREE char *name = NULL;
    const struct choice which = {
        .question = "CIDR to rename", .none = "the server lists no CIDRs", .bare = true};
    size_t at = 0;
    bool yes = false;
    int r = admin_open(client, cli_positional(args, 0), &admin, err);
    if (r == 0)
        r = admin_fetch_cidrs(&admin, &cidrs, err);
    if (r == 0)
        r = choice_cidr(args, &which, NULL, NULL, cidrs.items, cidrs.n, &at, err);
    if (r == 0)
        r = ask_text(args, "new-name", "New Name", NULL, NULL, &name, err);
    if (r == 0)
        r = flow_confirm(args, false, &yes, err, "Rename CIDR %s to %s?", cidrs.items[at].name,
                         name);
    if (r < 0 || !yes)
        return r;
    struct cidr wanted = cidrs.items[at]; /* borrows the name */
    wanted.name = name;
    log_info("Renaming CIDR");
    r = api_update_cidr(&admin.api, &wanted, err);
    if (r == 0)
        log_info("CIDR renamed");
    return r;
}

int cmd_rename_cidr(const struct cli_args *args, void *client)
{
    struct err err = ERR_INIT;
    return output_finish(rename_cidr(args, client, &err), &err);
}

/* --- delete-cidr -------------------------------------------------------------------------------
 */

/* The ids of CIDRs that peers or other CIDRs are in. */
static int find_used(const struct cidr_list *cidrs, const struct peer_list *peers, struct map *used)
{
    int r = map_reserve(used, cidrs->n + peers->n);
    for (size_t i = 0; r == 0 && i < cidrs->n; i++)
        if (cidrs->items[i].has_parent)
            r = map_put(used, &cidrs->items[i].parent, sizeof(int64_t), i);
    for (size_t i = 0; r == 0 && i < peers->n; i++)
        r = map_put(used, &peers->items[i].cidr_id, sizeof(int64_t), i);
    return r;
}

static bool is_unused(const void *used, const struct cidr *c)
{
    return !map_get(used, &c->id, sizeof(int64_t), NULL);
}

static int choose_to_delete(const struct cli_args *args, const struct cidr_list *cidrs,
                            const struct peer_list *peers, size_t *ret, struct err *err)
{
    CLEAN_MAP struct map used = MAP_INIT;
    const struct choice which = {
        .question = "Delete CIDR",
        .none = "no CIDR can be deleted: each has peers or further CIDRs in it"};
    if (find_used(cidrs, peers, &used) < 0)
        return err_set(err, -ENOMEM, "out of memory");
    return choice_cidr(args, &which, is_unused, &used, cidrs->items, cidrs->n, ret, err);
}

static int delete_cidr(const struct cli_args *args, const struct client *client, struct err *err)
{
    CLEAN_ADMIN struct admin admin = {0};
    CLEAN_CIDR_LIST struct cidr_list cidrs = {0};
    CLEAN_PEER_LIST struct peer_list peers = {0};
    size_t at = 0;
    bool yes = false;
    int r = admin_open(client, cli_positional(args, 0), &admin, err);
    if (r < 0)
        return r;
    puts("Fetching eligible CIDRs");
    r = api_list_cidrs(&admin.api, &cidrs.items, &cidrs.n, err);
    if (r == 0)
        r = api_list_peers(&admin.api, &peers.items, &peers.n, err);
    if (r == 0)
        r = choose_to_delete(args, &cidrs, &peers, &at, err);
    if (r == 0)
        r = flow_confirm(args, false, &yes, err, "Delete CIDR \"%s\"?", cidrs.items[at].name);
    if (r < 0)
        return r;
    if (!yes)
        return err_set(err, -ECANCELED, "Canceled");
    puts("Deleting CIDR...");
    r = api_delete_cidr(&admin.api, cidrs.items[at].id, err);
    if (r == 0)
        puts("CIDR deleted.");
    else if (admin.api.last.status == 400)
        err_prefix(err, r,
                   "the CIDR %s is in use by peers, further CIDRs or associations; only one "
                   "without any can be deleted",
                   cidrs.items[at].name);
    return r;
}

int cmd_delete_cidr(const struct cli_args *args, void *client)
{
    struct err err = ERR_INIT;
    return output_finish(delete_cidr(args, client, &err), &err);
}
