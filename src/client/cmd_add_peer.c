#include <errno.h>

#include "commands.h"
#include "flow.h"
#include "innernet/fsutil.h"
#include "innernet/log.h"
#include "innernet/new_record.h"
#include "output.h"

struct new_peer {
    const struct cli_args *args;
    const char *interface;
    struct admin admin;
    struct cidr_list cidrs;
    struct peer_list peers;
    struct cidr_tree tree;
    struct peer wanted; /* what is asked of the server */
    struct peer added;  /* what it made of it */
    char *path;         /* of the invitation */
    struct key private_key;
};

static void new_peer_done(struct new_peer *p)
{
    admin_close(&p->admin);
    cidr_tree_done(&p->tree);
    cidr_list_done(&p->cidrs);
    peer_list_done(&p->peers);
    peer_done(&p->wanted);
    peer_done(&p->added);
    free(p->path);
    key_wipe(&p->private_key);
}

static int write_invitation(struct new_peer *p, const struct ip *ip, const struct peer *server,
                            struct fs_new_file *file, struct err *err)
{
    struct buf text = BUF_INIT;
    int r = new_peer_invitation(p->interface, &p->tree.cidrs[p->tree.root].net, ip, server,
                                &p->admin.config.server_internal, &p->private_key, &text, err);
    if (r == 0)
        r = fs_new_file_write(file, text.data, text.len, err);
    buf_wipe(&text);
    return r;
}

/* The invitation is on disk before the server makes the peer, so that its key cannot get lost. */
static int create(struct new_peer *p, struct fs_new_file *file, struct err *err)
{
    const struct peer *server;
    int r = new_peer_find_server(p->peers.refs, p->peers.n, &server, err);
    if (r == 0)
        r = write_invitation(p, &p->wanted.ip, server, file, err);
    if (r < 0)
        return r;
    log_info("Creating peer");
    r = api_add_peer(&p->admin.api, &p->wanted, &p->added, err);
    if (r < 0) {
        bool refused = p->admin.api.last.class == REST_STATUS && p->admin.api.last.status < 500;
        if (p->admin.api.last.request_sent && !refused) {
            log_warn("The server may have created the peer: the invitation is kept in %s",
                     file->temp_path);
            fs_new_file_keep(file);
        }
        return r;
    }
    if (!ip_equal(&p->added.ip, &p->wanted.ip))
        r = write_invitation(p, &p->added.ip, server, file, err);
    return r == 0 ? fs_new_file_publish(file, err) : r;
}

static int tell_created(const struct new_peer *p, struct err *err)
{
    CLEAN_BUF struct buf text = BUF_INIT;
    buf_puts(&text, "\nPeer \"");
    paint(&text, SGR_BOLD, p->added.name);
    buf_puts(&text, "\" added\nIts invitation is in ");
    paint(&text, SGR_BOLD, p->path);
    buf_puts(&text,
             "\nSend it to the peer over a secure channel: whoever has it first is the peer.\n");
    return print_text(&text, err);
}

static int fetch_lists(struct new_peer *p, struct err *err)
{
    int r = admin_fetch_cidrs(&p->admin, &p->cidrs, err);
    if (r < 0)
        return r;
    if (cidr_tree_init(&p->tree, p->cidrs.items, p->cidrs.n) < 0)
        return err_set(err, -ENOMEM, "out of memory");
    return admin_fetch_peers(&p->admin, &p->peers, err);
}

static int ask(struct new_peer *p, bool *ret_yes, struct err *err)
{
    int r = new_peer_ask(p->args, &p->tree, p->peers.refs, p->peers.n, &p->wanted, &p->path, err);
    return r < 0 ? r
                 : flow_confirm(p->args, false, ret_yes, err, "Create peer %s?", p->wanted.name);
}

static int add_peer(struct new_peer *p, const struct client *client, struct err *err)
{
    CLEAN_NEW_FILE struct fs_new_file file = {.fd = -1};
    bool yes = false;
    int r = admin_open(client, p->interface, &p->admin, err);
    if (r == 0)
        r = fetch_lists(p, err);
    if (r == 0)
        r = ask(p, &yes, err);
    if (r < 0 || !yes)
        return r;
    r = fs_new_file_begin(&file, p->path, err);
    if (r < 0)
        return r;
    key_generate(&p->private_key);
    p->wanted.public_key = key_public(&p->private_key);
    p->wanted.has_keepalive = true;
    p->wanted.keepalive_s = KEEPALIVE_DEFAULT_S;
    r = create(p, &file, err);
    return r < 0 ? r : tell_created(p, err);
}

int cmd_add_peer(const struct cli_args *args, void *client)
{
    struct err err = ERR_INIT;
    CLEANUP(new_peer_done)
    struct new_peer p = {.args = args, .interface = cli_positional(args, 0)};
    return output_finish(add_peer(&p, client, &err), &err);
}
