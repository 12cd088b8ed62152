/* add-cidr, rename-cidr, delete-cidr. */
#include <errno.h>
#include <stdio.h>

#include "commands.h"
#include "innernet/choice.h"
#include "innernet/new_record.h"
#include "validate.h"

/* --- add-cidr ----------------------------------------------------------------------------------
 */

static int add_cidr(const struct cli_args *args, struct err *err)
{
    CLEAN_REGISTRY struct registry registry = REGISTRY_INIT;
    CLEAN_CIDR struct cidr c = {0};
    const struct model *m = &registry.model;
    char net[NETWORK_TEXT_MAX];
    bool yes = false;
    int64_t id;
    int r = command_open_registry(args, &registry, err);
    if (r == 0)
        r = new_cidr_ask(args, m->cidrs, m->n_cidrs, &c, err);
    if (r == 0)
        r = command_confirm(args, &yes, err, "Create the CIDR %s (%s)?", c.name,
                            network_format(&c.net, net));
    if (r < 0 || !yes)
        return r;
    r = registry_add_cidr(&registry, &c, &id, err);
    if (r == 0)
        printf("The CIDR \"%s\" (%s) has been added. Its peers see only each other and the server "
               "until it is associated with other CIDRs (add-association).\n",
               c.name, network_format(&c.net, net));
    return r;
}

int cmd_add_cidr(const struct cli_args *args, void *user)
{
    (void)user;
    struct err err = ERR_INIT;
    return command_exit(add_cidr(args, &err), &err);
}

/* --- rename-cidr -------------------------------------------------------------------------------
 */

static int rename_cidr(const struct cli_args *args, struct err *err)
{
    CLEAN_REGISTRY struct registry registry = REGISTRY_INIT;
    CLEAN_FREE char *new_name = NULL;
    const struct model *m = &registry.model;
    const struct choice which = {
        .question = "CIDR to rename", .none = "there are no CIDRs", .bare = true};
    bool yes = false;
    size_t at = 0;
    int r = command_open_registry(args, &registry, err);
    if (r == 0)
        r = choice_cidr(args, &which, NULL, NULL, m->cidrs, m->n_cidrs, &at, err);
    if (r == 0)
        r = ask_text(args, "new-name", "New name", NULL, name_check_cidr, &new_name, err);
    if (r == 0)
        r = command_confirm(args, &yes, err, "Rename the CIDR %s to %s?", m->cidrs[at].name,
                            new_name);
    if (r < 0 || !yes)
        return r;
    return registry_rename_cidr(&registry, m->cidrs[at].id, new_name, err);
}

int cmd_rename_cidr(const struct cli_args *args, void *user)
{
    (void)user;
    struct err err = ERR_INIT;
    return command_exit(rename_cidr(args, &err), &err);
}

/* --- delete-cidr -------------------------------------------------------------------------------
 */

static bool is_deletable(const void *model, const struct cidr *c)
{
    return validate_delete_cidr(model, c->id, NULL) == 0;
}

static int delete_cidr(const struct cli_args *args, struct err *err)
{
    CLEAN_REGISTRY struct registry registry = REGISTRY_INIT;
    const struct model *m = &registry.model;
    const struct choice which = {
        .question = "CIDR to delete",
        .none = "no CIDR can be deleted: each has peers, further CIDRs or associations"};
    bool yes = false;
    size_t at = 0;
    puts("Looking for the CIDR");
    fflush(stdout);
    int r = command_open_registry(args, &registry, err);
    if (r == 0)
        r = choice_cidr(args, &which, is_deletable, m, m->cidrs, m->n_cidrs, &at, err);
    if (r == 0)
        r = command_confirm(args, &yes, err, "Delete the CIDR %s?", m->cidrs[at].name);
    if (r < 0)
        return r;
    if (!yes)
        return err_set(err, -ECANCELED, "canceled");
    puts("Deleting the CIDR");
    r = registry_delete_cidr(&registry, m->cidrs[at].id, err);
    if (r == 0)
        puts("The CIDR has been deleted");
    return r;
}

int cmd_delete_cidr(const struct cli_args *args, void *user)
{
    (void)user;
    struct err err = ERR_INIT;
    return command_exit(delete_cidr(args, &err), &err);
}
