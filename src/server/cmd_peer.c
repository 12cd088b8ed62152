/* rename-peer, enable-peer, disable-peer. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "device.h"
#include "innernet/prompt.h"
#include "options.h"
#include "validate.h"

typedef bool (*offer_fn)(const struct model *m, const struct peer *p);

static bool offer_rename(const struct model *m, const struct peer *p)
{
    (void)m;
    return p->id != SERVER_PEER_ID && strcmp(p->name, SERVER_NAME) != 0;
}

static bool offer_enable(const struct model *m, const struct peer *p)
{
    (void)m;
    return p->is_disabled;
}

static bool offer_disable(const struct model *m, const struct peer *p)
{
    return !p->is_disabled && validate_set_disabled(m, p->id, true, NULL) == 0;
}

static char *peer_label(const struct peer *p)
{
    char ip[IP_TEXT_MAX];
    char *label;
    return asprintf(&label, "%s (%s)", p->name, ip_format(&p->ip, ip)) < 0 ? NULL : label;
}

static int select_peer(const struct model *m, const char *question, offer_fn offer, int64_t *ret_id,
                       struct err *err)
{
    CLEAN_FREE char **labels = calloc(m->n_peers + 1, sizeof(*labels));
    CLEAN_FREE int64_t *ids = calloc(m->n_peers + 1, sizeof(*ids));
    size_t n = 0;
    size_t chosen = 0;
    if (!labels || !ids)
        return err_set(err, -ENOMEM, "out of memory");
    for (size_t i = 0; i < m->n_peers; i++) {
        if (!offer(m, m->peers[i]) || !(labels[n] = peer_label(m->peers[i])))
            continue;
        ids[n++] = m->peers[i]->id;
    }
    const struct prompt p = {.question = question, .option = "--name"};
    int r = n == 0 ? err_set(err, -ENOENT, "%s: there is no peer to choose", question)
                   : prompt_select(&p, (const char *const *)labels, n, &chosen, err);
    if (r == 0)
        *ret_id = ids[chosen];
    for (size_t i = 0; i < n; i++)
        free(labels[i]);
    return r;
}

/* By --name, or from a menu of the eligible ones. */
static int choose_peer(const struct cli_args *args, const struct model *m, const char *question,
                       offer_fn offer, int64_t *ret_id, struct err *err)
{
    const char *name = cli_value(args, "name");
    if (!name)
        return select_peer(m, question, offer, ret_id, err);
    const struct peer *p = model_find_peer_by_name(m, name);
    if (!p)
        return err_set(err, -ENOENT, "there is no peer named %s", name);
    if (!offer(m, p))
        return err_set(err, -EINVAL, "%s does not apply to the peer %s",
                       cli_args_command(args)->name, name);
    *ret_id = p->id;
    return 0;
}

static int rename_peer(const struct cli_args *args, struct err *err)
{
    CLEAN_REGISTRY struct registry registry = REGISTRY_INIT;
    CLEAN_FREE char *new_name = NULL;
    bool yes = false;
    int64_t id = 0;
    int r = command_open_registry(args, &registry, err);
    if (r == 0)
        r = choose_peer(args, &registry.model, "Peer to rename", offer_rename, &id, err);
    if (r == 0)
        r = command_text(args, "new-name", "New name", NULL, cli_check_hostname, &new_name, err);
    if (r == 0)
        r = command_confirm(args, "Rename this peer?", &yes, err);
    if (r < 0)
        return r;
    if (!yes) {
        puts("Nothing was renamed.");
        return 0;
    }
    return registry_rename_peer(&registry, id, new_name, err);
}

int cmd_rename_peer(const struct cli_args *args, void *user)
{
    (void)user;
    struct err err = ERR_INIT;
    return command_exit(rename_peer(args, &err), &err);
}

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

static int toggle_peer(const struct cli_args *args, bool disable, struct err *err)
{
    CLEAN_REGISTRY struct registry registry = REGISTRY_INIT;
    bool yes = false;
    int64_t id = 0;
    int r = command_open_registry(args, &registry, err);
    if (r == 0)
        r = choose_peer(args, &registry.model, disable ? "Peer to disable" : "Peer to enable",
                        disable ? offer_disable : offer_enable, &id, err);
    if (r == 0)
        r = command_confirm(args, disable ? "Disable this peer?" : "Enable this peer?", &yes, err);
    if (r < 0)
        return r;
    if (!yes) {
        puts("Nothing was changed.");
        return 0;
    }
    r = registry_set_disabled(&registry, id, disable, err);
    if (r == 0)
        r = registry_sync(&registry, err);
    const struct peer *p = model_find_peer(&registry.model, id);
    return r < 0 || !p ? r : follow_on_device(args, p, err);
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
