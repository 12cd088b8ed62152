#include "model.h"

#include <errno.h>
#include <string.h>

static void peer_free(struct peer *p)
{
    if (!p)
        return;
    peer_done(p);
    free(p);
}

static void drop_cidrs(struct model *m)
{
    cidr_tree_done(&m->tree);
    cidrs_free(m->cidrs, m->n_cidrs);
    free(m->associations);
    free(m->links_start);
    free(m->links);
    m->cidrs = NULL;
    m->associations = NULL;
    m->links_start = NULL;
    m->links = NULL;
    m->n_cidrs = m->n_associations = 0;
}

void model_done(struct model *m)
{
    map_done(&m->peer_by_ip);
    map_done(&m->peer_by_key);
    for (size_t i = 0; i < m->n_peers; i++)
        peer_free(m->peers[i]);
    free(m->peers);
    drop_cidrs(m);
    *m = MODEL_INIT;
}

/* Position of the first peer whose id is not below `id`. */
static size_t lower_bound(const struct model *m, int64_t id)
{
    size_t low = 0;
    size_t high = m->n_peers;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (m->peers[mid]->id < id)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static int make_room(struct model *m)
{
    if (m->n_peers < m->cap_peers)
        return 0;
    size_t cap = m->cap_peers ? m->cap_peers * 2 : 64;
    struct peer **peers = reallocarray(m->peers, cap, sizeof(*peers));
    if (!peers)
        return -ENOMEM;
    m->peers = peers;
    m->cap_peers = cap;
    return 0;
}

static int index_peer(struct model *m, struct peer *p)
{
    if (map_put(&m->peer_by_ip, IP_KEY(&p->ip), (size_t)(uintptr_t)p) < 0)
        return -ENOMEM;
    if (map_put(&m->peer_by_key, p->public_key.bytes, KEY_LEN, (size_t)(uintptr_t)p) < 0) {
        map_remove(&m->peer_by_ip, IP_KEY(&p->ip));
        return -ENOMEM;
    }
    return 0;
}

static void unindex_peer(struct model *m, const struct peer *p)
{
    map_remove(&m->peer_by_ip, IP_KEY(&p->ip));
    map_remove(&m->peer_by_key, p->public_key.bytes, KEY_LEN);
}

/* A place for it in the heap and room for the pointer to that, or NULL and the peer is gone. */
static struct peer *take_over(struct model *m, struct peer *p)
{
    struct peer *fresh = malloc(sizeof(*fresh));
    if (!fresh || make_room(m) < 0) {
        free(fresh);
        peer_done(p);
        return NULL;
    }
    *fresh = *p;
    return fresh;
}

int model_append_peer(struct model *m, struct peer *p)
{
    struct peer *fresh = take_over(m, p);
    if (!fresh)
        return -ENOMEM;
    m->peers[m->n_peers++] = fresh;
    return 0;
}

int model_index_peers(struct model *m)
{
    if (map_reserve(&m->peer_by_ip, m->n_peers) < 0 || map_reserve(&m->peer_by_key, m->n_peers) < 0)
        return -ENOMEM;
    for (size_t i = 0; i < m->n_peers; i++)
        if (index_peer(m, m->peers[i]) < 0)
            return -ENOMEM;
    m->generation++;
    return 0;
}

int model_put_peer(struct model *m, struct peer *p)
{
    struct peer *fresh = take_over(m, p);
    if (!fresh)
        return -ENOMEM;
    size_t at = lower_bound(m, fresh->id);
    bool replaces = at < m->n_peers && m->peers[at]->id == fresh->id;
    if (replaces) {
        unindex_peer(m, m->peers[at]);
        peer_free(m->peers[at]);
    } else {
        memmove(m->peers + at + 1, m->peers + at, (m->n_peers - at) * sizeof(*m->peers));
        m->n_peers++;
    }
    m->peers[at] = fresh;
    m->generation++;
    return index_peer(m, fresh);
}

void model_remove_peers(struct model *m, bool (*match)(const void *user, const struct peer *p),
                        const void *user)
{
    size_t kept = 0;
    for (size_t i = 0; i < m->n_peers; i++) {
        struct peer *p = m->peers[i];
        if (match(user, p)) {
            unindex_peer(m, p);
            peer_free(p);
        } else {
            m->peers[kept++] = p;
        }
    }
    m->generation += kept < m->n_peers;
    m->n_peers = kept;
}

/* Counts, then fills: links of one CIDR lie side by side. Ids that do not exist are left out. */
static int build_links(struct model *m)
{
    m->links_start = calloc(m->n_cidrs + 1, sizeof(size_t));
    m->links = calloc(m->n_associations * 2 + 1, sizeof(size_t));
    CLEAN_FREE size_t *at = calloc(m->n_cidrs + 1, sizeof(size_t));
    if (!m->links_start || !m->links || !at)
        return -ENOMEM;
    for (int filling = 0; filling < 2; filling++) {
        for (size_t i = 0; i < m->n_associations; i++) {
            size_t a = cidr_tree_find_id(&m->tree, m->associations[i].cidr_id_1);
            size_t b = cidr_tree_find_id(&m->tree, m->associations[i].cidr_id_2);
            if (a == CIDR_TREE_NONE || b == CIDR_TREE_NONE)
                continue;
            if (filling) {
                m->links[at[a]++] = b;
                m->links[at[b]++] = a;
            } else {
                m->links_start[a + 1]++;
                m->links_start[b + 1]++;
            }
        }
        for (size_t i = 0; !filling && i < m->n_cidrs; i++)
            m->links_start[i + 1] += m->links_start[i];
        memcpy(at, m->links_start, (m->n_cidrs + 1) * sizeof(size_t));
    }
    return 0;
}

int model_set_cidrs(struct model *m, struct cidr *cidrs, size_t n_cidrs,
                    struct association *associations, size_t n_associations)
{
    struct model fresh = {.cidrs = cidrs,
                          .n_cidrs = n_cidrs,
                          .associations = associations,
                          .n_associations = n_associations};
    int r = cidr_tree_init(&fresh.tree, cidrs, n_cidrs);
    if (r == 0)
        r = build_links(&fresh);
    if (r < 0) {
        drop_cidrs(&fresh);
        return r;
    }
    drop_cidrs(m);
    m->cidrs = fresh.cidrs;
    m->n_cidrs = fresh.n_cidrs;
    m->associations = fresh.associations;
    m->n_associations = fresh.n_associations;
    m->tree = fresh.tree;
    m->links_start = fresh.links_start;
    m->links = fresh.links;
    m->generation++;
    return 0;
}

const struct peer *model_find_peer(const struct model *m, int64_t id)
{
    size_t at = lower_bound(m, id);
    return at < m->n_peers && m->peers[at]->id == id ? m->peers[at] : NULL;
}

static const struct peer *find_indexed(const struct map *map, const void *key, size_t key_len)
{
    size_t value;
    return map_get(map, key, key_len, &value) ? (const struct peer *)(uintptr_t)value : NULL;
}

const struct peer *model_find_peer_by_ip(const struct model *m, const struct ip *ip)
{
    return find_indexed(&m->peer_by_ip, IP_KEY(ip));
}

const struct peer *model_find_peer_by_key(const struct model *m, const struct key *key)
{
    return find_indexed(&m->peer_by_key, key->bytes, KEY_LEN);
}

const struct peer *model_find_peer_by_name(const struct model *m, const char *name)
{
    for (size_t i = 0; i < m->n_peers; i++)
        if (strcmp(m->peers[i]->name, name) == 0)
            return m->peers[i];
    return NULL;
}

const struct cidr *model_find_cidr(const struct model *m, int64_t id)
{
    size_t at = cidr_tree_find_id(&m->tree, id);
    return at == CIDR_TREE_NONE ? NULL : &m->cidrs[at];
}

const struct cidr *model_find_cidr_by_name(const struct model *m, const char *name)
{
    for (size_t i = 0; i < m->n_cidrs; i++)
        if (strcmp(m->cidrs[i].name, name) == 0)
            return &m->cidrs[i];
    return NULL;
}

const struct association *model_find_association(const struct model *m, int64_t id)
{
    for (size_t i = 0; i < m->n_associations; i++)
        if (m->associations[i].id == id)
            return &m->associations[i];
    return NULL;
}
