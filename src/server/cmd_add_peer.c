#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "commands.h"
#include "device.h"
#include "innernet/fsutil.h"
#include "innernet/new_record.h"
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

static int ask(struct invite *in, bool *ret_yes, struct err *err)
{
    const struct model *m = &in->registry.model;
    char ip[IP_TEXT_MAX];
    int r = new_peer_ask(in->args, &m->tree, model_peers(m), m->n_peers, &in->peer, &in->path, err);
    return r < 0 ? r
                 : command_confirm(in->args, ret_yes, err, "Create the peer %s (%s)?",
                                   in->peer.name, ip_format(&in->peer.ip, ip));
}

static int format_invitation(const struct invite *in, struct buf *out, struct err *err)
{
    const struct model *m = &in->registry.model;
    const struct cidr *root = model_find_cidr(m, 1);
    const struct sock_addr internal = {.ip = in->config.address, .port = in->config.listen_port};
    const struct peer *server;
    if (!root)
        return err_set(err, -ENOENT, "the database lacks the root CIDR");
    int r = new_peer_find_server(model_peers(m), m->n_peers, &server, err);
    return r < 0 ? r
                 : new_peer_invitation(cli_positional(in->args, 0), &root->net, &in->peer.ip,
                                       server, &internal, &in->private_key, out, err);
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
    if (r < 0 || !yes)
        return r;
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
