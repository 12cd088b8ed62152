#pragma once
/* The rows of `show`: device peers and ourselves, with what the store knows of them. Pure. */

#include "show.h"

struct show_row {
    const struct peer *record;    /* NULL: the store does not know this key */
    const struct wg_peer *device; /* NULL for ourselves */
    const struct key *key;
    struct ip ip; /* IP_NONE when nothing is known */
    bool is_self;
};

struct show_rows {
    struct show_row *items; /* IPv4 before IPv6, numeric; unknown addresses at the end */
    size_t n;
};

/* The result refers to the input. 0 or -ENOMEM. */
int show_rows_init(const struct show_input *in, struct show_rows *ret);
void show_rows_done(struct show_rows *rows);
#define CLEAN_SHOW_ROWS CLEANUP(show_rows_done)
