#include "model_load.h"

#include <errno.h>

struct loading {
    struct cidr *cidrs;
    size_t n_cidrs;
    size_t cap_cidrs;
    struct association *associations;
    size_t n_associations;
    size_t cap_associations;
};

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

int model_load_cidrs(struct store *s, struct cidr **ret_cidrs, size_t *ret_n_cidrs,
                     struct association **ret_associations, size_t *ret_n_associations,
                     struct err *err)
{
    struct loading l = {0};
    int rc = store_read_cidrs(s, take_cidr, &l, err);
    if (rc == 0)
        rc = store_read_associations(s, take_association, &l, err);
    if (rc < 0) {
        cidrs_free(l.cidrs, l.n_cidrs);
        free(l.associations);
        return rc == -ENOMEM ? err_set(err, rc, "out of memory") : rc;
    }
    *ret_cidrs = l.cidrs;
    *ret_n_cidrs = l.n_cidrs;
    *ret_associations = l.associations;
    *ret_n_associations = l.n_associations;
    return 0;
}

static int take_peer(void *user, struct peer *p)
{
    return model_append_peer(user, p);
}

static int load(struct store *s, struct model *m, struct err *err)
{
    struct cidr *cidrs;
    struct association *associations;
    size_t n_cidrs, n_associations;
    int rc = model_load_cidrs(s, &cidrs, &n_cidrs, &associations, &n_associations, err);
    if (rc == 0)
        rc = model_set_cidrs(m, cidrs, n_cidrs, associations, n_associations);
    if (rc == 0)
        rc = store_read_peers(s, take_peer, m, err);
    return rc < 0 ? rc : model_index_peers(m);
}

int model_load(struct store *s, struct model *ret, struct err *err)
{
    struct model m = MODEL_INIT;
    int rc = load(s, &m, err);
    if (rc == -ENOMEM)
        err_set(err, rc, "out of memory");
    if (rc < 0) {
        model_done(&m);
        return rc;
    }
    *ret = m;
    return 0;
}
