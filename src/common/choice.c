#include "innernet/choice.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "innernet/log.h"

static int no_memory(struct err *err)
{
    return err_set(err, -ENOMEM, "out of memory");
}

/* --- CIDRs -------------------------------------------------------------------------------------
 */

int choice_find_cidr(const struct cidr *cidrs, size_t n, const char *name, size_t *ret,
                     struct err *err)
{
    char safe[256];
    for (size_t i = 0; i < n; i++)
        if (strcmp(cidrs[i].name, name) == 0) {
            *ret = i;
            return 0;
        }
    return err_set(err, -ENOENT, "there is no CIDR '%s'; list-cidrs shows which there are",
                   log_safe(name, safe, sizeof(safe)));
}

static int add_cidr(struct menu *m, const struct cidr *cidrs, size_t i, bool bare)
{
    char net[NETWORK_TEXT_MAX];
    return bare ? menu_add(m, i, "%s", cidrs[i].name)
                : menu_add(m, i, "%s (%s)", cidrs[i].name, network_format(&cidrs[i].net, net));
}

static int select_cidr(const struct choice *c, const char *option, choice_cidr_fn offer,
                       const void *user, const struct cidr *cidrs, size_t n, size_t *ret,
                       struct err *err)
{
    CLEAN_MENU struct menu menu = {0};
    for (size_t i = 0; i < n; i++)
        if ((!offer || offer(user, &cidrs[i])) && add_cidr(&menu, cidrs, i, c->bare) < 0)
            return no_memory(err);
    if (menu.n == 0)
        return err_set(err, -ENOENT, "%s", c->none);
    return menu_select(&menu, c->question, option, ret, err);
}

int choice_cidr(const struct cli_args *args, const struct choice *c, choice_cidr_fn offer,
                const void *user, const struct cidr *cidrs, size_t n, size_t *ret, struct err *err)
{
    const char *given = cli_value(args, "name");
    return given ? choice_find_cidr(cidrs, n, given, ret, err)
                 : select_cidr(c, "--name", offer, user, cidrs, n, ret, err);
}

static bool is_not_the_servers(const void *user, const struct cidr *c)
{
    (void)user;
    return strcmp(c->name, SERVER_NAME) != 0;
}

static const char no_cidrs[] = "there is no CIDR to choose from";

int choice_parent(const struct cli_args *args, const struct cidr *cidrs, size_t n, size_t *ret,
                  struct err *err)
{
    const struct choice c = {.question = "Parent CIDR", .none = no_cidrs};
    const char *given = cli_value(args, "parent");
    return given ? choice_find_cidr(cidrs, n, given, ret, err)
                 : select_cidr(&c, "--parent", is_not_the_servers, NULL, cidrs, n, ret, err);
}

static int find_leaf(const struct cidr_tree *tree, const size_t *leaves, size_t n, const char *name,
                     size_t *ret, struct err *err)
{
    char safe[256];
    for (size_t i = 0; i < n; i++)
        if (strcmp(tree->cidrs[leaves[i]].name, name) == 0) {
            *ret = leaves[i];
            return 0;
        }
    return err_set(err, -ENOENT,
                   "there is no CIDR '%s' that could have peers (it must exist and have no "
                   "CIDRs below it)",
                   log_safe(name, safe, sizeof(safe)));
}

static int select_leaf(const struct cidr_tree *tree, const size_t *leaves, size_t n, size_t *ret,
                       struct err *err)
{
    CLEAN_MENU struct menu menu = {0};
    for (size_t i = 0; i < n; i++)
        if (is_not_the_servers(NULL, &tree->cidrs[leaves[i]]) &&
            add_cidr(&menu, tree->cidrs, leaves[i], false) < 0)
            return no_memory(err);
    if (menu.n == 0)
        return err_set(err, -ENOENT, "there is no CIDR for peers; create one with add-cidr");
    return menu_select(&menu, "Eligible CIDRs for peer", "--cidr", ret, err);
}

int choice_leaf(const struct cli_args *args, const struct cidr_tree *tree, size_t *ret,
                struct err *err)
{
    CLEAN_FREE size_t *leaves = NULL;
    const char *given = cli_value(args, "cidr");
    size_t n;
    if (cidr_tree_leaves(tree, &leaves, &n) < 0)
        return no_memory(err);
    return given ? find_leaf(tree, leaves, n, given, ret, err)
                 : select_leaf(tree, leaves, n, ret, err);
}

/* --- peers -------------------------------------------------------------------------------------
 */

static int find_peer(const struct cli_args *args, choice_peer_fn offer, const void *user,
                     const struct peer *const *peers, size_t n, size_t *ret, struct err *err)
{
    const char *name = cli_value(args, "name");
    for (size_t i = 0; i < n; i++) {
        if (strcmp(peers[i]->name, name) != 0)
            continue;
        if (!offer(user, peers[i]))
            return err_set(err, -ENOENT, "%s does not apply to the peer '%s'",
                           cli_args_command(args)->name, name);
        *ret = i;
        return 0;
    }
    return err_set(err, -ENOENT, "the peer '%s' does not exist", name);
}

int choice_peer(const struct cli_args *args, const struct choice *c, choice_peer_fn offer,
                const void *user, const struct peer *const *peers, size_t n, size_t *ret,
                struct err *err)
{
    CLEAN_MENU struct menu menu = {0};
    char ip[IP_TEXT_MAX];
    if (cli_given(args, "name"))
        return find_peer(args, offer, user, peers, n, ret, err);
    for (size_t i = 0; i < n; i++) {
        const struct peer *p = peers[i];
        if (!offer(user, p))
            continue;
        int r = c->bare ? menu_add(&menu, i, "%s", p->name)
                        : menu_add(&menu, i, "%s (%s)", p->name, ip_format(&p->ip, ip));
        if (r < 0)
            return no_memory(err);
    }
    if (menu.n == 0)
        return err_set(err, -ENOENT, "%s", c->none);
    return menu_select(&menu, c->question, "--name", ret, err);
}

/* --- associations ------------------------------------------------------------------------------
 */

static int choose_end(const struct cli_args *args, size_t positional, const struct choice *c,
                      const char *hint, const struct cidr *cidrs, size_t n, size_t *ret,
                      struct err *err)
{
    const char *given = cli_positional(args, positional);
    return given ? choice_find_cidr(cidrs, n, given, ret, err)
                 : select_cidr(c, hint, is_not_the_servers, NULL, cidrs, n, ret, err);
}

int choice_cidr_pair(const struct cli_args *args, const struct cidr *cidrs, size_t n, size_t *ret_a,
                     size_t *ret_b, bool *ret_named, struct err *err)
{
    const struct choice first = {.question = "First CIDR", .none = no_cidrs};
    const struct choice second = {.question = "Second CIDR", .none = no_cidrs};
    int r = choose_end(args, 1, &first, "CIDR1", cidrs, n, ret_a, err);
    if (r == 0)
        r = choose_end(args, 2, &second, "CIDR2", cidrs, n, ret_b, err);
    *ret_named = cli_positional(args, 1) && cli_positional(args, 2);
    return r;
}

static int find_association(const struct cli_args *args, const struct cidr *cidrs, size_t n_cidrs,
                            const struct association *list, size_t n, size_t *ret, struct err *err)
{
    size_t a, b;
    int r = choice_find_cidr(cidrs, n_cidrs, cli_positional(args, 1), &a, err);
    if (r == 0)
        r = choice_find_cidr(cidrs, n_cidrs, cli_positional(args, 2), &b, err);
    if (r < 0)
        return r;
    int64_t id_a = cidrs[a].id, id_b = cidrs[b].id;
    for (size_t i = 0; i < n; i++) {
        const struct association *x = &list[i];
        if ((x->cidr_id_1 == id_a && x->cidr_id_2 == id_b) ||
            (x->cidr_id_1 == id_b && x->cidr_id_2 == id_a)) {
            *ret = i;
            return 0;
        }
    }
    return err_set(err, -ENOENT, "the CIDRs %s and %s are not associated", cidrs[a].name,
                   cidrs[b].name);
}

static const char *name_of(const struct cidr_tree *tree, int64_t id)
{
    size_t at = cidr_tree_find_id(tree, id);
    return at == CIDR_TREE_NONE ? "[unknown]" : tree->cidrs[at].name;
}

static int select_association(const struct cidr *cidrs, size_t n_cidrs,
                              const struct association *list, size_t n, size_t *ret,
                              struct err *err)
{
    CLEAN_MENU struct menu menu = {0};
    CLEAN_CIDR_TREE struct cidr_tree tree = {0};
    int r = cidr_tree_init(&tree, cidrs, n_cidrs);
    for (size_t i = 0; r == 0 && i < n; i++)
        r = menu_add(&menu, i, "%" PRId64 ": %s <=> %s", list[i].id,
                     name_of(&tree, list[i].cidr_id_1), name_of(&tree, list[i].cidr_id_2));
    if (r < 0)
        return no_memory(err);
    if (menu.n == 0)
        return err_set(err, -ENOENT, "there are no associations");
    return menu_select(&menu, "Association", "CIDR1 CIDR2", ret, err);
}

int choice_association(const struct cli_args *args, const struct cidr *cidrs, size_t n_cidrs,
                       const struct association *list, size_t n, size_t *ret, struct err *err)
{
    if (cli_positional(args, 2))
        return find_association(args, cidrs, n_cidrs, list, n, ret, err);
    if (cli_positional(args, 1))
        log_warn("One CIDR alone does not tell which association is meant");
    return select_association(cidrs, n_cidrs, list, n, ret, err);
}
