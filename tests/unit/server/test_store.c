#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>

#include "fixture.h"

/* --- helpers --- */

static void sql(const char *path, const char *text)
{
    sqlite3 *db = NULL;
    char *message = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, text, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", text, message);
    sqlite3_close(db);
}

/* First column of the first row, malloc'ed. */
static char *query(const char *path, const char *text)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, text, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    const char *value = (const char *)sqlite3_column_text(stmt, 0);
    char *copy = value ? strdup(value) : NULL;
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return copy;
}

static void assert_query(const char *path, const char *text, const char *expected)
{
    char *value = query(path, text);
    if (expected)
        assert_string_equal(value, expected);
    else
        assert_null(value);
    free(value);
}

struct rows {
    struct peer peers[16];
    size_t n;
};

static int take_peer(void *user, struct peer *p)
{
    struct rows *rows = user;
    assert_true(rows->n < ARRAY_SIZE(rows->peers));
    rows->peers[rows->n++] = *p;
    return 0;
}

static void read_rows(struct store *s, struct rows *rows)
{
    *rows = (struct rows){0};
    assert_int_equal(store_read_peers(s, take_peer, rows, NULL), 0);
}

static void rows_done(struct rows *rows)
{
    for (size_t i = 0; i < rows->n; i++)
        peer_done(&rows->peers[i]);
}

static int take_cidr(void *user, struct cidr *c)
{
    int64_t *sum = user;
    *sum = *sum * 10 + c->id;
    cidr_done(c);
    return 0;
}

static char *read_bytes(const char *path, size_t *ret_len)
{
    FILE *f = fopen(path, "re");
    assert_non_null(f);
    char *data = malloc(1 << 20);
    *ret_len = fread(data, 1, 1 << 20, f);
    fclose(f);
    return data;
}

static void copy_golden(const struct fixture *f)
{
    size_t len;
    char *data = read_bytes(TEST_DATA "/golden/server.db", &len);
    FILE *to = fopen(f->path, "wxe");
    assert_non_null(to);
    assert_int_equal(fwrite(data, 1, len, to), len);
    fclose(to);
    free(data);
}

/* --- tests --- */

static void creates_the_schema_of_the_contract(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    assert_query(f.path, "PRAGMA user_version", "2");
    assert_query(f.path, "PRAGMA journal_mode", "delete");
    assert_query(f.path, "SELECT group_concat(name) FROM pragma_table_info('peers')",
                 "id,name,ip,public_key,endpoint,cidr_id,is_admin,is_disabled,is_redeemed,"
                 "invite_expires,candidates");
    assert_query(f.path, "SELECT group_concat(name) FROM pragma_table_info('cidrs')",
                 "id,name,ip,prefix,parent");
    assert_query(f.path, "SELECT group_concat(name) FROM pragma_table_info('associations')",
                 "id,cidr_id_1,cidr_id_2");
    assert_query(f.path, "SELECT count(*) FROM sqlite_master WHERE sql IS NOT NULL", "3");
    assert_query(f.path, "SELECT candidates FROM peers WHERE id = 2", "[]");
    assert_query(f.path, "SELECT endpoint FROM peers WHERE id = 2", NULL);
    assert_query(f.path, "SELECT typeof(is_admin) || is_admin FROM peers WHERE id = 2", "integer1");
    fixture_done(&f);
}

static void table_shapes_equal_those_of_the_reference(void **state)
{
    (void)state;
    struct fixture f;
    struct fixture golden;
    static const struct {
        const char *before;
        const char *after;
    } facts[] = {
        {"SELECT group_concat(name || type || \"notnull\" || ifnull(dflt_value, '-') || pk) "
         "FROM pragma_table_info('",
         "')"},
        {"SELECT group_concat(\"table\" || \"from\" || on_update || on_delete) FROM "
         "(SELECT * FROM pragma_foreign_key_list('",
         "') ORDER BY id, seq)"},
        {"SELECT group_concat(\"unique\" || origin || partial) FROM pragma_index_list('", "')"},
    };
    static const char *const tables[] = {"peers", "cidrs", "associations"};
    fixture_init(&f);
    fixture_folder(&golden);
    copy_golden(&golden);
    for (size_t i = 0; i < ARRAY_SIZE(facts); i++)
        for (size_t j = 0; j < ARRAY_SIZE(tables); j++) {
            char text[512];
            snprintf(text, sizeof(text), "%s%s%s", facts[i].before, tables[j], facts[i].after);
            char *expected = query(golden.path, text);
            assert_query(f.path, text, expected);
            free(expected);
        }
    fixture_done(&f);
    fixture_done(&golden);
}

static void tightens_the_mode(void **state)
{
    (void)state;
    struct fixture f;
    struct store *s;
    struct stat st;
    fixture_init(&f);
    assert_int_equal(chmod(f.path, 0644), 0);
    assert_int_equal(store_open(f.path, &s, NULL), 0);
    assert_int_equal(stat(f.path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    store_close(s);
    fixture_done(&f);
}

static void opens_only_what_exists(void **state)
{
    (void)state;
    struct store *s = NULL;
    struct err err = ERR_INIT;
    assert_int_equal(store_open("/nonexistent/x.db", &s, &err), -ENOENT);
    assert_non_null(strstr(err.text, "/nonexistent/x.db"));
    assert_int_equal(store_open("/tmp", &s, &err), -EINVAL);
}

static void refuses_what_is_no_database(void **state)
{
    (void)state;
    struct fixture f;
    struct store *s = NULL;
    struct err err = ERR_INIT;
    fixture_folder(&f);
    FILE *file = fopen(f.path, "wxe");
    for (int i = 0; i < 1000; i++)
        fputs("this is not a database ", file);
    fclose(file);
    assert_int_equal(store_open(f.path, &s, &err), -EBADMSG);
    assert_non_null(strstr(err.text, f.path));
    fixture_done(&f);
}

static void migrates_old_versions(void **state)
{
    (void)state;
    static const char *const old[] = {
        "ALTER TABLE peers DROP COLUMN candidates; ALTER TABLE peers DROP COLUMN invite_expires; "
        "PRAGMA user_version = 0",
        "ALTER TABLE peers DROP COLUMN candidates; PRAGMA user_version = 1",
    };
    for (size_t i = 0; i < ARRAY_SIZE(old); i++) {
        struct fixture f;
        struct store *s;
        struct rows rows;
        fixture_init(&f);
        sql(f.path, old[i]);
        assert_int_equal(store_open(f.path, &s, NULL), 0);
        read_rows(s, &rows);
        assert_int_equal(rows.n, 6);
        assert_string_equal(rows.peers[5].name, "user2");
        assert_int_equal(rows.peers[5].n_candidates, 0); /* NULL reads as empty */
        assert_false(rows.peers[5].has_invite_expires);
        rows_done(&rows);
        store_close(s);
        assert_query(f.path, "PRAGMA user_version", "2");
        assert_query(f.path, "SELECT group_concat(name) FROM pragma_table_info('peers')",
                     "id,name,ip,public_key,endpoint,cidr_id,is_admin,is_disabled,is_redeemed,"
                     "invite_expires,candidates");
        fixture_done(&f);
    }
}

static void a_failed_migration_changes_nothing(void **state)
{
    (void)state;
    struct fixture f;
    struct store *s = NULL;
    fixture_init(&f);
    /* Version 0, but the second step will find its column there. */
    sql(f.path, "ALTER TABLE peers DROP COLUMN invite_expires; PRAGMA user_version = 0");
    assert_true(store_open(f.path, &s, NULL) < 0);
    assert_query(f.path, "PRAGMA user_version", "0");
    assert_query(f.path,
                 "SELECT count(*) FROM pragma_table_info('peers') WHERE name = 'invite_expires'",
                 "0");
    fixture_done(&f);
}

static void refuses_strange_versions_untouched(void **state)
{
    (void)state;
    static const struct {
        const char *pragma;
        int code;
    } cases[] = {{"PRAGMA user_version = 3", -EPROTONOSUPPORT},
                 {"PRAGMA user_version = -1", -EBADMSG}};
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct fixture f;
        struct store *s = NULL;
        struct err err = ERR_INIT;
        size_t len_before;
        size_t len_after;
        fixture_init(&f);
        sql(f.path, cases[i].pragma);
        char *before = read_bytes(f.path, &len_before);
        assert_int_equal(store_open(f.path, &s, &err), cases[i].code);
        assert_non_null(strstr(err.text, f.path));
        char *after = read_bytes(f.path, &len_after);
        assert_int_equal(len_before, len_after);
        assert_memory_equal(before, after, len_before);
        free(before);
        free(after);
        fixture_done(&f);
    }
}

static void reads_the_golden_database(void **state)
{
    (void)state;
    struct fixture f;
    struct store *s;
    struct rows rows;
    char key[KEY_TEXT_MAX];
    fixture_folder(&f);
    copy_golden(&f);
    assert_int_equal(store_open(f.path, &s, NULL), 0);
    read_rows(s, &rows);
    assert_int_equal(rows.n, 4);
    const struct peer *admin = &rows.peers[1];
    assert_int_equal(admin->id, 2);
    assert_string_equal(admin->name, "admin");
    assert_string_equal(key_format(&admin->public_key, key),
                        "2IAk2EqXjhC6lvp56HEjn10uFHZMyBxY7on1sz3/jX4=");
    assert_true(admin->is_admin && admin->is_redeemed && !admin->is_disabled);
    assert_true(admin->has_invite_expires);
    assert_int_equal(admin->invite_expires_s, 1797935026);
    assert_int_equal(admin->n_candidates, 1);
    assert_false(endpoint_is_set(&admin->endpoint));
    assert_true(endpoint_is_set(&rows.peers[0].endpoint));
    assert_int_equal(admin->keepalive_s, 25);
    assert_true(admin->has_keepalive);
    rows_done(&rows);
    int64_t ids = 0;
    assert_int_equal(store_read_cidrs(s, take_cidr, &ids, NULL), 0);
    assert_int_equal(ids, 1234);
    store_close(s);
    fixture_done(&f);
}

static void what_is_written_equals_the_reference(void **state)
{
    (void)state;
    struct fixture f;
    struct store *s;
    struct rows rows;
    static const char row[] =
        "SELECT quote(name) || quote(ip) || quote(public_key) || quote(endpoint) || quote(cidr_id) "
        "|| quote(is_admin) || quote(is_disabled) || quote(is_redeemed) || quote(invite_expires) "
        "|| quote(candidates) FROM peers ORDER BY id DESC LIMIT 1";
    fixture_folder(&f);
    copy_golden(&f);
    char *expected = query(f.path, row);
    assert_int_equal(store_open(f.path, &s, NULL), 0);
    read_rows(s, &rows);
    assert_int_equal(store_begin(s, NULL), 0);
    store_rollback(s);
    sql(f.path, "DELETE FROM peers WHERE id = 4");
    int64_t id;
    assert_int_equal(store_insert_peer(s, &rows.peers[3], &id, NULL), 0);
    assert_int_equal(id, 4);
    assert_query(f.path, row, expected);
    free(expected);
    rows_done(&rows);
    store_close(s);
    fixture_done(&f);
}

static void leaves_undecodable_rows_out(void **state)
{
    (void)state;
    static const char *const spoils[] = {
        "UPDATE peers SET name = 'No Hostname' WHERE id = 3",
        "UPDATE peers SET ip = '10.80.64.02' WHERE id = 3",
        "UPDATE peers SET public_key = 'anything' WHERE id = 3",
        "UPDATE peers SET candidates = '{}' WHERE id = 3",
        "UPDATE peers SET candidates = '[\"nonsense\"]' WHERE id = 3",
        "UPDATE peers SET candidates = 'null' WHERE id = 3",
        "UPDATE peers SET invite_expires = -1 WHERE id = 3",
        "UPDATE peers SET name = CAST(x'6100' AS TEXT) WHERE id = 3",
    };
    for (size_t i = 0; i < ARRAY_SIZE(spoils); i++) {
        struct fixture f;
        struct store *s;
        struct rows rows;
        fixture_init(&f);
        sql(f.path, spoils[i]);
        assert_int_equal(store_open(f.path, &s, NULL), 0);
        read_rows(s, &rows);
        if (rows.n != 5)
            fail_msg("%s: %zu rows", spoils[i], rows.n);
        assert_int_equal(rows.peers[2].id, 4);
        rows_done(&rows);
        store_close(s);
        fixture_done(&f);
    }
}

static void reads_odd_but_legal_values(void **state)
{
    (void)state;
    struct fixture f;
    struct store *s;
    struct rows rows;
    fixture_init(&f);
    sql(f.path, "UPDATE peers SET endpoint = 'no endpoint', is_admin = 7, candidates = NULL "
                "WHERE id = 3");
    assert_int_equal(store_open(f.path, &s, NULL), 0);
    read_rows(s, &rows);
    assert_int_equal(rows.n, 6);
    assert_false(endpoint_is_set(&rows.peers[2].endpoint));
    assert_true(rows.peers[2].is_admin);
    assert_int_equal(rows.peers[2].n_candidates, 0);
    rows_done(&rows);
    store_close(s);
    fixture_done(&f);
}

static void tells_constraints_apart(void **state)
{
    (void)state;
    struct fixture f;
    struct store *s;
    int64_t id;
    fixture_init(&f);
    assert_int_equal(store_open(f.path, &s, NULL), 0);
    char name[] = "developer1";
    struct peer p = {
        .name = name, .ip = ip_of("10.80.64.9"), .cidr_id = 4, .public_key = key_of(9)};
    assert_int_equal(store_insert_peer(s, &p, &id, NULL), -EEXIST);
    name[9] = '9';
    p.cidr_id = 999; /* foreign keys are on */
    assert_int_equal(store_insert_peer(s, &p, &id, NULL), -EINVAL);
    p.cidr_id = 4;
    assert_int_equal(store_insert_peer(s, &p, &id, NULL), 0);
    assert_int_equal(id, 7);
    assert_int_equal(store_delete_cidr(s, 4, NULL), -EINVAL);
    assert_int_equal(store_delete_cidr(s, 444, NULL), 0);
    assert_int_equal(store_rename_cidr(s, 444, "x", NULL), -ENOENT);
    assert_int_equal(store_set_peer_disabled(s, 444, true, NULL), -ENOENT);
    struct peer none;
    assert_int_equal(store_read_peer(s, 444, &none, NULL), -ENOENT);
    store_close(s);
    fixture_done(&f);
}

static void redeems_once(void **state)
{
    (void)state;
    struct fixture f;
    struct store *s;
    struct peer p;
    struct key key = key_of(77);
    fixture_init(&f);
    sql(f.path, "UPDATE peers SET is_redeemed = 0, invite_expires = 2000000000 WHERE id = 3");
    assert_int_equal(store_open(f.path, &s, NULL), 0);
    assert_int_equal(store_redeem_peer(s, 3, &key, NULL), 0);
    assert_int_equal(store_redeem_peer(s, 3, &key, NULL), -ENOENT);
    assert_int_equal(store_read_peer(s, 3, &p, NULL), 0);
    assert_true(p.is_redeemed);
    assert_true(key_equal(&p.public_key, &key));
    assert_int_equal(p.invite_expires_s, 2000000000); /* stays */
    peer_done(&p);
    store_close(s);
    assert_query(f.path, "SELECT public_key FROM peers WHERE id = 3",
                 "TU1NTU1NTU1NTU1NTU1NTU1NTU1NTU1NTU1NTU1NTU0=");
    fixture_done(&f);
}

static void sweeps_expired_invitations_only(void **state)
{
    (void)state;
    struct fixture f;
    struct store *s;
    size_t n;
    fixture_init(&f);
    sql(f.path, "UPDATE peers SET is_redeemed = 0, invite_expires = 999 WHERE id = 3;"
                "UPDATE peers SET is_redeemed = 0, invite_expires = 1000 WHERE id = 4;"
                "UPDATE peers SET is_redeemed = 1, invite_expires = 5 WHERE id = 5;"
                "UPDATE peers SET is_redeemed = 0, invite_expires = NULL WHERE id = 6;");
    assert_int_equal(store_open(f.path, &s, NULL), 0);
    assert_int_equal(store_sweep_peers(s, 1000, &n, NULL), 0);
    assert_int_equal(n, 1);
    store_close(s);
    assert_query(f.path, "SELECT group_concat(id) FROM peers", "1,2,4,5,6");
    fixture_done(&f);
}

static void sees_other_writers(void **state)
{
    (void)state;
    struct fixture f;
    struct store *s;
    int64_t before;
    int64_t own;
    int64_t now;
    fixture_init(&f);
    assert_int_equal(store_open(f.path, &s, NULL), 0);
    assert_int_equal(store_version(s, &before, NULL), 0);
    assert_int_equal(store_begin(s, NULL), 0);
    assert_int_equal(store_set_peer_disabled(s, 3, true, NULL), 0);
    assert_int_equal(store_commit_version(s, &own, NULL), 0);
    assert_int_not_equal(own, before);
    uint64_t calls = store_n_calls(s);
    assert_int_equal(store_version(s, &now, NULL), 0);
    assert_int_equal(now, own);
    sql(f.path, "UPDATE peers SET is_disabled = 0 WHERE id = 3");
    assert_int_equal(store_version(s, &now, NULL), 0);
    assert_int_not_equal(now, own);
    assert_int_equal(store_n_calls(s), calls);
    store_close(s);
    fixture_done(&f);
}

/* What changes nothing is no new version, in whatever way it is said. */
static void a_commit_of_nothing_is_no_version(void **state)
{
    (void)state;
    struct fixture f;
    struct store *s;
    int64_t before;
    int64_t after;
    fixture_init(&f);
    assert_int_equal(store_open(f.path, &s, NULL), 0);
    assert_int_equal(store_version(s, &before, NULL), 0);
    assert_int_equal(store_begin(s, NULL), 0);
    assert_int_equal(store_delete_cidr(s, 99, NULL), 0);
    assert_int_equal(store_commit_version(s, &after, NULL), 0);
    assert_int_equal(after, before);
    assert_int_equal(store_version(s, &after, NULL), 0);
    assert_int_equal(after, before);
    store_close(s);
    fixture_done(&f);
}

/* Its owner may have switched it: there the file's counter stands still. */
static void sees_other_writers_of_a_write_ahead_log(void **state)
{
    (void)state;
    struct fixture f;
    struct store *s;
    int64_t before;
    int64_t now;
    fixture_init(&f);
    sql(f.path, "PRAGMA journal_mode = WAL");
    assert_int_equal(store_open(f.path, &s, NULL), 0);
    assert_int_equal(store_version(s, &before, NULL), 0);
    sql(f.path, "UPDATE peers SET is_disabled = 1 WHERE id = 3");
    assert_int_equal(store_version(s, &now, NULL), 0);
    assert_int_not_equal(now, before);
    assert_int_equal(store_begin(s, NULL), 0);
    assert_int_equal(store_set_peer_disabled(s, 3, false, NULL), 0);
    assert_int_equal(store_commit_version(s, &now, NULL), 0);
    assert_int_equal(now, STORE_VERSION_UNKNOWN);
    sql(f.path, "PRAGMA wal_checkpoint(TRUNCATE)");
    store_close(s);
    fixture_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(creates_the_schema_of_the_contract),
        cmocka_unit_test(table_shapes_equal_those_of_the_reference),
        cmocka_unit_test(tightens_the_mode),
        cmocka_unit_test(opens_only_what_exists),
        cmocka_unit_test(refuses_what_is_no_database),
        cmocka_unit_test(migrates_old_versions),
        cmocka_unit_test(a_failed_migration_changes_nothing),
        cmocka_unit_test(refuses_strange_versions_untouched),
        cmocka_unit_test(reads_the_golden_database),
        cmocka_unit_test(what_is_written_equals_the_reference),
        cmocka_unit_test(leaves_undecodable_rows_out),
        cmocka_unit_test(reads_odd_but_legal_values),
        cmocka_unit_test(tells_constraints_apart),
        cmocka_unit_test(redeems_once),
        cmocka_unit_test(sweeps_expired_invitations_only),
        cmocka_unit_test(sees_other_writers),
        cmocka_unit_test(a_commit_of_nothing_is_no_version),
        cmocka_unit_test(sees_other_writers_of_a_write_ahead_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
