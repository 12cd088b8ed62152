/* Who asks reads memory; what others write is seen all the same. */
#include <sqlite3.h>

#include "api_fixture.h"

static void reading_and_saying_nothing_new_runs_no_sql(void **state)
{
    (void)state;
    assert_int_equal(ask(DEV1, API_PUT, "/v1/user/candidates", "[\"6.6.6.6:6\"]"), 204);
    uint64_t calls = store_n_calls(registry.store);
    assert_int_equal(GET(DEV1, "/v1/user/state"), 200);
    assert_int_equal(GET(DEV1, "/v1/user/state"), 200);
    assert_int_equal(GET(USER1, "/v1/user/state"), 200);
    assert_int_equal(GET(ADMIN, "/v1/admin/peers"), 200);
    assert_int_equal(ask(DEV1, API_PUT, "/v1/user/candidates", "[\"6.6.6.6:6\"]"), 204);
    assert_int_equal(store_n_calls(registry.store), calls);
    assert_int_equal(ask(DEV1, API_PUT, "/v1/user/candidates", "[\"6.6.6.6:7\"]"), 204);
    assert_true(store_n_calls(registry.store) > calls);
}

static void disable_user1(struct store *s)
{
    assert_int_equal(store_set_peer_disabled(s, 5, true, NULL), 0);
}

static void a_change_elsewhere_is_in_the_next_answer(void **state)
{
    (void)state;
    assert_int_equal(GET(USER1, "/v1/user/state"), 200);
    elsewhere(disable_user1);
    assert_int_equal(GET(USER1, "/v1/user/state"), 401);
    assert_true(registry.changed_elsewhere);
}

static sqlite3 *lock_database(void)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(fixture.path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
    return db;
}

/* As if the other process had written the header and not yet everything else. */
static void a_commit_under_way_keeps_nobody_waiting(void **state)
{
    (void)state;
    sqlite3 *db = lock_database();
    assert_int_equal(
        sqlite3_exec(db, "UPDATE peers SET is_disabled = 1 WHERE id = 5", NULL, NULL, NULL),
        SQLITE_OK);
    int64_t version = registry.version--;
    assert_int_equal(GET(USER1, "/v1/user/state"), 200);
    assert_int_equal(registry.version, version - 1); /* looks again */
    assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(GET(USER1, "/v1/user/state"), 401);
    sqlite3_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(reading_and_saying_nothing_new_runs_no_sql),
        CASE(a_change_elsewhere_is_in_the_next_answer),
        CASE(a_commit_under_way_keeps_nobody_waiting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
