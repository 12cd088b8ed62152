/* list-peers, list-cidrs, list-associations. */
#include <errno.h>
#include <time.h>

#include "commands.h"
#include "innernet/listing.h"
#include "innernet/print.h"

typedef int (*list_fn)(const struct cli_args *args, const struct model *m, struct buf *out);

static int put_peers(const struct cli_args *args, const struct model *m, struct buf *out)
{
    (void)args;
    return listing_peers(model_peers(m), m->n_peers, &m->tree, time(NULL), out);
}

static int put_cidrs(const struct cli_args *args, const struct model *m, struct buf *out)
{
    return cli_given(args, "tree") ? listing_cidr_tree(m->cidrs, m->n_cidrs, out)
                                   : listing_cidrs(m->cidrs, m->n_cidrs, out);
}

static int put_associations(const struct cli_args *args, const struct model *m, struct buf *out)
{
    (void)args;
    return listing_associations(m->associations, m->n_associations, m->cidrs, m->n_cidrs, out);
}

static int list(const struct cli_args *args, list_fn put, struct err *err)
{
    CLEAN_REGISTRY struct registry registry = REGISTRY_INIT;
    CLEAN_BUF struct buf out = BUF_INIT;
    int r = command_open_registry(args, &registry, err);
    if (r < 0)
        return r;
    if (put(args, &registry.model, &out) < 0)
        return err_set(err, -ENOMEM, "out of memory");
    return print_text(&out, err);
}

int cmd_list_peers(const struct cli_args *args, void *user)
{
    (void)user;
    struct err err = ERR_INIT;
    return command_exit(list(args, put_peers, &err), &err);
}

int cmd_list_cidrs(const struct cli_args *args, void *user)
{
    (void)user;
    struct err err = ERR_INIT;
    return command_exit(list(args, put_cidrs, &err), &err);
}

int cmd_list_associations(const struct cli_args *args, void *user)
{
    (void)user;
    struct err err = ERR_INIT;
    return command_exit(list(args, put_associations, &err), &err);
}
