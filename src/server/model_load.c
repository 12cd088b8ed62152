#include "model_load.h"

#include <errno.h>

struct loading {
    struct model model;
    struct cidr *cidrs;
    size_t n_cidrs;
    size_t cap_cidrs;
    struct association *associations;
    size_t n_associations;
    size_t cap_associations;
};

static int take_peer(void *user, struct peer *p)
{
    struct loading *l = user;
    return model_put_peer(&l->model, p);
}

/* Room for one more element; NULL on failure. */
static void *grow(void *array, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return array;
    size_t more = *cap ? *cap * 2 : 32;
    void *bigger = reallocarray(array, more, size);
    if (bigger)
        *cap = more;
    return bigger;
}

static int take_cidr(void *user, struct cidr *c)
{
    struct loading *l = user;
    struct cidr *cidrs = grow(l->cidrs, l->n_cidrs, &l->cap_cidrs, sizeof(*cidrs));
    if (!cidrs) {
        cidr_done(c);
        return -ENOMEM;
    }
    l->cidrs = cidrs;
    l->cidrs[l->n_cidrs++] = *c;
    return 0;
}

static int take_association(void *user, const struct association *a)
{
    struct loading *l = user;
    struct association *list =
        grow(l->associations, l->n_associations, &l->cap_associations, sizeof(*list));
    if (!list)
        return -ENOMEM;
    l->associations = list;
    l->associations[l->n_associations++] = *a;
    return 0;
}

static int load_rows(struct store *s, struct loading *l, struct err *err)
{
    int rc = store_read_cidrs(s, take_cidr, l, err);
    if (rc == 0)
        rc = store_read_associations(s, take_association, l, err);
    if (rc == 0)
        rc = store_read_peers(s, take_peer, l, err);
    if (rc < 0) {
        cidrs_free(l->cidrs, l->n_cidrs);
        free(l->associations);
        return rc;
    }
    return model_set_cidrs(&l->model, l->cidrs, l->n_cidrs, l->associations, l->n_associations);
}

int model_load(struct store *s, struct model *ret, struct err *err)
{
    struct loading l = {0};
    int rc = load_rows(s, &l, err);
    if (rc == -ENOMEM)
        err_set(err, rc, "out of memory");
    if (rc < 0) {
        model_done(&l.model);
        return rc;
    }
    *ret = l.model;
    return 0;
}
