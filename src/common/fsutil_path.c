#include "fsutil_path.h"

#include <string.h>

#include "innernet/buf.h"

/* Keeps the temporary name within NAME_MAX for every name that is. */
#define NAME_KEPT 200

char *fs_path_dir(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return strdup(".");
    return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

char *fs_path_temp_template(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    struct buf temp = BUF_INIT;
    buf_append(&temp, path, (size_t)(name - path));
    buf_putc(&temp, '.');
    buf_append(&temp, name, strnlen(name, NAME_KEPT));
    buf_puts(&temp, ".XXXXXX" FS_TEMP_SUFFIX);
    return buf_take(&temp);
}
