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
    buf_putc(w->out, '\n');
    for (unsigned i = 0; i < w->depth; i++)
        buf_append(w->out, "  ", 2);
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

static void key(struct writer *w, const char *name)
{
    next_item(w);
    buf_putc(w->out, '"');
    buf_puts(w->out, name);
    if (w->pretty)
        buf_append(w->out, "\": ", 3);
    else
        buf_append(w->out, "\":", 2);
}

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

static void key_i64(struct writer *w, const char *name, int64_t value)
{
    key(w, name);
    buf_put_i64(w->out, value);
}

static void key_bool(struct writer *w, const char *name, bool value)
{
    key(w, name);
    buf_puts(w->out, value ? "true" : "false");
}

static void key_public_key(struct writer *w, const struct key *public_key)
{
    char text[KEY_TEXT_MAX];
    key(w, "public_key");
    put_text(w, key_format(public_key, text));
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
    key(w, "invite_expires");
    if (!p->has_invite_expires) {
        put_null(w);
        return;
    }
    open_with(w, '{');
    key_i64(w, "secs_since_epoch", p->invite_expires_s);
    key_i64(w, "nanos_since_epoch", p->invite_expires_ns);
    close_with(w, '}');
}

static void put_peer(struct writer *w, const struct peer *p, bool with_id)
{
    char ip[IP_TEXT_MAX];
    open_with(w, '{');
    if (with_id)
        key_i64(w, "id", p->id);
    key(w, "name");
    put_text(w, p->name);
    key(w, "ip");
    put_text(w, ip_format(&p->ip, ip));
    key_i64(w, "cidr_id", p->cidr_id);
    key_public_key(w, &p->public_key);
    key(w, "endpoint");
    put_endpoint(w, &p->endpoint);
    key(w, "persistent_keepalive_interval");
    if (p->has_keepalive)
        buf_put_u64(w->out, p->keepalive_s);
    else
        put_null(w);
    key_bool(w, "is_admin", p->is_admin);
    key_bool(w, "is_disabled", p->is_disabled);
    key_bool(w, "is_redeemed", p->is_redeemed);
    put_expiry(w, p);
    key(w, "candidates");
    put_endpoints(w, p->candidates, p->n_candidates);
    close_with(w, '}');
}

static void put_cidr(struct writer *w, const struct cidr *c, bool with_id)
{
    char net[NETWORK_TEXT_MAX];
    open_with(w, '{');
    if (with_id)
        key_i64(w, "id", c->id);
    key(w, "name");
    put_text(w, c->name);
    key(w, "cidr");
    put_text(w, network_format(&c->net, net));
    key(w, "parent");
    if (c->has_parent)
        buf_put_i64(w->out, c->parent);
    else
        put_null(w);
    close_with(w, '}');
}

static void put_association(struct writer *w, const struct association *a, bool with_id)
{
    open_with(w, '{');
    if (with_id)
        key_i64(w, "id", a->id);
    key_i64(w, "cidr_id_1", a->cidr_id_1);
    key_i64(w, "cidr_id_2", a->cidr_id_2);
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
    key(&w, "peers");
    put_peers(&w, peers, n_peers);
    key(&w, "cidrs");
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
    key(&w, "option");
    put_text(&w, set ? "Set" : "Unset");
    if (set) {
        key(&w, "content");
        put_endpoint(&w, ep);
    }
    close_with(&w, '}');
}

void record_encode_store(struct buf *out, const struct state *s)
{
    struct writer w = {.out = out, .pretty = true, .first = true};
    open_with(&w, '{');
    key(&w, "version");
    put_text(&w, "1");
    key(&w, "peers");
    open_with(&w, '[');
    for (size_t i = 0; i < s->n_peers; i++) {
        next_item(&w);
        put_peer(&w, &s->peers[i], true);
    }
    close_with(&w, ']');
    key(&w, "cidrs");
    put_cidrs(&w, s->cidrs, s->n_cidrs);
    close_with(&w, '}');
}
