#include <errno.h>
#include <unistd.h>

#include "commands.h"
#include "flow.h"
#include "innernet/fsutil.h"
#include "innernet/hosts.h"
#include "innernet/log.h"
#include "output.h"
#include "paths.h"

static void delete_file(const char *path)
{
    struct err err = ERR_INIT;
    CLEAN_BUF struct buf text = BUF_INIT;
    if (unlink(path) == 0 || errno == ENOENT)
        return;
    err_set_os(&err, -errno, "%s", path);
    paint(&text, SGR_YELLOW, err.text);
    log_warn("%s", text.failed ? err.text : text.data);
}

static void delete_hosts_section(const struct cli_args *args, const char *interface)
{
    const char *path = cli_value(args, "hosts-path");
    struct err err = ERR_INIT;
    bool changed;
    /* A file that is not there has no section; hosts_update would have to create it. */
    if (cli_given(args, "no-write-hosts") || access(path, F_OK) < 0)
        return;
    if (hosts_update(path, interface, NULL, 0, &changed, &err) < 0)
        log_warn("%s", err.text);
}

static void delete_device(const struct client *client, const char *interface)
{
    CLEAN_WG struct wg *wg = NULL;
    if (wg_open(client->backend, &wg, NULL) == 0)
        wg_delete(wg, interface, NULL);
}

static int delete_all(const struct cli_args *args, const struct client *client,
                      const char *interface, struct err *err)
{
    CLEAN_CLOSE int lock = -1;
    CLEAN_FREE char *config = paths_config(client, interface);
    CLEAN_FREE char *store = paths_store(client, interface);
    CLEAN_FREE char *tag = paths_tag(client, interface);
    CLEAN_FREE char *lock_path = fs_join(client->data_dir, interface, ".lock");
    if (!config || !store || !tag || !lock_path)
        return err_set(err, -ENOMEM, "%s - out of memory", interface);
    int r = paths_lock(client, interface, &lock, err);
    if (r < 0)
        return r;
    log_info("Bringing down interface %s", interface);
    delete_device(client, interface);
    delete_file(config);
    delete_file(tag);
    delete_file(store);
    delete_hosts_section(args, interface);
    delete_file(lock_path);
    log_info("Network %s is uninstalled", interface);
    return 0;
}

static int uninstall(const struct cli_args *args, const struct client *client, struct err *err)
{
    const char *interface = cli_positional(args, 0);
    CLEAN_FREE char *config = paths_config(client, interface);
    CLEAN_FREE char *store = paths_store(client, interface);
    bool yes = false;
    if (!config || !store)
        return err_set(err, -ENOMEM, "%s - out of memory", interface);
    if (access(config, F_OK) < 0 && access(store, F_OK) < 0)
        return err_set(err, -ENOENT, "no network %s is installed (neither %s nor %s exists)",
                       interface, config, store);
    int r = flow_confirm(args, true, &yes, err, "Permanently delete network %s?", interface);
    if (r < 0 || !yes)
        return r;
    return delete_all(args, client, interface, err);
}

int cmd_uninstall(const struct cli_args *args, void *client)
{
    struct err err = ERR_INIT;
    return output_finish(uninstall(args, client, &err), &err);
}
