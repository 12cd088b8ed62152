/* Every rule of spec/server.md part 4 over the fixture. */
#include <errno.h>

#include "fixture.h"
#include "validate.h"

static struct fixture fixture;
static struct registry registry;

static int setup(void **state)
{
    (void)state;
    fixture_init(&fixture);
    return registry_open(&registry, fixture.path, NULL);
}

static int teardown(void **state)
{
    (void)state;
    registry_close(&registry);
    fixture_done(&fixture);
    return 0;
}

static int new_cidr(const char *name, const char *net, int64_t parent)
{
    struct err err = ERR_INIT;
    struct cidr c = {.name = (char *)(uintptr_t)name,
                     .net = network_of(net),
                     .has_parent = parent != 0,
                     .parent = parent};
    int r = validate_new_cidr(&registry.model, &c, &err);
    assert_true(r == 0 || err.text[0] != '\0');
    return r;
}

static void cidrs_go_under_their_closest_container(void **state)
{
    (void)state;
    assert_int_equal(new_cidr("new", "10.81.0.0/16", 1), 0);
    assert_int_equal(new_cidr("new", "10.82.0.0/16", 1), -EINVAL); /* outside of the network */
    assert_int_equal(new_cidr("new", "10.0.0.0/8", 1), -EINVAL);   /* larger than the network */
    assert_int_equal(new_cidr("new", "10.81.0.0/16", 999), -EINVAL);
    assert_int_equal(new_cidr("new", "fd00::/64", 1), -EINVAL); /* another family */
    int64_t id;
    struct err err = ERR_INIT;
    struct cidr experimental = {
        .name = strdup("exp"), .net = network_of("10.81.0.0/16"), .has_parent = true, .parent = 1};
    assert_int_equal(registry_add_cidr(&registry, &experimental, &id, &err), 0);
    cidr_done(&experimental);
    assert_int_equal(id, 6);
    assert_int_equal(new_cidr("sub", "10.81.0.0/17", 6), 0);
    assert_int_equal(new_cidr("sub", "10.81.0.0/17", 1), -EINVAL); /* belongs under 6 */
}

static void a_parent_with_peers_gets_no_children(void **state)
{
    (void)state;
    assert_int_equal(new_cidr("new", "10.80.64.0/26", 4), -EINVAL);
    assert_int_equal(new_cidr("new", "10.80.0.1/32", 2), -EINVAL);
    /* Disabled and unredeemed ones count. */
    assert_int_equal(store_set_peer_disabled(registry.store, 2, true, NULL), 0);
    registry.version = STORE_VERSION_UNKNOWN;
    assert_int_equal(registry_sync(&registry, NULL), 0);
    assert_int_equal(new_cidr("new", "10.80.1.0/26", 3), -EINVAL);
}

static void siblings_do_not_overlap(void **state)
{
    (void)state;
    assert_int_equal(new_cidr("experimental", "10.80.1.0/21", 1), -EINVAL);
    assert_int_equal(new_cidr("new", "10.80.0.0/16", 1), -EINVAL);
    assert_int_equal(new_cidr("new", "10.80.2.0/24", 1), 0);
}

static void there_is_one_root_and_no_child_of_its_size(void **state)
{
    (void)state;
    assert_int_equal(new_cidr("second", "10.99.0.0/16", 0), -EINVAL);
    assert_int_equal(new_cidr("second", "fd00::/64", 0), -EINVAL);
    assert_int_equal(new_cidr("twin", "10.80.0.7/15", 1), -EINVAL);
}

static void cidr_names_are_texts_and_unique(void **state)
{
    (void)state;
    assert_int_equal(new_cidr("admin", "10.81.0.0/16", 1), -EEXIST);
    assert_int_equal(new_cidr("", "10.81.0.0/16", 1), -EINVAL);
    assert_int_equal(new_cidr("a\nb", "10.81.0.0/16", 1), -EINVAL);
    assert_int_equal(new_cidr("experiment cidr", "10.81.0.0/16", 1), 0);
    const struct model *m = &registry.model;
    assert_int_equal(validate_rename_cidr(m, 4, "devs", NULL), 0);
    assert_int_equal(validate_rename_cidr(m, 4, "developer", NULL), 0);
    assert_int_equal(validate_rename_cidr(m, 4, "admin", NULL), -EEXIST);
    assert_int_equal(validate_rename_cidr(m, 4, "", NULL), -EINVAL);
    assert_int_equal(validate_rename_cidr(m, 444, "devs", NULL), -ENOENT);
}

static void cidrs_in_use_are_not_deleted(void **state)
{
    (void)state;
    const struct model *m = &registry.model;
    int64_t id;
    assert_int_equal(validate_delete_cidr(m, 1, NULL), -EINVAL);
    assert_int_equal(validate_delete_cidr(m, 4, NULL), -EINVAL);
    assert_int_equal(validate_delete_cidr(m, 444, NULL), 0);
    struct cidr c = {
        .name = strdup("exp"), .net = network_of("10.81.0.0/16"), .has_parent = true, .parent = 1};
    assert_int_equal(registry_add_cidr(&registry, &c, &id, NULL), 0);
    cidr_done(&c);
    assert_int_equal(validate_delete_cidr(m, id, NULL), 0);
    const struct association a = {.cidr_id_1 = 4, .cidr_id_2 = id};
    int64_t association;
    assert_int_equal(registry_add_association(&registry, &a, &association, NULL), 0);
    assert_int_equal(validate_delete_cidr(m, id, NULL), -EINVAL);
    assert_int_equal(registry_delete_cidr(&registry, id, NULL), -EINVAL);
    assert_int_equal(registry_delete_association(&registry, association, NULL), 0);
    assert_int_equal(registry_delete_cidr(&registry, id, NULL), 0);
    assert_null(model_find_cidr(m, id));
}

static int new_peer(const char *name, const char *ip, int64_t cidr_id, uint8_t key)
{
    struct key own = key_of(99);
    struct peer p = {.name = (char *)(uintptr_t)name,
                     .ip = ip_of(ip),
                     .cidr_id = cidr_id,
                     .public_key = key_of(key)};
    return validate_new_peer(&registry.model, &p, &own, NULL);
}

static void peers_are_checked(void **state)
{
    (void)state;
    assert_int_equal(new_peer("developer3", "10.80.64.4", 4, 7), 0);
    assert_int_equal(new_peer("devel oper", "10.80.64.4", 4, 7), -EINVAL);
    assert_int_equal(new_peer("Dev6", "10.80.64.4", 4, 7), -EINVAL);
    assert_int_equal(new_peer("developer3", "10.80.64.4", 999, 7), -ENOENT);
    assert_int_equal(new_peer("developer3", "10.80.65.4", 4, 7), -EINVAL);
    assert_int_equal(new_peer("developer3", "10.80.64.0", 4, 7), -EINVAL);
    assert_int_equal(new_peer("developer3", "10.80.64.255", 4, 7), -EINVAL);
    assert_int_equal(new_peer("developer3", "fd00::1", 4, 7), -EINVAL);
    assert_int_equal(new_peer("developer2", "10.80.64.4", 4, 7), -EEXIST);
    assert_int_equal(new_peer("developer3", "10.80.64.3", 4, 7), -EEXIST);
    assert_int_equal(new_peer("developer3", "10.80.64.4", 4, 3), -EEXIST);
    assert_int_equal(new_peer("developer3", "10.80.64.4", 4, 0), -EINVAL);  /* the zero key */
    assert_int_equal(new_peer("developer3", "10.80.64.4", 4, 99), -EINVAL); /* the server's */
}

static int update_peer(int64_t id, const char *name, const char *endpoint, bool disabled)
{
    CLEAN_ENDPOINT struct endpoint ep = ENDPOINT_INIT;
    if (endpoint)
        ep = endpoint_of(endpoint);
    struct peer p = {.name = (char *)(uintptr_t)name, .endpoint = ep, .is_disabled = disabled};
    return validate_update_peer(&registry.model, id, &p, NULL);
}

static void updates_are_checked(void **state)
{
    (void)state;
    assert_int_equal(update_peer(3, "new-peer-name", NULL, false), 0);
    assert_int_equal(update_peer(3, "developer1", NULL, true), 0);
    assert_int_equal(update_peer(3, "developer2", NULL, false), -EEXIST);
    assert_int_equal(update_peer(3, "a--b", NULL, false), -EINVAL);
    assert_int_equal(update_peer(444, "developer3", NULL, false), -ENOENT);
}

static void the_servers_peer_stays_what_it_is(void **state)
{
    (void)state;
    assert_int_equal(update_peer(1, SERVER_NAME, "1.2.3.4:5", false), 0);
    assert_int_equal(update_peer(1, SERVER_NAME, "example.com:5", false), 0);
    assert_int_equal(update_peer(1, SERVER_NAME, "1.2.3.4:5", true), -EINVAL);
    assert_int_equal(update_peer(1, SERVER_NAME, NULL, false), -EINVAL);
    assert_int_equal(update_peer(1, SERVER_NAME, "0.0.0.0:5", false), -EINVAL);
    assert_int_equal(update_peer(1, "other", "1.2.3.4:5", false), -EINVAL);
    assert_int_equal(validate_set_disabled(&registry.model, 1, true, NULL), -EINVAL);
    assert_int_equal(validate_set_disabled(&registry.model, 1, false, NULL), 0);
    assert_int_equal(validate_set_disabled(&registry.model, 2, true, NULL), 0);
    assert_int_equal(validate_set_disabled(&registry.model, 222, true, NULL), -ENOENT);
}

static int associate(int64_t a, int64_t b)
{
    int64_t id;
    const struct association contents = {.cidr_id_1 = a, .cidr_id_2 = b};
    return registry_add_association(&registry, &contents, &id, NULL);
}

static void associations_are_pairs(void **state)
{
    (void)state;
    assert_int_equal(associate(1, 6), -EINVAL); /* no such CIDR */
    assert_int_equal(associate(3, 3), -EINVAL);
    assert_int_equal(associate(1, 2), 0);
    assert_int_equal(associate(1, 2), -EEXIST);
    assert_int_equal(associate(2, 1), -EEXIST);
    assert_int_equal(registry.model.n_associations, 1);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(cidrs_go_under_their_closest_container),
        CASE(a_parent_with_peers_gets_no_children),
        CASE(siblings_do_not_overlap),
        CASE(there_is_one_root_and_no_child_of_its_size),
        CASE(cidr_names_are_texts_and_unique),
        CASE(cidrs_in_use_are_not_deleted),
        CASE(peers_are_checked),
        CASE(updates_are_checked),
        CASE(the_servers_peer_stays_what_it_is),
        CASE(associations_are_pairs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
