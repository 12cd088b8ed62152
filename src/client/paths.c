#include "paths.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "innernet/fsutil.h"
#include "innernet/log.h"
#include "innernet/name.h"

#define LOCK_WAIT_MS 60000
#define CONFIG_SUFFIX ".conf"

char *paths_config(const struct client *c, const char *interface)
{
    return fs_join(c->config_dir, interface, CONFIG_SUFFIX);
}

char *paths_store(const struct client *c, const char *interface)
{
    return fs_join(c->data_dir, interface, ".json");
}

char *paths_tag(const struct client *c, const char *interface)
{
    return fs_join(c->data_dir, interface, ".etag");
}

void path_names_done(struct path_names *names)
{
    for (size_t i = 0; i < names->n; i++)
        free(names->names[i]);
    free(names->names);
    *names = (struct path_names){0};
}

static bool is_regular(DIR *dir, const struct dirent *entry)
{
    struct stat st;
    if (entry->d_type != DT_UNKNOWN)
        return entry->d_type == DT_REG;
    return fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
}

/* Length of the interface name in "<name>.conf", 0 for any other file name. */
static size_t stem_len(const char *file)
{
    size_t len = strlen(file), suffix = strlen(CONFIG_SUFFIX);
    if (len <= suffix || strcmp(file + len - suffix, CONFIG_SUFFIX) != 0)
        return 0;
    return len - suffix;
}

static int names_add(struct path_names *names, const char *file, size_t len)
{
    struct err err = ERR_INIT;
    CLEAN_FREE char *name = strndup(file, len);
    if (!name)
        return -ENOMEM;
    if (name_check_interface(name, &err) < 0) {
        char safe[256];
        log_error("%s is no interface configuration: %s; rename or remove the file",
                  log_safe(file, safe, sizeof(safe)), err.text);
        names->n_bad++;
        return 0;
    }
    char **grown = realloc(names->names, (names->n + 1) * sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    names->names = grown;
    names->names[names->n++] = TAKE_PTR(name);
    return 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int paths_interfaces(const struct client *c, struct path_names *ret, struct err *err)
{
    struct path_names names = {0};
    struct dirent *entry;
    int r = 0;
    DIR *dir = opendir(c->config_dir);
    if (!dir)
        return err_set_os(err, -errno, "%s", c->config_dir);
    while (r == 0 && (errno = 0, entry = readdir(dir))) {
        size_t len = stem_len(entry->d_name);
        if (len > 0 && is_regular(dir, entry))
            r = names_add(&names, entry->d_name, len);
    }
    if (r == 0)
        r = -errno;
    closedir(dir);
    if (r < 0) {
        path_names_done(&names);
        return err_set_os(err, r, "%s", c->config_dir);
    }
    if (names.n > 1)
        qsort(names.names, names.n, sizeof(*names.names), compare_names);
    *ret = names;
    return 0;
}

/* A group that may write to the folder may take the lock too. */
static void share_lock(const struct client *c, int fd)
{
    struct stat st;
    if (stat(c->data_dir, &st) < 0 || !(st.st_mode & S_IWGRP))
        return;
    if (fchown(fd, (uid_t)-1, st.st_gid) == 0)
        (void)!fchmod(fd, 0660);
}

static int lock_within(const struct client *c, const char *interface, int wait_ms, int *ret_fd,
                       struct err *err)
{
    CLEAN_FREE char *path = fs_join(c->data_dir, interface, ".lock");
    if (!path)
        return err_set(err, -ENOMEM, "%s - out of memory", interface);
    int r = fs_lock(path, wait_ms, ret_fd, err);
    if (r == 0)
        share_lock(c, *ret_fd);
    return r;
}

int paths_try_lock(const struct client *c, const char *interface, int *ret_fd, struct err *err)
{
    int r = fs_ensure_dir(c->data_dir, err);
    return r < 0 ? r : lock_within(c, interface, 0, ret_fd, err);
}

int paths_lock(const struct client *c, const char *interface, int *ret_fd, struct err *err)
{
    int r = paths_try_lock(c, interface, ret_fd, err);
    if (r != -EAGAIN)
        return r;
    log_info("Waiting for another innernet process that works on %s", interface);
    return lock_within(c, interface, LOCK_WAIT_MS, ret_fd, err);
}
