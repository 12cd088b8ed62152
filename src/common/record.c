#include "innernet/record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void endpoints_free(struct endpoint *eps, size_t n)
{
    for (size_t i = 0; eps && i < n; i++)
        endpoint_done(&eps[i]);
    free(eps);
}

void peer_done(struct peer *p)
{
    free(p->name);
    endpoint_done(&p->endpoint);
    endpoints_free(p->candidates, p->n_candidates);
    *p = (struct peer){0};
}

static int copy_endpoints(const struct endpoint *from, size_t n, struct endpoint **ret)
{
    if (n == 0) {
        *ret = NULL;
        return 0;
    }
    struct endpoint *copy = calloc(n, sizeof(*copy));
    if (!copy)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        if (endpoint_copy(&from[i], &copy[i]) < 0) {
            endpoints_free(copy, i);
            return -ENOMEM;
        }
    }
    *ret = copy;
    return 0;
}

int peer_copy(const struct peer *from, struct peer *ret)
{
    struct peer copy = *from;
    copy.endpoint = ENDPOINT_INIT;
    copy.candidates = NULL;
    copy.n_candidates = 0;
    copy.name = from->name ? strdup(from->name) : NULL;
    if (from->name && !copy.name)
        return -ENOMEM;
    if (endpoint_copy(&from->endpoint, &copy.endpoint) < 0 ||
        copy_endpoints(from->candidates, from->n_candidates, &copy.candidates) < 0) {
        peer_done(&copy);
        return -ENOMEM;
    }
    copy.n_candidates = from->n_candidates;
    *ret = copy;
    return 0;
}

void peers_free(struct peer *peers, size_t n)
{
    for (size_t i = 0; peers && i < n; i++)
        peer_done(&peers[i]);
    free(peers);
}

void cidr_done(struct cidr *c)
{
    free(c->name);
    *c = (struct cidr){0};
}

int cidr_copy(const struct cidr *from, struct cidr *ret)
{
    struct cidr copy = *from;
    copy.name = from->name ? strdup(from->name) : NULL;
    if (from->name && !copy.name)
        return -ENOMEM;
    *ret = copy;
    return 0;
}

void cidrs_free(struct cidr *cidrs, size_t n)
{
    for (size_t i = 0; cidrs && i < n; i++)
        cidr_done(&cidrs[i]);
    free(cidrs);
}

void state_done(struct state *s)
{
    peers_free(s->peers, s->n_peers);
    cidrs_free(s->cidrs, s->n_cidrs);
    *s = (struct state){0};
}

static bool text_equal(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

bool endpoints_equal(const struct endpoint *a, const struct endpoint *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!endpoint_equal(&a[i], &b[i]))
            return false;
    return true;
}

static bool expiry_equal(const struct peer *a, const struct peer *b)
{
    if (a->has_invite_expires != b->has_invite_expires)
        return false;
    return !a->has_invite_expires || (a->invite_expires_s == b->invite_expires_s &&
                                      a->invite_expires_ns == b->invite_expires_ns);
}

static bool keepalive_equal(const struct peer *a, const struct peer *b)
{
    if (a->has_keepalive != b->has_keepalive)
        return false;
    return !a->has_keepalive || a->keepalive_s == b->keepalive_s;
}

bool peer_equal(const struct peer *a, const struct peer *b)
{
    return a->id == b->id && text_equal(a->name, b->name) && ip_equal(&a->ip, &b->ip) &&
           a->cidr_id == b->cidr_id && key_equal(&a->public_key, &b->public_key) &&
           endpoint_equal(&a->endpoint, &b->endpoint) && keepalive_equal(a, b) &&
           a->is_admin == b->is_admin && a->is_disabled == b->is_disabled &&
           a->is_redeemed == b->is_redeemed && expiry_equal(a, b) &&
           a->n_candidates == b->n_candidates &&
           endpoints_equal(a->candidates, b->candidates, a->n_candidates);
}
