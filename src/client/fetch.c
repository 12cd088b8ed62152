#include "fetch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fetch_internal.h"
#include "innernet/log.h"
#include "nat.h"
#include "paths.h"
#include "pins.h"

int fetch_new(struct rest_hub *hub, struct resolver *resolver, const struct client *client,
              const char *interface, const struct fetch_options *options, struct fetch **ret,
              struct err *err)
{
    struct fetch *f = malloc(sizeof(*f));
    if (!f)
        return err_set(err, -ENOMEM, "%s - out of memory", interface);
    *f = (struct fetch){.client = client,
                        .interface = interface,
                        .options = options,
                        .hub = hub,
                        .resolver = resolver,
                        .lock = -1,
                        .config_path = paths_config(client, interface),
                        .store_path = paths_store(client, interface),
                        .tag_path = paths_tag(client, interface)};
    int r = f->config_path && f->store_path && f->tag_path
                ? wg_open(client->backend, &f->wg, err)
                : err_set(err, -ENOMEM, "%s - out of memory", interface);
    if (r < 0)
        fetch_free(f);
    else
        *ret = f;
    return r;
}

void fetch_free(struct fetch *f)
{
    if (!f)
        return;
    fetch_unlock(f);
    nat_free(f->nat);
    nat_told_clear(&f->told);
    fetch_forget(f);
    free(f->awaited);
    diffs_done(&f->diffs);
    wg_device_done(&f->device);
    state_done(&f->answer.state);
    api_close(&f->api);
    api_close(&f->report_api);
    datastore_done(&f->store);
    client_config_done(&f->config);
    wg_free(f->wg);
    free(f->config_path);
    free(f->store_path);
    free(f->tag_path);
    free(f);
}

/* --- the lock -------------------------------------------------------------------------------- */

void fetch_unlock(struct fetch *f)
{
    cleanup_close(&f->lock);
    f->lock = -1;
    f->is_prepared = false; /* others may change everything now */
}

static int take_lock(struct fetch *f, enum fetch_lock lock, struct err *err)
{
    if (f->lock >= 0)
        return 0;
    /* Looked at before the lock, which would create the data dir for a mistyped name. */
    if (access(f->config_path, F_OK) < 0)
        return err_set_os(err, -errno, "%s", f->config_path);
    if (lock == FETCH_WAIT)
        return paths_lock(f->client, f->interface, &f->lock, err);
    int r = paths_try_lock(f->client, f->interface, &f->lock, err);
    return r == -EAGAIN ? -EINPROGRESS : r;
}

static int prepare(struct fetch *f, bool *ret_changed, bool *ret_moved, struct err *err)
{
    int r = fetch_load(f, ret_changed, ret_moved, err);
    if (r == 0)
        r = fetch_ensure_up(f, err);
    f->is_prepared = r == 0;
    return r;
}

int fetch_prepare(struct fetch *f, enum fetch_lock lock, struct err *err)
{
    bool changed, moved;
    int r = take_lock(f, lock, err);
    if (r < 0)
        return r;
    r = prepare(f, &changed, &moved, err);
    if (r < 0)
        fetch_unlock(f);
    return r;
}

/* --- asking ---------------------------------------------------------------------------------- */

bool fetch_can_wait(const struct fetch *f)
{
    return f->is_loaded && f->tag[0] != '\0';
}

int fetch_ask(struct fetch *f, unsigned wait_s, struct err *err)
{
    state_done(&f->answer.state);
    f->answer = (struct fetch_answer){.err = ERR_INIT};
    memcpy(f->answer.asked_tag, f->tag, sizeof(f->tag));
    if (wait_s == 0)
        log_info("Fetching state from the server of %s", f->interface);
    int r = api_start_state(&f->api, f->tag[0] ? f->tag : NULL, wait_s, err);
    f->is_asking = r == 0;
    return r;
}

bool fetch_has_answer(const struct fetch *f)
{
    return f->answer.is_there || (f->is_asking && rest_has_ended(f->api.rest));
}

const struct rest_outcome *fetch_outcome(const struct fetch *f)
{
    return &f->answer.outcome;
}

static void take_answer(struct fetch *f)
{
    struct fetch_answer *a = &f->answer;
    if (a->is_there)
        return;
    a->result = api_finish_state(&f->api, &a->state, &a->is_whole, &a->err);
    a->outcome = f->api.last;
    a->is_there = true;
    f->is_asking = false;
}

/* --- following ------------------------------------------------------------------------------- */

/* Without an answer the stored state serves. After a bring-up it serves for every failure, so that
 * the network works as far as it is known; the failure is still reported. */
static int fall_back(struct fetch *f, int failure, bool whole, enum fetch_result *ret,
                     struct err *err)
{
    struct err apply_err = ERR_INIT;
    bool unreachable = f->answer.outcome.class == REST_TRANSPORT && failure != -ECANCELED;
    if (f->store.state.n_peers == 0 || failure == -ECANCELED || !whole ||
        (!unreachable && !f->brought_up))
        return failure;
    if (unreachable)
        log_debug("%s: the stored state serves", f->interface);
    int r = fetch_apply(f, true, &apply_err);
    if (unreachable && r == 0) {
        *ret = FETCH_OFFLINE;
        return 0;
    }
    if (unreachable)
        return err_set(err, r, "%s", apply_err.text);
    if (r < 0)
        log_error("%s", apply_err.text);
    return failure;
}

/* After the store, and only for a store that says the same as the answer. */
static void keep_tag(struct fetch *f)
{
    const char *tag = f->answer.outcome.tag;
    struct err err = ERR_INIT;
    char before[REST_TAG_MAX + 1];
    struct tag_scope scope = {.store_digest = f->store.digest, .config = &f->config};
    f->tag[0] = '\0';
    if (tag[0] == '\0' || !f->answer.is_whole || !f->store.is_exact)
        return;
    memcpy(f->tag, tag, sizeof(f->tag));
    tag_load(f->tag_path, &scope, before);
    if (strcmp(before, tag) != 0 && tag_save(f->tag_path, &scope, tag, &err) < 0)
        log_debug("%s", err.text);
}

static int follow_news(struct fetch *f, bool whole, struct err *err)
{
    fetch_drop_peers(f);
    int r = datastore_update(&f->store, &f->answer.state, err);
    if (f->store.names_changed)
        f->hosts_stamp = FS_STAMP_INIT;
    if (r == 0)
        r = fetch_apply(f, whole, err);
    if (r == 0)
        r = datastore_save(&f->store, err);
    if (r < 0)
        fetch_forget(f);
    else
        keep_tag(f);
    return r;
}

static int follow(struct fetch *f, bool whole, enum fetch_result *ret, struct err *err)
{
    struct fetch_answer *a = &f->answer;
    *ret = FETCH_FOLLOWED;
    int r = a->result;
    if (r == 0 && a->outcome.not_modified)
        return fetch_apply(f, true, err);
    if (r < 0)
        *err = a->err;
    else
        r = pins_check(&f->store.state, &a->state, err);
    if (r == 0)
        return follow_news(f, whole, err);
    err_prefix(err, r, "%s", f->interface);
    return fall_back(f, r, whole, ret, err);
}

int fetch_follow(struct fetch *f, enum fetch_lock lock, bool whole, enum fetch_result *ret,
                 struct err *err)
{
    bool changed = false, moved = false;
    take_answer(f);
    whole = whole || f->brought_up;
    struct fetch_answer *a = &f->answer;
    if (!whole && a->result < 0) {
        *err = a->err;
        return err_prefix(err, a->result, "%s", f->interface);
    }
    if (!whole && a->outcome.not_modified) {
        *ret = FETCH_NO_NEWS;
        return 0;
    }
    int r = take_lock(f, lock, err);
    if (r == 0 && !f->is_prepared)
        r = prepare(f, &changed, &moved, err);
    if (r < 0)
        return r;
    if (moved || (a->outcome.not_modified && strcmp(f->tag, a->asked_tag) != 0)) {
        *ret = FETCH_ASK_AGAIN;
        return 0;
    }
    r = follow(f, whole || changed || f->brought_up, ret, err);
    if (r == 0)
        f->brought_up = false;
    return r;
}

/* Files that have changed are for a round of its own. */
int fetch_follow_names(struct fetch *f, struct err *err)
{
    int r = take_lock(f, FETCH_TRY, err);
    if (r < 0)
        return r;
    if (fetch_is_current(f))
        r = fetch_apply_names(f, err);
    fetch_unlock(f);
    return r;
}

/* --- NAT traversal --------------------------------------------------------------------------- */

bool fetch_has_nat(const struct fetch *f)
{
    return f->nat != NULL;
}

int fetch_continue(struct fetch *f, long long *ret_wake_ms, struct err *err)
{
    int r = nat_step(f->nat, ret_wake_ms, err);
    if (r <= 0) {
        nat_free(f->nat);
        f->nat = NULL;
    }
    return r;
}
