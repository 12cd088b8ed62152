#include "innernet/cidr_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Children of each node as linked lists of indices. Whatever the order, a node is in one list at
 * most and the root in none, so a walk from the root meets nothing twice. */
struct links {
    size_t *first_child;
    size_t *next_sibling;
};

static size_t find_root(const struct cidr *cidrs, size_t n)
{
    size_t root = CIDR_TREE_NONE;
    for (size_t i = 0; i < n; i++)
        if (root == CIDR_TREE_NONE || cidrs[i].net.prefix < cidrs[root].net.prefix)
            root = i;
    return root;
}

static int index_ids(struct cidr_tree *t)
{
    if (map_reserve(&t->by_id, t->n) < 0)
        return -ENOMEM;
    for (size_t i = 0; i < t->n; i++) {
        int rc = map_add(&t->by_id, &t->cidrs[i].id, sizeof(t->cidrs[i].id), i);
        if (rc < 0 && rc != -EEXIST)
            return rc;
    }
    return 0;
}

/* The root keeps no parent even when it names one, and a CIDR whose id an earlier one has gets
 * none: that is what makes endless walks impossible. */
static void find_parents(struct cidr_tree *t)
{
    for (size_t i = 0; i < t->n; i++) {
        t->parent[i] = CIDR_TREE_NONE;
        if (t->cidrs[i].has_parent && i != t->root && cidr_tree_find_id(t, t->cidrs[i].id) == i)
            t->parent[i] = cidr_tree_find_id(t, t->cidrs[i].parent);
    }
}

/* `order` lists all nodes; NULL is list order. */
static void link_children(const struct cidr_tree *t, const size_t *order, struct links *l)
{
    for (size_t i = 0; i < t->n; i++)
        l->first_child[i] = l->next_sibling[i] = CIDR_TREE_NONE;
    for (size_t k = t->n; k-- > 0;) {
        size_t i = order ? order[k] : k;
        size_t parent = t->parent[i];
        if (parent == CIDR_TREE_NONE)
            continue;
        l->next_sibling[i] = l->first_child[parent];
        l->first_child[parent] = i;
    }
}

static bool is_ascending(const struct cidr *cidrs, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (cidrs[i - 1].id > cidrs[i].id)
            return false;
    return true;
}

static int compare_ids(const void *a, const void *b, void *cidrs)
{
    const struct cidr *all = cidrs;
    int64_t x = all[*(const size_t *)a].id, y = all[*(const size_t *)b].id;
    return (x > y) - (x < y);
}

/* Servers list CIDRs by ascending id, so sorting is the exception. */
static int link_by_id(struct cidr_tree *t)
{
    struct links l = {t->first_child, t->next_sibling};
    if (is_ascending(t->cidrs, t->n)) {
        link_children(t, NULL, &l);
        return 0;
    }
    CLEAN_FREE size_t *order = calloc(t->n, sizeof(*order));
    if (!order)
        return -ENOMEM;
    for (size_t i = 0; i < t->n; i++)
        order[i] = i;
    qsort_r(order, t->n, sizeof(*order), compare_ids, (void *)t->cidrs);
    link_children(t, order, &l);
    return 0;
}

int cidr_tree_init(struct cidr_tree *t, const struct cidr *cidrs, size_t n)
{
    *t = (struct cidr_tree){.cidrs = cidrs, .n = n, .root = find_root(cidrs, n), .by_id = MAP_INIT};
    if (n == 0)
        return 0;
    t->parent = calloc(n, sizeof(*t->parent));
    t->first_child = calloc(n, sizeof(*t->first_child));
    t->next_sibling = calloc(n, sizeof(*t->next_sibling));
    if (!t->parent || !t->first_child || !t->next_sibling || index_ids(t) < 0)
        goto fail;
    find_parents(t);
    if (link_by_id(t) < 0)
        goto fail;
    return 0;
fail:
    cidr_tree_done(t);
    return -ENOMEM;
}

void cidr_tree_done(struct cidr_tree *t)
{
    free(t->parent);
    free(t->first_child);
    free(t->next_sibling);
    map_done(&t->by_id);
    *t = (struct cidr_tree){.root = CIDR_TREE_NONE, .by_id = MAP_INIT};
}

size_t cidr_tree_find_id(const struct cidr_tree *t, int64_t id)
{
    size_t index;
    return map_get(&t->by_id, &id, sizeof(id), &index) ? index : CIDR_TREE_NONE;
}

size_t cidr_tree_find_name(const struct cidr_tree *t, const char *name)
{
    for (size_t i = 0; i < t->n; i++)
        if (strcmp(t->cidrs[i].name, name) == 0)
            return i;
    return CIDR_TREE_NONE;
}

/* A start inside a cycle of parents is its own descendant: the one way to come back to it. */
static size_t without(size_t start, size_t node, const struct links *l)
{
    return node == start ? l->next_sibling[node] : node;
}

static void walk(const struct cidr_tree *t, const struct links *l, size_t start,
                 cidr_tree_visit_fn visit, void *user)
{
    size_t node = start;
    unsigned level = 0;
    for (;;) {
        if (!visit(user, node, level))
            return;
        size_t next = l->first_child[node];
        if (next != CIDR_TREE_NONE)
            next = without(start, next, l);
        if (next != CIDR_TREE_NONE) {
            level++;
            node = next;
            continue;
        }
        for (;; node = t->parent[node], level--) {
            if (node == start)
                return;
            next = l->next_sibling[node];
            if (next != CIDR_TREE_NONE)
                next = without(start, next, l);
            if (next != CIDR_TREE_NONE)
                break;
        }
        node = next;
    }
}

void cidr_tree_walk(const struct cidr_tree *t, size_t start, cidr_tree_visit_fn visit, void *user)
{
    if (start < t->n)
        walk(t, &(struct links){t->first_child, t->next_sibling}, start, visit, user);
}

struct leaves {
    const struct links *links;
    size_t *found;
    size_t n;
};

static bool note_leaf(void *user, size_t index, unsigned level)
{
    struct leaves *leaves = user;
    (void)level;
    if (leaves->links->first_child[index] == CIDR_TREE_NONE)
        leaves->found[leaves->n++] = index;
    return true;
}

int cidr_tree_leaves(const struct cidr_tree *t, size_t **ret, size_t *ret_n)
{
    size_t n = t->n ? t->n : 1;
    CLEAN_FREE size_t *first_child = calloc(n, sizeof(*first_child));
    CLEAN_FREE size_t *next_sibling = calloc(n, sizeof(*next_sibling));
    CLEAN_FREE size_t *found = calloc(n, sizeof(*found));
    if (!first_child || !next_sibling || !found)
        return -ENOMEM;
    struct links l = {first_child, next_sibling};
    struct leaves leaves = {&l, found, 0};
    link_children(t, NULL, &l);
    if (t->root != CIDR_TREE_NONE)
        walk(t, &l, t->root, note_leaf, &leaves);
    *ret = TAKE_PTR(found);
    *ret_n = leaves.n;
    return 0;
}
