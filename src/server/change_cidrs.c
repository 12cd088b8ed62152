/* Changes of CIDRs and associations. There are few of them, so all are read again. */
#include "change.h"

#include <string.h>

#include "model_load.h"
#include "validate.h"

static int read_all(struct change *c, struct store *s, int outcome, struct err *err)
{
    return outcome < 0 ? outcome
                       : model_load_cidrs(s, &c->cidrs, &c->n_cidrs, &c->associations,
                                          &c->n_associations, err);
}

static int follow_all(struct change *c, struct model *m)
{
    int rc = model_set_cidrs(m, c->cidrs, c->n_cidrs, c->associations, c->n_associations);
    c->cidrs = NULL;
    c->associations = NULL;
    c->n_cidrs = c->n_associations = 0;
    return rc;
}

static int check_add(struct change *c, const struct model *m, const struct key *own_key,
                     struct err *err)
{
    (void)own_key;
    return validate_new_cidr(m, &c->cidr, err);
}

static int write_add(struct change *c, struct store *s, struct err *err)
{
    int rc = store_insert_cidr(s, &c->cidr, &c->id, err);
    c->cidr.id = c->id;
    return read_all(c, s, rc, err);
}

const struct change_kind change_add_cidr = {check_add, write_add, follow_all};

static int check_rename(struct change *c, const struct model *m, const struct key *own_key,
                        struct err *err)
{
    (void)own_key;
    int rc = validate_rename_cidr(m, c->id, c->cidr.name, err);
    if (rc < 0)
        return rc;
    return strcmp(model_find_cidr(m, c->id)->name, c->cidr.name) == 0 ? CHANGE_NOTHING : 0;
}

static int write_rename(struct change *c, struct store *s, struct err *err)
{
    return read_all(c, s, store_rename_cidr(s, c->id, c->cidr.name, err), err);
}

const struct change_kind change_rename_cidr = {check_rename, write_rename, follow_all};

static int check_delete(struct change *c, const struct model *m, const struct key *own_key,
                        struct err *err)
{
    (void)own_key;
    return validate_delete_cidr(m, c->id, err);
}

static int write_delete(struct change *c, struct store *s, struct err *err)
{
    return read_all(c, s, store_delete_cidr(s, c->id, err), err);
}

const struct change_kind change_delete_cidr = {check_delete, write_delete, follow_all};

static int check_associate(struct change *c, const struct model *m, const struct key *own_key,
                           struct err *err)
{
    (void)own_key;
    return validate_new_association(m, &c->association, err);
}

static int write_associate(struct change *c, struct store *s, struct err *err)
{
    int rc = store_insert_association(s, &c->association, &c->id, err);
    c->association.id = c->id;
    return read_all(c, s, rc, err);
}

const struct change_kind change_add_association = {check_associate, write_associate, follow_all};

static int check_separate(struct change *c, const struct model *m, const struct key *own_key,
                          struct err *err)
{
    (void)own_key;
    (void)err;
    return model_find_association(m, c->id) ? 0 : CHANGE_NOTHING;
}

static int write_separate(struct change *c, struct store *s, struct err *err)
{
    return read_all(c, s, store_delete_association(s, c->id, err), err);
}

const struct change_kind change_delete_association = {check_separate, write_separate, follow_all};
