#include "innernet/record.h"

#include <string.h>

/* One writer for both layouts, so that the order of keys is written down once. */
struct writer {
    struct buf *out;
    bool pretty;
    bool first; /* nothing written yet inside the innermost container */
    unsigned depth;
};

static void new_line(struct writer *w)
{
    static const char text[] = "\n            "; /* deeper than any of our documents */
    buf_append(w->out, text, 1 + 2 * (size_t)w->depth);
}

static void open_with(struct writer *w, char bracket)
{
    buf_putc(w->out, bracket);
    w->depth++;
    w->first = true;
}

static void close_with(struct writer *w, char bracket)
{
    w->depth--;
    if (w->pretty && !w->first)
        new_line(w);
    buf_putc(w->out, bracket);
    w->first = false;
}

static void next_item(struct writer *w)
{
    if (!w->first)
        buf_putc(w->out, ',');
    w->first = false;
    if (w->pretty)
        new_line(w);
}

static void put_key(struct writer *w, const char *quoted, size_t len)
{
    next_item(w);
    buf_append(w->out, quoted, len);
    if (w->pretty)
        buf_putc(w->out, ' ');
}

/* The name of a member, a literal: quotes and colon are added when this is compiled. */
#define KEY(w, name) put_key(w, "\"" name "\":", sizeof("\"" name "\":") - 1)

static void put_text(struct writer *w, const char *text)
{
    buf_putc(w->out, '"');
    buf_put_json_escaped(w->out, text);
    buf_putc(w->out, '"');
}

static void put_null(struct writer *w)
{
    buf_append(w->out, "null", 4);
}

static void put_endpoint(struct writer *w, const struct endpoint *ep)
{
    if (!endpoint_is_set(ep)) {
        put_null(w);
        return;
    }
    buf_putc(w->out, '"');
    if (ep->domain) { /* a domain may hold a double quote (spec/client.md A.2) */
        CLEAN_BUF struct buf text = BUF_INIT;
        endpoint_format(ep, &text);
        if (text.failed)
            w->out->failed = true;
        else
            buf_put_json_escaped(w->out, text.data);
    } else {
        endpoint_format(ep, w->out);
    }
    buf_putc(w->out, '"');
}

static void put_bool(struct writer *w, bool value)
{
    if (value)
        buf_append(w->out, "true", 4);
    else
        buf_append(w->out, "false", 5);
}

/* Text that has nothing in it that JSON would escape. */
static void put_plain(struct writer *w, const char *text)
{
    buf_putc(w->out, '"');
    buf_puts(w->out, text);
    buf_putc(w->out, '"');
}

static void key_public_key(struct writer *w, const struct key *public_key)
{
    char text[KEY_TEXT_MAX];
    KEY(w, "public_key");
    put_plain(w, key_format(public_key, text));
}

static void put_endpoints(struct writer *w, const struct endpoint *eps, size_t n)
{
    open_with(w, '[');
    for (size_t i = 0; i < n; i++) {
        next_item(w);
        put_endpoint(w, &eps[i]);
    }
    close_with(w, ']');
}

static void put_expiry(struct writer *w, const struct peer *p)
{
    KEY(w, "invite_expires");
    if (!p->has_invite_expires) {
        put_null(w);
        return;
    }
    open_with(w, '{');
    KEY(w, "secs_since_epoch");
    buf_put_i64(w->out, p->invite_expires_s);
    KEY(w, "nanos_since_epoch");
    buf_put_i64(w->out, p->invite_expires_ns);
    close_with(w, '}');
}

static void put_id(struct writer *w, bool with_id, int64_t id)
{
    if (!with_id)
        return;
    KEY(w, "id");
    buf_put_i64(w->out, id);
}

static void put_peer(struct writer *w, const struct peer *p, bool with_id)
{
    char ip[IP_TEXT_MAX];
    open_with(w, '{');
    put_id(w, with_id, p->id);
    KEY(w, "name");
    put_text(w, p->name);
    KEY(w, "ip");
    put_plain(w, ip_format(&p->ip, ip));
    KEY(w, "cidr_id");
    buf_put_i64(w->out, p->cidr_id);
    key_public_key(w, &p->public_key);
    KEY(w, "endpoint");
    put_endpoint(w, &p->endpoint);
    KEY(w, "persistent_keepalive_interval");
    if (p->has_keepalive)
        buf_put_u64(w->out, p->keepalive_s);
    else
        put_null(w);
    KEY(w, "is_admin");
    put_bool(w, p->is_admin);
    KEY(w, "is_disabled");
    put_bool(w, p->is_disabled);
    KEY(w, "is_redeemed");
    put_bool(w, p->is_redeemed);
    put_expiry(w, p);
    KEY(w, "candidates");
    put_endpoints(w, p->candidates, p->n_candidates);
    close_with(w, '}');
}

static void put_cidr(struct writer *w, const struct cidr *c, bool with_id)
{
    char net[NETWORK_TEXT_MAX];
    open_with(w, '{');
    put_id(w, with_id, c->id);
    KEY(w, "name");
    put_text(w, c->name);
    KEY(w, "cidr");
    put_plain(w, network_format(&c->net, net));
    KEY(w, "parent");
    if (c->has_parent)
        buf_put_i64(w->out, c->parent);
    else
        put_null(w);
    close_with(w, '}');
}

static void put_association(struct writer *w, const struct association *a, bool with_id)
{
    open_with(w, '{');
    put_id(w, with_id, a->id);
    KEY(w, "cidr_id_1");
    buf_put_i64(w->out, a->cidr_id_1);
    KEY(w, "cidr_id_2");
    buf_put_i64(w->out, a->cidr_id_2);
    close_with(w, '}');
}

static void put_cidrs(struct writer *w, const struct cidr *cidrs, size_t n)
{
    open_with(w, '[');
    for (size_t i = 0; i < n; i++) {
        next_item(w);
        put_cidr(w, &cidrs[i], true);
    }
    close_with(w, ']');
}

static struct writer compact(struct buf *out)
{
    return (struct writer){.out = out, .first = true};
}

void record_encode_peer(struct buf *out, const struct peer *p)
{
    struct writer w = compact(out);
    put_peer(&w, p, true);
}

void record_encode_peer_contents(struct buf *out, const struct peer *p)
{
    struct writer w = compact(out);
    put_peer(&w, p, false);
}

void record_encode_cidr(struct buf *out, const struct cidr *c)
{
    struct writer w = compact(out);
    put_cidr(&w, c, true);
}

void record_encode_cidr_contents(struct buf *out, const struct cidr *c)
{
    struct writer w = compact(out);
    put_cidr(&w, c, false);
}

void record_encode_association(struct buf *out, const struct association *a)
{
    struct writer w = compact(out);
    put_association(&w, a, true);
}

void record_encode_association_contents(struct buf *out, const struct association *a)
{
    struct writer w = compact(out);
    put_association(&w, a, false);
}

static void put_peers(struct writer *w, const struct peer *const *peers, size_t n)
{
    open_with(w, '[');
    for (size_t i = 0; i < n; i++) {
        next_item(w);
        put_peer(w, peers[i], true);
    }
    close_with(w, ']');
}

void record_encode_peers(struct buf *out, const struct peer *const *peers, size_t n)
{
    struct writer w = compact(out);
    put_peers(&w, peers, n);
}

void record_encode_cidrs(struct buf *out, const struct cidr *cidrs, size_t n)
{
    struct writer w = compact(out);
    put_cidrs(&w, cidrs, n);
}

void record_encode_associations(struct buf *out, const struct association *a, size_t n)
{
    struct writer w = compact(out);
    open_with(&w, '[');
    for (size_t i = 0; i < n; i++) {
        next_item(&w);
        put_association(&w, &a[i], true);
    }
    close_with(&w, ']');
}

void record_encode_state(struct buf *out, const struct peer *const *peers, size_t n_peers,
                         const struct cidr *cidrs, size_t n_cidrs)
{
    struct writer w = compact(out);
    open_with(&w, '{');
    KEY(&w, "peers");
    put_peers(&w, peers, n_peers);
    KEY(&w, "cidrs");
    put_cidrs(&w, cidrs, n_cidrs);
    close_with(&w, '}');
}

void record_encode_candidates(struct buf *out, const struct endpoint *eps, size_t n)
{
    struct writer w = compact(out);
    put_endpoints(&w, eps, n);
}

void record_encode_redeem(struct buf *out, const struct key *public_key)
{
    struct writer w = compact(out);
    open_with(&w, '{');
    key_public_key(&w, public_key);
    close_with(&w, '}');
}

void record_encode_endpoint_option(struct buf *out, const struct endpoint *ep)
{
    struct writer w = compact(out);
    bool set = endpoint_is_set(ep);
    open_with(&w, '{');
    KEY(&w, "option");
    put_text(&w, set ? "Set" : "Unset");
    if (set) {
        KEY(&w, "content");
        put_endpoint(&w, ep);
    }
    close_with(&w, '}');
}

void record_encode_store(struct buf *out, const struct state *s)
{
    struct writer w = {.out = out, .pretty = true, .first = true};
    open_with(&w, '{');
    KEY(&w, "version");
    put_text(&w, "1");
    KEY(&w, "peers");
    open_with(&w, '[');
    for (size_t i = 0; i < s->n_peers; i++) {
        next_item(&w);
        put_peer(&w, &s->peers[i], true);
    }
    close_with(&w, ']');
    KEY(&w, "cidrs");
    put_cidrs(&w, s->cidrs, s->n_cidrs);
    close_with(&w, '}');
}
