#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "innernet/ask.h"
#include "innernet/choice.h"
#include "innernet/new_record.h"
#include "innernet/timestring.h"

int new_cidr_ask(const struct cli_args *args, const struct cidr *cidrs, size_t n, struct cidr *ret,
                 struct err *err)
{
    CLEAN_FREE char *net = NULL;
    size_t parent;
    int r = choice_parent(args, cidrs, n, &parent, err);
    if (r == 0)
        r = ask_text(args, "name", "Name", NULL, cli_check_hostname, &ret->name, err);
    if (r == 0)
        r = ask_text(args, "cidr", "CIDR", NULL, cli_check_network, &net, err);
    if (r == 0)
        r = network_parse(net, &ret->net, err);
    if (r < 0)
        return r;
    ret->has_parent = true;
    ret->parent = cidrs[parent].id;
    return 0;
}

/* --- add-peer ----------------------------------------------------------------------------------
 */

static int ask_ip(const struct cli_args *args, const struct cidr *cidr,
                  const struct peer *const *peers, size_t n_peers, struct ip *ret, struct err *err)
{
    CLEAN_FREE char *text = NULL;
    char suggested[IP_TEXT_MAX];
    struct ip ip;
    bool given = cli_given(args, "ip");
    int r = given ? 0 : new_peer_suggest_ip(cidr, peers, n_peers, &ip, err);
    if (r < 0)
        return r;
    if (cli_given(args, "auto-ip")) {
        *ret = ip;
        return 0;
    }
    r = ask_text(args, "ip", "IP", given ? NULL : ip_format(&ip, suggested), cli_check_ip, &text,
                 err);
    if (r == 0 && ip_parse(text, ret) < 0)
        r = err_set(err, -EINVAL, "%s is no IP address", text);
    return r;
}

static int ask_admin(const struct cli_args *args, struct peer *ret, struct err *err)
{
    CLEAN_FREE char *question = NULL;
    const char *given = cli_value(args, "admin");
    if (given) {
        ret->is_admin = strcmp(given, "true") == 0;
        return 0;
    }
    if (asprintf(&question, "Make %s an admin?", ret->name) < 0) {
        question = NULL;
        return err_set(err, -ENOMEM, "out of memory");
    }
    return prompt_confirm(&(struct prompt){.question = question, .option = "--admin"},
                          PROMPT_DEFAULT_NO, &ret->is_admin, err);
}

static int ask_expiry(const struct cli_args *args, struct peer *ret, struct err *err)
{
    CLEAN_FREE char *text = NULL;
    struct timespec now;
    uint64_t seconds;
    int r = ask_text(args, "invite-expires", "Invite expires after", TIMESTRING_DEFAULT,
                     cli_check_timestring, &text, err);
    if (r == 0)
        r = timestring_parse(text, &seconds, err);
    if (r < 0)
        return r;
    clock_gettime(CLOCK_REALTIME, &now);
    if (__builtin_add_overflow((int64_t)now.tv_sec, seconds, &ret->invite_expires_s))
        return err_set(err, -ERANGE, "%s is too long", text);
    ret->has_invite_expires = true;
    ret->invite_expires_ns = (uint32_t)now.tv_nsec;
    return 0;
}

static int ask_path(const struct cli_args *args, const char *name, char **ret, struct err *err)
{
    CLEAN_FREE char *def = NULL;
    if (asprintf(&def, "%s.toml", name) < 0) {
        def = NULL;
        return err_set(err, -ENOMEM, "out of memory");
    }
    return ask_text(args, "save-config", "Save peer invitation file to", def, NULL, ret, err);
}

int new_peer_ask(const struct cli_args *args, const struct cidr_tree *tree,
                 const struct peer *const *peers, size_t n_peers, struct peer *ret, char **ret_path,
                 struct err *err)
{
    size_t at;
    if (tree->root == CIDR_TREE_NONE)
        return err_set(err, -ENOENT, "the server lists no CIDRs");
    int r = choice_leaf(args, tree, &at, err);
    if (r < 0)
        return r;
    ret->cidr_id = tree->cidrs[at].id;
    r = ask_ip(args, &tree->cidrs[at], peers, n_peers, &ret->ip, err);
    if (r == 0)
        r = ask_text(args, "name", "Name", NULL, cli_check_hostname, &ret->name, err);
    if (r == 0)
        r = ask_admin(args, ret, err);
    if (r == 0)
        r = ask_expiry(args, ret, err);
    return r < 0 ? r : ask_path(args, ret->name, ret_path, err);
}
