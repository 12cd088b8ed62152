#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "innernet/hosts.h"
#include "innernet/wg.h"
#include "options.h"

/* A file that cannot be removed is told and nothing more (spec/server.md 6.2). */
static void remove_file(const char *path)
{
    if (unlink(path) == 0)
        printf("Removed %s\n", path);
    else
        printf("Could not remove %s: %s\n", path, strerror(errno));
}

static void remove_journal(const char *database)
{
    CLEAN_FREE char *journal = NULL;
    if (asprintf(&journal, "%s-journal", database) < 0)
        return;
    unlink(journal);
}

static void bring_down(const struct cli_args *args, const char *interface)
{
    CLEAN_WG struct wg *wg = NULL;
    if (wg_open(options_read_network(args, false).backend, &wg, NULL) < 0)
        return;
    if (wg_delete(wg, interface, NULL) == 0)
        printf("Took the interface %s down\n", interface);
}

static void clear_hosts(const struct cli_args *args, const char *interface)
{
    struct err err = ERR_INIT;
    bool changed = false;
    const char *path = cli_value(args, "hosts-path");
    if (cli_given(args, "no-write-hosts"))
        return;
    if (hosts_update(path, interface, NULL, 0, &changed, &err) < 0)
        printf("Could not remove the names from the hosts file: %s\n", err.text);
    else if (changed)
        printf("Removed the names of the peers from %s\n", path);
}

static int uninstall(const struct cli_args *args, struct err *err)
{
    CLEAN_NETWORK_FILES struct network_files files = {0};
    const char *interface = cli_positional(args, 0);
    bool yes = false;
    int r = network_files_init(&files, args, interface, err);
    if (r == 0)
        r = command_confirm(args, &yes, err,
                            "Delete the network %s with its database and private key for good?",
                            interface);
    if (r < 0 || !yes)
        return r;
    /* The configuration goes first: a server that still runs makes a lost interface again only as
     * long as there is one. */
    remove_file(files.config);
    bring_down(args, interface);
    remove_file(files.database);
    remove_journal(files.database);
    clear_hosts(args, interface);
    printf("The network %s is uninstalled.\n", interface);
    return 0;
}

int cmd_uninstall(const struct cli_args *args, void *user)
{
    (void)user;
    struct err err = ERR_INIT;
    return command_exit(uninstall(args, &err), &err);
}
