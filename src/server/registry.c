#include "registry.h"

#include <errno.h>
#include <malloc.h>
#include <string.h>

#include "model_load.h"

int registry_open(struct registry *r, const char *path, struct err *err)
{
    *r = REGISTRY_INIT;
    r->version = r->own_base = STORE_VERSION_UNKNOWN;
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

/* --- the model follows the file --- */

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

static int load_if_changed(struct registry *r, int64_t version, int patience_ms, struct err *err)
{
    struct model fresh = MODEL_INIT;
    if (version == r->version)
        return 0;
    store_set_patience(r->store, patience_ms);
    int rc = load(r, &fresh, &version, err);
    store_set_patience(r->store, STORE_PATIENCE_MS);
    if (rc < 0)
        return rc;
    fresh.generation += r->model.generation;
    model_done(&r->model);
    r->model = fresh;
    r->changed_elsewhere = r->changed_elsewhere || r->version != STORE_VERSION_UNKNOWN;
    r->version = version;
    store_release_memory(r->store);
    malloc_trim(0); /* of two models one is gone */
    return 0;
}

int registry_sync(struct registry *r, struct err *err)
{
    bool is_loaded = r->model.generation > 0;
    int64_t version;
    int rc = store_version(r->store, &version, err);
    if (rc < 0)
        return rc;
    /* Our own change has had the database locked since that version: the next one is its own, on
     * the way to the disk or there, and comes with registry_finish. Others can commit only after
     * it, and are not followed before it. */
    if (is_loaded && r->own_base != STORE_VERSION_UNKNOWN && r->own_base == r->version)
        return 0;
    rc = load_if_changed(r, version, is_loaded ? 0 : STORE_PATIENCE_MS, err);
    return rc == -EBUSY && is_loaded ? 0 : rc;
}

/* --- changes --- */

int registry_check(const struct registry *r, struct change *c, struct err *err)
{
    return c->kind->check(c, &r->model, &r->own_key, err);
}

struct round {
    struct registry *registry;
    struct change *change;
    struct err *err;
};

/* With the database locked: what the model says from now on holds until the commit. */
static int check_locked(void *arg)
{
    struct round *round = arg;
    struct registry *r = round->registry;
    int64_t version;
    int rc = store_version(r->store, &version, round->err);
    if (rc == 0)
        rc = load_if_changed(r, version, 0, round->err);
    if (rc < 0)
        return rc;
    rc = registry_check(r, round->change, round->err);
    round->change->base = r->version;
    if (rc == 0)
        r->own_base = r->version;
    return rc;
}

static int take_step(void *arg)
{
    struct round *round = arg;
    struct change *c = round->change;
    /* Whatever stopped it is no fault of the contents. */
    return c->step(c->step_user, &c->peer, round->err) < 0 ? -EIO : 0;
}

int registry_run(struct registry *r, struct store *s, struct change *c, registry_call_fn call,
                 void *call_user, struct err *err)
{
    struct round round = {r, c, err};
    int rc = store_begin(s, err);
    store_set_patience(s, STORE_PATIENCE_MS); /* the caller's was for the lock alone */
    if (rc < 0)
        return rc;
    rc = call(call_user, check_locked, &round);
    if (rc == 0)
        rc = c->kind->write(c, s, err);
    if (rc == 0 && c->step)
        rc = call(call_user, take_step, &round);
    if (rc == 0)
        return store_commit_version(s, &c->version, err);
    store_rollback(s);
    return rc;
}

int registry_finish(struct registry *r, struct change *c, int outcome)
{
    r->own_base = STORE_VERSION_UNKNOWN;
    /* When the model was loaded since, it has the change: nobody could commit in between. */
    if (outcome == 0 && r->version == c->base) {
        bool ok = c->kind->follow(c, &r->model) == 0;
        r->version = ok ? c->version : STORE_VERSION_UNKNOWN;
        /* What is loaded then may have more in it. */
        r->changed_elsewhere = r->changed_elsewhere || !ok;
    }
    return outcome < 0 ? outcome : 0;
}

static int call_here(void *user, int (*fn)(void *arg), void *arg)
{
    (void)user;
    return fn(arg);
}

int registry_apply(struct registry *r, struct change *c, struct err *err)
{
    int rc = registry_sync(r, err);
    if (rc == 0)
        rc = registry_check(r, c, err);
    if (rc != 0)
        return rc < 0 ? rc : 0;
    rc = registry_run(r, r->store, c, call_here, NULL, err);
    return registry_finish(r, c, rc);
}

/* --- kind by kind --- */

/* The wanted contents belong to somebody else. ret_id: NULL = of no interest. */
static int apply_borrowed(struct registry *r, struct change *c, int64_t *ret_id, struct err *err)
{
    int rc = registry_apply(r, c, err);
    if (rc == 0 && ret_id)
        *ret_id = c->id;
    c->peer = (struct peer){0};
    c->cidr = (struct cidr){0};
    change_done(c);
    return rc;
}

int registry_add_cidr(struct registry *r, const struct cidr *contents, int64_t *ret_id,
                      struct err *err)
{
    struct change c = {.kind = &change_add_cidr, .cidr = *contents};
    return apply_borrowed(r, &c, ret_id, err);
}

int registry_rename_cidr(struct registry *r, int64_t id, const char *name, struct err *err)
{
    struct change c = {.kind = &change_rename_cidr, .id = id, .cidr.name = (char *)(uintptr_t)name};
    return apply_borrowed(r, &c, NULL, err);
}

int registry_delete_cidr(struct registry *r, int64_t id, struct err *err)
{
    struct change c = {.kind = &change_delete_cidr, .id = id};
    return apply_borrowed(r, &c, NULL, err);
}

int registry_add_association(struct registry *r, const struct association *contents,
                             int64_t *ret_id, struct err *err)
{
    struct change c = {.kind = &change_add_association, .association = *contents};
    return apply_borrowed(r, &c, ret_id, err);
}

int registry_delete_association(struct registry *r, int64_t id, struct err *err)
{
    struct change c = {.kind = &change_delete_association, .id = id};
    return apply_borrowed(r, &c, NULL, err);
}

int registry_add_peer(struct registry *r, const struct peer *contents, change_step_fn step,
                      void *user, int64_t *ret_id, struct err *err)
{
    struct change c = {
        .kind = &change_add_peer, .peer = *contents, .step = step, .step_user = user};
    return apply_borrowed(r, &c, ret_id, err);
}

int registry_rename_peer(struct registry *r, int64_t id, const char *name, struct err *err)
{
    CLEAN_CHANGE struct change c = {
        .kind = &change_rename_peer, .id = id, .peer.name = strdup(name)};
    return c.peer.name ? registry_apply(r, &c, err) : err_set(err, -ENOMEM, "out of memory");
}

int registry_set_disabled(struct registry *r, int64_t id, bool disabled, struct err *err)
{
    struct change c = {.kind = &change_set_disabled, .id = id, .peer.is_disabled = disabled};
    return apply_borrowed(r, &c, NULL, err);
}

int registry_set_candidates(struct registry *r, int64_t id, const struct endpoint *eps, size_t n,
                            struct err *err)
{
    struct change c = {
        .kind = &change_set_candidates,
        .id = id,
        .peer = {.candidates = (struct endpoint *)(uintptr_t)eps, .n_candidates = n}};
    return apply_borrowed(r, &c, NULL, err);
}

int registry_sweep(struct registry *r, int64_t now_s, size_t *ret_n, struct err *err)
{
    CLEAN_CHANGE struct change c = {.kind = &change_sweep, .now_s = now_s};
    int rc = registry_apply(r, &c, err);
    *ret_n = c.n_swept;
    return rc;
}
