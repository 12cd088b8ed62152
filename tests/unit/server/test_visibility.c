#include "fixture.h"
#include "visibility.h"

/* The worked example of spec/server.md 3.2. */
static const struct {
    int64_t id;
    const char *name;
    const char *net;
    int64_t parent;
} cidr_rows[] = {
    {1, "evilcorp", "10.66.0.0/16", 0}, {2, SERVER_NAME, "10.66.0.1/32", 1},
    {3, "humans", "10.66.1.0/24", 1},   {4, "robots", "10.66.8.0/21", 1},
    {5, "arm", "10.66.8.0/24", 4},      {6, "leg", "10.66.9.0/24", 4},
    {7, "ci", "10.66.3.0/24", 1},       {8, "island", "10.66.4.0/24", 1},
};

static const struct {
    const char *name;
    int64_t cidr_id;
    bool is_redeemed;
    bool is_disabled;
} peer_rows[] = {
    {SERVER_NAME, 2, true, false}, {"admin", 3, true, false},    {"bob", 3, true, false},
    {"arm1", 5, true, false},      {"leg1", 6, true, false},     {"ci1", 7, true, false},
    {"lone", 8, true, false},      {"pending", 7, false, false}, {"gone", 6, true, true},
};

static const struct association links[] = {{1, 3, 4}, {2, 7, 5}};

static void set_cidrs(struct model *m, const struct association *associations, size_t n)
{
    struct cidr *cidrs = calloc(ARRAY_SIZE(cidr_rows), sizeof(*cidrs));
    struct association *copy = calloc(n + 1, sizeof(*copy));
    memcpy(copy, associations, n * sizeof(*copy));
    for (size_t i = 0; i < ARRAY_SIZE(cidr_rows); i++)
        cidrs[i] = (struct cidr){.id = cidr_rows[i].id,
                                 .name = strdup(cidr_rows[i].name),
                                 .net = network_of(cidr_rows[i].net),
                                 .has_parent = cidr_rows[i].parent != 0,
                                 .parent = cidr_rows[i].parent};
    assert_int_equal(model_set_cidrs(m, cidrs, ARRAY_SIZE(cidr_rows), copy, n), 0);
}

static void build(struct model *m)
{
    *m = MODEL_INIT;
    set_cidrs(m, links, ARRAY_SIZE(links));
    for (size_t i = 0; i < ARRAY_SIZE(peer_rows); i++) {
        struct peer p = {.id = (int64_t)i + 1,
                         .name = strdup(peer_rows[i].name),
                         .ip = {.family = IP_V4, .bytes = {10, 66, 200, (uint8_t)i}},
                         .cidr_id = peer_rows[i].cidr_id,
                         .public_key = key_of((uint8_t)(i + 1)),
                         .is_redeemed = peer_rows[i].is_redeemed,
                         .is_disabled = peer_rows[i].is_disabled};
        assert_int_equal(model_put_peer(m, &p), 0);
    }
}

static void assert_sees(const struct model *m, int64_t cidr_id, const char *expected)
{
    char text[256] = "";
    const struct peer **peers;
    size_t n;
    assert_int_equal(visibility_select(m, cidr_id, &peers, &n), 0);
    for (size_t i = 0; i < n; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? " " : "",
                 peers[i]->name);
    free(peers);
    assert_string_equal(text, expected);
}

static void follows_the_worked_example(void **state)
{
    (void)state;
    struct model m;
    build(&m);
    assert_sees(&m, 3, "innernet-server admin bob arm1 leg1");
    assert_sees(&m, 5, "innernet-server admin bob arm1 ci1");
    assert_sees(&m, 6, "innernet-server admin bob leg1");
    assert_sees(&m, 7, "innernet-server arm1 ci1");
    assert_sees(&m, 8, "innernet-server lone");
    assert_sees(&m, 2, "innernet-server");
    assert_sees(&m, 4, "innernet-server admin bob arm1 leg1");
    assert_sees(&m, 1, "innernet-server admin bob arm1 leg1 ci1 lone");
    model_done(&m);
}

static void a_link_of_the_root_reaches_everybody(void **state)
{
    (void)state;
    struct model m;
    const struct association root_link[] = {{1, 8, 1}};
    build(&m);
    set_cidrs(&m, root_link, 1);
    assert_sees(&m, 8, "innernet-server admin bob arm1 leg1 ci1 lone");
    assert_sees(&m, 6, "innernet-server leg1 lone");
    model_done(&m);
}

static void survives_cycles_and_unknown_ids(void **state)
{
    (void)state;
    struct model m = MODEL_INIT;
    const struct association bad_links[] = {{1, 1, 99}, {2, 2, 3}, {3, 3, 3}};
    struct cidr *cidrs = calloc(3, sizeof(*cidrs));
    struct association *copy = calloc(3, sizeof(*copy));
    memcpy(copy, bad_links, sizeof(bad_links));
    for (int i = 0; i < 3; i++)
        cidrs[i] = (struct cidr){.id = i + 1,
                                 .name = strdup("x"),
                                 .net = network_of("10.0.0.0/8"),
                                 .has_parent = true,
                                 .parent = (i + 1) % 3 + 1};
    assert_int_equal(model_set_cidrs(&m, cidrs, 3, copy, 3), 0);
    for (int i = 0; i < 3; i++) {
        struct peer p = {.id = i + 1,
                         .name = strdup(i == 0   ? "a"
                                        : i == 1 ? "b"
                                                 : "c"),
                         .ip = {.family = IP_V4, .bytes = {10, 0, 0, (uint8_t)i}},
                         .cidr_id = i + 1,
                         .public_key = key_of((uint8_t)(i + 1)),
                         .is_redeemed = true};
        assert_int_equal(model_put_peer(&m, &p), 0);
    }
    assert_sees(&m, 1, "a b c"); /* the parents still lead to the link of CIDR 2 */
    assert_sees(&m, 1234, "b");  /* the tree has cut the cycle: only CIDR 2 itself */
    model_done(&m);
}

static void the_model_keeps_its_indexes(void **state)
{
    (void)state;
    struct model m;
    build(&m);
    struct ip ip = {.family = IP_V4, .bytes = {10, 66, 200, 3}};
    struct key old_key = key_of(4);
    struct key new_key = key_of(40);
    assert_string_equal(model_find_peer_by_ip(&m, &ip)->name, "arm1");
    assert_int_equal(model_find_peer_by_key(&m, &old_key)->id, 4);
    uint64_t generation = m.generation;
    struct peer p = {.id = 4,
                     .name = strdup("arm2"),
                     .ip = ip,
                     .cidr_id = 5,
                     .public_key = new_key,
                     .is_redeemed = true};
    assert_int_equal(model_put_peer(&m, &p), 0);
    assert_int_equal(m.n_peers, ARRAY_SIZE(peer_rows));
    assert_true(m.generation > generation);
    assert_null(model_find_peer_by_key(&m, &old_key));
    assert_string_equal(model_find_peer_by_key(&m, &new_key)->name, "arm2");
    assert_string_equal(model_find_peer_by_ip(&m, &ip)->name, "arm2");
    assert_string_equal(model_find_peer(&m, 4)->name, "arm2");
    assert_null(model_find_peer(&m, 99));
    assert_null(model_find_peer_by_name(&m, "arm1"));
    struct peer first = {.id = -5,
                         .name = strdup("first"),
                         .ip = {.family = IP_V4, .bytes = {1}},
                         .public_key = key_of(50)};
    assert_int_equal(model_put_peer(&m, &first), 0);
    for (size_t i = 1; i < m.n_peers; i++)
        assert_true(m.peers[i - 1]->id < m.peers[i]->id);
    model_done(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_the_worked_example),
        cmocka_unit_test(a_link_of_the_root_reaches_everybody),
        cmocka_unit_test(survives_cycles_and_unknown_ids),
        cmocka_unit_test(the_model_keeps_its_indexes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
