#include "registry.h"

#include <errno.h>
#include <string.h>

#include "model_load.h"
#include "validate.h"

int registry_open(struct registry *r, const char *path, struct err *err)
{
    *r = REGISTRY_INIT;
    r->version = STORE_VERSION_UNKNOWN;
    int rc = store_open(path, &r->store, err);
    if (rc == 0)
        rc = registry_sync(r, err);
    r->changed_elsewhere = false;
    if (rc < 0)
        registry_close(r);
    return rc;
}

void registry_close(struct registry *r)
{
    model_done(&r->model);
    store_close(r->store);
    *r = REGISTRY_INIT;
}

/* Writes: transaction, fresh model, then the caller's check and statements. */
static int begin(struct registry *r, struct err *err)
{
    int rc = store_begin(r->store, err);
    if (rc < 0)
        return rc;
    rc = registry_sync(r, err);
    if (rc < 0)
        store_rollback(r->store);
    return rc;
}

/* Ends the transaction by the outcome so far. */
static int finish(struct registry *r, int outcome, struct err *err)
{
    if (outcome < 0) {
        store_rollback(r->store);
        return outcome;
    }
    return store_commit_version(r->store, &r->version, err);
}

/* What is committed is committed: when the model cannot follow now, it does at the next sync. */
static void follow_peer(struct registry *r, int64_t id)
{
    struct peer p;
    if (store_read_peer(r->store, id, &p, NULL) < 0 || model_put_peer(&r->model, &p) < 0)
        r->version = STORE_VERSION_UNKNOWN;
}

static void follow_all(struct registry *r)
{
    r->version = STORE_VERSION_UNKNOWN;
    registry_sync(r, NULL);
}

int registry_add_cidr(struct registry *r, const struct cidr *contents, int64_t *ret_id,
                      struct err *err)
{
    int rc = begin(r, err);
    if (rc < 0)
        return rc;
    rc = validate_new_cidr(&r->model, contents, err);
    if (rc == 0)
        rc = store_insert_cidr(r->store, contents, ret_id, err);
    rc = finish(r, rc, err);
    if (rc == 0)
        follow_all(r);
    return rc;
}

int registry_rename_cidr(struct registry *r, int64_t id, const char *name, struct err *err)
{
    int rc = begin(r, err);
    if (rc < 0)
        return rc;
    rc = validate_rename_cidr(&r->model, id, name, err);
    if (rc == 0)
        rc = store_rename_cidr(r->store, id, name, err);
    rc = finish(r, rc, err);
    if (rc == 0)
        follow_all(r);
    return rc;
}

int registry_delete_cidr(struct registry *r, int64_t id, struct err *err)
{
    int rc = begin(r, err);
    if (rc < 0)
        return rc;
    rc = validate_delete_cidr(&r->model, id, err);
    if (rc == 0)
        rc = store_delete_cidr(r->store, id, err);
    rc = finish(r, rc, err);
    if (rc == 0)
        follow_all(r);
    return rc;
}

int registry_add_association(struct registry *r, const struct association *contents,
                             int64_t *ret_id, struct err *err)
{
    int rc = begin(r, err);
    if (rc < 0)
        return rc;
    rc = validate_new_association(&r->model, contents, err);
    if (rc == 0)
        rc = store_insert_association(r->store, contents, ret_id, err);
    rc = finish(r, rc, err);
    if (rc == 0)
        follow_all(r);
    return rc;
}

int registry_delete_association(struct registry *r, int64_t id, struct err *err)
{
    int rc = begin(r, err);
    if (rc < 0)
        return rc;
    rc = finish(r, store_delete_association(r->store, id, err), err);
    if (rc == 0)
        follow_all(r);
    return rc;
}

static int insert_and_step(struct registry *r, const struct peer *contents, registry_step_fn step,
                           void *user, int64_t *ret_id, struct err *err)
{
    int rc = validate_new_peer(&r->model, contents, &r->own_key, err);
    if (rc == 0)
        rc = store_insert_peer(r->store, contents, ret_id, err);
    if (rc < 0 || !step)
        return rc;
    struct peer with_id = *contents; /* shallow: lives as long as contents */
    with_id.id = *ret_id;
    /* Whatever stopped it is no fault of the contents. */
    return step(user, &with_id, err) < 0 ? -EIO : 0;
}

int registry_add_peer(struct registry *r, const struct peer *contents, registry_step_fn step,
                      void *user, int64_t *ret_id, struct err *err)
{
    int rc = begin(r, err);
    if (rc < 0)
        return rc;
    rc = finish(r, insert_and_step(r, contents, step, user, ret_id, err), err);
    if (rc == 0)
        follow_peer(r, *ret_id);
    return rc;
}

int registry_update_peer(struct registry *r, int64_t id, const struct peer *contents,
                         struct err *err)
{
    int rc = begin(r, err);
    if (rc < 0)
        return rc;
    rc = validate_update_peer(&r->model, id, contents, err);
    if (rc == 0) {
        struct peer with_id = *contents; /* shallow: lives as long as contents */
        with_id.id = id;
        rc = store_update_peer(r->store, &with_id, err);
    }
    rc = finish(r, rc, err);
    if (rc == 0)
        follow_peer(r, id);
    return rc;
}

int registry_rename_peer(struct registry *r, int64_t id, const char *name, struct err *err)
{
    CLEAN_PEER struct peer changed = {0};
    const struct peer *p = model_find_peer(&r->model, id);
    if (!p)
        return err_set(err, -ENOENT, "there is no peer with id %lld", (long long)id);
    char *copy = strdup(name);
    if (!copy || peer_copy(p, &changed) < 0) {
        free(copy);
        return err_set(err, -ENOMEM, "out of memory");
    }
    free(changed.name);
    changed.name = copy;
    return registry_update_peer(r, id, &changed, err);
}

int registry_set_disabled(struct registry *r, int64_t id, bool disabled, struct err *err)
{
    int rc = begin(r, err);
    if (rc < 0)
        return rc;
    rc = validate_set_disabled(&r->model, id, disabled, err);
    if (rc == 0)
        rc = store_set_peer_disabled(r->store, id, disabled, err);
    rc = finish(r, rc, err);
    if (rc == 0)
        follow_peer(r, id);
    return rc;
}

int registry_set_endpoint(struct registry *r, int64_t id, const struct endpoint *ep,
                          struct err *err)
{
    const struct peer *p = model_find_peer(&r->model, id);
    if (r->version != STORE_VERSION_UNKNOWN && p && endpoint_equal(&p->endpoint, ep) &&
        validate_set_endpoint(&r->model, id, ep, NULL) == 0)
        return 0;
    int rc = begin(r, err);
    if (rc < 0)
        return rc;
    rc = validate_set_endpoint(&r->model, id, ep, err);
    if (rc == 0)
        rc = store_set_peer_endpoint(r->store, id, ep, err);
    rc = finish(r, rc, err);
    if (rc == 0)
        follow_peer(r, id);
    return rc;
}

static bool same_candidates(const struct peer *p, const struct endpoint *eps, size_t n)
{
    if (p->n_candidates != n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!endpoint_equal(&p->candidates[i], &eps[i]))
            return false;
    return true;
}

int registry_set_candidates(struct registry *r, int64_t id, const struct endpoint *eps, size_t n,
                            struct err *err)
{
    const struct peer *p = model_find_peer(&r->model, id);
    if (r->version != STORE_VERSION_UNKNOWN && p && same_candidates(p, eps, n))
        return 0;
    int rc = begin(r, err);
    if (rc < 0)
        return rc;
    rc = finish(r, store_set_peer_candidates(r->store, id, eps, n, err), err);
    if (rc == 0)
        follow_peer(r, id);
    return rc;
}

/* Runs out just after the stored second (spec/server.md 4.5). */
static int check_redeemable(const struct peer *p, int64_t now_s, int32_t now_ns, struct err *err)
{
    if (p->is_redeemed)
        return err_set(err, -EALREADY, "the invitation has been redeemed already");
    if (p->has_invite_expires &&
        (p->invite_expires_s < now_s || (p->invite_expires_s == now_s && now_ns > 0)))
        return err_set(err, -EKEYEXPIRED, "the invitation has expired");
    return 0;
}

int registry_redeem(struct registry *r, int64_t id, const struct key *new_key, int64_t now_s,
                    int32_t now_ns, struct key *ret_old_key, struct err *err)
{
    int rc = begin(r, err);
    if (rc < 0)
        return rc;
    const struct peer *p = model_find_peer(&r->model, id);
    struct key old_key = {0};
    rc = p ? check_redeemable(p, now_s, now_ns, err)
           : err_set(err, -ENOENT, "there is no peer with id %lld", (long long)id);
    if (rc == 0) {
        old_key = p->public_key;
        rc = validate_new_key(&r->model, new_key, &r->own_key, err);
    }
    if (rc == 0)
        rc = store_redeem_peer(r->store, id, new_key, err);
    rc = finish(r, rc, err);
    if (rc == 0) {
        *ret_old_key = old_key;
        follow_peer(r, id);
    }
    return rc;
}

static bool has_expired(const struct model *m, int64_t now_s)
{
    for (size_t i = 0; i < m->n_peers; i++)
        if (!m->peers[i]->is_redeemed && m->peers[i]->has_invite_expires &&
            m->peers[i]->invite_expires_s < now_s)
            return true;
    return false;
}

int registry_sweep(struct registry *r, int64_t now_s, size_t *ret_n, struct err *err)
{
    *ret_n = 0;
    if (!has_expired(&r->model, now_s))
        return 0;
    int rc = begin(r, err);
    if (rc < 0)
        return rc;
    rc = finish(r, store_sweep_peers(r->store, now_s, ret_n, err), err);
    if (rc == 0)
        follow_all(r);
    return rc;
}

/* Rows and version of one moment. Inside of a transaction of ours they are that already. */
static int load(struct registry *r, struct model *ret, int64_t *ret_version, struct err *err)
{
    bool nested = store_in_transaction(r->store);
    int rc = nested ? 0 : store_begin_read(r->store, err);
    if (rc == 0)
        rc = store_version(r->store, ret_version, err);
    if (rc == 0)
        rc = model_load(r->store, ret, err);
    if (!nested)
        store_rollback(r->store);
    return rc;
}

int registry_sync(struct registry *r, struct err *err)
{
    int64_t version;
    struct model fresh;
    int rc = store_version(r->store, &version, err);
    if (rc < 0 || version == r->version)
        return rc;
    bool is_loaded = r->model.generation > 0;
    store_set_patience(r->store, is_loaded ? 0 : STORE_PATIENCE_MS);
    rc = load(r, &fresh, &version, err);
    store_set_patience(r->store, STORE_PATIENCE_MS);
    if (rc == -EBUSY && is_loaded)
        return 0;
    if (rc < 0)
        return rc;
    fresh.generation += r->model.generation;
    model_done(&r->model);
    r->model = fresh;
    r->changed_elsewhere = r->changed_elsewhere || r->version != STORE_VERSION_UNKNOWN;
    r->version = version;
    return 0;
}
