/* CIDRs and associations. */
#include <errno.h>
#include <string.h>

#include "innernet/log.h"
#include "store_private.h"

enum cidr_column { COL_ID, COL_NAME, COL_IP, COL_PREFIX, COL_PARENT };

static int decode_cidr(sqlite3_stmt *row, struct cidr *ret, struct err *err)
{
    const char *ip = store_column_text(row, COL_IP);
    const char *name = store_column_text(row, COL_NAME);
    int64_t prefix = sqlite3_column_int64(row, COL_PREFIX);
    struct cidr c = {
        .id = sqlite3_column_int64(row, COL_ID),
        .has_parent = sqlite3_column_type(row, COL_PARENT) != SQLITE_NULL,
        .parent = sqlite3_column_int64(row, COL_PARENT),
    };
    /* Stricter rules hold for new names only: a strange old one must not hide its peers. */
    if (!name || !utf8_is_valid(name, strlen(name)))
        return err_set(err, -EBADMSG, "name is not text");
    if (!ip || ip_parse(ip, &c.net.addr) < 0)
        return err_set(err, -EBADMSG, "ip is not an IP address");
    if (prefix < 0 || prefix > ip_bits(&c.net.addr))
        return err_set(err, -EBADMSG, "prefix is out of range");
    c.net.prefix = (uint8_t)prefix;
    c.name = strdup(name);
    if (!c.name)
        return -ENOMEM;
    *ret = c;
    return 0;
}

int store_read_cidrs(struct store *s, store_take_cidr_fn take, void *user, struct err *err)
{
    CLEAN_CALL struct store_call c = store_call_begin(s, STMT_CIDRS);
    int r;
    while ((r = store_call_step(&c, err)) > 0) {
        static struct log_limit limit;
        struct cidr cidr;
        struct err reason = ERR_INIT;
        r = decode_cidr(c.stmt, &cidr, &reason);
        if (r == -ENOMEM)
            return err_set(err, -ENOMEM, "out of memory");
        if (r < 0)
            log_limited(&limit, 10, 60, LOG_LEVEL_ERROR, "database: CIDR row %lld is left out: %s",
                        (long long)sqlite3_column_int64(c.stmt, COL_ID), reason.text);
        else if ((r = take(user, &cidr)) < 0)
            return r;
    }
    return r;
}

int store_read_associations(struct store *s, store_take_association_fn take, void *user,
                            struct err *err)
{
    CLEAN_CALL struct store_call c = store_call_begin(s, STMT_ASSOCIATIONS);
    int r;
    while ((r = store_call_step(&c, err)) > 0) {
        struct association a = {
            .id = sqlite3_column_int64(c.stmt, 0),
            .cidr_id_1 = sqlite3_column_int64(c.stmt, 1),
            .cidr_id_2 = sqlite3_column_int64(c.stmt, 2),
        };
        if ((r = take(user, &a)) < 0)
            return r;
    }
    return r;
}

static int run_insert(struct store_call *c, int64_t *ret_id, struct err *err)
{
    int r = store_call_run(c, NULL, err);
    if (r == 0)
        *ret_id = sqlite3_last_insert_rowid(c->store->db);
    return r;
}

int store_insert_cidr(struct store *s, const struct cidr *cidr, int64_t *ret_id, struct err *err)
{
    char ip[IP_TEXT_MAX];
    CLEAN_CALL struct store_call c = store_call_begin(s, STMT_CIDR_INSERT);
    store_call_text(&c, 1, cidr->name);
    store_call_text(&c, 2, ip_format(&cidr->net.addr, ip));
    store_call_int(&c, 3, cidr->net.prefix);
    if (cidr->has_parent)
        store_call_int(&c, 4, cidr->parent);
    return run_insert(&c, ret_id, err);
}

int store_rename_cidr(struct store *s, int64_t id, const char *name, struct err *err)
{
    int changes;
    CLEAN_CALL struct store_call c = store_call_begin(s, STMT_CIDR_RENAME);
    store_call_int(&c, 1, id);
    store_call_text(&c, 2, name);
    int r = store_call_run(&c, &changes, err);
    if (r == 0 && changes == 0)
        return err_set(err, -ENOENT, "there is no CIDR with id %lld", (long long)id);
    return r;
}

int store_delete_cidr(struct store *s, int64_t id, struct err *err)
{
    CLEAN_CALL struct store_call c = store_call_begin(s, STMT_CIDR_DELETE);
    store_call_int(&c, 1, id);
    return store_call_run(&c, NULL, err);
}

int store_insert_association(struct store *s, const struct association *a, int64_t *ret_id,
                             struct err *err)
{
    CLEAN_CALL struct store_call c = store_call_begin(s, STMT_ASSOCIATION_INSERT);
    store_call_int(&c, 1, a->cidr_id_1);
    store_call_int(&c, 2, a->cidr_id_2);
    return run_insert(&c, ret_id, err);
}

int store_delete_association(struct store *s, int64_t id, struct err *err)
{
    CLEAN_CALL struct store_call c = store_call_begin(s, STMT_ASSOCIATION_DELETE);
    store_call_int(&c, 1, id);
    return store_call_run(&c, NULL, err);
}
