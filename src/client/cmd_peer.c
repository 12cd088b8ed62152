#include <errno.h>
#include <string.h>

#include "commands.h"
#include "flow.h"
#include "innernet/choice.h"
#include "innernet/log.h"
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
    return r < 0 ? r : admin_fetch_peers(&c->admin, &c->peers, err);
}

/* --- rename-peer -------------------------------------------------------------------------------
 */

static bool is_renameable(const void *user, const struct peer *p)
{
    (void)user;
    return strcmp(p->name, SERVER_NAME) != 0;
}

static int rename_peer(const struct cli_args *args, const struct client *client, struct err *err)
{
    CLEANUP(peer_command_done) struct peer_command c = {0};
    CLEAN_FREE char *name = NULL;
    const struct choice which = {
        .question = "Peer to rename", .none = "there are no peers to rename", .bare = true};
    size_t at = 0;
    bool yes = false;
    int r = begin(args, client, &c, err);
    if (r == 0)
        r = choice_peer(args, &which, is_renameable, NULL, c.peers.refs, c.peers.n, &at, err);
    if (r == 0)
        r = ask_text(args, "new-name", "New Name", NULL, cli_check_hostname, &name, err);
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

static bool is_disabled(const void *user, const struct peer *p)
{
    (void)user;
    return p->is_disabled;
}

static bool is_enabled(const void *user, const struct peer *p)
{
    (void)user;
    return !p->is_disabled;
}

static int switch_peer(const struct cli_args *args, const struct client *client, bool enable,
                       struct err *err)
{
    CLEANUP(peer_command_done) struct peer_command c = {0};
    const struct choice which = {.question = enable ? "Peer to enable" : "Peer to disable",
                                 .none = enable ? "there are no disabled peers"
                                                : "there are no enabled peers"};
    size_t at = 0;
    bool yes = false;
    int r = begin(args, client, &c, err);
    if (r == 0)
        r = choice_peer(args, &which, enable ? is_disabled : is_enabled, NULL, c.peers.refs,
                        c.peers.n, &at, err);
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
