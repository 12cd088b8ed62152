#include <errno.h>
#include <stdlib.h>

#include "fetch_internal.h"
#include "innernet/hosts.h"
#include "innernet/log.h"

struct entries {
    struct hosts_entry *items;
    char **names; /* owned; items borrow them */
    size_t n;
};

static void entries_done(struct entries *e)
{
    for (size_t i = 0; i < e->n; i++)
        free(e->names[i]);
    free(e->names);
    free(e->items);
}

/* Disabled peers have no name any more, and nobody's name leads out of the network. */
static int collect(const struct fetch *f, struct entries *e, size_t *ret_n_outside)
{
    for (size_t i = 0; i < f->n_peers; i++) {
        const struct peer *p = &f->peers[i];
        if (p->is_disabled)
            continue;
        if (!network_contains_ip(&f->config.address, &p->ip)) {
            (*ret_n_outside)++;
            continue;
        }
        e->names[e->n] = hosts_name(p->name, f->interface, f->options->host_suffix);
        if (!e->names[e->n])
            return -ENOMEM;
        e->items[e->n] = (struct hosts_entry){.ip = p->ip, .name = e->names[e->n]};
        e->n++;
    }
    return 0;
}

/* Never fails the fetch: the network works without names. */
void fetch_update_hosts(struct fetch *f)
{
    CLEANUP(entries_done) struct entries e = {0};
    struct err err = ERR_INIT;
    struct fs_stamp stamp = fs_stamp_take(f->options->hosts_path);
    size_t n_outside = 0;
    bool changed = false;
    int r = -ENOMEM;
    if (fs_stamp_equal(&stamp, &f->hosts_stamp))
        return; /* neither names nor file have changed */
    e.items = calloc(f->n_peers + 1, sizeof(*e.items));
    e.names = calloc(f->n_peers + 1, sizeof(*e.names));
    if (e.items && e.names)
        r = collect(f, &e, &n_outside);
    if (r < 0) {
        log_warn("%s - out of memory", f->options->hosts_path);
        return;
    }
    if (n_outside > 0)
        log_warn("%zu peer(s) with an address outside the network are left out of %s", n_outside,
                 f->options->hosts_path);
    r = hosts_update(f->options->hosts_path, f->interface, e.items, e.n, &changed, &err);
    if (r < 0)
        log_warn("%s", err.text);
    else if (changed)
        log_info("Updated %s with the latest peers", f->options->hosts_path);
    f->hosts_stamp = r < 0 || changed ? FS_STAMP_INIT : stamp;
}
