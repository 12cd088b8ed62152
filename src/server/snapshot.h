#pragma once
/* Answers ready to send. Everybody in one CIDR sees the same, and CIDRs that see the same CIDRs do
 * as well, so a state is printed once per view and change, when somebody asks for it, and shared by
 * all who do. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "body.h"
#include "endpoints.h"
#include "innernet/digest.h"
#include "innernet/map.h"
#include "model.h"

/* Which model and which table an answer was made from. */
struct snapshot_version {
    uint64_t model;
    uint64_t endpoints;
};

/* The state as one CIDR sees it. Stays where it is as long as somebody watches it. */
struct snapshot_entry {
    int64_t cidr_id;
    struct body *body;               /* NULL when memory was short */
    struct snapshot_version version; /* of the body */
    char view[DIGEST_TEXT_MAX];      /* of the set of CIDRs seen */
    void *watch;                     /* of those who wait for another body; keeps the entry */
};

enum snapshot_list { SNAPSHOT_PEERS, SNAPSHOT_CIDRS, SNAPSHOT_ASSOCIATIONS, SNAPSHOT_N_LISTS };

struct snapshot {
    const struct model *model;
    const struct endpoints *endpoints;
    struct snapshot_version version;
    struct snapshot_entry **entries; /* one per CIDR that has asked */
    size_t n_entries;
    struct map by_cidr; /* CIDR id -> entry */
    struct map by_view; /* digest -> an up-to-date entry */
    struct body *lists[SNAPSHOT_N_LISTS];
    struct snapshot_version list_versions[SNAPSHOT_N_LISTS];
    uint64_t n_builds; /* states and lists printed so far */
};

/* The model and the table must outlive the snapshot; it notices their changes by itself. */
void snapshot_init(struct snapshot *s, const struct model *m, const struct endpoints *e);
void snapshot_done(struct snapshot *s);
/* Up to date, with a body. Borrowed until the next call unless it is watched; NULL when memory is
 * short. A body whose bytes are the same as before stays the same. */
struct snapshot_entry *snapshot_state(struct snapshot *s, int64_t cidr_id);
/* What holds at this moment. */
struct snapshot_version snapshot_now(const struct snapshot *s);
/* Borrowed until the next call: callers who keep it take a reference. NULL when memory is short. */
struct body *snapshot_list(struct snapshot *s, enum snapshot_list which);

static inline bool snapshot_version_equal(struct snapshot_version a, struct snapshot_version b)
{
    return a.model == b.model && a.endpoints == b.endpoints;
}
