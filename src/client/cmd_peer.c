#include <errno.h>
#include <string.h>

#include "commands.h"
#include "flow.h"
#include "innernet/log.h"
#include "lists.h"
#include "output.h"

struct peer_command {
    struct admin admin;
    struct peer_list peers;
};

static void peer_command_done(struct peer_command *c)
{
    admin_close(&c->admin);
    peer_list_done(&c->peers);
}

static int begin(const struct cli_args *args, const struct client *client, struct peer_command *c,
                 struct err *err)
{
    int r = admin_open(client, cli_positional(args, 0), &c->admin, err);
    if (r < 0)
        return r;
    log_info("Fetching peers");
    return api_list_peers(&c->admin.api, &c->peers.items, &c->peers.n, err);
}

static int find_by_name(const struct peer_list *peers, const char *name,
                        bool (*eligible)(const struct peer *), size_t *ret, struct err *err)
{
    for (size_t i = 0; i < peers->n; i++)
        if (eligible(&peers->items[i]) && strcmp(peers->items[i].name, name) == 0) {
            *ret = i;
            return 0;
        }
    return err_set(err, -ENOENT, "peer '%s' does not exist among those to choose from", name);
}

/* --- rename-peer -------------------------------------------------------------------------------
 */

static bool is_renameable(const struct peer *p)
{
    return strcmp(p->name, SERVER_NAME) != 0;
}

static int choose_to_rename(const struct cli_args *args, const struct peer_list *peers, size_t *ret,
                            struct err *err)
{
    CLEAN_MENU struct menu menu = {0};
    const char *given = cli_value(args, "name");
    if (given)
        return find_by_name(peers, given, is_renameable, ret, err);
    for (size_t i = 0; i < peers->n; i++)
        if (is_renameable(&peers->items[i]) && menu_add(&menu, i, "%s", peers->items[i].name) < 0)
            return err_set(err, -ENOMEM, "out of memory");
    return menu_select(&menu, "Peer to rename", "--name", ret, err);
}

static int rename_peer(const struct cli_args *args, const struct client *client, struct err *err)
{
    CLEANUP(peer_command_done) struct peer_command c = {0};
    CLEAN_FREE char *name = NULL;
    size_t at = 0;
    bool yes = false;
    int r = begin(args, client, &c, err);
    if (r == 0)
        r = choose_to_rename(args, &c.peers, &at, err);
    if (r == 0)
        r = flow_input(args, "new-name", "New Name", NULL, cli_check_hostname, &name, err);
    if (r == 0)
        r = flow_confirm(args, false, &yes, err, "Rename peer %s to %s?", c.peers.items[at].name,
                         name);
    if (r < 0 || !yes)
        return r;
    struct peer wanted = c.peers.items[at]; /* borrows everything */
    wanted.name = name;
    log_info("Renaming peer");
    r = api_update_peer(&c.admin.api, &wanted, err);
    if (r == 0)
        log_info("Peer renamed");
    return r;
}

int cmd_rename_peer(const struct cli_args *args, void *client)
{
    struct err err = ERR_INIT;
    return output_finish(rename_peer(args, client, &err), &err);
}

/* --- enable-peer, disable-peer -----------------------------------------------------------------
 */

static bool is_disabled(const struct peer *p)
{
    return p->is_disabled;
}

static bool is_enabled(const struct peer *p)
{
    return !p->is_disabled;
}

static int choose_to_switch(const struct cli_args *args, const struct peer_list *peers, bool enable,
                            size_t *ret, struct err *err)
{
    CLEAN_MENU struct menu menu = {0};
    bool (*eligible)(const struct peer *) = enable ? is_disabled : is_enabled;
    const char *given = cli_value(args, "name");
    char ip[IP_TEXT_MAX];
    if (given)
        return find_by_name(peers, given, eligible, ret, err);
    for (size_t i = 0; i < peers->n; i++) {
        const struct peer *p = &peers->items[i];
        if (eligible(p) && menu_add(&menu, i, "%s (%s)", p->name, ip_format(&p->ip, ip)) < 0)
            return err_set(err, -ENOMEM, "out of memory");
    }
    if (menu.n == 0)
        return err_set(err, -ENOENT, "there are no %s peers", enable ? "disabled" : "enabled");
    return menu_select(&menu, enable ? "Peer to enable" : "Peer to disable", "--name", ret, err);
}

static int switch_peer(const struct cli_args *args, const struct client *client, bool enable,
                       struct err *err)
{
    CLEANUP(peer_command_done) struct peer_command c = {0};
    size_t at = 0;
    bool yes = false;
    int r = begin(args, client, &c, err);
    if (r == 0)
        r = choose_to_switch(args, &c.peers, enable, &at, err);
    if (r == 0)
        r = flow_confirm(args, false, &yes, err, "%s peer %s?", enable ? "Enable" : "Disable",
                         c.peers.items[at].name);
    if (r < 0 || !yes)
        return r;
    struct peer wanted = c.peers.items[at]; /* borrows everything */
    wanted.is_disabled = !enable;
    return api_update_peer(&c.admin.api, &wanted, err);
}

int cmd_enable_peer(const struct cli_args *args, void *client)
{
    struct err err = ERR_INIT;
    return output_finish(switch_peer(args, client, true, &err), &err);
}

int cmd_disable_peer(const struct cli_args *args, void *client)
{
    struct err err = ERR_INIT;
    return output_finish(switch_peer(args, client, false, &err), &err);
}
