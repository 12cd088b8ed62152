#include <errno.h>
#include <time.h>

#include "commands.h"
#include "datastore.h"
#include "innernet/log.h"
#include "output.h"
#include "paths.h"
#include "show.h"

struct show_run {
    const struct client *client;
    struct wg *wg;
    int (*form)(const struct show_input *in, struct buf *out);
    size_t n_shown;
};

static int load_config(const struct show_run *run, const char *interface, struct client_config *ret,
                       struct err *err)
{
    CLEAN_FREE char *path = paths_config(run->client, interface);
    if (!path)
        return err_set(err, -ENOMEM, "%s - out of memory", interface);
    return client_config_load(path, true, ret, err);
}

static int print_interface(struct show_run *run, const struct datastore *store,
                           const struct wg_device *device, const struct client_config *config,
                           struct err *err)
{
    CLEAN_BUF struct buf out = BUF_INIT;
    struct show_input in = {.device = device,
                            .store = &store->state,
                            .config = config,
                            .now_s = time(NULL),
                            .full_keys = run->client->verbosity > 0};
    int r = run->form(&in, &out);
    if (r < 0)
        return err_set(err, r, "%s - out of memory", device->name);
    run->n_shown++;
    return print_text(&out, err);
}

/* A device without a store is not one of ours: passed over. */
static int show_interface(struct show_run *run, const char *interface, struct err *err)
{
    CLEAN_DATASTORE struct datastore store = {0};
    CLEAN_WG_DEVICE struct wg_device device = {0};
    CLEAN_CLIENT_CONFIG struct client_config config = {0};
    CLEAN_FREE char *path = paths_store(run->client, interface);
    if (!path)
        return err_set(err, -ENOMEM, "%s - out of memory", interface);
    int r = datastore_open(path, DATASTORE_READ, &store, err);
    if (r < 0)
        return r == -ENOENT ? 0 : r;
    r = wg_get(run->wg, interface, &device, err);
    if (r < 0)
        return err_prefix(err, r, "%s", interface);
    r = load_config(run, interface, &config, err);
    if (r < 0)
        return r;
    if (!device.has_key) {
        log_warn("%s has no key, so it cannot be told who we are there; it is left out", interface);
        return 0;
    }
    return print_interface(run, &store, &device, &config, err);
}

/* What is wrong with one network does not hide the others. */
static int show_all(struct show_run *run, struct err *err)
{
    char **names;
    size_t n, n_failed = 0;
    int r = wg_list(run->wg, &names, &n, err);
    if (r < 0)
        return r;
    struct err pending = ERR_INIT;
    for (size_t i = 0; i < n; i++) {
        struct err one = ERR_INIT;
        if (show_interface(run, names[i], &one) >= 0)
            continue;
        if (n_failed++ > 0)
            log_error("%s", pending.text);
        pending = one;
    }
    wg_names_free(names, n);
    *err = pending;
    return n_failed > 0 ? pending.code : 0;
}

static int show(const struct cli_args *args, const struct client *client, struct err *err)
{
    CLEAN_WG struct wg *wg = NULL;
    const char *interface = cli_positional(args, 0);
    int r = wg_open(client->backend, &wg, err);
    if (r < 0)
        return r;
    struct show_run run = {.client = client, .wg = wg, .form = show_long};
    if (cli_given(args, "tree"))
        run.form = show_tree;
    else if (cli_given(args, "short"))
        run.form = show_short;
    r = interface ? show_interface(&run, interface, err) : show_all(&run, err);
    if (r == 0 && run.n_shown == 0)
        log_info("No innernet networks are running");
    return r;
}

int cmd_show(const struct cli_args *args, void *client)
{
    struct err err = ERR_INIT;
    return output_finish(show(args, client, &err), &err);
}
