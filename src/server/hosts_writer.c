#include "hosts_writer.h"

#include <errno.h>
#include <stdlib.h>

#include "innernet/hosts.h"
#include "innernet/log.h"

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static int collect(const struct hosts_writer *w, struct hosts_entry *entries, char **names,
                   size_t *ret_n)
{
    size_t n = 0;
    int r = 0;
    for (size_t i = 0; r == 0 && i < w->model->n_peers; i++) {
        const struct peer *p = w->model->peers[i];
        if (!p->is_redeemed || p->is_disabled)
            continue;
        names[n] = hosts_name(p->name, w->interface, w->suffix);
        if (!names[n])
            r = -ENOMEM;
        entries[n] = (struct hosts_entry){.ip = p->ip, .name = names[n]};
        n++;
    }
    *ret_n = n;
    return r;
}

static int update(const struct hosts_writer *w, bool *ret_changed, struct err *err)
{
    size_t n = 0;
    CLEAN_FREE struct hosts_entry *entries = calloc(w->model->n_peers + 1, sizeof(*entries));
    CLEAN_FREE char **names = calloc(w->model->n_peers + 1, sizeof(*names));
    int r = entries && names ? collect(w, entries, names, &n) : -ENOMEM;
    if (r == 0)
        r = hosts_update(w->path, w->interface, entries, n, ret_changed, err);
    else
        err_set(err, r, "out of memory");
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    return r;
}

void hosts_writer_run(struct hosts_writer *w)
{
    static struct log_limit limit;
    struct stat now = {0};
    bool changed = false;
    struct err err = ERR_INIT;
    if (!w->path)
        return;
    if (w->generation == w->model->generation && stat(w->path, &now) == 0 &&
        same_file(&now, &w->stat))
        return;
    if (update(w, &changed, &err) < 0) {
        log_limited(&limit, 1, 600, LOG_LEVEL_WARN, "cannot update the hosts file: %s", err.text);
        return;
    }
    if (changed)
        log_info("updated %s", w->path);
    w->generation = stat(w->path, &w->stat) == 0 ? w->model->generation : 0;
}
