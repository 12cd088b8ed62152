/* add-association, delete-association. */
#include <inttypes.h>
#include <stdio.h>

#include "commands.h"
#include "innernet/choice.h"

static int add_association(const struct cli_args *args, struct err *err)
{
    CLEAN_REGISTRY struct registry registry = REGISTRY_INIT;
    const struct model *m = &registry.model;
    size_t a = 0, b = 0;
    int64_t id;
    bool yes = false;
    int r = command_open_registry(args, &registry, err);
    if (r == 0)
        r = choice_cidr_pair(args, m->cidrs, m->n_cidrs, &a, &b, &yes, err);
    if (r == 0 && !yes)
        r = command_confirm(args, &yes, err, "Associate the CIDRs %s and %s?", m->cidrs[a].name,
                            m->cidrs[b].name);
    if (r < 0 || !yes)
        return r;
    const struct association wanted = {.cidr_id_1 = m->cidrs[a].id, .cidr_id_2 = m->cidrs[b].id};
    r = registry_add_association(&registry, &wanted, &id, err);
    if (r == 0)
        printf("The CIDRs are associated (#%" PRId64 "): their peers see each other.\n", id);
    return r;
}

int cmd_add_association(const struct cli_args *args, void *user)
{
    (void)user;
    struct err err = ERR_INIT;
    return command_exit(add_association(args, &err), &err);
}

static int delete_association(const struct cli_args *args, struct err *err)
{
    CLEAN_REGISTRY struct registry registry = REGISTRY_INIT;
    const struct model *m = &registry.model;
    size_t at = 0;
    bool yes = false;
    int r = command_open_registry(args, &registry, err);
    if (r == 0)
        r = choice_association(args, m->cidrs, m->n_cidrs, m->associations, m->n_associations, &at,
                               err);
    if (r < 0)
        return r;
    int64_t id = m->associations[at].id;
    r = command_confirm(args, &yes, err, "Delete association #%" PRId64 "?", id);
    if (r < 0 || !yes)
        return r;
    r = registry_delete_association(&registry, id, err);
    if (r == 0)
        printf("Association #%" PRId64 " is deleted.\n", id);
    return r;
}

int cmd_delete_association(const struct cli_args *args, void *user)
{
    (void)user;
    struct err err = ERR_INIT;
    return command_exit(delete_association(args, &err), &err);
}
