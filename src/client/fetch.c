#include "fetch.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "fetch_internal.h"
#include "innernet/log.h"
#include "nat.h"
#include "paths.h"
#include "pins.h"
#include "stop.h"

void fetch_free(struct fetch *f)
{
    if (!f)
        return;
    nat_free(f->nat);
    free(f->peers);
    diffs_done(&f->diffs);
    wg_device_done(&f->device);
    state_done(&f->fetched);
    api_close(&f->api);
    datastore_done(&f->store);
    client_config_done(&f->config);
    wg_free(f->wg);
    free(f);
}

static int fetch_open(struct fetch *f, struct err *err)
{
    CLEAN_FREE char *config_path = paths_config(f->client, f->interface);
    CLEAN_FREE char *store_path = paths_store(f->client, f->interface);
    if (!config_path || !store_path)
        return err_set(err, -ENOMEM, "%s - out of memory", f->interface);
    int r = client_config_load(config_path, true, &f->config, err);
    if (r == 0)
        r = datastore_open(store_path, DATASTORE_UPDATE, &f->store, err);
    if (r == 0)
        r = wg_open(f->client->backend, &f->wg, err);
    if (r == 0)
        r = api_open(NULL, &f->config, &f->api, err);
    return r;
}

/* The server's answer, checked against the pins; nothing is taken over yet. */
static int get_state(struct fetch *f, struct err *err)
{
    log_info("Fetching state from the server of %s", f->interface);
    bool is_whole;
    int r = api_start_state(&f->api, NULL, 0, err);
    if (r == 0) {
        rest_wait(f->api.rest);
        r = api_finish_state(&f->api, &f->fetched, &is_whole, err);
    }
    if (r == 0)
        r = pins_check(&f->store.state, &f->fetched, err);
    if (r < 0)
        return err_prefix(err, r, "%s", f->interface);
    f->state = &f->fetched;
    return 0;
}

/* Without an answer the stored state serves. After a bring-up it serves for every failure, so that
 * the network works as far as it is known; the failure is still reported. */
static int fall_back(struct fetch *f, int failure, struct err *err)
{
    bool unreachable = f->api.last.class == REST_TRANSPORT && failure != -ECANCELED;
    if (f->store.state.n_peers == 0 || failure == -ECANCELED || (!unreachable && !f->brought_up))
        return failure;
    f->state = &f->store.state;
    if (unreachable) {
        log_warn("%s. Using the state of the last successful fetch.", err->text);
        return fetch_apply(f, err);
    }
    struct err apply_err = ERR_INIT;
    if (fetch_apply(f, &apply_err) < 0)
        log_error("%s", apply_err.text);
    return failure;
}

static int follow_server(struct fetch *f, struct err *err)
{
    int r = fetch_apply(f, err);
    if (r == 0)
        r = datastore_update(&f->store, &f->fetched, err);
    if (r == 0)
        r = datastore_save(&f->store, err);
    if (r == 0)
        r = fetch_report_candidates(f, err);
    return r;
}

static int run_steps(struct fetch *f, struct err *err)
{
    int r = fetch_open(f, err);
    if (r == 0)
        r = fetch_ensure_up(f, err);
    if (r < 0)
        return r;
    r = get_state(f, err);
    return r < 0 ? fall_back(f, r, err) : follow_server(f, err);
}

static int take_lock(const struct client *client, const char *interface, enum fetch_lock lock,
                     int *ret_fd, struct err *err)
{
    CLEAN_FREE char *config_path = paths_config(client, interface);
    if (!config_path)
        return err_set(err, -ENOMEM, "%s - out of memory", interface);
    /* Looked at before the lock, which would create the data dir for a mistyped name. */
    if (access(config_path, F_OK) < 0)
        return err_set_os(err, -errno, "%s", config_path);
    if (lock == FETCH_WAIT)
        return paths_lock(client, interface, ret_fd, err);
    int r = paths_try_lock(client, interface, ret_fd, err);
    return r == -EAGAIN ? -EINPROGRESS : r;
}

int fetch_begin(const struct client *client, const char *interface,
                const struct fetch_options *options, enum fetch_lock lock, struct fetch **ret,
                struct err *err)
{
    CLEAN_CLOSE int fd = -1;
    *ret = NULL;
    int r = take_lock(client, interface, lock, &fd, err);
    if (r < 0)
        return r;
    struct fetch *f = malloc(sizeof(*f));
    if (!f)
        return err_set(err, -ENOMEM, "%s - out of memory", interface);
    *f = (struct fetch){.client = client, .interface = interface, .options = options};
    r = run_steps(f, err);
    api_close(&f->api);
    if (r == 0 && !options->no_nat_traversal)
        r = nat_begin(f, &f->nat, err);
    if (r == 0 && f->nat)
        *ret = f;
    else
        fetch_free(f);
    return r;
}

int fetch_continue(struct fetch *f, long long *ret_wake_ms, struct err *err)
{
    return nat_step(f->nat, ret_wake_ms, err);
}

int fetch_run(const struct client *client, const char *interface,
              const struct fetch_options *options, struct err *err)
{
    struct fetch *f;
    long long wake_ms;
    int r = fetch_begin(client, interface, options, FETCH_WAIT, &f, err);
    while (r >= 0 && f && (r = fetch_continue(f, &wake_ms, err)) > 0)
        if (!stop_sleep_ms(wake_ms - stop_clock_ms())) {
            r = 0;
            break;
        }
    fetch_free(f);
    return r;
}
