#pragma once
/* Answers ready to send. Everybody in one CIDR sees the same, so a state is printed once per CIDR
 * and change and shared by all who ask. */

#include <stddef.h>
#include <stdint.h>

#include "endpoints.h"
#include "innernet/map.h"
#include "model.h"

/* A body shared by count of references; never changes. */
struct body {
    unsigned n_refs;
    char *data;
    size_t len;
};
/* Takes the buffer's storage (also on failure). NULL when memory is short or the buffer had failed.
 */
struct body *body_new(struct buf *text);
struct body *body_ref(struct body *b);
void body_unref(struct body *b); /* takes NULL */

enum snapshot_list { SNAPSHOT_PEERS, SNAPSHOT_CIDRS, SNAPSHOT_ASSOCIATIONS, SNAPSHOT_N_LISTS };

struct cached_state;

struct snapshot {
    const struct model *model;
    const struct endpoints *endpoints;
    uint64_t model_generation;
    uint64_t endpoints_generation;
    struct cached_state **states; /* one per CIDR that has asked */
    size_t n_states;
    struct map by_cidr; /* CIDR id -> index in states */
    struct body *lists[SNAPSHOT_N_LISTS];
};

/* The model and the table must outlive the snapshot; it notices their changes by itself. */
void snapshot_init(struct snapshot *s, const struct model *m, const struct endpoints *e);
void snapshot_done(struct snapshot *s);
/* Borrowed until the next call: callers who keep it take a reference. NULL when memory is short. */
struct body *snapshot_state(struct snapshot *s, int64_t cidr_id);
struct body *snapshot_list(struct snapshot *s, enum snapshot_list which);
