#include "schema.h"

#include <errno.h>
#include <sqlite3.h>

#include "store_private.h"

static const char tables[] =
    "CREATE TABLE peers ("
    " id INTEGER PRIMARY KEY,"
    " name TEXT NOT NULL UNIQUE,"
    " ip TEXT NOT NULL UNIQUE,"
    " public_key TEXT NOT NULL UNIQUE,"
    " endpoint TEXT,"
    " cidr_id INTEGER NOT NULL,"
    " is_admin INTEGER DEFAULT 0 NOT NULL,"
    " is_disabled INTEGER DEFAULT 0 NOT NULL,"
    " is_redeemed INTEGER DEFAULT 0 NOT NULL,"
    " invite_expires INTEGER,"
    " candidates TEXT,"
    " FOREIGN KEY (cidr_id) REFERENCES cidrs (id) ON UPDATE RESTRICT ON DELETE RESTRICT);"
    "CREATE TABLE associations ("
    " id INTEGER PRIMARY KEY,"
    " cidr_id_1 INTEGER NOT NULL,"
    " cidr_id_2 INTEGER NOT NULL,"
    " UNIQUE (cidr_id_1, cidr_id_2),"
    " FOREIGN KEY (cidr_id_1) REFERENCES cidrs (id) ON UPDATE RESTRICT ON DELETE RESTRICT,"
    " FOREIGN KEY (cidr_id_2) REFERENCES cidrs (id) ON UPDATE RESTRICT ON DELETE RESTRICT);"
    "CREATE TABLE cidrs ("
    " id INTEGER PRIMARY KEY,"
    " name TEXT NOT NULL UNIQUE,"
    " ip TEXT NOT NULL,"
    " prefix INTEGER NOT NULL,"
    " parent INTEGER REFERENCES cidrs,"
    " UNIQUE (ip, prefix),"
    " FOREIGN KEY (parent) REFERENCES cidrs (id) ON UPDATE RESTRICT ON DELETE RESTRICT);"
    "PRAGMA user_version = 2;";

/* migrations[n] leads from version n to n + 1. */
static const char *const migrations[SCHEMA_VERSION] = {
    "ALTER TABLE peers ADD COLUMN invite_expires INTEGER; PRAGMA user_version = 1;",
    "ALTER TABLE peers ADD COLUMN candidates TEXT; PRAGMA user_version = 2;",
};

static int run(sqlite3 *db, const char *sql, struct err *err)
{
    int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : store_translate(db, rc, err);
}

int schema_create(sqlite3 *db, struct err *err)
{
    return run(db, tables, err);
}

static int read_version(sqlite3 *db, int *ret, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &stmt, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        *ret = sqlite3_column_int(stmt, 0);
    sqlite3_finalize(stmt);
    return rc == SQLITE_ROW ? 0 : store_translate(db, rc, err);
}

static int check_version(int version, struct err *err)
{
    if (version < 0)
        return err_set(
            err, -EBADMSG,
            "the database has the impossible schema version %d; restore it from a backup", version);
    if (version > SCHEMA_VERSION)
        return err_set(err, -EPROTONOSUPPORT,
                       "the database has schema version %d, this program knows only %d; "
                       "use a newer innernet-server",
                       version, SCHEMA_VERSION);
    return 0;
}

/* Read again under the write lock: another process may have migrated in between. */
static int migrate_locked(sqlite3 *db, struct err *err)
{
    int version;
    int r = read_version(db, &version, err);
    if (r == 0)
        r = check_version(version, err);
    for (; r == 0 && version < SCHEMA_VERSION; version++)
        r = run(db, migrations[version], err);
    return r;
}

int schema_migrate(sqlite3 *db, struct err *err)
{
    int version;
    int r = read_version(db, &version, err);
    if (r == 0)
        r = check_version(version, err);
    if (r < 0 || version == SCHEMA_VERSION)
        return r;
    r = run(db, "BEGIN IMMEDIATE", err);
    if (r < 0)
        return r;
    r = migrate_locked(db, err);
    if (r == 0)
        r = run(db, "COMMIT", err);
    if (r < 0)
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return r;
}
