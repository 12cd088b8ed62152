/* Changes beside the loop. The test is the loop. */
#include <errno.h>
#include <poll.h>
#include <sqlite3.h>

#include "fixture.h"
#include "writer.h"

static struct fixture fixture;
static struct registry registry;
static struct worker *worker;
static struct writer writer;

static int n_done;
static int last_outcome;
static int64_t last_id;
static char last_text[ERR_TEXT_MAX];

static int setup(void **state)
{
    (void)state;
    fixture_init(&fixture);
    assert_int_equal(registry_open(&registry, fixture.path, NULL), 0);
    registry.own_key = key_of(1);
    assert_int_equal(worker_new(&worker, NULL), 0);
    assert_int_equal(writer_open(&writer, &registry, worker, fixture.path, NULL), 0);
    n_done = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    worker_free(worker);
    writer_close(&writer);
    registry_close(&registry);
    fixture_done(&fixture);
    return 0;
}

static void on_done(void *user, const struct change *c, int outcome, const struct err *err)
{
    (void)user;
    n_done++;
    last_outcome = outcome;
    last_id = c->id;
    snprintf(last_text, sizeof(last_text), "%s", err->text);
}

static int submit(struct change c)
{
    int r = writer_submit(&writer, &c, on_done, NULL, NULL);
    change_done(&c);
    return r;
}

static int write_now(struct change c)
{
    assert_int_equal(submit(c), 0);
    worker_drain(worker);
    return last_outcome;
}

static struct change disabling(int64_t id, bool disabled)
{
    return (struct change){.kind = &change_set_disabled, .id = id, .peer.is_disabled = disabled};
}

static struct change adding(const char *name, const char *ip, uint8_t key)
{
    return (struct change){
        .kind = &change_add_peer,
        .peer = {.name = strdup(name), .ip = ip_of(ip), .cidr_id = 5, .public_key = key_of(key)}};
}

static bool is_disabled(int64_t id)
{
    return model_find_peer(&registry.model, id)->is_disabled;
}

static sqlite3 *open_database(const char *statements)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(fixture.path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, statements, NULL, NULL, NULL), SQLITE_OK);
    return db;
}

static void close_database(sqlite3 *db, const char *statements)
{
    assert_int_equal(sqlite3_exec(db, statements, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* --- the model follows, and needs no loading for it --- */

static void assert_followed(void)
{
    uint64_t calls = store_n_calls(registry.store);
    assert_int_equal(registry_sync(&registry, NULL), 0);
    assert_int_equal(store_n_calls(registry.store), calls);
    assert_false(registry.changed_elsewhere);
}

/* The same from the database. */
static void assert_model_is_right(void)
{
    CLEAN_REGISTRY struct registry fresh = REGISTRY_INIT;
    assert_int_equal(registry_open(&fresh, fixture.path, NULL), 0);
    const struct model *a = &registry.model;
    const struct model *b = &fresh.model;
    assert_int_equal(registry.version, fresh.version);
    assert_int_equal(a->n_peers, b->n_peers);
    for (size_t i = 0; i < a->n_peers; i++) {
        assert_int_equal(a->peers[i]->id, b->peers[i]->id);
        assert_true(peer_equal(a->peers[i], b->peers[i]));
        assert_ptr_equal(model_find_peer_by_ip(a, &b->peers[i]->ip), a->peers[i]);
        assert_ptr_equal(model_find_peer_by_key(a, &b->peers[i]->public_key), a->peers[i]);
    }
    assert_int_equal(a->peer_by_ip.n_entries, b->n_peers);
    assert_int_equal(a->n_cidrs, b->n_cidrs);
    for (size_t i = 0; i < a->n_cidrs; i++) {
        assert_int_equal(a->cidrs[i].id, b->cidrs[i].id);
        assert_string_equal(a->cidrs[i].name, b->cidrs[i].name);
    }
    assert_int_equal(a->n_associations, b->n_associations);
    for (size_t i = 0; i < a->n_associations; i++)
        assert_int_equal(a->associations[i].id, b->associations[i].id);
}

static void every_kind_of_change_reaches_model_and_database(void **state)
{
    (void)state;
    struct change expired = adding("late", "10.80.128.9", 42);
    expired.peer.has_invite_expires = true;
    expired.peer.invite_expires_s = 1000;
    struct change update = {.kind = &change_update_peer, .id = 4, .peer.is_admin = true};
    update.peer.name = strdup("renamed");
    update.peer.endpoint = endpoint_of("example.com:1");
    struct endpoint *candidates = calloc(1, sizeof(*candidates));
    candidates[0] = endpoint_of("9.9.9.9:9");
    struct change changes[] = {
        disabling(5, true),
        adding("new", "10.80.128.8", 41),
        {.kind = &change_redeem, .id = 7, .key = key_of(43), .now_s = 1},
        update,
        {.kind = &change_rename_peer, .id = 6, .peer.name = strdup("other")},
        {.kind = &change_set_endpoint, .id = 6, .peer.endpoint = endpoint_of("1.2.3.4:5")},
        {.kind = &change_set_candidates,
         .id = 6,
         .peer = {.candidates = candidates, .n_candidates = 1}},
        expired,
        {.kind = &change_sweep, .now_s = 1001},
        {.kind = &change_add_cidr,
         .cidr = {.name = strdup("more"),
                  .net = network_of("10.80.2.0/24"),
                  .has_parent = true,
                  .parent = 1}},
        {.kind = &change_rename_cidr, .id = 6, .cidr.name = strdup("most")},
        {.kind = &change_add_association, .association = {.cidr_id_1 = 4, .cidr_id_2 = 6}},
        {.kind = &change_delete_association, .id = 1},
        {.kind = &change_delete_cidr, .id = 6},
    };
    for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
        uint64_t generation = registry.model.generation;
        if (write_now(changes[i]) < 0)
            fail_msg("change %zu: %s", i, last_text);
        assert_true(registry.model.generation > generation); /* answers are made anew */
        assert_followed();
        assert_model_is_right();
    }
    assert_true(is_disabled(5));
    assert_string_equal(model_find_peer(&registry.model, 6)->name, "other");
    assert_null(model_find_peer(&registry.model, 8)); /* swept */
    assert_int_equal(registry.model.n_cidrs, 5);
}

static void what_is_right_already_is_not_written(void **state)
{
    (void)state;
    assert_int_equal(write_now(disabling(5, true)), 0);
    int64_t version = registry.version;
    assert_int_equal(write_now(disabling(5, true)), 0);
    assert_int_equal(write_now((struct change){.kind = &change_sweep, .now_s = 5000}), 0);
    struct change same = {.kind = &change_update_peer, .id = 6};
    assert_int_equal(peer_copy(model_find_peer(&registry.model, 6), &same.peer), 0);
    assert_int_equal(write_now(same), 0);
    assert_int_equal(registry.version, version);
    assert_followed();
}

static void refusals_change_nothing(void **state)
{
    (void)state;
    int64_t version = registry.version;
    assert_int_equal(write_now(disabling(1, true)), -EINVAL);
    assert_int_equal(write_now(disabling(99, true)), -ENOENT);
    assert_int_equal(write_now(adding("new", "10.80.128.2", 41)), -EEXIST);
    assert_int_equal(registry.version, version);
    assert_model_is_right();
}

static int refuse(void *user, const struct peer *p, struct err *err)
{
    (void)user;
    assert_int_equal(p->id, 7);
    assert_null(model_find_peer(&registry.model, 7)); /* not there before it is committed */
    return err_set(err, -ENODEV, "no device");
}

static void a_refused_step_undoes_the_insert(void **state)
{
    (void)state;
    struct change c = adding("new", "10.80.128.8", 41);
    c.step = refuse;
    assert_int_equal(write_now(c), -EIO);
    assert_string_equal(last_text, "no device");
    assert_followed();
    assert_model_is_right();
}

/* --- neighbours --- */

static void rules_are_asked_with_the_database_locked(void **state)
{
    (void)state;
    /* Another process takes the address after the request was looked at. */
    close_database(open_database("INSERT INTO peers (name, ip, cidr_id, public_key) VALUES "
                                 "('first', '10.80.128.8', 5, "
                                 "'KioqKioqKioqKioqKioqKioqKioqKioqKioqKioqKio=')"),
                   "");
    assert_int_equal(write_now(adding("second", "10.80.128.8", 41)), -EEXIST);
    assert_true(registry.changed_elsewhere);
    assert_non_null(model_find_peer_by_name(&registry.model, "first"));
    assert_model_is_right();
}

/* Until done() the change is nobody's business, although it is in the file. */
static void a_change_on_its_way_costs_readers_nothing(void **state)
{
    (void)state;
    assert_int_equal(submit(disabling(5, true)), 0);
    uint64_t calls = store_n_calls(registry.store);
    while (n_done == 0) {
        assert_int_equal(registry_sync(&registry, NULL), 0);
        if (is_disabled(5))
            assert_int_equal(n_done, 1);
        worker_collect(worker);
    }
    assert_true(is_disabled(5));
    assert_int_equal(store_n_calls(registry.store), calls);
    assert_followed();
}

static void locks_of_others_keep_only_writers_waiting(void **state)
{
    (void)state;
    sqlite3 *db = open_database("BEGIN EXCLUSIVE; UPDATE peers SET is_disabled = 1 WHERE id = 6");
    assert_int_equal(submit(disabling(5, true)), 0);
    assert_int_equal(registry_sync(&registry, NULL), 0);
    assert_false(is_disabled(6));
    worker_collect(worker);
    assert_int_equal(n_done, 0);
    close_database(db, "COMMIT");
    assert_int_equal(registry_sync(&registry, NULL), 0);
    assert_true(is_disabled(6)); /* seen at once, whatever waits */
    worker_drain(worker);
    assert_int_equal(last_outcome, 0);
    assert_true(is_disabled(5));
    assert_model_is_right();
}

static void only_so_many_wait(void **state)
{
    (void)state;
    sqlite3 *db = open_database("BEGIN IMMEDIATE");
    for (int i = 0; i < WRITER_WAITING_MAX; i++)
        assert_int_equal(submit(disabling(5, true)), 0);
    assert_int_equal(submit(disabling(5, true)), -EAGAIN);
    close_database(db, "ROLLBACK");
    worker_drain(worker);
    assert_int_equal(n_done, WRITER_WAITING_MAX);
    assert_true(is_disabled(5));
    assert_int_equal(write_now(disabling(5, false)), 0);
    assert_model_is_right();
}

static void a_write_ahead_log_works_as_well(void **state)
{
    (void)state;
    sqlite3 *db = open_database("PRAGMA journal_mode = WAL");
    assert_int_equal(registry_sync(&registry, NULL), 0);
    assert_int_equal(write_now(disabling(5, true)), 0);
    assert_true(is_disabled(5)); /* the device is told at once */
    assert_int_equal(registry_sync(&registry, NULL), 0);
    assert_true(is_disabled(5));
    assert_int_equal(
        sqlite3_exec(db, "UPDATE peers SET is_disabled = 1 WHERE id = 6", NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(registry_sync(&registry, NULL), 0);
    assert_true(is_disabled(6));
    sqlite3_close(db);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

/* Its own change first: what hangs on it, such as the switch of a redeemed key, is not known yet.
 */
static void another_process_is_followed_after_our_own_change(void **state)
{
    (void)state;
    struct pollfd event = {.fd = worker_fd(worker), .events = POLLIN};
    assert_int_equal(submit(disabling(4, true)), 0);
    assert_int_equal(poll(&event, 1, -1), 1);
    worker_collect(worker);                   /* the check, with the database locked */
    assert_int_equal(poll(&event, 1, -1), 1); /* it is written, but the loop is at something else */
    sqlite3 *db;
    assert_int_equal(sqlite3_open(fixture.path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 5000);
    assert_int_equal(sqlite3_exec(db, "UPDATE cidrs SET name = 'other' WHERE id = 5", 0, 0, 0),
                     SQLITE_OK);
    sqlite3_close(db);
    assert_int_equal(registry_sync(&registry, NULL), 0);
    assert_false(registry.changed_elsewhere);
    assert_false(is_disabled(4));
    writer_collect(&writer);
    assert_int_equal(n_done, 1);
    assert_int_equal(registry_sync(&registry, NULL), 0);
    assert_true(registry.changed_elsewhere);
    assert_true(is_disabled(4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(every_kind_of_change_reaches_model_and_database),
        CASE(another_process_is_followed_after_our_own_change),
        CASE(what_is_right_already_is_not_written),
        CASE(refusals_change_nothing),
        CASE(a_refused_step_undoes_the_insert),
        CASE(rules_are_asked_with_the_database_locked),
        CASE(a_change_on_its_way_costs_readers_nothing),
        CASE(locks_of_others_keep_only_writers_waiting),
        CASE(only_so_many_wait),
        CASE(a_write_ahead_log_works_as_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
