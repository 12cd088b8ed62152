#include "snapshot.h"

#include <errno.h>
#include <stdlib.h>

#include "visibility.h"

/* Entries of CIDRs that are gone are looked for when there are this many more than CIDRs. */
#define ENTRIES_TOO_MANY 16

void snapshot_init(struct snapshot *s, const struct model *m, const struct endpoints *e)
{
    *s = (struct snapshot){.model = m, .endpoints = e, .version = {m->generation, e->generation}};
}

static void entry_free(struct snapshot_entry *e)
{
    body_unref(e->body);
    free(e);
}

void snapshot_done(struct snapshot *s)
{
    map_done(&s->by_view);
    map_done(&s->by_cidr);
    for (size_t i = 0; i < s->n_entries; i++)
        entry_free(s->entries[i]);
    free(s->entries);
    for (size_t i = 0; i < SNAPSHOT_N_LISTS; i++)
        body_unref(s->lists[i]);
    *s = (struct snapshot){0};
}

struct snapshot_version snapshot_now(const struct snapshot *s)
{
    return (struct snapshot_version){s->model->generation, s->endpoints->generation};
}

static void forget_deleted(struct snapshot *s)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->n_entries; i++) {
        struct snapshot_entry *e = s->entries[i];
        if (!e->watch && !model_find_cidr(s->model, e->cidr_id)) {
            map_remove(&s->by_cidr, &e->cidr_id, sizeof(e->cidr_id));
            entry_free(e);
        } else {
            s->entries[kept++] = e;
        }
    }
    s->n_entries = kept;
}

static void follow(struct snapshot *s)
{
    struct snapshot_version now = snapshot_now(s);
    if (snapshot_version_equal(s->version, now))
        return;
    s->version = now;
    map_clear(&s->by_view);
    if (s->n_entries > s->model->n_cidrs + ENTRIES_TOO_MANY)
        forget_deleted(s);
}

/* Peers with the endpoints seen by the device: shallow copies, and the arrays made for them. */
struct injected {
    struct peer *copies;
    const struct peer **pointers;
    struct endpoint **arrays;
    size_t n;
};

static void injected_done(struct injected *in)
{
    for (size_t i = 0; in->arrays && i < in->n; i++)
        free(in->arrays[i]);
    free(in->arrays);
    free(in->copies);
    free(in->pointers);
}

static int inject(const struct snapshot *s, const struct peer *const *peers, size_t n,
                  struct injected *ret)
{
    ret->copies = calloc(n + 1, sizeof(*ret->copies));
    ret->pointers = calloc(n + 1, sizeof(*ret->pointers));
    ret->arrays = calloc(n + 1, sizeof(*ret->arrays));
    if (!ret->copies || !ret->pointers || !ret->arrays)
        return -ENOMEM;
    for (; ret->n < n; ret->n++) {
        size_t i = ret->n;
        if (endpoints_inject(s->endpoints, peers[i], &ret->copies[i], &ret->arrays[i]) < 0)
            return -ENOMEM;
        ret->pointers[i] = &ret->copies[i];
    }
    return 0;
}

static struct body *build_state(struct snapshot *s, int64_t cidr_id)
{
    CLEAN_FREE const struct peer **peers = NULL;
    CLEANUP(injected_done) struct injected in = {0};
    size_t n;
    if (visibility_select(s->model, cidr_id, &peers, &n) < 0 || inject(s, peers, n, &in) < 0)
        return NULL;
    struct buf text = BUF_INIT;
    record_encode_state(&text, in.pointers, n, s->model->cidrs, s->model->n_cidrs);
    s->n_builds++;
    return body_new_tagged(&text);
}

static int digest_view(const struct snapshot *s, int64_t cidr_id, char ret[static DIGEST_TEXT_MAX])
{
    CLEAN_FREE bool *seen = calloc(s->model->n_cidrs + 1, sizeof(*seen));
    if (!seen || visibility_mark(s->model, cidr_id, seen) < 0)
        return -ENOMEM;
    digest_text(seen, s->model->n_cidrs * sizeof(*seen), ret);
    return 0;
}

/* Takes the new body over. The old one stays when it says the same: it may be compressed already.
 */
static void replace_body(struct body **at, struct body *fresh)
{
    if (*at && fresh && *at != fresh && body_equal(*at, fresh)) {
        body_unref(fresh);
        return;
    }
    body_unref(*at);
    *at = fresh;
}

static int update(struct snapshot *s, struct snapshot_entry *e)
{
    size_t like;
    if (digest_view(s, e->cidr_id, e->view) < 0)
        return -ENOMEM;
    bool is_known = map_get(&s->by_view, e->view, DIGEST_TEXT_MAX, &like);
    struct body *b = is_known ? body_ref(((struct snapshot_entry *)(uintptr_t)like)->body)
                              : build_state(s, e->cidr_id);
    if (!b)
        return -ENOMEM;
    replace_body(&e->body, b);
    e->version = s->version;
    /* Without the memory for it, others print it again. */
    if (!is_known)
        map_put(&s->by_view, e->view, DIGEST_TEXT_MAX, (size_t)(uintptr_t)e);
    return 0;
}

static struct snapshot_entry *add_entry(struct snapshot *s, int64_t cidr_id)
{
    struct snapshot_entry **entries = reallocarray(s->entries, s->n_entries + 1, sizeof(*entries));
    if (!entries)
        return NULL;
    s->entries = entries;
    struct snapshot_entry *e = calloc(1, sizeof(*e));
    if (!e)
        return NULL;
    e->cidr_id = cidr_id;
    if (map_add(&s->by_cidr, &e->cidr_id, sizeof(e->cidr_id), (size_t)(uintptr_t)e) < 0) {
        free(e);
        return NULL;
    }
    s->entries[s->n_entries++] = e;
    return e;
}

struct snapshot_entry *snapshot_state(struct snapshot *s, int64_t cidr_id)
{
    size_t at;
    follow(s);
    struct snapshot_entry *e = map_get(&s->by_cidr, &cidr_id, sizeof(cidr_id), &at)
                                   ? (struct snapshot_entry *)(uintptr_t)at
                                   : add_entry(s, cidr_id);
    if (!e || (e->body && snapshot_version_equal(e->version, s->version)))
        return e;
    return update(s, e) == 0 ? e : NULL;
}

static struct body *build_list(struct snapshot *s, enum snapshot_list which)
{
    const struct model *m = s->model;
    CLEANUP(injected_done) struct injected in = {0};
    struct buf text = BUF_INIT;
    switch (which) {
    case SNAPSHOT_PEERS:
        if (inject(s, model_peers(m), m->n_peers, &in) < 0)
            return NULL;
        record_encode_peers(&text, in.pointers, in.n);
        break;
    case SNAPSHOT_CIDRS:
        record_encode_cidrs(&text, m->cidrs, m->n_cidrs);
        break;
    default:
        record_encode_associations(&text, m->associations, m->n_associations);
        break;
    }
    s->n_builds++;
    return body_new_tagged(&text);
}

struct body *snapshot_list(struct snapshot *s, enum snapshot_list which)
{
    follow(s);
    if (s->lists[which] && snapshot_version_equal(s->list_versions[which], s->version))
        return s->lists[which];
    struct body *b = build_list(s, which);
    if (!b)
        return NULL;
    replace_body(&s->lists[which], b);
    s->list_versions[which] = s->version;
    return s->lists[which];
}
