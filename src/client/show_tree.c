#include <errno.h>
#include <stdlib.h>

#include "innernet/cidr_tree.h"
#include "innernet/listing.h"
#include "innernet/log.h"
#include "innernet/map.h"
#include "show_text.h"

#define NONE ((size_t)-1)

/* Rows by CIDR: the first row of a CIDR id, and after each row the next of the same CIDR. */
struct by_cidr {
    struct map first;
    size_t *next;
};

static void by_cidr_done(struct by_cidr *b)
{
    map_done(&b->first);
    free(b->next);
}

/* Backwards, so that each list comes out in the order of the rows. */
static int by_cidr_init(const struct show_rows *rows, struct by_cidr *ret)
{
    ret->next = calloc(rows->n + 1, sizeof(*ret->next));
    int r = ret->next ? map_reserve(&ret->first, rows->n) : -ENOMEM;
    for (size_t i = rows->n; r == 0 && i-- > 0;) {
        const struct peer *p = rows->items[i].record;
        ret->next[i] = NONE;
        if (!p)
            continue;
        map_get(&ret->first, &p->cidr_id, sizeof(p->cidr_id), &ret->next[i]);
        r = map_put(&ret->first, &p->cidr_id, sizeof(p->cidr_id), i);
    }
    return r;
}

struct tree {
    const struct show_input *in;
    const struct show_rows *rows;
    const struct cidr_tree *cidrs;
    const struct by_cidr *by_cidr;
    struct buf *out;
};

static void put_cidr(const struct tree *t, size_t node, size_t level)
{
    char net[NETWORK_TEXT_MAX];
    const struct cidr *c = &t->cidrs->cidrs[node];
    listing_put_indent(t->out, level);
    paint(t->out, SGR_BOLD_BLUE, network_format(&c->net, net));
    buf_putc(t->out, ' ');
    paint(t->out, SGR_BLUE, c->name);
    buf_putc(t->out, '\n');
}

static void put_peers(const struct tree *t, size_t node, size_t level)
{
    const struct cidr *c = &t->cidrs->cidrs[node];
    size_t at;
    if (!map_get(&t->by_cidr->first, &c->id, sizeof(c->id), &at))
        return;
    for (; at != NONE; at = t->by_cidr->next[at])
        show_put_row(t->in, &t->rows->items[at], level, t->out);
}

/* A CIDR's line, then its children, then its peers. Without recursion: the depth is the server's.
 */
static void put_tree(const struct tree *t)
{
    const struct cidr_tree *c = t->cidrs;
    size_t node = c->root, level = 1;
    if (node == CIDR_TREE_NONE)
        return;
    put_cidr(t, node, level);
    for (;;) {
        if (c->first_child[node] != CIDR_TREE_NONE) {
            node = c->first_child[node];
            put_cidr(t, node, ++level);
            continue;
        }
        put_peers(t, node, level);
        while (node != c->root && c->next_sibling[node] == CIDR_TREE_NONE) {
            node = c->parent[node];
            put_peers(t, node, --level);
        }
        if (node == c->root)
            return;
        node = c->next_sibling[node];
        put_cidr(t, node, level);
    }
}

int show_tree(const struct show_input *in, struct buf *out)
{
    CLEAN_SHOW_ROWS struct show_rows rows = {0};
    CLEAN_CIDR_TREE struct cidr_tree cidrs = {0};
    CLEANUP(by_cidr_done) struct by_cidr by_cidr = {0};
    int r = show_rows_init(in, &rows);
    if (r == 0)
        r = by_cidr_init(&rows, &by_cidr);
    if (r == 0)
        r = cidr_tree_init(&cidrs, in->store->cidrs, in->store->n_cidrs);
    if (r < 0)
        return r;
    show_put_header(in, out);
    put_tree(&(struct tree){in, &rows, &cidrs, &by_cidr, out});
    for (size_t i = 0; i < rows.n; i++)
        if (!rows.items[i].record)
            show_put_row(in, &rows.items[i], 1, out);
    return out->failed ? -ENOMEM : 0;
}
