#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>

#include "innernet/log.h"
#include "schema.h"
#include "store_private.h"

/* The rows are kept in memory as it is, and are read from end to end when they are read. */
#define CACHE_KIB "256"
#define PEER_COLUMNS                                                                               \
    "id, name, ip, cidr_id, public_key, endpoint, is_admin, is_disabled, is_redeemed, "            \
    "invite_expires, candidates"

static const char *const sql[STMT_COUNT] = {
    [STMT_BEGIN] = "BEGIN IMMEDIATE",
    [STMT_BEGIN_READ] = "BEGIN",
    [STMT_HOLD] = "SELECT count(*) FROM sqlite_schema",
    [STMT_COMMIT] = "COMMIT",
    [STMT_ROLLBACK] = "ROLLBACK",
    [STMT_DATA_VERSION] = "PRAGMA data_version",
    [STMT_PEERS] = "SELECT " PEER_COLUMNS " FROM peers ORDER BY id",
    [STMT_PEER_BY_ID] = "SELECT " PEER_COLUMNS " FROM peers WHERE id = ?1",
    [STMT_PEER_INSERT] =
        "INSERT INTO peers (name, ip, cidr_id, public_key, endpoint, is_admin, is_disabled, "
        "is_redeemed, invite_expires, candidates) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    [STMT_PEER_UPDATE] = "UPDATE peers SET name = ?2, endpoint = ?3, is_admin = ?4, "
                         "is_disabled = ?5, candidates = ?6 WHERE id = ?1",
    [STMT_PEER_SET_DISABLED] = "UPDATE peers SET is_disabled = ?2 WHERE id = ?1",
    [STMT_PEER_SET_ENDPOINT] = "UPDATE peers SET endpoint = ?2 WHERE id = ?1",
    [STMT_PEER_SET_CANDIDATES] = "UPDATE peers SET candidates = ?2 WHERE id = ?1",
    [STMT_PEER_REDEEM] =
        "UPDATE peers SET is_redeemed = 1, public_key = ?2 WHERE id = ?1 AND is_redeemed = 0",
    [STMT_PEERS_SWEEP] = "DELETE FROM peers WHERE is_redeemed = 0 AND invite_expires < ?1",
    [STMT_CIDRS] = "SELECT id, name, ip, prefix, parent FROM cidrs ORDER BY id",
    [STMT_CIDR_INSERT] = "INSERT INTO cidrs (name, ip, prefix, parent) VALUES (?1, ?2, ?3, ?4)",
    [STMT_CIDR_RENAME] = "UPDATE cidrs SET name = ?2 WHERE id = ?1",
    [STMT_CIDR_DELETE] = "DELETE FROM cidrs WHERE id = ?1",
    [STMT_ASSOCIATIONS] = "SELECT id, cidr_id_1, cidr_id_2 FROM associations ORDER BY id",
    [STMT_ASSOCIATION_INSERT] = "INSERT INTO associations (cidr_id_1, cidr_id_2) VALUES (?1, ?2)",
    [STMT_ASSOCIATION_DELETE] = "DELETE FROM associations WHERE id = ?1",
};

static int translate_code(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_CONSTRAINT:
        return rc == SQLITE_CONSTRAINT_UNIQUE || rc == SQLITE_CONSTRAINT_PRIMARYKEY ? -EEXIST
                                                                                    : -EINVAL;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return -EBUSY;
    case SQLITE_NOMEM:
        return -ENOMEM;
    case SQLITE_FULL:
        return -ENOSPC;
    case SQLITE_READONLY:
        return -EROFS;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
        return -EBADMSG;
    default:
        return -EIO;
    }
}

int store_translate(sqlite3 *db, int rc, struct err *err)
{
    const char *reason = db ? sqlite3_errmsg(db) : sqlite3_errstr(rc);
    return err_set(err, translate_code(rc), "database: %s", reason);
}

struct store_call store_call_begin(struct store *s, enum store_stmt id)
{
    struct store_call c = {.store = s, .rc = SQLITE_OK};
    if (!s->stmts[id])
        c.rc =
            sqlite3_prepare_v3(s->db, sql[id], -1, SQLITE_PREPARE_PERSISTENT, &s->stmts[id], NULL);
    c.stmt = s->stmts[id];
    s->n_calls++;
    return c;
}

void store_call_end(struct store_call *c)
{
    sqlite3_reset(c->stmt);
    sqlite3_clear_bindings(c->stmt);
}

void store_call_int(struct store_call *c, int index, int64_t value)
{
    if (c->rc == SQLITE_OK)
        c->rc = sqlite3_bind_int64(c->stmt, index, value);
}

void store_call_text(struct store_call *c, int index, const char *text)
{
    if (c->rc == SQLITE_OK)
        c->rc = text ? sqlite3_bind_text(c->stmt, index, text, -1, SQLITE_STATIC)
                     : sqlite3_bind_null(c->stmt, index);
}

int store_call_step(struct store_call *c, struct err *err)
{
    if (c->rc == SQLITE_OK || c->rc == SQLITE_ROW)
        c->rc = sqlite3_step(c->stmt);
    if (c->rc == SQLITE_ROW)
        return 1;
    if (c->rc == SQLITE_DONE)
        return 0;
    return store_translate(c->store->db, c->rc, err);
}

int store_call_run(struct store_call *c, int *ret_changes, struct err *err)
{
    int r;
    do
        r = store_call_step(c, err);
    while (r > 0);
    if (r == 0 && ret_changes)
        *ret_changes = sqlite3_changes(c->store->db);
    return r;
}

const char *store_column_text(sqlite3_stmt *stmt, int column)
{
    const char *text = (const char *)sqlite3_column_text(stmt, column);
    if (!text || strlen(text) != (size_t)sqlite3_column_bytes(stmt, column))
        return NULL;
    return text;
}

static int connect_file(const char *path, struct store **ret, struct err *err)
{
    CLEAN_STORE struct store *s = calloc(1, sizeof(*s));
    if (!s)
        return err_set(err, -ENOMEM, "out of memory");
    int rc = sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc != SQLITE_OK) {
        int r = store_translate(s->db, rc, err);
        return err_prefix(err, r, "%s", path);
    }
    sqlite3_extended_result_codes(s->db, 1);
    sqlite3_exec(s->db, "PRAGMA cache_size = -" CACHE_KIB, NULL, NULL, NULL);
    sqlite3_busy_timeout(s->db, STORE_PATIENCE_MS);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    *ret = TAKE_PTR(s);
    return 0;
}

/* Invitations' keys are not in it, but who may reach whom is: nobody else's business (D12). */
static int tighten_mode(const char *path, struct err *err)
{
    struct stat st;
    CLEAN_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) < 0)
        return err_set_os(err, -errno, "%s", path);
    if (!S_ISREG(st.st_mode))
        return err_set(err, -EINVAL, "%s - not a regular file", path);
    if ((st.st_mode & 0777) == 0600)
        return 0;
    if (fchmod(fd, 0600) < 0)
        return err_set_os(err, -errno, "%s - cannot set its mode to 0600", path);
    log_info("set the mode of %s to 0600", path);
    return 0;
}

int store_open(const char *path, struct store **ret, struct err *err)
{
    CLEAN_STORE struct store *s = NULL;
    int r = tighten_mode(path, err);
    if (r == 0)
        r = connect_file(path, &s, err);
    if (r < 0)
        return r;
    r = schema_migrate(s->db, err);
    if (r < 0)
        return err_prefix(err, r, "%s", path);
    *ret = TAKE_PTR(s);
    return 0;
}

int store_create(const char *path, struct store **ret, struct err *err)
{
    CLEAN_STORE struct store *s = NULL;
    int r = connect_file(path, &s, err);
    if (r < 0)
        return r;
    r = store_begin(s, err);
    if (r == 0)
        r = schema_create(s->db, err);
    if (r < 0)
        return err_prefix(err, r, "%s", path);
    *ret = TAKE_PTR(s);
    return 0;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < STMT_COUNT; i++)
        sqlite3_finalize(s->stmts[i]);
    sqlite3_close(s->db);
    free(s);
}

int store_begin(struct store *s, struct err *err)
{
    CLEAN_CALL struct store_call c = store_call_begin(s, STMT_BEGIN);
    return store_call_run(&c, NULL, err);
}

int store_commit(struct store *s, struct err *err)
{
    int r;
    {
        CLEAN_CALL struct store_call c = store_call_begin(s, STMT_COMMIT);
        r = store_call_run(&c, NULL, err);
    }
    if (r < 0)
        store_rollback(s);
    return r;
}

void store_rollback(struct store *s)
{
    if (!store_in_transaction(s))
        return;
    CLEAN_CALL struct store_call c = store_call_begin(s, STMT_ROLLBACK);
    struct err err = ERR_INIT;
    if (store_call_run(&c, NULL, &err) < 0)
        log_error("cannot roll back: %s", err.text);
}

bool store_in_transaction(const struct store *s)
{
    return !sqlite3_get_autocommit(s->db);
}

void store_set_patience(struct store *s, int ms)
{
    sqlite3_busy_timeout(s->db, ms);
}

void store_release_memory(struct store *s)
{
    sqlite3_db_release_memory(s->db);
}

uint64_t store_n_calls(const struct store *s)
{
    return s->n_calls;
}
