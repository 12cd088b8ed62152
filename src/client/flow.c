#include "flow.h"

#include <errno.h>
#include <stdarg.h>

#include "innernet/log.h"
#include "paths.h"

int admin_open(const struct client *client, const char *interface, struct admin *ret,
               struct err *err)
{
    *ret = (struct admin){0};
    CLEAN_FREE char *path = paths_config(client, interface);
    if (!path)
        return err_set(err, -ENOMEM, "%s - out of memory", interface);
    int r = client_config_load(path, true, &ret->config, err);
    if (r < 0)
        return r;
    return api_open(NULL, &ret->config, &ret->api, err);
}

void admin_close(struct admin *a)
{
    api_close(&a->api);
    client_config_done(&a->config);
}

int admin_fetch_cidrs(struct admin *a, struct cidr_list *ret, struct err *err)
{
    log_info("Fetching CIDRs");
    return api_list_cidrs(&a->api, &ret->items, &ret->n, err);
}

int admin_fetch_peers(struct admin *a, struct peer_list *ret, struct err *err)
{
    log_info("Fetching peers");
    int r = api_list_peers(&a->api, &ret->items, &ret->n, err);
    if (r < 0)
        return r;
    ret->refs = calloc(ret->n + 1, sizeof(*ret->refs));
    if (!ret->refs)
        return err_set(err, -ENOMEM, "out of memory");
    for (size_t i = 0; i < ret->n; i++)
        ret->refs[i] = &ret->items[i];
    return 0;
}

int admin_fetch_associations(struct admin *a, struct association_list *ret, struct err *err)
{
    log_info("Fetching associations");
    return api_list_associations(&a->api, &ret->items, &ret->n, err);
}

int flow_confirm(const struct cli_args *args, bool stdin_optional, bool *ret, struct err *err,
                 const char *question, ...)
{
    va_list list;
    va_start(list, question);
    int r = ask_consent(args, stdin_optional, ret, err, question, list);
    va_end(list);
    if (r == 0 && !*ret)
        log_info("Declined: nothing was changed");
    return r;
}
