/* Which state of the database is this? Every commit of a rollback-journal database raises a counter
 * in the file's header (SQLite's file format, 1.3.9), so that an unchanged database is recognised
 * with one read and without SQL. In a write-ahead log it is not; there SQLite has to be asked. */
#include <errno.h>

#include "store_private.h"

#define HEADER_AT 18  /* write version, read version, ... */
#define HEADER_LEN 10 /* ... and up to the counter's last byte */
#define COUNTER_AT 6  /* from there */
#define FORMAT_WAL 2
#define WAL_VERSIONS ((int64_t)1 << 32) /* above all counters */

/* By SQLite's own file: closing one of ours would drop the locks that SQLite has on the file. */
static int read_header(struct store *s, unsigned char header[static HEADER_LEN], struct err *err)
{
    sqlite3_file *file = NULL;
    int rc = sqlite3_file_control(s->db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (rc == SQLITE_OK && (!file || !file->pMethods))
        rc = SQLITE_CANTOPEN;
    if (rc == SQLITE_OK)
        rc = file->pMethods->xRead(file, header, HEADER_LEN, HEADER_AT);
    if (rc == SQLITE_OK || rc == SQLITE_IOERR_SHORT_READ) /* empty so far: all zero */
        return 0;
    return store_translate(NULL, rc, err);
}

static int data_version(struct store *s, int64_t *ret, struct err *err)
{
    CLEAN_CALL struct store_call c = store_call_begin(s, STMT_DATA_VERSION);
    int r = store_call_step(&c, err);
    if (r < 0)
        return r;
    *ret = WAL_VERSIONS + sqlite3_column_int64(c.stmt, 0);
    return 0;
}

static int64_t counter_of(const unsigned char header[static HEADER_LEN])
{
    const unsigned char *at = header + COUNTER_AT;
    return (int64_t)at[0] << 24 | (int64_t)at[1] << 16 | (int64_t)at[2] << 8 | (int64_t)at[3];
}

int store_version(struct store *s, int64_t *ret, struct err *err)
{
    unsigned char header[HEADER_LEN] = {0};
    int r = read_header(s, header, err);
    if (r < 0)
        return r;
    if (header[0] == FORMAT_WAL || header[1] == FORMAT_WAL)
        return data_version(s, ret, err);
    *ret = counter_of(header);
    return 0;
}

int store_commit_version(struct store *s, int64_t *ret, struct err *err)
{
    unsigned char header[HEADER_LEN] = {0};
    /* A query that is not at its end keeps the read lock beyond the commit, so that nobody else can
     * commit before the counter is read. */
    CLEAN_CALL struct store_call hold = store_call_begin(s, STMT_HOLD);
    int r = store_call_step(&hold, err);
    if (r < 0)
        store_rollback(s);
    else
        r = store_commit(s, err);
    if (r < 0)
        return r;
    *ret = read_header(s, header, NULL) < 0 || header[0] == FORMAT_WAL || header[1] == FORMAT_WAL
               ? STORE_VERSION_UNKNOWN
               : counter_of(header);
    return 0;
}

int store_begin_read(struct store *s, struct err *err)
{
    CLEAN_CALL struct store_call begin = store_call_begin(s, STMT_BEGIN_READ);
    int r = store_call_run(&begin, NULL, err);
    if (r < 0)
        return r;
    CLEAN_CALL struct store_call hold = store_call_begin(s, STMT_HOLD);
    r = store_call_run(&hold, NULL, err);
    if (r < 0)
        store_rollback(s);
    return r;
}
