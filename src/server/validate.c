#include "validate.h"

#include <errno.h>
#include <string.h>

#include "innernet/log.h"
#include "innernet/name.h"

static const char *safe(const char *name, char out[static 256])
{
    return log_safe(name, out, 256);
}

static int check_parent_has_no_peers(const struct model *m, const struct cidr *c, struct err *err)
{
    for (size_t i = 0; c->has_parent && i < m->n_peers; i++)
        if (m->peers[i]->cidr_id == c->parent)
            return err_set(
                err, -EINVAL,
                "the parent CIDR has peers (%s among them), so it cannot get child CIDRs",
                m->peers[i]->name);
    return 0;
}

/* The closest container: the longest prefix, the last listed on a tie. */
static const struct cidr *find_container(const struct model *m, const struct network *net)
{
    const struct cidr *best = NULL;
    for (size_t i = 0; i < m->n_cidrs; i++)
        if (network_contains(&m->cidrs[i].net, net) &&
            (!best || m->cidrs[i].net.prefix >= best->net.prefix))
            best = &m->cidrs[i];
    return best;
}

static int check_place(const struct model *m, const struct cidr *c, struct err *err)
{
    char name[256];
    char text[NETWORK_TEXT_MAX];
    network_format(&c->net, text);
    if (!c->has_parent)
        return m->n_cidrs == 0
                   ? 0
                   : err_set(err, -EINVAL, "%s needs a parent: there is a root CIDR already", text);
    const struct cidr *container = find_container(m, &c->net);
    if (!container)
        return err_set(err, -EINVAL, "no CIDR of this network contains %s", text);
    if (container->id != c->parent)
        return err_set(err, -EINVAL, "%s belongs under the CIDR \"%s\", its closest container",
                       text, safe(container->name, name));
    if (network_same_range(&container->net, &c->net))
        return err_set(err, -EINVAL, "%s is as large as its parent CIDR \"%s\"", text,
                       safe(container->name, name));
    return 0;
}

static int check_siblings(const struct model *m, const struct cidr *c, struct err *err)
{
    char name[256];
    char text[NETWORK_TEXT_MAX];
    for (size_t i = 0; i < m->n_cidrs; i++) {
        const struct cidr *other = &m->cidrs[i];
        bool sibling =
            other->has_parent == c->has_parent && (!c->has_parent || other->parent == c->parent);
        if (sibling && network_overlaps(&other->net, &c->net))
            return err_set(err, -EINVAL, "%s overlaps the CIDR \"%s\"",
                           network_format(&c->net, text), safe(other->name, name));
    }
    return 0;
}

static int check_cidr_unique(const struct model *m, const struct cidr *c, struct err *err)
{
    char name[256];
    char text[NETWORK_TEXT_MAX];
    if (model_find_cidr_by_name(m, c->name))
        return err_set(err, -EEXIST, "there is a CIDR named \"%s\" already", safe(c->name, name));
    for (size_t i = 0; i < m->n_cidrs; i++)
        if (network_equal(&m->cidrs[i].net, &c->net))
            return err_set(err, -EEXIST, "the CIDR \"%s\" has the range %s already",
                           safe(m->cidrs[i].name, name), network_format(&c->net, text));
    return 0;
}

int validate_new_cidr(const struct model *m, const struct cidr *c, struct err *err)
{
    int r = check_parent_has_no_peers(m, c, err);
    if (r == 0)
        r = check_place(m, c, err);
    if (r == 0)
        r = check_siblings(m, c, err);
    if (r == 0)
        r = name_check_cidr(c->name, err);
    if (r == 0)
        r = check_cidr_unique(m, c, err);
    return r;
}

int validate_rename_cidr(const struct model *m, int64_t id, const char *name, struct err *err)
{
    char text[256];
    int r = name_check_cidr(name, err);
    if (r < 0)
        return r;
    if (!model_find_cidr(m, id))
        return err_set(err, -ENOENT, "there is no CIDR with id %lld", (long long)id);
    const struct cidr *same = model_find_cidr_by_name(m, name);
    if (same && same->id != id)
        return err_set(err, -EEXIST, "there is a CIDR named \"%s\" already", safe(name, text));
    return 0;
}

int validate_delete_cidr(const struct model *m, int64_t id, struct err *err)
{
    char name[256];
    for (size_t i = 0; i < m->n_peers; i++)
        if (m->peers[i]->cidr_id == id)
            return err_set(err, -EINVAL, "the CIDR has peers (%s among them)", m->peers[i]->name);
    for (size_t i = 0; i < m->n_cidrs; i++)
        if (m->cidrs[i].has_parent && m->cidrs[i].parent == id)
            return err_set(err, -EINVAL, "the CIDR has the child CIDR \"%s\"; delete that first",
                           safe(m->cidrs[i].name, name));
    for (size_t i = 0; i < m->n_associations; i++)
        if (m->associations[i].cidr_id_1 == id || m->associations[i].cidr_id_2 == id)
            return err_set(err, -EINVAL,
                           "the CIDR is associated with another one; delete the association first");
    return 0;
}

static int check_peer_name(const struct model *m, int64_t id, const char *name, struct err *err)
{
    int r = name_check_hostname(name, err);
    if (r < 0)
        return r;
    const struct peer *same = model_find_peer_by_name(m, name);
    if (same && same->id != id)
        return err_set(err, -EEXIST, "there is a peer named %s already", name);
    return 0;
}

static int check_peer_ip(const struct model *m, const struct peer *p, struct err *err)
{
    char name[256];
    char ip[IP_TEXT_MAX];
    ip_format(&p->ip, ip);
    const struct cidr *c = model_find_cidr(m, p->cidr_id);
    if (!c)
        return err_set(err, -ENOENT, "there is no CIDR with id %lld", (long long)p->cidr_id);
    if (!network_contains_ip(&c->net, &p->ip))
        return err_set(err, -EINVAL, "%s is not in the CIDR \"%s\"", ip, safe(c->name, name));
    if (!network_is_assignable(&c->net, &p->ip))
        return err_set(err, -EINVAL,
                       "%s is the network or broadcast address of the CIDR \"%s\"; use another", ip,
                       safe(c->name, name));
    const struct peer *same = model_find_peer_by_ip(m, &p->ip);
    if (same)
        return err_set(err, -EEXIST, "the peer %s has the address %s already", same->name, ip);
    return 0;
}

int validate_new_peer(const struct model *m, const struct peer *p, const struct key *own_key,
                      struct err *err)
{
    int r = name_check_hostname(p->name, err);
    if (r == 0)
        r = check_peer_ip(m, p, err);
    if (r == 0)
        r = check_peer_name(m, 0, p->name, err);
    if (r == 0)
        r = validate_new_key(m, &p->public_key, own_key, err);
    return r;
}

int validate_set_disabled(const struct model *m, int64_t id, bool disabled, struct err *err)
{
    if (!model_find_peer(m, id))
        return err_set(err, -ENOENT, "there is no peer with id %lld", (long long)id);
    if (id == SERVER_PEER_ID && disabled)
        return err_set(err, -EINVAL, "the server's own peer cannot be disabled");
    return 0;
}

int validate_set_endpoint(const struct model *m, int64_t id, const struct endpoint *ep,
                          struct err *err)
{
    if (!model_find_peer(m, id))
        return err_set(err, -ENOENT, "there is no peer with id %lld", (long long)id);
    if (id == SERVER_PEER_ID && (!endpoint_is_set(ep) || endpoint_is_unspecified(ep)))
        return err_set(err, -EINVAL,
                       "the server's own peer needs an endpoint that others can reach");
    return 0;
}

int validate_update_peer(const struct model *m, int64_t id, const struct peer *contents,
                         struct err *err)
{
    int r = validate_set_disabled(m, id, contents->is_disabled, err);
    if (r == 0)
        r = validate_set_endpoint(m, id, &contents->endpoint, err);
    if (r == 0)
        r = check_peer_name(m, id, contents->name, err);
    if (r < 0)
        return r;
    if (id == SERVER_PEER_ID && strcmp(contents->name, model_find_peer(m, id)->name) != 0)
        return err_set(err, -EINVAL, "the server's own peer cannot be renamed");
    return 0;
}

int validate_new_key(const struct model *m, const struct key *key, const struct key *own_key,
                     struct err *err)
{
    if (key_is_zero(key))
        return err_set(err, -EINVAL, "the public key is all zeros");
    if (key_equal(key, own_key))
        return err_set(err, -EINVAL, "the public key is the server's own");
    const struct peer *same = model_find_peer_by_key(m, key);
    if (same)
        return err_set(err, -EEXIST, "the peer %s has this public key already", same->name);
    return 0;
}

int validate_new_association(const struct model *m, const struct association *a, struct err *err)
{
    if (a->cidr_id_1 == a->cidr_id_2)
        return err_set(err, -EINVAL, "a CIDR cannot be associated with itself");
    if (!model_find_cidr(m, a->cidr_id_1) || !model_find_cidr(m, a->cidr_id_2))
        return err_set(err, -EINVAL, "one of the CIDRs does not exist");
    for (size_t i = 0; i < m->n_associations; i++) {
        const struct association *b = &m->associations[i];
        if ((a->cidr_id_1 == b->cidr_id_1 && a->cidr_id_2 == b->cidr_id_2) ||
            (a->cidr_id_1 == b->cidr_id_2 && a->cidr_id_2 == b->cidr_id_1))
            return err_set(err, -EEXIST, "the two CIDRs are associated already");
    }
    return 0;
}
