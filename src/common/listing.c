#include "innernet/listing.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

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

#define UNKNOWN_MAX 48

/* The name of a CIDR, which may not be in the list. */
static const char *cidr_name(const struct cidr_tree *tree, int64_t id,
                             char unknown[static UNKNOWN_MAX])
{
    size_t at = cidr_tree_find_id(tree, id);
    if (at != CIDR_TREE_NONE)
        return tree->cidrs[at].name;
    snprintf(unknown, UNKNOWN_MAX, "[unknown CIDR %" PRId64 "]", id);
    return unknown;
}

int listing_associations(const struct association *a, size_t n, const struct cidr *cidrs,
                         size_t n_cidrs, struct buf *out)
{
    CLEAN_CIDR_TREE struct cidr_tree tree = {0};
    char unknown[UNKNOWN_MAX];
    int r = cidr_tree_init(&tree, cidrs, n_cidrs);
    if (r < 0)
        return r;
    for (size_t i = 0; i < n; i++) {
        buf_put_i64(out, a[i].id);
        buf_puts(out, ": ");
        paint(out, SGR_YELLOW, cidr_name(&tree, a[i].cidr_id_1, unknown));
        buf_puts(out, " <=> ");
        paint(out, SGR_YELLOW, cidr_name(&tree, a[i].cidr_id_2, unknown));
        buf_putc(out, '\n');
    }
    return out->failed ? -ENOMEM : 0;
}

/* --- peers -------------------------------------------------------------------------------------
 */

static void put_date(struct buf *out, int64_t at_s)
{
    char text[64];
    struct tm tm;
    time_t t = at_s;
    if (gmtime_r(&t, &tm) && strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &tm) > 0)
        buf_puts(out, text);
    else
        buf_printf(out, "@%" PRId64, at_s);
}

static void put_invitation(struct buf *out, const struct peer *p, int64_t now_s)
{
    if (!p->has_invite_expires) {
        buf_puts(out, ", invited");
        return;
    }
    buf_puts(out, p->invite_expires_s < now_s ? ", invitation expired " : ", invited until ");
    put_date(out, p->invite_expires_s);
}

int listing_peers(const struct peer *const *peers, size_t n, const struct cidr_tree *cidrs,
                  int64_t now_s, struct buf *out)
{
    char ip[IP_TEXT_MAX], unknown[UNKNOWN_MAX];
    for (size_t i = 0; i < n; i++) {
        const struct peer *p = peers[i];
        buf_printf(out, "%" PRId64 ": %s ", p->id, ip_format(&p->ip, ip));
        paint(out, SGR_YELLOW, p->name);
        buf_printf(out, " (%s)", cidr_name(cidrs, p->cidr_id, unknown));
        buf_puts(out, p->is_admin ? ", admin" : "");
        buf_puts(out, p->is_disabled ? ", disabled" : "");
        if (!p->is_redeemed)
            put_invitation(out, p, now_s);
        buf_putc(out, '\n');
    }
    return out->failed ? -ENOMEM : 0;
}
