/* Changes of peers. */
#include "change.h"

#include <errno.h>
#include <string.h>

#include "validate.h"

void change_done(struct change *c)
{
    peer_done(&c->peer);
    cidr_done(&c->cidr);
    peer_done(&c->row);
    cidrs_free(c->cidrs, c->n_cidrs);
    free(c->associations);
    *c = (struct change){0};
}

/* --- what several kinds do --- */

static int read_row(struct change *c, struct store *s, int outcome, struct err *err)
{
    return outcome < 0 ? outcome : store_read_peer(s, c->id, &c->row, err);
}

static int follow_row(struct change *c, struct model *m)
{
    struct peer row = c->row;
    c->row = (struct peer){0};
    return model_put_peer(m, &row);
}

static bool same_candidates(const struct peer *a, const struct peer *b)
{
    return a->n_candidates == b->n_candidates &&
           endpoints_equal(a->candidates, b->candidates, a->n_candidates);
}

/* Of a check that went well. */
static int nothing_if(bool same)
{
    return same ? CHANGE_NOTHING : 0;
}

/* --- add --- */

static int check_add(struct change *c, const struct model *m, const struct key *own_key,
                     struct err *err)
{
    return validate_new_peer(m, &c->peer, own_key, err);
}

static int write_add(struct change *c, struct store *s, struct err *err)
{
    int rc = store_insert_peer(s, &c->peer, &c->id, err);
    c->peer.id = c->id;
    return read_row(c, s, rc, err);
}

const struct change_kind change_add_peer = {check_add, write_add, follow_row};

/* --- update, rename --- */

static int check_update(struct change *c, const struct model *m, const struct key *own_key,
                        struct err *err)
{
    (void)own_key;
    int rc = validate_update_peer(m, c->id, &c->peer, err);
    if (rc < 0)
        return rc;
    const struct peer *p = model_find_peer(m, c->id);
    return nothing_if(strcmp(p->name, c->peer.name) == 0 && p->is_admin == c->peer.is_admin &&
                      p->is_disabled == c->peer.is_disabled &&
                      endpoint_equal(&p->endpoint, &c->peer.endpoint) &&
                      same_candidates(p, &c->peer));
}

static int write_update(struct change *c, struct store *s, struct err *err)
{
    c->peer.id = c->id;
    return read_row(c, s, store_update_peer(s, &c->peer, err), err);
}

const struct change_kind change_update_peer = {check_update, write_update, follow_row};

/* An update to what the row holds now, but for the name. */
static int check_rename(struct change *c, const struct model *m, const struct key *own_key,
                        struct err *err)
{
    const struct peer *p = model_find_peer(m, c->id);
    struct peer contents = {0};
    if (!p)
        return err_set(err, -ENOENT, "there is no peer with id %lld", (long long)c->id);
    if (peer_copy(p, &contents) < 0)
        return err_set(err, -ENOMEM, "out of memory");
    free(contents.name);
    contents.name = TAKE_PTR(c->peer.name);
    peer_done(&c->peer);
    c->peer = contents;
    return check_update(c, m, own_key, err);
}

const struct change_kind change_rename_peer = {check_rename, write_update, follow_row};

/* --- single columns --- */

static int check_disabled(struct change *c, const struct model *m, const struct key *own_key,
                          struct err *err)
{
    (void)own_key;
    int rc = validate_set_disabled(m, c->id, c->peer.is_disabled, err);
    return rc < 0 ? rc : nothing_if(model_find_peer(m, c->id)->is_disabled == c->peer.is_disabled);
}

static int write_disabled(struct change *c, struct store *s, struct err *err)
{
    return read_row(c, s, store_set_peer_disabled(s, c->id, c->peer.is_disabled, err), err);
}

const struct change_kind change_set_disabled = {check_disabled, write_disabled, follow_row};

static int check_endpoint(struct change *c, const struct model *m, const struct key *own_key,
                          struct err *err)
{
    (void)own_key;
    int rc = validate_set_endpoint(m, c->id, &c->peer.endpoint, err);
    return rc < 0 ? rc
                  : nothing_if(
                        endpoint_equal(&model_find_peer(m, c->id)->endpoint, &c->peer.endpoint));
}

static int write_endpoint(struct change *c, struct store *s, struct err *err)
{
    return read_row(c, s, store_set_peer_endpoint(s, c->id, &c->peer.endpoint, err), err);
}

const struct change_kind change_set_endpoint = {check_endpoint, write_endpoint, follow_row};

static int check_candidates(struct change *c, const struct model *m, const struct key *own_key,
                            struct err *err)
{
    (void)own_key;
    const struct peer *p = model_find_peer(m, c->id);
    if (!p)
        return err_set(err, -ENOENT, "there is no peer with id %lld", (long long)c->id);
    return nothing_if(same_candidates(p, &c->peer));
}

static int write_candidates(struct change *c, struct store *s, struct err *err)
{
    return read_row(
        c, s, store_set_peer_candidates(s, c->id, c->peer.candidates, c->peer.n_candidates, err),
        err);
}

const struct change_kind change_set_candidates = {check_candidates, write_candidates, follow_row};

/* --- invitations --- */

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

static int check_redeem(struct change *c, const struct model *m, const struct key *own_key,
                        struct err *err)
{
    const struct peer *p = model_find_peer(m, c->id);
    if (!p)
        return err_set(err, -ENOENT, "there is no peer with id %lld", (long long)c->id);
    int rc = check_redeemable(p, c->now_s, c->now_ns, err);
    if (rc < 0)
        return rc;
    c->old_key = p->public_key;
    return validate_new_key(m, &c->key, own_key, err);
}

static int write_redeem(struct change *c, struct store *s, struct err *err)
{
    return read_row(c, s, store_redeem_peer(s, c->id, &c->key, err), err);
}

const struct change_kind change_redeem = {check_redeem, write_redeem, follow_row};

static bool has_expired(const void *user, const struct peer *p)
{
    const struct change *c = user;
    return !p->is_redeemed && p->has_invite_expires && p->invite_expires_s < c->now_s;
}

static int check_sweep(struct change *c, const struct model *m, const struct key *own_key,
                       struct err *err)
{
    (void)own_key;
    (void)err;
    for (size_t i = 0; i < m->n_peers; i++)
        if (has_expired(c, m->peers[i]))
            return 0;
    return CHANGE_NOTHING;
}

static int write_sweep(struct change *c, struct store *s, struct err *err)
{
    return store_sweep_peers(s, c->now_s, &c->n_swept, err);
}

static int follow_sweep(struct change *c, struct model *m)
{
    model_remove_peers(m, has_expired, c);
    return 0;
}

const struct change_kind change_sweep = {check_sweep, write_sweep, follow_sweep};
