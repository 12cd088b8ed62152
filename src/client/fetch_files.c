#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fetch_internal.h"
#include "paths.h"

static void drop_peers(struct fetch *f)
{
    free(f->peers);
    free(f->is_settled);
    f->peers = NULL;
    f->is_settled = NULL;
    f->n_peers = 0;
}

void fetch_forget(struct fetch *f)
{
    drop_peers(f);
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

static int load_config(struct fetch *f, bool *ret_moved, struct err *err)
{
    struct client_config config = {0};
    struct fs_stamp stamp = fs_stamp_take(f->config_path);
    int r = client_config_load(f->config_path, true, &config, err);
    if (r < 0)
        return r;
    bool moved = !f->api.rest || is_other_server(&config, &f->config);
    client_config_done(&f->config);
    f->config = config;
    f->config_stamp = stamp;
    if (!moved)
        return 0;
    *ret_moved = true;
    api_close(&f->api);
    api_close(&f->report_api);
    f->is_reporting = f->has_reported = false;
    r = api_open(f->hub, &f->config, &f->api, err);
    return r < 0 ? r : api_open(f->hub, &f->config, &f->report_api, err);
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

int fetch_load(struct fetch *f, bool *ret_changed, bool *ret_moved, struct err *err)
{
    struct fs_stamp stamp = fs_stamp_take(f->config_path);
    bool config_is_old = !f->is_loaded || !fs_stamp_equal(&stamp, &f->config_stamp);
    bool store_is_old = !f->is_loaded || !datastore_is_current(&f->store);
    *ret_moved = false;
    *ret_changed = config_is_old || store_is_old;
    if (!*ret_changed)
        return 0;
    fetch_forget(f);
    int r = config_is_old ? load_config(f, ret_moved, err) : 0;
    if (r == 0 && store_is_old)
        r = load_store(f, err);
    if (r < 0)
        return r;
    f->is_loaded = true;
    tag_load(f->tag_path,
             &(struct tag_scope){.store_digest = f->store.digest, .config = &f->config}, f->tag);
    return 0;
}
