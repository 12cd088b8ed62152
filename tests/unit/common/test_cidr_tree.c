/* spec/client.md A.8 and 4.1, and trees that make no sense (9.7). */

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "innernet/cidr_tree.h"

#define NO_PARENT INT64_MIN

static struct cidr make(int64_t id, unsigned prefix, int64_t parent)
{
    static char name[] = "n";
    struct cidr c = {.id = id, .name = name};
    c.net.addr.family = IP_V4;
    c.net.prefix = (uint8_t)prefix;
    c.has_parent = parent != NO_PARENT;
    c.parent = c.has_parent ? parent : 0;
    return c;
}

struct trace {
    struct buf text;
    const struct cidr *cidrs;
    size_t stop_after, n;
};

static bool note(void *user, size_t index, unsigned level)
{
    struct trace *trace = user;
    buf_printf(&trace->text, "%s%lld/%u", trace->n ? " " : "", (long long)trace->cidrs[index].id,
               level);
    return ++trace->n != trace->stop_after && trace->n < 100;
}

static void check_walk(const struct cidr_tree *t, size_t start, const char *expected)
{
    struct trace trace = {.cidrs = t->cidrs};
    buf_puts(&trace.text, "");
    cidr_tree_walk(t, start, note, &trace);
    assert_string_equal(trace.text.data, expected);
    buf_done(&trace.text);
}

static void check_leaves(const struct cidr_tree *t, const char *expected)
{
    CLEAN_BUF struct buf text = BUF_INIT;
    CLEAN_FREE size_t *leaves = NULL;
    size_t n;
    assert_int_equal(cidr_tree_leaves(t, &leaves, &n), 0);
    buf_puts(&text, "");
    for (size_t i = 0; i < n; i++)
        buf_printf(&text, "%s%lld", i ? " " : "", (long long)t->cidrs[leaves[i]].id);
    assert_string_equal(text.data, expected);
}

static void check_root(const struct cidr *cidrs, size_t n, const char *walk, const char *leaves)
{
    CLEAN_CIDR_TREE struct cidr_tree t;
    assert_int_equal(cidr_tree_init(&t, cidrs, n), 0);
    check_walk(&t, t.root, walk);
    check_leaves(&t, leaves);
}

static void ordinary_tree(void **state)
{
    (void)state;
    const struct cidr cidrs[] = {make(1, 16, NO_PARENT), make(2, 32, 1), make(3, 24, 1),
                                 make(4, 24, 1), make(5, 28, 3)};
    check_root(cidrs, 5, "1/0 2/1 3/1 5/2 4/1", "2 5 4");
    CLEAN_CIDR_TREE struct cidr_tree t;
    assert_int_equal(cidr_tree_init(&t, cidrs, 5), 0);
    check_walk(&t, 2, "3/0 5/1");
    check_walk(&t, 4, "5/0");
    assert_int_equal(cidr_tree_find_id(&t, 4), 3);
    assert_int_equal(cidr_tree_find_id(&t, 6), CIDR_TREE_NONE);
    assert_int_equal(t.parent[4], 2);
    assert_int_equal(t.parent[0], CIDR_TREE_NONE);
}

static void test_CX08_walk_is_by_id_and_leaves_by_list(void **state)
{
    (void)state;
    const struct cidr cidrs[] = {make(9, 24, 7), make(4, 24, 7), make(7, 16, NO_PARENT),
                                 make(3, 28, 4), make(8, 24, 7), make(2, 28, 4)};
    check_root(cidrs, 6, "7/0 4/1 2/2 3/2 8/1 9/1", "9 3 2 8");
}

static void test_CX08_root_is_the_shortest_prefix_first_on_ties(void **state)
{
    (void)state;
    const struct cidr cidrs[] = {make(5, 24, NO_PARENT), make(6, 8, NO_PARENT),
                                 make(7, 8, NO_PARENT)};
    CLEAN_CIDR_TREE struct cidr_tree t;
    assert_int_equal(cidr_tree_init(&t, cidrs, 3), 0);
    assert_int_equal(t.root, 1);
    check_leaves(&t, "6");
}

static void no_cidrs(void **state)
{
    (void)state;
    CLEAN_CIDR_TREE struct cidr_tree t;
    assert_int_equal(cidr_tree_init(&t, NULL, 0), 0);
    assert_int_equal(t.root, CIDR_TREE_NONE);
    assert_int_equal(cidr_tree_find_id(&t, 0), CIDR_TREE_NONE);
    check_walk(&t, t.root, "");
    check_walk(&t, 0, "");
    check_leaves(&t, "");
}

static void root_that_is_its_own_parent(void **state)
{
    (void)state;
    const struct cidr cidrs[] = {make(1, 16, 1), make(2, 24, 1)};
    check_root(cidrs, 2, "1/0 2/1", "2");
}

static void root_below_its_child(void **state)
{
    (void)state;
    const struct cidr cidrs[] = {make(1, 16, 2), make(2, 24, 1)};
    check_root(cidrs, 2, "1/0 2/1", "2");
}

static void cycle_beside_the_root(void **state)
{
    (void)state;
    const struct cidr cidrs[] = {make(1, 16, NO_PARENT), make(2, 24, 3), make(3, 24, 4),
                                 make(4, 24, 2),         make(5, 28, 3), make(6, 24, 6)};
    check_root(cidrs, 6, "1/0", "1");
    CLEAN_CIDR_TREE struct cidr_tree t;
    assert_int_equal(cidr_tree_init(&t, cidrs, 6), 0);
    check_walk(&t, 1, "2/0 4/1 3/2 5/3");
    check_walk(&t, 2, "3/0 2/1 4/2 5/1");
    check_walk(&t, 5, "6/0");
}

static void missing_parent_and_duplicate_ids(void **state)
{
    (void)state;
    const struct cidr cidrs[] = {make(1, 16, NO_PARENT), make(2, 24, 99), make(3, 24, 1),
                                 make(3, 25, 1),         make(4, 28, 3),  make(1, 30, 1)};
    check_root(cidrs, 6, "1/0 3/1 4/2", "4");
    CLEAN_CIDR_TREE struct cidr_tree t;
    assert_int_equal(cidr_tree_init(&t, cidrs, 6), 0);
    assert_int_equal(cidr_tree_find_id(&t, 3), 2);
    assert_int_equal(cidr_tree_find_id(&t, 1), 0);
}

static void names_are_found_in_list_order(void **state)
{
    (void)state;
    struct cidr cidrs[] = {make(1, 16, NO_PARENT), make(2, 24, 1), make(3, 24, 1)};
    cidrs[0].name = (char[]){"root"};
    CLEAN_CIDR_TREE struct cidr_tree t;
    assert_int_equal(cidr_tree_init(&t, cidrs, 3), 0);
    assert_int_equal(cidr_tree_find_name(&t, "n"), 1);
    assert_int_equal(cidr_tree_find_name(&t, "root"), 0);
    assert_int_equal(cidr_tree_find_name(&t, "N"), CIDR_TREE_NONE);
}

static void visit_can_stop(void **state)
{
    (void)state;
    const struct cidr cidrs[] = {make(1, 16, NO_PARENT), make(2, 24, 1), make(3, 28, 2)};
    CLEAN_CIDR_TREE struct cidr_tree t;
    assert_int_equal(cidr_tree_init(&t, cidrs, 3), 0);
    struct trace trace = {.cidrs = cidrs, .stop_after = 2};
    cidr_tree_walk(&t, t.root, note, &trace);
    assert_string_equal(trace.text.data, "1/0 2/1");
    buf_done(&trace.text);
}

static bool count(void *user, size_t index, unsigned level)
{
    (void)index;
    unsigned *deepest = user;
    if (level > *deepest)
        *deepest = level;
    return true;
}

static void deep_chain_needs_no_stack(void **state)
{
    (void)state;
    enum { N = 200000 };
    struct cidr *cidrs = calloc(N, sizeof(*cidrs));
    for (int64_t i = 0; i < N; i++)
        cidrs[i] = make(i, i ? 24 : 8, i ? i - 1 : NO_PARENT);
    CLEAN_CIDR_TREE struct cidr_tree t;
    assert_int_equal(cidr_tree_init(&t, cidrs, N), 0);
    unsigned deepest = 0;
    cidr_tree_walk(&t, t.root, count, &deepest);
    assert_int_equal(deepest, N - 1);
    CLEAN_FREE size_t *leaves = NULL;
    size_t n;
    assert_int_equal(cidr_tree_leaves(&t, &leaves, &n), 0);
    assert_int_equal(n, 1);
    assert_int_equal(leaves[0], N - 1);
    free(cidrs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ordinary_tree),
        cmocka_unit_test(test_CX08_walk_is_by_id_and_leaves_by_list),
        cmocka_unit_test(test_CX08_root_is_the_shortest_prefix_first_on_ties),
        cmocka_unit_test(no_cidrs),
        cmocka_unit_test(root_that_is_its_own_parent),
        cmocka_unit_test(root_below_its_child),
        cmocka_unit_test(cycle_beside_the_root),
        cmocka_unit_test(missing_parent_and_duplicate_ids),
        cmocka_unit_test(names_are_found_in_list_order),
        cmocka_unit_test(visit_can_stop),
        cmocka_unit_test(deep_chain_needs_no_stack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
