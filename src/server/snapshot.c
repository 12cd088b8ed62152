#include "snapshot.h"

#include <errno.h>
#include <stdlib.h>

#include "visibility.h"

struct cached_state {
    int64_t cidr_id;
    struct body *body;
};

struct body *body_new(struct buf *text)
{
    struct body *b = calloc(1, sizeof(*b));
    size_t len = text->len;
    char *data = buf_take(text);
    if (!b || !data) {
        free(b);
        free(data);
        return NULL;
    }
    *b = (struct body){.n_refs = 1, .data = data, .len = len};
    return b;
}

struct body *body_ref(struct body *b)
{
    b->n_refs++;
    return b;
}

void body_unref(struct body *b)
{
    if (!b || --b->n_refs > 0)
        return;
    free(b->data);
    free(b);
}

void snapshot_init(struct snapshot *s, const struct model *m, const struct endpoints *e)
{
    *s = (struct snapshot){.model = m, .endpoints = e};
}

static void drop(struct snapshot *s)
{
    map_clear(&s->by_cidr);
    for (size_t i = 0; i < s->n_states; i++) {
        body_unref(s->states[i]->body);
        free(s->states[i]);
    }
    free(s->states);
    s->states = NULL;
    s->n_states = 0;
    for (size_t i = 0; i < SNAPSHOT_N_LISTS; i++) {
        body_unref(s->lists[i]);
        s->lists[i] = NULL;
    }
}

void snapshot_done(struct snapshot *s)
{
    drop(s);
    map_done(&s->by_cidr);
}

static void follow(struct snapshot *s)
{
    if (s->model_generation == s->model->generation &&
        s->endpoints_generation == s->endpoints->generation)
        return;
    drop(s);
    s->model_generation = s->model->generation;
    s->endpoints_generation = s->endpoints->generation;
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

static struct body *build_state(const struct snapshot *s, int64_t cidr_id)
{
    CLEAN_FREE const struct peer **peers = NULL;
    CLEANUP(injected_done) struct injected in = {0};
    size_t n;
    if (visibility_select(s->model, cidr_id, &peers, &n) < 0 || inject(s, peers, n, &in) < 0)
        return NULL;
    struct buf text = BUF_INIT;
    record_encode_state(&text, in.pointers, n, s->model->cidrs, s->model->n_cidrs);
    return body_new(&text);
}

static int remember(struct snapshot *s, int64_t cidr_id, struct body *b)
{
    struct cached_state **states = reallocarray(s->states, s->n_states + 1, sizeof(*states));
    if (!states)
        return -ENOMEM;
    s->states = states;
    struct cached_state *c = calloc(1, sizeof(*c));
    if (!c)
        return -ENOMEM;
    *c = (struct cached_state){.cidr_id = cidr_id, .body = b};
    if (map_add(&s->by_cidr, &c->cidr_id, sizeof(c->cidr_id), s->n_states) < 0) {
        free(c);
        return -ENOMEM;
    }
    s->states[s->n_states++] = c;
    return 0;
}

struct body *snapshot_state(struct snapshot *s, int64_t cidr_id)
{
    size_t at;
    follow(s);
    if (map_get(&s->by_cidr, &cidr_id, sizeof(cidr_id), &at))
        return s->states[at]->body;
    struct body *b = build_state(s, cidr_id);
    if (b && remember(s, cidr_id, b) < 0) {
        body_unref(b);
        return NULL;
    }
    return b;
}

static struct body *build_list(const struct snapshot *s, enum snapshot_list which)
{
    const struct model *m = s->model;
    CLEANUP(injected_done) struct injected in = {0};
    struct buf text = BUF_INIT;
    switch (which) {
    case SNAPSHOT_PEERS:
        if (inject(s, (const struct peer *const *)m->peers, m->n_peers, &in) < 0)
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
    return body_new(&text);
}

struct body *snapshot_list(struct snapshot *s, enum snapshot_list which)
{
    follow(s);
    if (!s->lists[which])
        s->lists[which] = build_list(s, which);
    return s->lists[which];
}
