#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fetch_internal.h"
#include "paths.h"

void fetch_drop_peers(struct fetch *f)
{
    free(f->own_peers);
    free(f->is_settled);
    f->own_peers = NULL;
    f->peers = NULL;
    f->is_settled = NULL;
    f->n_peers = 0;
}

void fetch_forget(struct fetch *f)
{
    fetch_drop_peers(f);
    f->is_loaded = false;
    f->tag[0] = '\0';
    f->hosts_stamp = FS_STAMP_INIT;
}

static bool is_other_server(const struct client_config *a, const struct client_config *b)
{
    return !key_equal(&a->server_key, &b->server_key) ||
           !sock_addr_equal(&a->server_internal, &b->server_internal) ||
           !ip_equal(&a->address.addr, &b->address.addr);
}

static bool says_the_same(const struct client_config *a, const struct client_config *b)
{
    struct buf x = BUF_SECRET_INIT, y = BUF_SECRET_INIT;
    client_config_format(a, &x);
    client_config_format(b, &y);
    bool same = !x.failed && !y.failed && x.len == y.len && memcmp(x.data, y.data, x.len) == 0;
    buf_done(&x);
    buf_done(&y);
    return same;
}

static bool config_is_current(struct fetch *f)
{
    struct client_config config = {0};
    struct fs_stamp stamp = fs_stamp_take(f->config_path);
    if (fs_stamp_equal(&stamp, &f->config_stamp))
        return true;
    bool same = client_config_load(f->config_path, false, &config, NULL) == 0 &&
                says_the_same(&config, &f->config);
    client_config_done(&config);
    if (same)
        f->config_stamp = stamp;
    return same;
}

bool fetch_is_current(struct fetch *f)
{
    return f->is_loaded && config_is_current(f) && datastore_is_current(&f->store);
}

static int connect_to(struct fetch *f, struct err *err)
{
    api_close(&f->api);
    api_close(&f->report_api);
    f->is_reporting = f->has_reported = false;
    int r = api_open(f->hub, &f->config, &f->api, err);
    return r < 0 ? r : api_open(f->hub, &f->config, &f->report_api, err);
}

static int load_config(struct fetch *f, const struct fs_stamp *stamp, bool *ret_changed,
                       bool *ret_moved, struct err *err)
{
    struct client_config config = {0};
    int r = client_config_load(f->config_path, true, &config, err);
    if (r < 0)
        return r;
    bool is_first = !f->api.rest;
    *ret_changed = is_first || !says_the_same(&config, &f->config);
    *ret_moved = is_first || is_other_server(&config, &f->config);
    f->config_stamp = *stamp;
    if (!*ret_changed) {
        client_config_done(&config);
        return 0;
    }
    client_config_done(&f->config);
    f->config = config;
    return *ret_moved ? connect_to(f, err) : 0;
}

static int load_store(struct fetch *f, struct err *err)
{
    struct datastore store = {0};
    int r = datastore_open(f->store_path, DATASTORE_UPDATE, &store, err);
    if (r < 0)
        return r;
    datastore_done(&f->store);
    f->store = store;
    return 0;
}

/* What was made of both files holds no more. */
static int load_changed(struct fetch *f, bool store_is_old, struct err *err)
{
    fetch_forget(f);
    int r = store_is_old ? load_store(f, err) : 0;
    if (r < 0)
        return r;
    f->is_loaded = true;
    tag_load(f->tag_path,
             &(struct tag_scope){.store_digest = f->store.digest, .config = &f->config}, f->tag);
    return 0;
}

int fetch_load(struct fetch *f, bool *ret_changed, bool *ret_moved, struct err *err)
{
    struct fs_stamp stamp = fs_stamp_take(f->config_path);
    bool config_changed = false;
    *ret_moved = false;
    if (!f->is_loaded || !fs_stamp_equal(&stamp, &f->config_stamp)) {
        int r = load_config(f, &stamp, &config_changed, ret_moved, err);
        if (r < 0)
            return r;
    }
    bool store_is_old = !f->is_loaded || !datastore_is_current(&f->store);
    *ret_changed = config_changed || store_is_old;
    return *ret_changed ? load_changed(f, store_is_old, err) : 0;
}
