/* add-cidr, rename-cidr, delete-cidr. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "innernet/log.h"
#include "innernet/prompt.h"
#include "validate.h"

/* A menu of the CIDRs that `offer` accepts. */
static int select_cidr(const struct model *m, const char *question, const char *option,
                       bool (*offer)(const struct model *, const struct cidr *), int64_t *ret_id,
                       struct err *err)
{
    CLEAN_FREE char **labels = calloc(m->n_cidrs + 1, sizeof(*labels));
    CLEAN_FREE int64_t *ids = calloc(m->n_cidrs + 1, sizeof(*ids));
    size_t n = 0;
    size_t chosen = 0;
    if (!labels || !ids)
        return err_set(err, -ENOMEM, "out of memory");
    for (size_t i = 0; i < m->n_cidrs; i++) {
        if (!offer(m, &m->cidrs[i]))
            continue;
        ids[n] = m->cidrs[i].id;
        labels[n++] = command_cidr_label(&m->cidrs[i]);
    }
    const struct prompt p = {.question = question, .option = option};
    int r = n == 0 ? err_set(err, -ENOENT, "%s: there is no CIDR to choose", question)
                   : prompt_select(&p, (const char *const *)labels, n, &chosen, err);
    if (r == 0)
        *ret_id = ids[chosen];
    for (size_t i = 0; i < n; i++)
        free(labels[i]);
    return r;
}

static int find_cidr(const struct model *m, const char *name, int64_t *ret_id, struct err *err)
{
    char text[256];
    const struct cidr *c = model_find_cidr_by_name(m, name);
    if (!c)
        return err_set(err, -ENOENT, "there is no CIDR named \"%s\"",
                       log_safe(name, text, sizeof(text)));
    *ret_id = c->id;
    return 0;
}

static bool offer_parent(const struct model *m, const struct cidr *c)
{
    (void)m;
    return strcmp(c->name, SERVER_NAME) != 0;
}

static int ask_new_cidr(const struct cli_args *args, const struct model *m, struct cidr *c,
                        struct err *err)
{
    CLEAN_FREE char *net = NULL;
    const char *parent = cli_value(args, "parent");
    int r = parent ? find_cidr(m, parent, &c->parent, err)
                   : select_cidr(m, "Parent CIDR", "--parent", offer_parent, &c->parent, err);
    c->has_parent = true;
    if (r == 0)
        r = command_text(args, "name", "Name", NULL, cli_check_hostname, &c->name, err);
    if (r == 0)
        r = command_text(args, "cidr", "CIDR", NULL, cli_check_network, &net, err);
    return r < 0 ? r : network_parse(net, &c->net, err);
}

static int add_cidr(const struct cli_args *args, struct err *err)
{
    CLEAN_REGISTRY struct registry registry = REGISTRY_INIT;
    CLEAN_CIDR struct cidr c = {0};
    bool yes = false;
    int64_t id;
    int r = command_open_registry(args, &registry, err);
    if (r == 0)
        r = ask_new_cidr(args, &registry.model, &c, err);
    char question[160];
    char net[NETWORK_TEXT_MAX];
    if (r == 0) {
        snprintf(question, sizeof(question), "Create the CIDR %s (%s)?", c.name,
                 network_format(&c.net, net));
        r = command_confirm(args, question, &yes, err);
    }
    if (r < 0 || !yes) {
        if (r == 0)
            puts("Nothing was created.");
        return r;
    }
    r = registry_add_cidr(&registry, &c, &id, err);
    if (r == 0)
        printf("The CIDR \"%s\" (%s) has been added. Its peers see only each other and the server "
               "until it is associated with other CIDRs.\n",
               c.name, net);
    return r;
}

int cmd_add_cidr(const struct cli_args *args, void *user)
{
    (void)user;
    struct err err = ERR_INIT;
    return command_exit(add_cidr(args, &err), &err);
}

static bool offer_any(const struct model *m, const struct cidr *c)
{
    (void)m;
    (void)c;
    return true;
}

static int rename_cidr(const struct cli_args *args, struct err *err)
{
    CLEAN_REGISTRY struct registry registry = REGISTRY_INIT;
    CLEAN_FREE char *new_name = NULL;
    bool yes = false;
    int64_t id = 0;
    const char *name = cli_value(args, "name");
    int r = command_open_registry(args, &registry, err);
    if (r < 0)
        return r;
    r = name ? find_cidr(&registry.model, name, &id, err)
             : select_cidr(&registry.model, "CIDR to rename", "--name", offer_any, &id, err);
    if (r == 0)
        r = command_text(args, "new-name", "New name", NULL, name_check_cidr, &new_name, err);
    if (r == 0)
        r = command_confirm(args, "Rename this CIDR?", &yes, err);
    if (r < 0)
        return r;
    if (!yes) {
        puts("Nothing was renamed.");
        return 0;
    }
    return registry_rename_cidr(&registry, id, new_name, err);
}

int cmd_rename_cidr(const struct cli_args *args, void *user)
{
    (void)user;
    struct err err = ERR_INIT;
    return command_exit(rename_cidr(args, &err), &err);
}

static bool offer_deletable(const struct model *m, const struct cidr *c)
{
    return validate_delete_cidr(m, c->id, NULL) == 0;
}

static int delete_cidr(const struct cli_args *args, struct err *err)
{
    CLEAN_REGISTRY struct registry registry = REGISTRY_INIT;
    bool yes = false;
    int64_t id = 0;
    const char *name = cli_value(args, "name");
    puts("Looking for the CIDR");
    int r = command_open_registry(args, &registry, err);
    if (r < 0)
        return r;
    r = name ? find_cidr(&registry.model, name, &id, err)
             : select_cidr(&registry.model, "CIDR to delete", "--name", offer_deletable, &id, err);
    if (r == 0)
        r = command_confirm(args, "Delete this CIDR?", &yes, err);
    if (r < 0)
        return r;
    if (!yes)
        return err_set(err, -ECANCELED, "nothing was deleted");
    puts("Deleting the CIDR");
    r = registry_delete_cidr(&registry, id, err);
    if (r == 0)
        puts("The CIDR has been deleted");
    return r;
}

int cmd_delete_cidr(const struct cli_args *args, void *user)
{
    (void)user;
    struct err err = ERR_INIT;
    return command_exit(delete_cidr(args, &err), &err);
}
