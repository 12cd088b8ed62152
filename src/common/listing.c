#include "innernet/listing.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "innernet/cidr_tree.h"
#include "innernet/log.h"

/* Networks nest no deeper than an address has bits: what goes beyond is nonsense from the server
 * and need not be drawn to scale. */
#define INDENT_LEVEL_MAX 130

void listing_put_indent(struct buf *out, size_t level)
{
    for (size_t i = 0; i < level && i < INDENT_LEVEL_MAX; i++)
        buf_puts(out, "  ");
}

static void put_cidr(struct buf *out, const struct cidr *c)
{
    char net[NETWORK_TEXT_MAX];
    buf_printf(out, "%s %s\n", network_format(&c->net, net), c->name);
}

int listing_cidrs(const struct cidr *cidrs, size_t n, struct buf *out)
{
    for (size_t i = 0; i < n; i++)
        put_cidr(out, &cidrs[i]);
    return out->failed ? -ENOMEM : 0;
}

struct tree_writer {
    const struct cidr *cidrs;
    struct buf *out;
};

static bool visit(void *user, size_t index, unsigned level)
{
    struct tree_writer *w = user;
    listing_put_indent(w->out, level);
    put_cidr(w->out, &w->cidrs[index]);
    return !w->out->failed;
}

int listing_cidr_tree(const struct cidr *cidrs, size_t n, struct buf *out)
{
    CLEAN_CIDR_TREE struct cidr_tree tree = {0};
    struct tree_writer writer = {cidrs, out};
    int r = cidr_tree_init(&tree, cidrs, n);
    if (r < 0)
        return r;
    if (tree.root != CIDR_TREE_NONE)
        cidr_tree_walk(&tree, tree.root, visit, &writer);
    return out->failed ? -ENOMEM : 0;
}

static void put_cidr_name(struct buf *out, const struct cidr_tree *tree, int64_t id)
{
    size_t at = cidr_tree_find_id(tree, id);
    char unknown[40];
    snprintf(unknown, sizeof(unknown), "[unknown CIDR %" PRId64 "]", id);
    paint(out, SGR_YELLOW, at == CIDR_TREE_NONE ? unknown : tree->cidrs[at].name);
}

int listing_associations(const struct association *a, size_t n, const struct cidr *cidrs,
                         size_t n_cidrs, struct buf *out)
{
    CLEAN_CIDR_TREE struct cidr_tree tree = {0};
    int r = cidr_tree_init(&tree, cidrs, n_cidrs);
    if (r < 0)
        return r;
    for (size_t i = 0; i < n; i++) {
        buf_put_i64(out, a[i].id);
        buf_puts(out, ": ");
        put_cidr_name(out, &tree, a[i].cidr_id_1);
        buf_puts(out, " <=> ");
        put_cidr_name(out, &tree, a[i].cidr_id_2);
        buf_putc(out, '\n');
    }
    return out->failed ? -ENOMEM : 0;
}
