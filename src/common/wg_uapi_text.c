/* The protocol's text. Error texts name keys, never values: one of them is the private key. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wg_uapi.h"

/* Decimal without sign, at most `max`. */
static bool parse_number(const char *text, uint64_t max, uint64_t *ret)
{
    uint64_t value = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || __builtin_mul_overflow(value, UINT64_C(10), &value) ||
            __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
            return false;
    }
    if (value > max)
        return false;
    *ret = value;
    return true;
}

static bool parse_private_key(const char *text, struct wg_build *b)
{
    CLEAN_KEY struct key key = {0};
    if (key_parse_hex(text, &key) < 0)
        return false;
    wg_build_private_key(b, &key);
    return true;
}

static bool parse_endpoint(const char *text, struct wg_peer *p)
{
    char plain[SOCK_ADDR_TEXT_MAX];
    if (sock_addr_parse(text, &p->endpoint) == 0)
        return p->has_endpoint = true;
    /* "[fe80::1%eth0]:51820": a zone by name means nothing to others, so it is left out. */
    const char *zone = strchr(text, '%');
    const char *end = zone ? strchr(zone, ']') : NULL;
    if (!end || strlen(text) >= sizeof(plain))
        return false;
    size_t head = (size_t)(zone - text);
    memcpy(plain, text, head);
    memcpy(plain + head, end, strlen(end) + 1);
    return p->has_endpoint = sock_addr_parse(plain, &p->endpoint) == 0;
}

/* An errno of either sign (wireguard-go's is negative) as 0 or a negative errno. */
static bool parse_code(const char *text, int *ret)
{
    uint64_t number;
    if (!parse_number(text + (*text == '-'), UINT32_MAX, &number))
        return false;
    *ret = number > 4095 ? -EIO : -(int)number;
    return true;
}

static int bad_value(const char *key, struct err *err)
{
    return err_set(err, -EBADMSG, "the answer has a bad value for \"%s\"", key);
}

static int read_device_value(struct wg_uapi_reader *r, const char *key, const char *value,
                             struct err *err)
{
    struct wg_device *d = r->build.device;
    uint64_t number;
    if (strcmp(key, "private_key") == 0)
        return parse_private_key(value, &r->build) ? 0 : bad_value(key, err);
    if (strcmp(key, "listen_port") == 0) {
        if (!parse_number(value, UINT16_MAX, &number))
            return bad_value(key, err);
        d->listen_port = (uint16_t)number;
    } else if (strcmp(key, "fwmark") == 0) {
        if (!parse_number(value, UINT32_MAX, &number))
            return bad_value(key, err);
        d->fwmark = (uint32_t)number;
    }
    return 0;
}

static int read_number(struct wg_peer *p, const char *key, const char *value, bool *ret_known)
{
    uint64_t number = 0;
    *ret_known = true;
    if (strcmp(key, "persistent_keepalive_interval") == 0) {
        if (!parse_number(value, UINT16_MAX, &number))
            return -EBADMSG;
        p->keepalive_s = (uint16_t)number;
    } else if (strcmp(key, "last_handshake_time_sec") == 0) {
        if (!parse_number(value, INT64_MAX, &number))
            return -EBADMSG;
        p->last_handshake_s = (int64_t)number;
    } else if (strcmp(key, "rx_bytes") == 0) {
        return parse_number(value, UINT64_MAX, &p->rx_bytes) ? 0 : -EBADMSG;
    } else if (strcmp(key, "tx_bytes") == 0) {
        return parse_number(value, UINT64_MAX, &p->tx_bytes) ? 0 : -EBADMSG;
    } else {
        *ret_known = false;
    }
    return 0;
}

static bool is_peer_key(const char *key)
{
    static const char *const keys[] = {"preshared_key",
                                       "protocol_version",
                                       "endpoint",
                                       "rx_bytes",
                                       "tx_bytes",
                                       "last_handshake_time_sec",
                                       "last_handshake_time_nsec",
                                       "persistent_keepalive_interval",
                                       "allowed_ip"};
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
        if (strcmp(key, keys[i]) == 0)
            return true;
    return false;
}

static int read_peer_value(struct wg_uapi_reader *r, const char *key, const char *value,
                           struct err *err)
{
    bool is_known;
    struct network net;
    if (!r->peer)
        return err_set(err, -EBADMSG, "the answer has \"%s\" before any peer", key);
    if (read_number(r->peer, key, value, &is_known) < 0)
        return bad_value(key, err);
    if (is_known)
        return 0;
    if (strcmp(key, "endpoint") == 0)
        return parse_endpoint(value, r->peer) ? 0 : bad_value(key, err);
    if (strcmp(key, "allowed_ip") != 0)
        return 0;
    if (network_parse(value, &net, NULL) < 0)
        return bad_value(key, err);
    int rc = wg_build_allowed_ip(&r->build, &net);
    return rc < 0 ? err_set_os(err, rc, "cannot keep the allowed IPs of the device") : 0;
}

static int read_public_key(struct wg_uapi_reader *r, const char *value, struct err *err)
{
    struct key key;
    if (key_parse_hex(value, &key) < 0)
        return bad_value("public_key", err);
    int rc = wg_build_peer(&r->build, &key, &r->peer);
    return rc < 0 ? err_set_os(err, rc, "cannot keep the peers of the device") : 0;
}

static int read_value(struct wg_uapi_reader *r, const char *key, const char *value, struct err *err)
{
    if (strcmp(key, "errno") == 0) {
        r->has_code = parse_code(value, &r->code);
        return r->has_code ? 0 : bad_value(key, err);
    }
    if (strcmp(key, "public_key") == 0)
        return read_public_key(r, value, err);
    if (is_peer_key(key))
        return read_peer_value(r, key, value, err);
    return read_device_value(r, key, value, err);
}

/* Splits "key=value". */
static const char *split(const char *line, char key[static 64], struct err *err)
{
    const char *equals = strchr(line, '=');
    size_t len = equals ? (size_t)(equals - line) : 0;
    if (!equals) {
        err_set(err, -EBADMSG, "the answer has a line without \"=\"");
        return NULL;
    }
    /* No key we know is this long, so what is cut off changes nothing. */
    if (len > 63)
        len = 63;
    memcpy(key, line, len);
    key[len] = '\0';
    return equals + 1;
}

static int refused(int code, struct err *err)
{
    return err_set_os(err, code, "the userspace WireGuard refuses the request");
}

int wg_uapi_read_line(struct wg_uapi_reader *r, const char *line, struct err *err)
{
    char key[64];
    if (!*line) {
        if (!r->has_code)
            return err_set(err, -EBADMSG, "the answer ends without an errno line");
        return r->code < 0 ? refused(r->code, err) : 1;
    }
    const char *value = split(line, key, err);
    return value ? read_value(r, key, value, err) : -EBADMSG;
}

int wg_uapi_read_status_line(bool *has_code, const char *line, struct err *err)
{
    char key[64];
    int code;
    if (!*line && *has_code)
        return 1;
    const char *value = *line ? split(line, key, NULL) : NULL;
    if (!value || strcmp(key, "errno") != 0 || !parse_code(value, &code))
        return err_set(err, -EBADMSG, "the answer is not an errno line");
    *has_code = true;
    return code < 0 ? refused(code, err) : 0;
}

int wg_uapi_parse_get(const char *text, size_t len, struct wg_device *ret, struct err *err)
{
    CLEAN_WG_DEVICE struct wg_device device = {.backend = WG_BACKEND_USERSPACE};
    struct wg_uapi_reader r = {.build.device = &device};
    char line[WG_UAPI_LINE_MAX];
    int rc = 0;
    while (rc == 0) {
        const char *end = memchr(text, '\n', len);
        size_t n = end ? (size_t)(end - text) : 0;
        if (!end || n >= sizeof(line) || memchr(text, '\0', n))
            return err_set(err, -EBADMSG, "the answer is cut off or has a line that is none");
        memcpy(line, text, n);
        line[n] = '\0';
        text += n + 1;
        len -= n + 1;
        rc = wg_uapi_read_line(&r, line, err);
        explicit_bzero(line, n);
    }
    if (rc < 0)
        return rc;
    *ret = device;
    device = (struct wg_device){0};
    return 0;
}

static void put_key(struct buf *out, const char *name, const struct key *key)
{
    char hex[KEY_HEX_MAX];
    buf_puts(out, name);
    buf_putc(out, '=');
    buf_puts(out, key_format_hex(key, hex));
    buf_putc(out, '\n');
    explicit_bzero(hex, sizeof(hex));
}

static void put_number(struct buf *out, const char *name, uint64_t value)
{
    buf_puts(out, name);
    buf_putc(out, '=');
    buf_put_u64(out, value);
    buf_putc(out, '\n');
}

static void put_peer(struct buf *out, const struct wg_peer_update *p)
{
    put_key(out, "public_key", &p->public_key);
    if (p->update_only)
        buf_puts(out, "update_only=true\n");
    if (p->replace_allowed_ips)
        buf_puts(out, "replace_allowed_ips=true\n");
    if (p->remove)
        buf_puts(out, "remove=true\n");
    if (p->has_endpoint) {
        char text[SOCK_ADDR_TEXT_MAX];
        buf_puts(out, "endpoint=");
        buf_puts(out, sock_addr_format(&p->endpoint, text));
        buf_putc(out, '\n');
    }
    if (p->has_keepalive)
        put_number(out, "persistent_keepalive_interval", p->keepalive_s);
    for (size_t i = 0; i < p->n_allowed_ips; i++) {
        char text[NETWORK_TEXT_MAX];
        buf_puts(out, "allowed_ip=");
        buf_puts(out, network_format(&p->allowed_ips[i], text));
        buf_putc(out, '\n');
    }
}

void wg_uapi_format_set(const struct wg_update *u, struct buf *out)
{
    buf_puts(out, "set=1\n");
    if (u->has_private_key)
        put_key(out, "private_key", &u->private_key);
    if (u->has_fwmark)
        put_number(out, "fwmark", u->fwmark);
    if (u->has_listen_port)
        put_number(out, "listen_port", u->listen_port);
    if (u->replace_peers)
        buf_puts(out, "replace_peers=true\n");
    for (size_t i = 0; i < u->n_peers; i++)
        put_peer(out, &u->peers[i]);
    buf_putc(out, '\n');
}
