#include "innernet/wg.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "innernet/util.h"
#include "wg_kernel.h"
#include "wg_uapi.h"

#define NO_KERNEL "this kernel has no WireGuard"
#define KERNEL_REMEDY "use a kernel that has it (Debian: apt install linux-image-amd64)"

struct wg {
    enum wg_backend choice;
    struct wg_kernel kernel;
};

int wg_open(enum wg_backend choice, struct wg **ret, struct err *err)
{
    struct wg *wg = calloc(1, sizeof(*wg));
    if (!wg)
        return err_set_os(err, -ENOMEM, "cannot keep a WireGuard session");
    wg->choice = choice;
    *ret = wg;
    return 0;
}

void wg_free(struct wg *wg)
{
    if (!wg)
        return;
    wg_kernel_done(&wg->kernel);
    free(wg);
}

int wg_backend_parse(const char *text, enum wg_backend *ret)
{
    if (strcmp(text, "kernel") == 0)
        *ret = WG_BACKEND_KERNEL;
    else if (strcmp(text, "userspace") == 0)
        *ret = WG_BACKEND_USERSPACE;
    else
        return -EINVAL;
    return 0;
}

struct name_list {
    char **names;
    size_t n;
};

static int add_name(void *ctx, const char *name)
{
    struct name_list *list = ctx;
    if (name_check_device(name, strlen(name), NULL) < 0)
        return 0;
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->names[i], name) == 0)
            return 0;
    char **names = reallocarray(list->names, list->n + 1, sizeof(*names));
    if (!names)
        return -ENOMEM;
    list->names = names;
    names[list->n] = strdup(name);
    return names[list->n++] ? 0 : -ENOMEM;
}

void wg_names_free(char **names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
}

int wg_list(struct wg *wg, char ***ret_names, size_t *ret_n, struct err *err)
{
    struct name_list list = {0};
    int rc = 0;
    if (wg->choice != WG_BACKEND_USERSPACE)
        rc = wg_kernel_list(&wg->kernel, add_name, &list);
    if (rc == 0 && wg->choice != WG_BACKEND_KERNEL)
        rc = wg_uapi_list(add_name, &list);
    if (rc < 0) {
        wg_names_free(list.names, list.n);
        return err_set_os(err, rc, "cannot list the WireGuard devices");
    }
    *ret_names = list.names;
    *ret_n = list.n;
    return 0;
}

static int find_userspace(const char *name, struct err *err)
{
    int fd = wg_uapi_connect(name);
    if (fd < 0)
        return fd == -ENODEV ? fd : err_set_os(err, fd, "cannot ask the WireGuard device %s", name);
    close(fd);
    return 0;
}

static int missing(const char *name, enum wg_backend choice, bool has_link, struct err *err)
{
    static const char *const wanted[] = {[WG_BACKEND_AUTO] = "a",
                                         [WG_BACKEND_KERNEL] = "the kernel's",
                                         [WG_BACKEND_USERSPACE] = "a userspace"};
    if (!has_link)
        return err_set(err, -ENODEV, "there is no WireGuard device %s", name);
    return err_set(err, -ENODEV, "the interface %s exists, but it is not %s WireGuard device", name,
                   wanted[choice]);
}

/* The backend that has a device of this name. -ENODEV: none, *ret_has_link (nullable) tells whether
 * another interface has the name; else why that cannot be told. */
static int find(struct wg *wg, const char *name, enum wg_backend *ret, bool *ret_has_link,
                struct err *err)
{
    struct nl_link link = {0};
    int rc = name_check_device(name, strlen(name), err);
    if (rc < 0)
        return rc;
    /* Looking at the link loads no module, unlike asking for the family. */
    rc = wg_kernel_find_link(&wg->kernel, name, &link);
    if (rc < 0 && rc != -ENODEV)
        return err_set_os(err, rc, "cannot look up the interface %s", name);
    bool has_link = rc == 0;
    if (wg->choice != WG_BACKEND_USERSPACE && strcmp(link.kind, WG_KERNEL_KIND) == 0) {
        *ret = WG_BACKEND_KERNEL;
        return 0;
    }
    if (wg->choice != WG_BACKEND_KERNEL) {
        rc = find_userspace(name, err);
        if (rc == 0)
            *ret = WG_BACKEND_USERSPACE;
        if (rc != -ENODEV)
            return rc;
    }
    if (ret_has_link)
        *ret_has_link = has_link;
    return missing(name, wg->choice, has_link, err);
}

bool wg_exists(struct wg *wg, const char *name)
{
    enum wg_backend backend;
    return find(wg, name, &backend, NULL, NULL) == 0;
}

static int fail_kernel(int rc, const char *verb, const char *name, struct err *err)
{
    if (rc == -EMSGSIZE)
        return err_set(err, rc,
                       "cannot %s the WireGuard device %s - a part of it does not fit into "
                       "a message",
                       verb, name);
    return err_set_os(err, rc, "cannot %s the WireGuard device %s", verb, name);
}

int wg_get(struct wg *wg, const char *name, struct wg_device *ret, struct err *err)
{
    enum wg_backend backend;
    int rc = find(wg, name, &backend, NULL, err);
    if (rc < 0)
        return rc;
    if (backend == WG_BACKEND_KERNEL) {
        rc = wg_kernel_get(&wg->kernel, name, ret);
        return rc < 0 ? fail_kernel(rc, "read", name, err) : 0;
    }
    rc = wg_uapi_get(name, ret, err);
    return rc < 0 ? err_prefix(err, rc, "cannot read the WireGuard device %s", name) : 0;
}

int wg_set(struct wg *wg, const char *name, const struct wg_update *update, struct err *err)
{
    enum wg_backend backend;
    int rc = find(wg, name, &backend, NULL, err);
    if (rc < 0)
        return rc;
    rc = backend == WG_BACKEND_KERNEL ? wg_kernel_set(&wg->kernel, name, update)
                                      : wg_uapi_set(name, update, err);
    if (rc == -EADDRINUSE && update->has_listen_port)
        return err_set(err, rc,
                       "cannot configure the WireGuard device %s - another program listens on UDP "
                       "port %u - end it or choose another listen port",
                       name, update->listen_port);
    if (rc < 0 && backend == WG_BACKEND_KERNEL)
        return fail_kernel(rc, "configure", name, err);
    return rc < 0 ? err_prefix(err, rc, "cannot configure the WireGuard device %s", name) : 0;
}

int wg_delete(struct wg *wg, const char *name, struct err *err)
{
    enum wg_backend backend;
    int rc = find(wg, name, &backend, NULL, err);
    if (rc < 0)
        return rc;
    if (backend == WG_BACKEND_KERNEL) {
        rc = wg_kernel_delete(&wg->kernel, name);
        return rc < 0 ? fail_kernel(rc, "delete", name, err) : 0;
    }
    rc = wg_uapi_delete(name, err);
    return rc < 0 ? err_prefix(err, rc, "cannot delete the WireGuard device %s", name) : 0;
}

static int create_userspace(const char *name, struct err *err)
{
    int rc = wg_uapi_start(name, err);
    return rc < 0 ? err_prefix(err, rc, "cannot create the WireGuard device %s", name) : 0;
}

static int create(struct wg *wg, const char *name, struct err *err)
{
    if (wg->choice == WG_BACKEND_USERSPACE)
        return create_userspace(name, err);
    /* The attempt makes the kernel load its module, so it is the best question there is. */
    int rc = wg_kernel_create(&wg->kernel, name);
    if (rc != -EOPNOTSUPP)
        return rc < 0 ? fail_kernel(rc, "create", name, err) : 0;
    if (wg->choice == WG_BACKEND_KERNEL)
        return err_set(err, rc,
                       "cannot create the WireGuard device %s - " NO_KERNEL " - " KERNEL_REMEDY
                       " or choose --backend userspace",
                       name);
    if (wg_uapi_is_installed())
        return create_userspace(name, err);
    return err_set(err, rc,
                   "cannot create the WireGuard device %s - " NO_KERNEL
                   ", and the userspace implementation \"%s\" is not installed - " KERNEL_REMEDY
                   ", or install one (Debian: apt install wireguard-go), or name one in "
                   "WG_USERSPACE_IMPLEMENTATION",
                   name, wg_uapi_program());
}

int wg_create(struct wg *wg, const char *name, bool *ret_created, struct err *err)
{
    enum wg_backend backend;
    struct err reason = ERR_INIT;
    bool has_link = false;
    bool is_created = false;
    int rc = find(wg, name, &backend, &has_link, &reason);
    if (rc == -ENODEV && has_link)
        return err_set(err, -EEXIST, "%s - remove it or choose another name", reason.text);
    if (rc == -ENODEV) {
        rc = create(wg, name, &reason);
        is_created = rc == 0;
    }
    if (rc == -EEXIST) /* another process was faster */
        rc = find(wg, name, &backend, NULL, &reason);
    if (rc < 0) {
        if (err)
            *err = reason;
        return rc;
    }
    if (ret_created)
        *ret_created = is_created;
    return 0;
}
