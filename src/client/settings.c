#include "settings.h"

#include <errno.h>
#include <sys/stat.h>

#include "innernet/fsutil.h"
#include "paths.h"

int settings_open(const struct client *client, const char *interface, struct settings *ret,
                  struct err *err)
{
    *ret = SETTINGS_INIT;
    ret->path = paths_config(client, interface);
    if (!ret->path)
        return err_set(err, -ENOMEM, "%s - out of memory", interface);
    if (access(ret->path, F_OK) < 0)
        return err_set_os(err, -errno, "%s", ret->path);
    return client_config_load(ret->path, true, &ret->config, err);
}

int settings_begin(const struct client *client, const char *interface, struct settings *s,
                   struct err *err)
{
    int r = paths_lock(client, interface, &s->lock, err);
    if (r < 0)
        return r;
    client_config_done(&s->config);
    s->config = (struct client_config){0};
    return client_config_load(s->path, false, &s->config, err);
}

int settings_save(const struct settings *s, struct err *err)
{
    struct buf text = BUF_INIT;
    struct stat st;
    mode_t mode = stat(s->path, &st) == 0 ? st.st_mode & 0777 : 0600;
    client_config_format(&s->config, &text);
    int r = text.failed ? err_set(err, -ENOMEM, "%s - out of memory", s->path)
                        : fs_replace_file(s->path, text.data, text.len, mode, err);
    buf_wipe(&text);
    return r;
}

void settings_close(struct settings *s)
{
    client_config_done(&s->config);
    cleanup_free(&s->path);
    cleanup_close(&s->lock);
}
