#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "commands.h"
#include "device.h"
#include "innernet/fsutil.h"
#include "innernet/log.h"
#include "innernet/prompt.h"
#include "innernet/timestring.h"
#include "options.h"

/* Everything the invitation is made from. */
struct invite {
    const struct cli_args *args;
    struct server_config config;
    struct registry registry;
    struct peer peer;
    struct key private_key;
    char *path;
    struct fs_new_file file;
};

static void invite_done(struct invite *in)
{
    fs_new_file_done(&in->file);
    free(in->path);
    key_wipe(&in->private_key);
    peer_done(&in->peer);
    registry_close(&in->registry);
    server_config_done(&in->config);
}

static int select_leaf(const struct model *m, const size_t *leaves, size_t n, int64_t *ret_id,
                       struct err *err)
{
    CLEAN_FREE char **labels = calloc(n + 1, sizeof(*labels));
    CLEAN_FREE int64_t *ids = calloc(n + 1, sizeof(*ids));
    size_t n_labels = 0;
    size_t chosen;
    if (!labels || !ids)
        return err_set(err, -ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        const struct cidr *c = &m->cidrs[leaves[i]];
        if (strcmp(c->name, SERVER_NAME) == 0 || !(labels[n_labels] = command_cidr_label(c)))
            continue;
        ids[n_labels++] = c->id;
    }
    const struct prompt p = {.question = "CIDR of the new peer", .option = "--cidr"};
    int r = n_labels == 0
                ? err_set(err, -ENOENT, "there is no CIDR for peers; create one with add-cidr")
                : prompt_select(&p, (const char *const *)labels, n_labels, &chosen, err);
    if (r == 0)
        *ret_id = ids[chosen];
    for (size_t i = 0; i < n_labels; i++)
        free(labels[i]);
    return r;
}

static int choose_cidr(struct invite *in, const struct cidr **ret, struct err *err)
{
    char text[256];
    const struct model *m = &in->registry.model;
    const char *name = cli_value(in->args, "cidr");
    CLEAN_FREE size_t *leaves = NULL;
    size_t n;
    int r = cidr_tree_leaves(&m->tree, &leaves, &n);
    if (r < 0)
        return err_set(err, r, "out of memory");
    if (!name) {
        r = select_leaf(m, leaves, n, &in->peer.cidr_id, err);
        if (r == 0)
            *ret = model_find_cidr(m, in->peer.cidr_id);
        return r;
    }
    for (size_t i = 0; i < n; i++)
        if (strcmp(m->cidrs[leaves[i]].name, name) == 0) {
            *ret = &m->cidrs[leaves[i]];
            in->peer.cidr_id = (*ret)->id;
            return 0;
        }
    return err_set(err, -ENOENT, "\"%s\" is not a CIDR without children",
                   log_safe(name, text, sizeof(text)));
}

/* The model's index makes each probe cheap; at most one more probe than there are peers. */
static int find_free_ip(const struct model *m, const struct cidr *c, struct ip *ret,
                        struct err *err)
{
    char name[256];
    struct ip ip = network_first_assignable(&c->net);
    while (model_find_peer_by_ip(m, &ip))
        if (!ip_next(&ip) || !network_is_assignable(&c->net, &ip))
            return err_set(err, -ENOSPC, "the CIDR \"%s\" has no free address",
                           log_safe(c->name, name, sizeof(name)));
    *ret = ip;
    return 0;
}

static int choose_ip(struct invite *in, const struct cidr *c, struct err *err)
{
    CLEAN_FREE char *text = NULL;
    const struct model *m = &in->registry.model;
    const char *given = cli_value(in->args, "ip");
    if (cli_given(in->args, "auto-ip"))
        return find_free_ip(m, c, &in->peer.ip, err);
    if (!given) {
        char def[IP_TEXT_MAX];
        struct ip free_ip;
        const char *proposal =
            find_free_ip(m, c, &free_ip, NULL) == 0 ? ip_format(&free_ip, def) : NULL;
        int r = command_text(in->args, "ip", "IP", proposal, cli_check_ip, &text, err);
        if (r < 0)
            return r;
        given = text;
    }
    if (ip_parse(given, &in->peer.ip) < 0)
        return err_set(err, -EINVAL, "%s is not an IP address", given);
    return 0;
}

static int choose_admin(struct invite *in, struct err *err)
{
    const char *given = cli_value(in->args, "admin");
    if (given) {
        in->peer.is_admin = strcmp(given, "true") == 0;
        return 0;
    }
    const struct prompt p = {.question = "Make this peer an admin?", .option = "--admin"};
    return prompt_confirm(&p, PROMPT_DEFAULT_NO, &in->peer.is_admin, err);
}

static int choose_expiry(struct invite *in, struct err *err)
{
    CLEAN_FREE char *text = NULL;
    uint64_t seconds;
    int64_t expires;
    int r = command_text(in->args, "invite-expires", "Invitation expires after", TIMESTRING_DEFAULT,
                         cli_check_timestring, &text, err);
    if (r == 0)
        r = timestring_parse(text, &seconds, err);
    if (r < 0)
        return r;
    if (__builtin_add_overflow(time(NULL), seconds, &expires))
        return err_set(err, -ERANGE, "the duration %s is too long", text);
    in->peer.has_invite_expires = true;
    in->peer.invite_expires_s = expires;
    return 0;
}

static int choose_path(struct invite *in, struct err *err)
{
    char def[HOSTNAME_MAX_LEN + sizeof(".toml")];
    snprintf(def, sizeof(def), "%s.toml", in->peer.name);
    return command_text(in->args, "save-config", "Save the invitation as", def, NULL, &in->path,
                        err);
}

static int ask(struct invite *in, bool *ret_yes, struct err *err)
{
    char ip[IP_TEXT_MAX];
    char question[192];
    const struct cidr *c = NULL;
    int r = choose_cidr(in, &c, err);
    if (r == 0)
        r = choose_ip(in, c, err);
    if (r == 0)
        r = command_text(in->args, "name", "Name", NULL, cli_check_hostname, &in->peer.name, err);
    if (r == 0)
        r = choose_admin(in, err);
    if (r == 0)
        r = choose_expiry(in, err);
    if (r == 0)
        r = choose_path(in, err);
    if (r < 0)
        return r;
    snprintf(question, sizeof(question), "Create the peer %s (%s)?", in->peer.name,
             ip_format(&in->peer.ip, ip));
    return command_confirm(in->args, question, ret_yes, err);
}

static int format_invitation(const struct invite *in, struct buf *out, struct err *err)
{
    const struct model *m = &in->registry.model;
    const struct peer *server = model_find_peer(m, SERVER_PEER_ID);
    const struct cidr *root = model_find_cidr(m, 1);
    if (!server || !root)
        return err_set(err, -ENOENT, "the database lacks the server's peer or the root CIDR");
    if (!endpoint_is_set(&server->endpoint))
        return err_set(err, -ENOENT,
                       "the server's peer has no external endpoint; an admin peer can set one");
    char name[INTERFACE_NAME_MAX_LEN + 1];
    snprintf(name, sizeof(name), "%s", cli_positional(in->args, 0));
    const struct client_config config = {
        .network_name = name,
        .address = {.addr = in->peer.ip, .prefix = root->net.prefix},
        .private_key = in->private_key,
        .server_key = server->public_key,
        .server_external = server->endpoint,
        .server_internal = {.ip = in->config.address, .port = in->config.listen_port},
    };
    invitation_format(&config, out);
    return out->failed ? err_set(err, -ENOMEM, "out of memory") : 0;
}

/* A running server follows the database anyway; this only spares the invitee its next tick. */
static int update_device(const struct invite *in, const struct peer *p, struct err *err)
{
    char key[KEY_TEXT_MAX];
    CLEAN_WG struct wg *wg = NULL;
    const char *interface = cli_positional(in->args, 0);
    int r = wg_open(options_read_network(in->args, false).backend, &wg, err);
    if (r < 0 || !wg_exists(wg, interface))
        return r;
    r = device_put_peer(wg, interface, p, err);
    if (r == 0)
        printf("%s added to the interface %s with the public key %s\n", p->name, interface,
               key_format(&p->public_key, key));
    return r;
}

/* Between insert and commit: the invitation has to be safe before the peer exists (D13). */
static int save_invitation(void *user, const struct peer *p, struct err *err)
{
    struct invite *in = user;
    struct buf text = BUF_INIT;
    int r = format_invitation(in, &text, err);
    if (r == 0)
        r = fs_new_file_write(&in->file, text.data, text.len, err);
    buf_wipe(&text);
    if (r == 0)
        r = fs_new_file_publish(&in->file, err);
    return r < 0 ? r : update_device(in, p, err);
}

static int invite(struct invite *in, struct err *err)
{
    int64_t id;
    int r = fs_new_file_begin(&in->file, in->path, err);
    if (r < 0)
        return r;
    key_generate(&in->private_key);
    in->peer.public_key = key_public(&in->private_key);
    r = registry_add_peer(&in->registry, &in->peer, save_invitation, in, &id, err);
    /* Published, but a later step failed: a key without a peer is of no use to anybody. */
    if (r < 0 && !in->file.temp_path && in->file.path)
        unlink(in->path);
    return r;
}

static int add_peer(struct invite *in, struct err *err)
{
    bool yes = false;
    int r = command_load_config(in->args, &in->config, err);
    if (r == 0)
        r = command_open_registry(in->args, &in->registry, err);
    if (r == 0)
        r = ask(in, &yes, err);
    if (r < 0)
        return r;
    if (!yes) {
        puts("Nothing was created.");
        return 0;
    }
    in->registry.own_key = key_public(&in->config.private_key);
    return invite(in, err);
}

int cmd_add_peer(const struct cli_args *args, void *user)
{
    (void)user;
    struct err err = ERR_INIT;
    CLEANUP(invite_done) struct invite in = {.args = args, .file = {.fd = -1}};
    return command_exit(add_peer(&in, &err), &err);
}
