#include <errno.h>

#include "commands.h"
#include "datastore.h"
#include "innernet/config.h"
#include "innernet/listing.h"
#include "output.h"
#include "paths.h"

static int list_cidrs(const struct cli_args *args, const struct client *client, struct err *err)
{
    CLEAN_DATASTORE struct datastore store = {0};
    CLEAN_CLIENT_CONFIG struct client_config config = {0};
    CLEAN_BUF struct buf out = BUF_INIT;
    const char *interface = cli_positional(args, 0);
    CLEAN_FREE char *store_path = paths_store(client, interface);
    CLEAN_FREE char *config_path = paths_config(client, interface);
    if (!store_path || !config_path)
        return err_set(err, -ENOMEM, "%s - out of memory", interface);
    int r = datastore_open(store_path, DATASTORE_READ, &store, err);
    if (r == 0)
        r = client_config_load(config_path, true, &config, err);
    if (r < 0)
        return r;
    r = cli_given(args, "tree") ? listing_cidr_tree(store.state.cidrs, store.state.n_cidrs, &out)
                                : listing_cidrs(store.state.cidrs, store.state.n_cidrs, &out);
    if (r < 0)
        return err_set(err, r, "%s - out of memory", interface);
    return print_text(&out, err);
}

int cmd_list_cidrs(const struct cli_args *args, void *client)
{
    struct err err = ERR_INIT;
    return output_finish(list_cidrs(args, client, &err), &err);
}
