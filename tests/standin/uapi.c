#include "uapi.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int parse_uint(const char *text, uint64_t max, uint64_t *ret)
{
    if (text[0] < '0' || text[0] > '9')
        return -EINVAL;
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno || *end || value > max)
        return -EINVAL;
    *ret = value;
    return 0;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static int parse_key(const char *text, struct key *ret)
{
    if (strlen(text) != 2 * KEY_LEN)
        return -EINVAL;
    for (size_t i = 0; i < KEY_LEN; i++) {
        int high = hex_digit(text[2 * i]);
        int low = hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return -EINVAL;
        ret->bytes[i] = (uint8_t)(high << 4 | low);
    }
    return 0;
}

static int parse_endpoint_v6(char *text, struct sockaddr_storage *ret)
{
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    uint64_t port, scope = 0;
    char *end = strchr(text, ']');
    if (!end || end[1] != ':' || parse_uint(end + 2, UINT16_MAX, &port) < 0)
        return -EINVAL;
    *end = '\0';
    char *percent = strchr(text, '%');
    if (percent) {
        *percent = '\0';
        if (parse_uint(percent + 1, UINT32_MAX, &scope) < 0)
            return -EINVAL;
    }
    if (inet_pton(AF_INET6, text + 1, &in6.sin6_addr) != 1)
        return -EINVAL;
    in6.sin6_port = htons((uint16_t)port);
    in6.sin6_scope_id = (uint32_t)scope;
    memcpy(ret, &in6, sizeof(in6));
    return 0;
}

static int parse_endpoint(char *text, struct sockaddr_storage *ret)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    uint64_t port;
    memset(ret, 0, sizeof(*ret));
    if (text[0] == '[')
        return parse_endpoint_v6(text, ret);
    char *colon = strrchr(text, ':');
    if (!colon || parse_uint(colon + 1, UINT16_MAX, &port) < 0)
        return -EINVAL;
    *colon = '\0';
    if (inet_pton(AF_INET, text, &in.sin_addr) != 1)
        return -EINVAL;
    in.sin_port = htons((uint16_t)port);
    memcpy(ret, &in, sizeof(in));
    return 0;
}

static int parse_allowed_ip(char *text, struct allowed_ip *ret)
{
    uint64_t prefix;
    *ret = (struct allowed_ip){.family = strchr(text, ':') ? 6 : 4};
    char *slash = strchr(text, '/');
    if (!slash || parse_uint(slash + 1, ret->family == 4 ? 32 : 128, &prefix) < 0)
        return -EINVAL;
    *slash = '\0';
    if (inet_pton(ret->family == 4 ? AF_INET : AF_INET6, text, ret->bytes) != 1)
        return -EINVAL;
    ret->prefix = (uint8_t)prefix;
    for (size_t bit = prefix; bit < 8 * sizeof(ret->bytes); bit++)
        ret->bytes[bit / 8] &= (uint8_t) ~(0x80u >> bit % 8);
    return 0;
}

static int set_port(struct device *d, const char *value)
{
    uint64_t port;
    if (parse_uint(value, UINT16_MAX, &port) < 0)
        return -EINVAL;
    d->listen_port = port ? (uint16_t)port : d->random_port;
    return 0;
}

static int set_private_key(struct device *d, const char *value)
{
    static const struct key zero;
    if (parse_key(value, &d->private_key) < 0)
        return -EINVAL;
    d->has_private_key = memcmp(&d->private_key, &zero, sizeof(zero)) != 0;
    return 0;
}

static int set_refusing(struct device *d, const char *value)
{
    if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
        return -EINVAL;
    d->is_refusing = strcmp(value, "true") == 0;
    return 0;
}

static int set_device_value(struct device *d, const char *key, const char *value)
{
    uint64_t number;
    if (strcmp(key, "standin_refuse") == 0)
        return set_refusing(d, value);
    if (d->is_refusing) {
        d->n_refused++;
        return -EIO;
    }
    if (strcmp(key, "private_key") == 0)
        return set_private_key(d, value);
    if (strcmp(key, "listen_port") == 0)
        return set_port(d, value);
    if (strcmp(key, "fwmark") == 0) {
        if (parse_uint(value, UINT32_MAX, &number) < 0)
            return -EINVAL;
        d->fwmark = (uint32_t)number;
        return 0;
    }
    if (strcmp(key, "replace_peers") == 0) {
        if (strcmp(value, "true") != 0)
            return -EINVAL;
        device_remove_all_peers(d);
        return 0;
    }
    return -EINVAL;
}

static int begin_peer(struct device *d, struct uapi_set *set, const char *value)
{
    *set = (struct uapi_set){.in_peer = true};
    if (parse_key(value, &set->public_key) < 0)
        return -EINVAL;
    if (device_find_peer(d, &set->public_key))
        return 0;
    set->is_created = true;
    return device_add_peer(d, &set->public_key) ? 0 : -ENOMEM;
}

static int set_peer_flag(struct device *d, struct uapi_set *set, struct peer *p, const char *key)
{
    if (!p)
        return 0;
    if (strcmp(key, "replace_allowed_ips") == 0) {
        device_clear_allowed_ips(d, p);
    } else if (strcmp(key, "remove") == 0 || set->is_created) {
        device_remove_peer(d, p);
        set->dummy = true;
    }
    return 0;
}

static int set_peer_number(struct peer *p, const char *key, const char *value)
{
    uint64_t number;
    bool is_keepalive = strcmp(key, "persistent_keepalive_interval") == 0;
    if (parse_uint(value, is_keepalive ? UINT16_MAX : UINT64_MAX, &number) < 0)
        return -EINVAL;
    if (!p)
        return 0;
    if (is_keepalive)
        p->keepalive_s = (uint16_t)number;
    else if (strcmp(key, "standin_handshake_sec") == 0)
        p->handshake_s = number;
    else if (strcmp(key, "standin_rx_bytes") == 0)
        p->rx_bytes = number;
    else
        p->tx_bytes = number;
    return 0;
}

static bool is_one_of(const char *key, const char *const *words)
{
    while (*words && strcmp(key, *words) != 0)
        words++;
    return *words;
}

static int set_peer_value(struct device *d, struct uapi_set *set, const char *key, char *value)
{
    static const char *const flags[] = {"remove", "update_only", "replace_allowed_ips", NULL};
    static const char *const numbers[] = {"persistent_keepalive_interval", "standin_handshake_sec",
                                          "standin_rx_bytes", "standin_tx_bytes", NULL};
    static const char *const endpoints[] = {"endpoint", "standin_endpoint", NULL};
    struct peer *p = set->dummy ? NULL : device_find_peer(d, &set->public_key);
    struct key psk;
    struct sockaddr_storage endpoint;
    struct allowed_ip ip;
    if (is_one_of(key, flags))
        return strcmp(value, "true") == 0 ? set_peer_flag(d, set, p, key) : -EINVAL;
    if (is_one_of(key, numbers))
        return set_peer_number(p, key, value);
    if (is_one_of(key, endpoints)) {
        if (parse_endpoint(value, &endpoint) < 0)
            return -EINVAL;
        if (p)
            p->endpoint = endpoint;
        return 0;
    }
    if (strcmp(key, "preshared_key") == 0) {
        if (parse_key(value, &psk) < 0)
            return -EINVAL;
        if (p)
            p->preshared_key = psk;
        return 0;
    }
    if (strcmp(key, "allowed_ip") == 0) {
        if (parse_allowed_ip(value, &ip) < 0)
            return -EINVAL;
        return p ? device_add_allowed_ip(d, p, &ip) : 0;
    }
    if (strcmp(key, "protocol_version") == 0)
        return strcmp(value, "1") == 0 ? 0 : -EINVAL;
    return -EINVAL;
}

int uapi_set_line(struct device *d, struct uapi_set *set, char *line)
{
    char *value = strchr(line, '=');
    if (!value)
        return -EPROTO;
    *value++ = '\0';
    if (strcmp(line, "public_key") == 0 && !d->is_refusing)
        return begin_peer(d, set, value);
    if (set->in_peer)
        return set_peer_value(d, set, line, value);
    return set_device_value(d, line, value);
}
