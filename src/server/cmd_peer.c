/* rename-peer, enable-peer, disable-peer. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "device.h"
#include "innernet/choice.h"
#include "options.h"
#include "validate.h"

/* --- rename-peer -------------------------------------------------------------------------------
 */

static bool is_renameable(const void *model, const struct peer *p)
{
    (void)model;
    return p->id != SERVER_PEER_ID && strcmp(p->name, SERVER_NAME) != 0;
}

static int rename_peer(const struct cli_args *args, struct err *err)
{
    CLEAN_REGISTRY struct registry registry = REGISTRY_INIT;
    CLEAN_FREE char *new_name = NULL;
    const struct model *m = &registry.model;
    const struct choice which = {
        .question = "Peer to rename", .none = "there are no peers to rename", .bare = true};
    bool yes = false;
    size_t at = 0;
    int r = command_open_registry(args, &registry, err);
    if (r == 0)
        r = choice_peer(args, &which, is_renameable, m, model_peers(m), m->n_peers, &at, err);
    if (r == 0)
        r = ask_text(args, "new-name", "New name", NULL, cli_check_hostname, &new_name, err);
    if (r == 0)
        r = command_confirm(args, &yes, err, "Rename the peer %s to %s?", m->peers[at]->name,
                            new_name);
    if (r < 0 || !yes)
        return r;
    return registry_rename_peer(&registry, m->peers[at]->id, new_name, err);
}

int cmd_rename_peer(const struct cli_args *args, void *user)
{
    (void)user;
    struct err err = ERR_INIT;
    return command_exit(rename_peer(args, &err), &err);
}

/* --- enable-peer, disable-peer -----------------------------------------------------------------
 */

static bool is_disabled(const void *model, const struct peer *p)
{
    (void)model;
    return p->is_disabled;
}

static bool is_disableable(const void *model, const struct peer *p)
{
    return !p->is_disabled && validate_set_disabled(model, p->id, true, NULL) == 0;
}

static const struct choice which_to_enable = {.question = "Peer to enable",
                                              .none = "there are no disabled peers"};
static const struct choice which_to_disable = {.question = "Peer to disable",
                                               .none = "there are no peers to disable"};

/* Only an existing interface is touched (D17). */
static int follow_on_device(const struct cli_args *args, const struct peer *p, struct err *err)
{
    CLEAN_WG struct wg *wg = NULL;
    const char *interface = cli_positional(args, 0);
    int r = wg_open(options_read_network(args, false).backend, &wg, err);
    if (r < 0 || !wg_exists(wg, interface) || p->id == SERVER_PEER_ID)
        return r;
    return p->is_disabled ? device_remove_peer(wg, interface, &p->public_key, err)
                          : device_put_peer(wg, interface, p, err);
}

static int set_disabled(const struct cli_args *args, struct registry *registry, int64_t id,
                        bool disable, struct err *err)
{
    int r = registry_set_disabled(registry, id, disable, err);
    if (r == 0)
        r = registry_sync(registry, err);
    const struct peer *p = model_find_peer(&registry->model, id);
    return r < 0 || !p ? r : follow_on_device(args, p, err);
}

static int toggle_peer(const struct cli_args *args, bool disable, struct err *err)
{
    CLEAN_REGISTRY struct registry registry = REGISTRY_INIT;
    const struct model *m = &registry.model;
    bool yes = false;
    size_t at = 0;
    int r = command_open_registry(args, &registry, err);
    if (r == 0)
        r = choice_peer(args, disable ? &which_to_disable : &which_to_enable,
                        disable ? is_disableable : is_disabled, m, model_peers(m), m->n_peers, &at,
                        err);
    if (r == 0)
        r = command_confirm(args, &yes, err, "%s the peer %s?", disable ? "Disable" : "Enable",
                            m->peers[at]->name);
    return r < 0 || !yes ? r : set_disabled(args, &registry, m->peers[at]->id, disable, err);
}

int cmd_enable_peer(const struct cli_args *args, void *user)
{
    (void)user;
    struct err err = ERR_INIT;
    return command_exit(toggle_peer(args, false, &err), &err);
}

int cmd_disable_peer(const struct cli_args *args, void *user)
{
    (void)user;
    struct err err = ERR_INIT;
    return command_exit(toggle_peer(args, true, &err), &err);
}
