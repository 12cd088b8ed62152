#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "config_internal.h"
#include "innernet/config.h"

static int read_address(const struct toml_doc *doc, const char *source, struct ip *ret,
                        struct err *err)
{
    const char *text;
    int rc = toml_get_string(doc, "", "address", &text, err);
    if (rc < 0)
        return rc;
    if (ip_parse(text, ret) < 0)
        return config_bad_value(source, "", "address", "an IP address like \"10.0.0.1\"", err);
    return 0;
}

static int read_values(const struct toml_doc *doc, const char *source, struct server_config *c,
                       struct err *err)
{
    int64_t prefix;
    int rc = config_get_key(doc, source, "", "private-key", &c->private_key, err);
    if (rc == 0)
        rc = config_get_port(doc, "", "listen-port", &c->listen_port, err);
    if (rc == 0)
        rc = read_address(doc, source, &c->address, err);
    if (rc == 0)
        rc = toml_get_int(doc, "", "network-cidr-prefix", 0, ip_bits(&c->address), &prefix, err);
    if (rc == 0)
        c->network_cidr_prefix = (uint8_t)prefix;
    return rc;
}

int server_config_parse(const char *text, size_t len, const char *source, struct server_config *ret,
                        struct err *err)
{
    CLEAN_TOML struct toml_doc *doc = NULL;
    CLEAN_SERVER_CONFIG struct server_config c = {0};
    int rc = toml_parse(text, len, source, &doc, err);
    if (rc == 0)
        rc = read_values(doc, source, &c, err);
    if (rc < 0)
        return config_parse_failed(rc, err);
    *ret = c;
    return 0;
}

void server_config_format(const struct server_config *c, struct buf *out)
{
    char ip[IP_TEXT_MAX];
    config_put_key_line(out, "private-key", &c->private_key);
    buf_printf(out, "listen-port = %u\n", c->listen_port);
    config_put_line(out, "address", ip_format(&c->address, ip));
    buf_printf(out, "network-cidr-prefix = %u\n", c->network_cidr_prefix);
}

static int tighten_mode(const char *path, struct err *err)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return err_set_os(err, -errno, "%s", path);
    if (!S_ISREG(st.st_mode) || (st.st_mode & 0777) == 0600)
        return 0; /* what is no file is refused by the reader */
    if (chmod(path, 0600) < 0)
        return err_set_os(err, -errno, "%s - cannot set the mode to 0600", path);
    printf("%s holds a private key and had mode 0%03o; it is 0600 now.\n", path,
           st.st_mode & 0777U);
    return 0;
}

int server_config_load(const char *path, struct server_config *ret, struct err *err)
{
    CLEANUP(buf_wipe) struct buf text = BUF_INIT;
    int rc = tighten_mode(path, err);
    if (rc == 0)
        rc = config_read_file(path, &text, NULL, err);
    return rc < 0 ? rc : server_config_parse(text.data, text.len, path, ret, err);
}

void server_config_done(struct server_config *c)
{
    key_wipe(&c->private_key);
    *c = (struct server_config){0};
}
