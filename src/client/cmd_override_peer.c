#include <errno.h>
#include <string.h>

#include "commands.h"
#include "datastore.h"
#include "flow.h"
#include "innernet/log.h"
#include "innernet/resolve.h"
#include "output.h"
#include "paths.h"
#include "settings.h"

struct peer_override {
    const struct cli_args *args;
    const struct client *client;
    const char *interface;
    bool unset;
    struct settings settings;
    struct datastore store;
};

static bool has_override(const struct peer_override *o, const struct peer *p)
{
    return client_config_override(&o->settings.config, &p->ip) != NULL;
}

static bool is_eligible(const struct peer *p)
{
    return strcmp(p->name, SERVER_NAME) != 0;
}

static int find_peer(const struct peer_override *o, const char *name, const struct peer **ret,
                     struct err *err)
{
    for (size_t i = 0; i < o->store.state.n_peers; i++) {
        const struct peer *p = &o->store.state.peers[i];
        if (is_eligible(p) && strcmp(p->name, name) == 0) {
            *ret = p;
            return 0;
        }
    }
    return err_set(err, -ENOENT, "there is no peer '%s' in network %s", name, o->interface);
}

static int choose_peer(const struct peer_override *o, const struct peer **ret, struct err *err)
{
    CLEAN_MENU struct menu menu = {0};
    const char *given = cli_value(o->args, "name");
    size_t at;
    if (given)
        return find_peer(o, given, ret, err);
    for (size_t i = 0; i < o->store.state.n_peers; i++) {
        const struct peer *p = &o->store.state.peers[i];
        if (is_eligible(p) && (!o->unset || has_override(o, p)) &&
            menu_add(&menu, i, "%s", p->name) < 0)
            return err_set(err, -ENOMEM, "out of memory");
    }
    if (o->unset && menu.n == 0)
        return err_set(err, -ENOENT, "there are no endpoint overrides in network %s", o->interface);
    int r = menu_select(&menu,
                        o->unset ? "Peer endpoint override to unset" : "Peer endpoint to override",
                        "--name", &at, err);
    if (r == 0)
        *ret = &o->store.state.peers[at];
    return r;
}

static int unset(struct peer_override *o, const struct peer *p, struct err *err)
{
    bool yes = false;
    char ip[IP_TEXT_MAX];
    if (!has_override(o, p)) {
        log_info("Peer %s has no endpoint override", p->name);
        return 0;
    }
    ip_format(&p->ip, ip);
    int r = flow_confirm(o->args, false, &yes, err, "Unset the endpoint override of peer %s (%s)?",
                         p->name, ip);
    if (r < 0 || !yes)
        return r;
    log_info("Unsetting the endpoint override of peer %s", ip);
    r = settings_begin(o->client, o->interface, &o->settings, err);
    if (r < 0)
        return r;
    r = client_config_set_override(&o->settings.config, &p->ip, NULL);
    if (r == 0)
        r = settings_save(&o->settings, err);
    if (r == 0)
        log_info("The peer's endpoint is the server's again from the next fetch on");
    return r;
}

/* An override that cannot be put into effect at once is kept all the same, with a warning: the next
 * fetch tries again. A device that is down or lacks the peer is left alone. */
static void apply_now(const struct peer_override *o, const struct peer *p,
                      const struct endpoint *ep)
{
    CLEAN_WG struct wg *wg = NULL;
    struct err err = ERR_INIT;
    struct sock_addr address;
    int r = resolve_endpoint(ep, RESOLVE_TIMEOUT_MS, &address, &err);
    if (r == 0 && ip_is_unspecified(&address.ip))
        return;
    if (r == 0)
        r = wg_open(o->client->backend, &wg, &err);
    if (r == 0 && !wg_exists(wg, o->interface))
        return;
    if (r == 0) {
        struct wg_peer_update peer = {.public_key = p->public_key,
                                      .update_only = true,
                                      .has_endpoint = true,
                                      .endpoint = address};
        r = wg_set(wg, o->interface, &(struct wg_update){.peers = &peer, .n_peers = 1}, &err);
    }
    if (r < 0)
        log_warn("The override is saved, but is not in effect yet: %s", err.text);
}

static int choose_endpoint(const struct peer_override *o, struct endpoint *ret, struct err *err)
{
    CLEAN_FREE char *text = NULL;
    int r = ask_text(o->args, "endpoint", "Endpoint", NULL, cli_check_endpoint, &text, err);
    return r < 0 ? r : endpoint_parse(text, ret, err);
}

static int set(struct peer_override *o, const struct peer *p, struct err *err)
{
    CLEAN_ENDPOINT struct endpoint ep = ENDPOINT_INIT;
    CLEAN_FREE char *text = NULL;
    char ip[IP_TEXT_MAX];
    bool yes = false;
    int r = choose_endpoint(o, &ep, err);
    if (r < 0)
        return r;
    ip_format(&p->ip, ip);
    text = endpoint_text(&ep);
    if (!text)
        return err_set(err, -ENOMEM, "out of memory");
    r = flow_confirm(o->args, false, &yes, err, "Override the endpoint of peer %s (%s) with %s?",
                     p->name, ip, text);
    if (r < 0 || !yes)
        return r;
    log_info("Overriding the endpoint of peer %s with %s", ip, text);
    r = settings_begin(o->client, o->interface, &o->settings, err);
    if (r < 0)
        return r;
    r = client_config_set_override(&o->settings.config, &p->ip, &ep);
    if (r < 0)
        return err_set(err, r, "out of memory");
    r = settings_save(&o->settings, err);
    if (r == 0)
        apply_now(o, p, &ep);
    return r;
}

static int override_peer(struct peer_override *o, struct err *err)
{
    CLEAN_FREE char *store_path = paths_store(o->client, o->interface);
    const struct peer *p = NULL;
    if (!store_path)
        return err_set(err, -ENOMEM, "%s - out of memory", o->interface);
    int r = settings_open(o->client, o->interface, &o->settings, err);
    if (r == 0)
        r = datastore_open(store_path, DATASTORE_READ, &o->store, err);
    if (r == 0)
        r = choose_peer(o, &p, err);
    if (r < 0)
        return r;
    return o->unset ? unset(o, p, err) : set(o, p, err);
}

int cmd_override_peer_endpoint(const struct cli_args *args, void *client)
{
    struct err err = ERR_INIT;
    struct peer_override o = {.args = args,
                              .client = client,
                              .interface = cli_positional(args, 0),
                              .unset = cli_given(args, "unset"),
                              .settings = SETTINGS_INIT};
    int r = override_peer(&o, &err);
    settings_close(&o.settings);
    datastore_done(&o.store);
    return output_finish(r, &err);
}
