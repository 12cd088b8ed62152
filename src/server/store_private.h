#pragma once
/* What the store's files share: the connection, its statements, and calls of them. */

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "innernet/err.h"
#include "store.h"

enum store_stmt {
    STMT_BEGIN,
    STMT_BEGIN_READ,
    STMT_HOLD,
    STMT_COMMIT,
    STMT_ROLLBACK,
    STMT_DATA_VERSION,
    STMT_PEERS,
    STMT_PEER_BY_ID,
    STMT_PEER_INSERT,
    STMT_PEER_UPDATE,
    STMT_PEER_SET_DISABLED,
    STMT_PEER_SET_ENDPOINT,
    STMT_PEER_SET_CANDIDATES,
    STMT_PEER_REDEEM,
    STMT_PEERS_SWEEP,
    STMT_CIDRS,
    STMT_CIDR_INSERT,
    STMT_CIDR_RENAME,
    STMT_CIDR_DELETE,
    STMT_ASSOCIATIONS,
    STMT_ASSOCIATION_INSERT,
    STMT_ASSOCIATION_DELETE,
    STMT_COUNT,
};

struct store {
    sqlite3 *db;
    sqlite3_stmt *stmts[STMT_COUNT]; /* prepared at first use */
    uint64_t n_calls;
};

/* SQLite's result as negative errno and text. */
int store_translate(sqlite3 *db, int rc, struct err *err);

/* One use of a prepared statement: begin, bind, step or run, and always end. The first failure
 * sticks and comes out of step or run. Bound texts must live until the end. */
struct store_call {
    struct store *store;
    sqlite3_stmt *stmt;
    int rc;
};
#define CLEAN_CALL CLEANUP(store_call_end)

struct store_call store_call_begin(struct store *s, enum store_stmt id);
void store_call_end(struct store_call *c);
void store_call_int(struct store_call *c, int index, int64_t value);
void store_call_text(struct store_call *c, int index, const char *text); /* NULL = SQL NULL */
/* 1 with a row, 0 at the end, or an error. */
int store_call_step(struct store_call *c, struct err *err);
/* Steps to the end; ret_changes (nullable) gets the number of changed rows. */
int store_call_run(struct store_call *c, int *ret_changes, struct err *err);

/* Column text without NULs inside; NULL for SQL NULL or when it has some. Valid until the next
 * step. */
const char *store_column_text(sqlite3_stmt *stmt, int column);
