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

enum line_key {
    LINE_PUBLIC_KEY,
    LINE_PRESHARED_KEY,
    LINE_PROTOCOL_VERSION,
    LINE_ENDPOINT,
    LINE_HANDSHAKE_SEC,
    LINE_HANDSHAKE_NSEC,
    LINE_TX_BYTES,
    LINE_RX_BYTES,
    LINE_KEEPALIVE,
    LINE_ALLOWED_IP,
    LINE_PRIVATE_KEY,
    LINE_LISTEN_PORT,
    LINE_FWMARK,
    LINE_ERRNO,
    LINE_UNKNOWN
};

#define LINE_KEY(literal)                                                                          \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }
static const struct {
    const char *text;
    size_t len;
} line_keys[LINE_UNKNOWN] = {
    [LINE_PUBLIC_KEY] = LINE_KEY("public_key"),
    [LINE_PRESHARED_KEY] = LINE_KEY("preshared_key"),
    [LINE_PROTOCOL_VERSION] = LINE_KEY("protocol_version"),
    [LINE_ENDPOINT] = LINE_KEY("endpoint"),
    [LINE_HANDSHAKE_SEC] = LINE_KEY("last_handshake_time_sec"),
    [LINE_HANDSHAKE_NSEC] = LINE_KEY("last_handshake_time_nsec"),
    [LINE_TX_BYTES] = LINE_KEY("tx_bytes"),
    [LINE_RX_BYTES] = LINE_KEY("rx_bytes"),
    [LINE_KEEPALIVE] = LINE_KEY("persistent_keepalive_interval"),
    [LINE_ALLOWED_IP] = LINE_KEY("allowed_ip"),
    [LINE_PRIVATE_KEY] = LINE_KEY("private_key"),
    [LINE_LISTEN_PORT] = LINE_KEY("listen_port"),
    [LINE_FWMARK] = LINE_KEY("fwmark"),
    [LINE_ERRNO] = LINE_KEY("errno"),
};

/* The key in front of "=", its value in *ret_value; a negative errno when there is no "=". */
static int split(const char *line, const char **ret_value, struct err *err)
{
    const char *equals = strchr(line, '=');
    if (!equals)
        return err_set(err, -EBADMSG, "the answer has a line without \"=\"");
    size_t len = (size_t)(equals - line);
    *ret_value = equals + 1;
    for (int i = 0; i < LINE_UNKNOWN; i++)
        if (len == line_keys[i].len && memcmp(line, line_keys[i].text, len) == 0)
            return i;
    return LINE_UNKNOWN;
}

static int bad_value(int key, struct err *err)
{
    return err_set(err, -EBADMSG, "the answer has a bad value for \"%s\"", line_keys[key].text);
}

/* All read_* functions: 0, -EBADMSG for a bad value, or why it cannot be kept. */
static int read_private_key(struct wg_build *b, const char *value)
{
    CLEAN_KEY struct key key = {0};
    if (key_parse_hex(value, &key) < 0)
        return -EBADMSG;
    wg_build_private_key(b, &key);
    return 0;
}

static int read_device_value(struct wg_build *b, int key, const char *value)
{
    uint64_t number = 0;
    switch (key) {
    case LINE_PRIVATE_KEY:
        return read_private_key(b, value);
    case LINE_LISTEN_PORT:
        if (!parse_number(value, UINT16_MAX, &number))
            return -EBADMSG;
        b->device->listen_port = (uint16_t)number;
        return 0;
    case LINE_FWMARK:
        if (!parse_number(value, UINT32_MAX, &number))
            return -EBADMSG;
        b->device->fwmark = (uint32_t)number;
        return 0;
    default:
        return 0;
    }
}

static int read_allowed_ip(struct wg_build *b, const char *value)
{
    struct network net;
    return network_parse(value, &net, NULL) < 0 ? -EBADMSG : wg_build_allowed_ip(b, &net);
}

static int read_peer_value(struct wg_uapi_reader *r, int key, const char *value)
{
    struct wg_peer *p = r->peer;
    uint64_t number = 0;
    bool is_good = true;
    switch (key) {
    case LINE_ENDPOINT:
        is_good = parse_endpoint(value, p);
        break;
    case LINE_HANDSHAKE_SEC:
        is_good = parse_number(value, INT64_MAX, &number);
        p->last_handshake_s = (int64_t)number;
        break;
    case LINE_TX_BYTES:
        is_good = parse_number(value, UINT64_MAX, &p->tx_bytes);
        break;
    case LINE_RX_BYTES:
        is_good = parse_number(value, UINT64_MAX, &p->rx_bytes);
        break;
    case LINE_KEEPALIVE:
        is_good = parse_number(value, UINT16_MAX, &number);
        p->keepalive_s = (uint16_t)number;
        break;
    case LINE_ALLOWED_IP:
        return read_allowed_ip(&r->build, value);
    default: /* of no use to us: preshared key, version, nanoseconds */
        break;
    }
    return is_good ? 0 : -EBADMSG;
}

static int read_public_key(struct wg_uapi_reader *r, const char *value)
{
    struct key key;
    return key_parse_hex(value, &key) < 0 ? -EBADMSG : wg_build_peer(&r->build, &key, &r->peer);
}

static int read_value(struct wg_uapi_reader *r, int key, const char *value, struct err *err)
{
    int rc;
    if (key == LINE_PUBLIC_KEY)
        rc = read_public_key(r, value);
    else if (key == LINE_ERRNO)
        rc = (r->has_code = parse_code(value, &r->code)) ? 0 : -EBADMSG;
    else if (key > LINE_ALLOWED_IP)
        rc = read_device_value(&r->build, key, value);
    else if (r->peer)
        rc = read_peer_value(r, key, value);
    else
        return err_set(err, -EBADMSG, "the answer has \"%s\" before any peer", line_keys[key].text);
    if (rc == -EBADMSG)
        return bad_value(key, err);
    return rc < 0 ? err_set_os(err, rc, "cannot keep what the device has") : 0;
}

static int refused(int code, struct err *err)
{
    return err_set_os(err, code, "the userspace WireGuard refuses the request");
}

int wg_uapi_read_line(struct wg_uapi_reader *r, const char *line, struct err *err)
{
    const char *value;
    if (!*line) {
        if (!r->has_code)
            return err_set(err, -EBADMSG, "the answer ends without an errno line");
        return r->code < 0 ? refused(r->code, err) : 1;
    }
    int key = split(line, &value, err);
    return key < 0 ? key : read_value(r, key, value, err);
}

int wg_uapi_read_status_line(bool *has_code, const char *line, struct err *err)
{
    const char *value;
    int code;
    if (!*line && *has_code)
        return 1;
    if (!*line || split(line, &value, NULL) != LINE_ERRNO || !parse_code(value, &code))
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
    wg_build_finish(&r.build);
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
