#include "tag.h"

#include <errno.h>
#include <string.h>

#include "innernet/fsutil.h"
#include "rest_header.h"

#define FILE_MAX ((size_t)1024)

static void format_scope(const struct tag_scope *scope, struct buf *out)
{
    char key[KEY_TEXT_MAX], ip[IP_TEXT_MAX], server[SOCK_ADDR_TEXT_MAX];
    const struct client_config *c = scope->config;
    buf_printf(out, "innernet-etag 1\n%s\n%s %s %s\n", scope->store_digest,
               key_format(&c->server_key, key), sock_addr_format(&c->server_internal, server),
               ip_format(&c->address.addr, ip));
}

void tag_load(const char *path, const struct tag_scope *scope, char ret[static REST_TAG_MAX + 1])
{
    CLEAN_BUF struct buf wanted = BUF_INIT;
    CLEAN_BUF struct buf text = BUF_INIT;
    ret[0] = '\0';
    format_scope(scope, &wanted);
    if (scope->store_digest[0] == '\0' || wanted.failed ||
        fs_read_file(path, FILE_MAX, &text, NULL, NULL) < 0 || text.len <= wanted.len ||
        memcmp(text.data, wanted.data, wanted.len) != 0)
        return;
    char *tag = text.data + wanted.len;
    size_t len = text.len - wanted.len - 1;
    if (len > REST_TAG_MAX || tag[len] != '\n')
        return;
    tag[len] = '\0';
    if (strlen(tag) == len && rest_header_is_tag(tag))
        memcpy(ret, tag, len + 1);
}

int tag_save(const char *path, const struct tag_scope *scope, const char *tag, struct err *err)
{
    CLEAN_BUF struct buf text = BUF_INIT;
    format_scope(scope, &text);
    buf_printf(&text, "%s\n", tag);
    return text.failed ? err_set(err, -ENOMEM, "%s - out of memory", path)
                       : fs_replace_file(path, text.data, text.len, 0600, err);
}
