#include "visibility.h"

#include <errno.h>
#include <stdlib.h>

/* Marks a CIDR and its descendants. What is marked already has been pushed, so its descendants are
 * or will be marked: every index is on the stack at most once. */
static void mark_down(const struct model *m, size_t start, bool *seen, size_t *stack)
{
    size_t depth = 0;
    if (start == CIDR_TREE_NONE || seen[start])
        return;
    seen[start] = true;
    stack[depth++] = start;
    while (depth > 0) {
        size_t at = stack[--depth];
        for (size_t child = m->tree.first_child[at]; child != CIDR_TREE_NONE;
             child = m->tree.next_sibling[child]) {
            if (seen[child])
                continue;
            seen[child] = true;
            stack[depth++] = child;
        }
    }
}

int visibility_mark(const struct model *m, int64_t cidr_id, bool *seen)
{
    CLEAN_FREE size_t *stack = calloc(m->n_cidrs + 1, sizeof(*stack));
    if (!stack)
        return -ENOMEM;
    for (size_t i = 0; i < m->n_cidrs; i++)
        seen[i] = false;
    size_t own = cidr_tree_find_id(&m->tree, cidr_id);
    mark_down(m, own, seen, stack);
    mark_down(m, cidr_tree_find_id(&m->tree, SERVER_CIDR_ID), seen, stack);
    /* The step count ends a cycle of parents. */
    size_t at = own;
    for (size_t steps = 0; at != CIDR_TREE_NONE && steps < m->n_cidrs; steps++) {
        for (size_t i = m->links_start[at]; i < m->links_start[at + 1]; i++)
            mark_down(m, m->links[i], seen, stack);
        at = m->tree.parent[at];
    }
    return 0;
}

int visibility_select(const struct model *m, int64_t cidr_id, const struct peer ***ret,
                      size_t *ret_n)
{
    CLEAN_FREE bool *seen = calloc(m->n_cidrs + 1, sizeof(*seen));
    CLEAN_FREE const struct peer **peers = calloc(m->n_peers + 1, sizeof(*peers));
    if (!seen || !peers || visibility_mark(m, cidr_id, seen) < 0)
        return -ENOMEM;
    size_t n = 0;
    for (size_t i = 0; i < m->n_peers; i++) {
        const struct peer *p = m->peers[i];
        if (p->is_disabled || !p->is_redeemed)
            continue;
        size_t cidr = cidr_tree_find_id(&m->tree, p->cidr_id);
        if (cidr != CIDR_TREE_NONE && seen[cidr])
            peers[n++] = p;
    }
    *ret = TAKE_PTR(peers);
    *ret_n = n;
    return 0;
}
