#pragma once
/* The database schema and its numbered migrations. Private to the store. Source:
 * spec/server.md 1.3, D32. */

#include "innernet/err.h"

#define SCHEMA_VERSION 2

struct sqlite3;

/* Creates the tables and sets the version. The caller has a transaction open. 0 or -EIO etc. */
int schema_create(struct sqlite3 *db, struct err *err);

/* Brings an older database to SCHEMA_VERSION in one transaction. A newer version is refused with
 * -EPROTONOSUPPORT and a negative one with -EBADMSG, both without touching the file. */
int schema_migrate(struct sqlite3 *db, struct err *err);
