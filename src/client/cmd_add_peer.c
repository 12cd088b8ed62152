#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "add_peer.h"
#include "cidr_choice.h"
#include "commands.h"
#include "innernet/cidr_tree.h"
#include "innernet/fsutil.h"
#include "innernet/log.h"
#include "innernet/timestring.h"
#include "lists.h"
#include "output.h"

struct new_peer {
    const struct cli_args *args;
    const char *interface;
    struct admin admin;
    struct cidr_list cidrs;
    struct peer_list peers;
    struct network root;
    const struct cidr *cidr;
    struct peer wanted; /* what is asked of the server */
    struct peer added;  /* what it made of it */
    char *path;         /* of the invitation */
    struct key private_key;
};

static void new_peer_done(struct new_peer *p)
{
    admin_close(&p->admin);
    cidr_list_done(&p->cidrs);
    peer_list_done(&p->peers);
    peer_done(&p->wanted);
    peer_done(&p->added);
    free(p->path);
    key_wipe(&p->private_key);
}

/* --- questions ---------------------------------------------------------------------------------
 */

static int choose_leaf(struct new_peer *p, const struct cidr_tree *tree, const size_t *leaves,
                       size_t n, size_t *ret, struct err *err)
{
    CLEAN_MENU struct menu menu = {0};
    const char *given = cli_value(p->args, "cidr");
    char safe[256];
    for (size_t i = 0; i < n; i++) {
        const char *name = tree->cidrs[leaves[i]].name;
        if (given && strcmp(name, given) == 0) {
            *ret = leaves[i];
            return 0;
        }
        if (!given && strcmp(name, SERVER_NAME) != 0 &&
            cidr_menu_add(&menu, tree->cidrs, leaves[i]) < 0)
            return err_set(err, -ENOMEM, "out of memory");
    }
    if (given)
        return err_set(err, -ENOENT,
                       "there is no CIDR '%s' that could have peers (it must exist and have no "
                       "CIDRs below it)",
                       log_safe(given, safe, sizeof(safe)));
    return menu_select(&menu, "Eligible CIDRs for peer", "--cidr", ret, err);
}

static int choose_cidr(struct new_peer *p, struct err *err)
{
    CLEAN_CIDR_TREE struct cidr_tree tree = {0};
    CLEAN_FREE size_t *leaves = NULL;
    size_t n = 0, at;
    int r = cidr_tree_init(&tree, p->cidrs.items, p->cidrs.n);
    if (r == 0)
        r = cidr_tree_leaves(&tree, &leaves, &n);
    if (r < 0)
        return err_set(err, r, "out of memory");
    if (tree.root == CIDR_TREE_NONE)
        return err_set(err, -ENOENT, "the server lists no CIDRs");
    r = choose_leaf(p, &tree, leaves, n, &at, err);
    if (r < 0)
        return r;
    p->root = p->cidrs.items[tree.root].net;
    p->cidr = &p->cidrs.items[at];
    p->wanted.cidr_id = p->cidr->id;
    return 0;
}

static int choose_ip(struct new_peer *p, struct err *err)
{
    CLEAN_FREE char *text = NULL;
    char suggested[IP_TEXT_MAX];
    struct ip ip;
    int r = 0;
    if (!cli_given(p->args, "ip")) {
        r = add_peer_suggest_ip(p->cidr, p->peers.items, p->peers.n, &ip, err);
        if (r < 0)
            return r;
    }
    if (cli_given(p->args, "auto-ip")) {
        p->wanted.ip = ip;
        return 0;
    }
    r = flow_input(p->args, "ip", "IP", cli_given(p->args, "ip") ? NULL : ip_format(&ip, suggested),
                   cli_check_ip, &text, err);
    if (r == 0 && ip_parse(text, &p->wanted.ip) < 0)
        r = err_set(err, -EINVAL, "%s is no IP address", text);
    return r;
}

static int choose_admin(struct new_peer *p, struct err *err)
{
    CLEAN_FREE char *question = NULL;
    const char *given = cli_value(p->args, "admin");
    if (given) {
        p->wanted.is_admin = strcmp(given, "true") == 0;
        return 0;
    }
    if (asprintf(&question, "Make %s an admin?", p->wanted.name) < 0)
        return err_set(err, -ENOMEM, "out of memory");
    return prompt_confirm(&(struct prompt){.question = question, .option = "--admin"},
                          PROMPT_DEFAULT_NO, &p->wanted.is_admin, err);
}

static int choose_expiry(struct new_peer *p, struct err *err)
{
    CLEAN_FREE char *text = NULL;
    struct timespec now;
    uint64_t seconds;
    int r = flow_input(p->args, "invite-expires", "Invite expires after", TIMESTRING_DEFAULT,
                       cli_check_timestring, &text, err);
    if (r == 0)
        r = timestring_parse(text, &seconds, err);
    if (r < 0)
        return r;
    clock_gettime(CLOCK_REALTIME, &now);
    if (__builtin_add_overflow((int64_t)now.tv_sec, seconds, &p->wanted.invite_expires_s))
        return err_set(err, -EINVAL, "%s is too long", text);
    p->wanted.has_invite_expires = true;
    p->wanted.invite_expires_ns = (uint32_t)now.tv_nsec;
    return 0;
}

static int choose_path(struct new_peer *p, struct err *err)
{
    CLEAN_FREE char *def = NULL;
    if (asprintf(&def, "%s.toml", p->wanted.name) < 0)
        return err_set(err, -ENOMEM, "out of memory");
    return flow_input(p->args, "save-config", "Save peer invitation file to", def, NULL, &p->path,
                      err);
}

static int ask(struct new_peer *p, bool *ret_yes, struct err *err)
{
    int r = choose_cidr(p, err);
    if (r == 0)
        r = choose_ip(p, err);
    if (r == 0)
        r = flow_input(p->args, "name", "Name", NULL, cli_check_hostname, &p->wanted.name, err);
    if (r == 0)
        r = choose_admin(p, err);
    if (r == 0)
        r = choose_expiry(p, err);
    if (r == 0)
        r = choose_path(p, err);
    if (r == 0)
        r = flow_confirm(p->args, false, ret_yes, err, "Create peer %s?", p->wanted.name);
    return r;
}

/* --- the deed ----------------------------------------------------------------------------------
 */

static int write_invitation(struct new_peer *p, const struct ip *ip, const struct peer *server,
                            struct fs_new_file *file, struct err *err)
{
    struct client_config config;
    struct buf text = BUF_INIT;
    int r = add_peer_invitation(p->interface, &p->root, ip, server,
                                &p->admin.config.server_internal, &p->private_key, &config, err);
    if (r < 0)
        return r;
    invitation_format(&config, &text);
    key_wipe(&config.private_key);
    r = text.failed ? err_set(err, -ENOMEM, "%s - out of memory", p->path)
                    : fs_new_file_write(file, text.data, text.len, err);
    buf_wipe(&text);
    return r;
}

/* The invitation is on disk before the server makes the peer, so that its key cannot get lost. */
static int create(struct new_peer *p, struct fs_new_file *file, struct err *err)
{
    const struct peer *server;
    int r = add_peer_find_server(p->peers.items, p->peers.n, &server, err);
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
    return output_write(&text, err);
}

static int fetch_lists(struct new_peer *p, struct err *err)
{
    log_info("Fetching CIDRs");
    int r = api_list_cidrs(&p->admin.api, &p->cidrs.items, &p->cidrs.n, err);
    if (r < 0)
        return r;
    log_info("Fetching peers");
    return api_list_peers(&p->admin.api, &p->peers.items, &p->peers.n, err);
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
