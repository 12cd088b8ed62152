#include "wg_kernel.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>

#include "innernet/util.h"

void wg_kernel_done(struct wg_kernel *k)
{
    nl_close(k->route);
    nl_close(k->generic);
    *k = (struct wg_kernel){0};
}

static int open_once(struct nl **at, int bus)
{
    return *at ? 0 : nl_open(bus, at);
}

static int exchange_link(struct wg_kernel *k, struct nlmsghdr *request, const struct nl_sink *sink)
{
    int rc = open_once(&k->route, NETLINK_ROUTE);
    return rc < 0 ? rc : nl_exchange(k->route, request, sink);
}

static int take_link(void *ctx, const struct nlmsghdr *m)
{
    int rc = nl_link_parse(m, ctx);
    return rc > 0 ? 0 : rc;
}

int wg_kernel_find_link(struct wg_kernel *k, const char *name, struct nl_link *ret)
{
    _Alignas(struct nlmsghdr) char buf[NL_LINK_MAX];
    struct nl_link link = {0};
    struct nl_sink sink = {.message = take_link, .ctx = &link};
    int rc = exchange_link(k, nl_link_build_get(buf, name), &sink);
    if (rc < 0)
        return rc;
    /* The kernel also answers to alternative names. */
    if (strcmp(link.name, name) != 0)
        return -ENODEV;
    *ret = link;
    return 0;
}

struct name_list {
    char (*names)[IF_NAMESIZE];
    size_t n, cap;
};

static int take_name(void *ctx, const struct nlmsghdr *m)
{
    struct name_list *list = ctx;
    struct nl_link link;
    int rc = nl_link_parse(m, &link);
    if (rc != 0 || strcmp(link.kind, WG_KERNEL_KIND) != 0)
        return rc > 0 ? 0 : rc;
    if (list->n == list->cap) {
        size_t cap = list->cap ? 2 * list->cap : 8;
        void *names = reallocarray(list->names, cap, sizeof(*list->names));
        if (!names)
            return -ENOMEM;
        list->names = names;
        list->cap = cap;
    }
    memcpy(list->names[list->n++], link.name, sizeof(link.name));
    return 0;
}

static void forget_names(void *ctx)
{
    ((struct name_list *)ctx)->n = 0;
}

int wg_kernel_list(struct wg_kernel *k, int (*add)(void *ctx, const char *name), void *ctx)
{
    _Alignas(struct nlmsghdr) char buf[NL_LINK_MAX];
    struct name_list list = {0};
    struct nl_sink sink = {.message = take_name, .restart = forget_names, .ctx = &list};
    int rc = exchange_link(k, nl_link_build_dump(buf), &sink);
    for (size_t i = 0; rc == 0 && i < list.n; i++)
        rc = add(ctx, list.names[i]);
    free(list.names);
    return rc;
}

int wg_kernel_create(struct wg_kernel *k, const char *name)
{
    _Alignas(struct nlmsghdr) char buf[NL_LINK_MAX];
    return exchange_link(k, nl_link_build_create(buf, name, WG_KERNEL_KIND), NULL);
}

int wg_kernel_delete(struct wg_kernel *k, const char *name)
{
    _Alignas(struct nlmsghdr) char buf[NL_LINK_MAX];
    return exchange_link(k, nl_link_build_delete(buf, name, WG_KERNEL_KIND), NULL);
}

static int take_family(void *ctx, const struct nlmsghdr *m)
{
    return wg_kernel_parse_family(m, ctx);
}

/* Opens the socket and learns the family's number, once. */
static int prepare(struct wg_kernel *k)
{
    _Alignas(struct nlmsghdr) char buf[WG_KERNEL_REQUEST_MAX];
    struct nl_sink sink = {.message = take_family, .ctx = &k->family};
    int rc = open_once(&k->generic, NETLINK_GENERIC);
    if (rc < 0 || k->family)
        return rc;
    rc = nl_exchange(k->generic, wg_kernel_build_get_family(buf), &sink);
    if (rc == 0 && !k->family)
        rc = -EBADMSG;
    return rc == -ENOENT ? -EOPNOTSUPP : rc;
}

static int take_device(void *ctx, const struct nlmsghdr *m)
{
    return wg_kernel_parse_device(m, ctx);
}

static void forget_device(void *ctx)
{
    wg_build_reset(ctx);
}

int wg_kernel_get(struct wg_kernel *k, const char *name, struct wg_device *ret)
{
    _Alignas(struct nlmsghdr) char buf[WG_KERNEL_REQUEST_MAX];
    CLEAN_WG_DEVICE struct wg_device device = {0};
    struct wg_build build = {.device = &device};
    struct nl_sink sink = {.message = take_device, .restart = forget_device, .ctx = &build};
    int rc = prepare(k);
    if (rc == 0)
        rc = nl_exchange(k->generic, wg_kernel_build_get_device(buf, k->family, name), &sink);
    if (rc < 0)
        return rc;
    if (strcmp(device.name, name) != 0)
        return -ENODEV;
    wg_build_finish(&build);
    device.backend = WG_BACKEND_KERNEL;
    *ret = device;
    device = (struct wg_device){0};
    return 0;
}

static int send_message(void *ctx, struct nlmsghdr *m)
{
    struct wg_kernel *k = ctx;
    return nl_exchange(k->generic, m, NULL);
}

int wg_kernel_set(struct wg_kernel *k, const char *name, const struct wg_update *update)
{
    int rc = prepare(k);
    if (rc < 0)
        return rc;
    void *buf = malloc(NL_MESSAGE_MAX);
    if (!buf)
        return -ENOMEM;
    rc = wg_kernel_build_set(k->family, name, update, buf, NL_MESSAGE_MAX, send_message, k);
    explicit_bzero(buf, NL_MESSAGE_MAX);
    free(buf);
    return rc;
}
