#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_internal.h"
#include "innernet/config.h"
#include "innernet/log.h"

#define INTERFACE "interface"
#define SERVER "server"
#define OVERRIDES "peer-endpoint-overrides"

static int read_endpoint(const char *source, const char *table, const char *key, const char *text,
                         struct endpoint *ret, struct err *err)
{
    struct err cause = ERR_INIT;
    int rc = endpoint_parse(text, ret, &cause);
    if (rc < 0)
        return err_set(err, rc, "%s: `%s.%s` - %s; correct it", source, table, key, cause.text);
    return 0;
}

static int read_listen_port(const struct toml_doc *doc, struct client_config *c, struct err *err)
{
    struct err cause = ERR_INIT;
    int rc = config_get_port(doc, INTERFACE, "listen-port", &c->listen_port, &cause);
    c->has_listen_port = rc == 0;
    if (rc == 0 || rc == -ENOENT)
        return 0;
    if (err)
        *err = cause;
    return rc;
}

static int read_interface(const struct toml_doc *doc, const char *source, struct client_config *c,
                          struct err *err)
{
    const char *name, *address;
    int rc = toml_get_string(doc, INTERFACE, "network-name", &name, err);
    if (rc == 0)
        rc = toml_get_string(doc, INTERFACE, "address", &address, err);
    if (rc < 0)
        return rc;
    if (network_parse(address, &c->address, NULL) < 0)
        return config_bad_value(source, INTERFACE, "address",
                                "an address with a prefix length like \"10.0.0.1/16\"", err);
    rc = config_get_key(doc, source, INTERFACE, "private-key", &c->private_key, err);
    if (rc < 0)
        return rc;
    rc = read_listen_port(doc, c, err);
    if (rc < 0)
        return rc;
    c->network_name = strdup(name);
    return c->network_name ? 0 : err_set(err, -ENOMEM, "%s: out of memory", source);
}

static int read_server(const struct toml_doc *doc, const char *source, struct client_config *c,
                       struct err *err)
{
    const char *external, *internal;
    int rc = config_get_key(doc, source, SERVER, "public-key", &c->server_key, err);
    if (rc == 0)
        rc = toml_get_string(doc, SERVER, "external-endpoint", &external, err);
    if (rc == 0)
        rc = toml_get_string(doc, SERVER, "internal-endpoint", &internal, err);
    if (rc < 0)
        return rc;
    if (sock_addr_parse(internal, &c->server_internal) < 0)
        return config_bad_value(source, SERVER, "internal-endpoint",
                                "an address with a port like \"10.0.0.1:51820\"", err);
    return read_endpoint(source, SERVER, "external-endpoint", external, &c->server_external, err);
}

struct override_reader {
    struct client_config *config;
    const char *source;
    size_t capacity;
};

static int grow(struct override_reader *r, struct err *err)
{
    struct client_config *c = r->config;
    if (c->n_overrides < r->capacity)
        return 0;
    size_t capacity = r->capacity ? r->capacity * 2 : 8;
    struct endpoint_override *more = reallocarray(c->overrides, capacity, sizeof(*more));
    if (!more)
        return err_set(err, -ENOMEM, "%s: out of memory", r->source);
    c->overrides = more;
    r->capacity = capacity;
    return 0;
}

static int read_override(void *user, const char *key, const char *value, struct err *err)
{
    struct override_reader *r = user;
    struct endpoint_override o = {.endpoint = ENDPOINT_INIT};
    if (ip_parse(key, &o.peer_ip) < 0)
        return config_bad_value(r->source, OVERRIDES, key, "an IP address", err);
    int rc = grow(r, err);
    if (rc == 0)
        rc = read_endpoint(r->source, OVERRIDES, key, value, &o.endpoint, err);
    if (rc == 0)
        r->config->overrides[r->config->n_overrides++] = o;
    return rc;
}

static int compare_overrides(const void *a, const void *b)
{
    const struct endpoint_override *x = a, *y = b;
    return ip_compare(&x->peer_ip, &y->peer_ip);
}

static int read_overrides(const struct toml_doc *doc, const char *source, struct client_config *c,
                          struct err *err)
{
    struct override_reader r = {c, source, 0};
    int rc = toml_each_string(doc, OVERRIDES, read_override, &r, err);
    if (rc < 0 || c->n_overrides == 0)
        return rc;
    qsort(c->overrides, c->n_overrides, sizeof(*c->overrides), compare_overrides);
    for (size_t i = 1; i < c->n_overrides; i++) {
        char ip[IP_TEXT_MAX];
        if (compare_overrides(&c->overrides[i - 1], &c->overrides[i]) == 0)
            return err_set(err, -EINVAL, "%s: `%s` names %s twice; remove one", source, OVERRIDES,
                           ip_format(&c->overrides[i].peer_ip, ip));
    }
    return 0;
}

int client_config_parse(const char *text, size_t len, const char *source, struct client_config *ret,
                        struct err *err)
{
    CLEAN_TOML struct toml_doc *doc = NULL;
    CLEAN_CLIENT_CONFIG struct client_config c = {0};
    int rc = toml_parse(text, len, source, &doc, err);
    if (rc == 0)
        rc = read_interface(doc, source, &c, err);
    if (rc == 0)
        rc = read_server(doc, source, &c, err);
    if (rc == 0)
        rc = read_overrides(doc, source, &c, err);
    if (rc < 0)
        return config_parse_failed(rc, err);
    *ret = c;
    c = (struct client_config){0};
    return 0;
}

void client_config_format(const struct client_config *c, struct buf *out)
{
    char network[NETWORK_TEXT_MAX], internal[SOCK_ADDR_TEXT_MAX], ip[IP_TEXT_MAX];
    buf_puts(out, "[" INTERFACE "]\n");
    config_put_line(out, "network-name", c->network_name);
    config_put_line(out, "address", network_format(&c->address, network));
    config_put_key_line(out, "private-key", &c->private_key);
    if (c->has_listen_port)
        buf_printf(out, "listen-port = %u\n", c->listen_port);
    buf_puts(out, "\n[" SERVER "]\n");
    config_put_key_line(out, "public-key", &c->server_key);
    config_put_endpoint_line(out, "external-endpoint", &c->server_external);
    config_put_line(out, "internal-endpoint", sock_addr_format(&c->server_internal, internal));
    if (c->n_overrides)
        buf_puts(out, "\n[" OVERRIDES "]\n");
    for (size_t i = 0; i < c->n_overrides; i++) {
        char key[IP_TEXT_MAX + 2];
        snprintf(key, sizeof(key), "\"%s\"", ip_format(&c->overrides[i].peer_ip, ip));
        config_put_endpoint_line(out, key, &c->overrides[i].endpoint);
    }
}

void invitation_format(const struct client_config *c, struct buf *out)
{
    buf_puts(out, "# An innernet invitation: it lets one machine join a private network.\n"
                  "#\n"
                  "# On that machine, run\n"
                  "#\n"
                  "#     innernet install <this file>\n"
                  "#\n"
                  "# It works once. Until then whoever has this file can join with it, so keep it\n"
                  "# to yourself, hand it over on a safe way, and do not edit it.\n");
    client_config_format(c, out);
}

int client_config_load(const char *path, bool warn_mode, struct client_config *ret, struct err *err)
{
    CLEANUP(buf_wipe) struct buf text = BUF_INIT;
    mode_t mode;
    int rc = config_read_file(path, &text, &mode, err);
    if (rc < 0)
        return rc;
    if (warn_mode && (mode & 0007))
        log_warn("%s is world-accessible (mode is 0o%03o). It holds a private key: run `chmod "
                 "0600` on it.",
                 path, mode & 0777U);
    return client_config_parse(text.data, text.len, path, ret, err);
}

void client_config_done(struct client_config *c)
{
    free(c->network_name);
    key_wipe(&c->private_key);
    endpoint_done(&c->server_external);
    for (size_t i = 0; i < c->n_overrides; i++)
        endpoint_done(&c->overrides[i].endpoint);
    free(c->overrides);
    *c = (struct client_config){0};
}

/* Where the override of `ip` is, or where it would have to go. */
static size_t find_override(const struct client_config *c, const struct ip *ip, bool *ret_found)
{
    size_t i = 0;
    while (i < c->n_overrides && ip_compare(&c->overrides[i].peer_ip, ip) < 0)
        i++;
    *ret_found = i < c->n_overrides && ip_equal(&c->overrides[i].peer_ip, ip);
    return i;
}

const struct endpoint *client_config_override(const struct client_config *c, const struct ip *ip)
{
    struct endpoint_override key = {.peer_ip = *ip};
    const struct endpoint_override *found = NULL;
    if (c->n_overrides)
        found = bsearch(&key, c->overrides, c->n_overrides, sizeof(key), compare_overrides);
    return found ? &found->endpoint : NULL;
}

static void remove_override(struct client_config *c, size_t at)
{
    endpoint_done(&c->overrides[at].endpoint);
    c->n_overrides--;
    memmove(&c->overrides[at], &c->overrides[at + 1],
            (c->n_overrides - at) * sizeof(*c->overrides));
}

static int insert_override(struct client_config *c, size_t at, const struct ip *ip,
                           struct endpoint *endpoint)
{
    struct endpoint_override *more = reallocarray(c->overrides, c->n_overrides + 1, sizeof(*more));
    if (!more)
        return -ENOMEM;
    c->overrides = more;
    memmove(&more[at + 1], &more[at], (c->n_overrides - at) * sizeof(*more));
    more[at] = (struct endpoint_override){.peer_ip = *ip, .endpoint = *endpoint};
    c->n_overrides++;
    *endpoint = ENDPOINT_INIT;
    return 0;
}

int client_config_set_override(struct client_config *c, const struct ip *ip,
                               const struct endpoint *endpoint)
{
    CLEAN_ENDPOINT struct endpoint copy = ENDPOINT_INIT;
    bool found;
    size_t at = find_override(c, ip, &found);
    if (endpoint && endpoint_copy(endpoint, &copy) < 0)
        return -ENOMEM;
    if (!endpoint) {
        if (found)
            remove_override(c, at);
        return 0;
    }
    if (!found)
        return insert_override(c, at, ip, &copy);
    endpoint_done(&c->overrides[at].endpoint);
    c->overrides[at].endpoint = copy;
    copy = ENDPOINT_INIT;
    return 0;
}
