#include <errno.h>
#include <string.h>

#include "innernet/buf.h"
#include "innernet/log.h"
#include "store_private.h"

enum peer_column {
    COL_ID,
    COL_NAME,
    COL_IP,
    COL_CIDR_ID,
    COL_PUBLIC_KEY,
    COL_ENDPOINT,
    COL_IS_ADMIN,
    COL_IS_DISABLED,
    COL_IS_REDEEMED,
    COL_INVITE_EXPIRES,
    COL_CANDIDATES,
};

static int decode_name(sqlite3_stmt *row, struct peer *p, struct err *err)
{
    const char *name = store_column_text(row, COL_NAME);
    int r = name_check_hostname(name ? name : "", err);
    if (r < 0)
        return r;
    p->name = strdup(name);
    return p->name ? 0 : -ENOMEM;
}

static int decode_addresses(sqlite3_stmt *row, struct peer *p, struct err *err)
{
    const char *ip = store_column_text(row, COL_IP);
    if (!ip || ip_parse(ip, &p->ip) < 0)
        return err_set(err, -EBADMSG, "ip is not an IP address");
    const char *key = store_column_text(row, COL_PUBLIC_KEY);
    if (!key || key_parse(key, &p->public_key) < 0)
        return err_set(err, -EBADMSG, "public_key is not a WireGuard key");
    /* What cannot be read is no endpoint: spec/server.md 1.3, row decoding. */
    const char *endpoint = store_column_text(row, COL_ENDPOINT);
    if (endpoint && endpoint_parse(endpoint, &p->endpoint, NULL) < 0)
        p->endpoint = ENDPOINT_INIT;
    return 0;
}

static int decode_expiry(sqlite3_stmt *row, struct peer *p, struct err *err)
{
    if (sqlite3_column_type(row, COL_INVITE_EXPIRES) == SQLITE_NULL)
        return 0;
    p->has_invite_expires = true;
    p->invite_expires_s = sqlite3_column_int64(row, COL_INVITE_EXPIRES);
    if (p->invite_expires_s < 0)
        return err_set(err, -EBADMSG, "invite_expires is negative");
    return 0;
}

static int decode_candidates(sqlite3_stmt *row, struct peer *p, struct err *err)
{
    const char *text = store_column_text(row, COL_CANDIDATES);
    if (!text)
        return sqlite3_column_type(row, COL_CANDIDATES) == SQLITE_NULL
                   ? 0
                   : err_set(err, -EBADMSG, "candidates is not a list of endpoints");
    return record_decode_candidates(text, strlen(text), &p->candidates, &p->n_candidates, err);
}

static int decode_peer(sqlite3_stmt *row, struct peer *ret, struct err *err)
{
    CLEAN_PEER struct peer p = {
        .id = sqlite3_column_int64(row, COL_ID),
        .cidr_id = sqlite3_column_int64(row, COL_CIDR_ID),
        .has_keepalive = true,
        .keepalive_s = KEEPALIVE_DEFAULT_S,
        .is_admin = sqlite3_column_int64(row, COL_IS_ADMIN) != 0,
        .is_disabled = sqlite3_column_int64(row, COL_IS_DISABLED) != 0,
        .is_redeemed = sqlite3_column_int64(row, COL_IS_REDEEMED) != 0,
    };
    int r = decode_name(row, &p, err);
    if (r == 0)
        r = decode_addresses(row, &p, err);
    if (r == 0)
        r = decode_expiry(row, &p, err);
    if (r == 0)
        r = decode_candidates(row, &p, err);
    if (r < 0)
        return r;
    *ret = p;
    p = (struct peer){0};
    return 0;
}

int store_read_peers(struct store *s, store_take_peer_fn take, void *user, struct err *err)
{
    CLEAN_CALL struct store_call c = store_call_begin(s, STMT_PEERS);
    int r;
    while ((r = store_call_step(&c, err)) > 0) {
        static struct log_limit limit;
        struct peer p;
        struct err reason = ERR_INIT;
        r = decode_peer(c.stmt, &p, &reason);
        if (r == -ENOMEM)
            return err_set(err, -ENOMEM, "out of memory");
        if (r < 0)
            log_limited(&limit, 10, 60, LOG_LEVEL_ERROR, "database: peer row %lld is left out: %s",
                        (long long)sqlite3_column_int64(c.stmt, COL_ID), reason.text);
        else if ((r = take(user, &p)) < 0)
            return r;
    }
    return r;
}

int store_read_peer(struct store *s, int64_t id, struct peer *ret, struct err *err)
{
    CLEAN_CALL struct store_call c = store_call_begin(s, STMT_PEER_BY_ID);
    store_call_int(&c, 1, id);
    int r = store_call_step(&c, err);
    if (r < 0)
        return r;
    if (r == 0)
        return err_set(err, -ENOENT, "there is no peer with id %lld", (long long)id);
    r = decode_peer(c.stmt, ret, err);
    return r == -EINVAL ? -EBADMSG : r;
}

/* The endpoint's text in `out`; NULL when there is none. */
static const char *endpoint_column(const struct endpoint *ep, struct buf *out)
{
    if (!endpoint_is_set(ep))
        return NULL;
    endpoint_format(ep, out);
    return out->data;
}

int store_insert_peer(struct store *s, const struct peer *p, int64_t *ret_id, struct err *err)
{
    char ip[IP_TEXT_MAX];
    char key[KEY_TEXT_MAX];
    CLEAN_BUF struct buf endpoint = BUF_INIT;
    CLEAN_BUF struct buf candidates = BUF_INIT;
    const char *endpoint_text = endpoint_column(&p->endpoint, &endpoint);
    record_encode_candidates(&candidates, p->candidates, p->n_candidates);
    if (endpoint.failed || candidates.failed)
        return err_set(err, -ENOMEM, "out of memory");
    CLEAN_CALL struct store_call c = store_call_begin(s, STMT_PEER_INSERT);
    store_call_text(&c, 1, p->name);
    store_call_text(&c, 2, ip_format(&p->ip, ip));
    store_call_int(&c, 3, p->cidr_id);
    store_call_text(&c, 4, key_format(&p->public_key, key));
    store_call_text(&c, 5, endpoint_text);
    store_call_int(&c, 6, p->is_admin);
    store_call_int(&c, 7, p->is_disabled);
    store_call_int(&c, 8, p->is_redeemed);
    if (p->has_invite_expires)
        store_call_int(&c, 9, p->invite_expires_s);
    store_call_text(&c, 10, candidates.data);
    int r = store_call_run(&c, NULL, err);
    if (r < 0)
        return r;
    *ret_id = sqlite3_last_insert_rowid(s->db);
    return 0;
}

/* Runs an UPDATE of one row by id. */
static int run_update(struct store_call *c, int64_t id, struct err *err)
{
    int changes;
    int r = store_call_run(c, &changes, err);
    if (r == 0 && changes == 0)
        return err_set(err, -ENOENT, "there is no peer with id %lld", (long long)id);
    return r;
}

int store_update_peer(struct store *s, const struct peer *p, struct err *err)
{
    CLEAN_BUF struct buf endpoint = BUF_INIT;
    CLEAN_BUF struct buf candidates = BUF_INIT;
    const char *endpoint_text = endpoint_column(&p->endpoint, &endpoint);
    record_encode_candidates(&candidates, p->candidates, p->n_candidates);
    if (endpoint.failed || candidates.failed)
        return err_set(err, -ENOMEM, "out of memory");
    CLEAN_CALL struct store_call c = store_call_begin(s, STMT_PEER_UPDATE);
    store_call_int(&c, 1, p->id);
    store_call_text(&c, 2, p->name);
    store_call_text(&c, 3, endpoint_text);
    store_call_int(&c, 4, p->is_admin);
    store_call_int(&c, 5, p->is_disabled);
    store_call_text(&c, 6, candidates.data);
    return run_update(&c, p->id, err);
}

int store_set_peer_disabled(struct store *s, int64_t id, bool disabled, struct err *err)
{
    CLEAN_CALL struct store_call c = store_call_begin(s, STMT_PEER_SET_DISABLED);
    store_call_int(&c, 1, id);
    store_call_int(&c, 2, disabled);
    return run_update(&c, id, err);
}

int store_set_peer_endpoint(struct store *s, int64_t id, const struct endpoint *ep, struct err *err)
{
    CLEAN_BUF struct buf text = BUF_INIT;
    const char *endpoint_text = endpoint_column(ep, &text);
    if (text.failed)
        return err_set(err, -ENOMEM, "out of memory");
    CLEAN_CALL struct store_call c = store_call_begin(s, STMT_PEER_SET_ENDPOINT);
    store_call_int(&c, 1, id);
    store_call_text(&c, 2, endpoint_text);
    return run_update(&c, id, err);
}

int store_set_peer_candidates(struct store *s, int64_t id, const struct endpoint *eps, size_t n,
                              struct err *err)
{
    CLEAN_BUF struct buf text = BUF_INIT;
    record_encode_candidates(&text, eps, n);
    if (text.failed)
        return err_set(err, -ENOMEM, "out of memory");
    CLEAN_CALL struct store_call c = store_call_begin(s, STMT_PEER_SET_CANDIDATES);
    store_call_int(&c, 1, id);
    store_call_text(&c, 2, text.data);
    return run_update(&c, id, err);
}

int store_redeem_peer(struct store *s, int64_t id, const struct key *public_key, struct err *err)
{
    char key[KEY_TEXT_MAX];
    CLEAN_CALL struct store_call c = store_call_begin(s, STMT_PEER_REDEEM);
    store_call_int(&c, 1, id);
    store_call_text(&c, 2, key_format(public_key, key));
    return run_update(&c, id, err);
}

int store_sweep_peers(struct store *s, int64_t now_s, size_t *ret_n, struct err *err)
{
    int changes;
    CLEAN_CALL struct store_call c = store_call_begin(s, STMT_PEERS_SWEEP);
    store_call_int(&c, 1, now_s);
    int r = store_call_run(&c, &changes, err);
    if (r == 0)
        *ret_n = (size_t)changes;
    return r;
}
