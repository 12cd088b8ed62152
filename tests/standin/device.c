#include "device.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS (1u << 16)

static uint32_t hash(const void *data, size_t len)
{
    const uint8_t *bytes = data;
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < len; i++)
        h = (h ^ bytes[i]) * 16777619u;
    return h ^ (h >> 16);
}

int device_init(struct device *d, const char *ifname)
{
    *d = (struct device){
        .random_port = (uint16_t)(32768 + hash(ifname, strlen(ifname)) % 28000),
        .peer_slots = calloc(SLOTS, sizeof(struct peer *)),
        .ip_slots = calloc(SLOTS, sizeof(struct allowed_ip *)),
    };
    return d->peer_slots && d->ip_slots ? 0 : -ENOMEM;
}

static struct peer **peer_slot(const struct device *d, const struct key *key)
{
    struct peer **at = &d->peer_slots[hash(key->bytes, KEY_LEN) % SLOTS];
    while (*at && memcmp((*at)->public_key.bytes, key->bytes, KEY_LEN) != 0)
        at = &(*at)->hash_next;
    return at;
}

struct peer *device_find_peer(const struct device *d, const struct key *key)
{
    return *peer_slot(d, key);
}

struct peer *device_add_peer(struct device *d, const struct key *key)
{
    struct peer *p = calloc(1, sizeof(*p));
    if (!p)
        return NULL;
    p->public_key = *key;
    *peer_slot(d, key) = p;
    p->prev = d->last_peer;
    if (d->last_peer)
        d->last_peer->next = p;
    else
        d->first_peer = p;
    d->last_peer = p;
    return p;
}

static struct allowed_ip **ip_slot(const struct device *d, const struct allowed_ip *ip)
{
    struct allowed_ip **at =
        &d->ip_slots[(hash(ip->bytes, sizeof(ip->bytes)) ^ ip->prefix) % SLOTS];
    while (*at && ((*at)->family != ip->family || (*at)->prefix != ip->prefix ||
                   memcmp((*at)->bytes, ip->bytes, sizeof(ip->bytes)) != 0))
        at = &(*at)->hash_next;
    return at;
}

static void remove_allowed_ip(struct device *d, struct allowed_ip *ip)
{
    struct peer *p = ip->peer;
    *ip_slot(d, ip) = ip->hash_next;
    *(ip->prev ? &ip->prev->next : &p->first_ip) = ip->next;
    *(ip->next ? &ip->next->prev : &p->last_ip) = ip->prev;
    free(ip);
}

void device_clear_allowed_ips(struct device *d, struct peer *p)
{
    while (p->first_ip)
        remove_allowed_ip(d, p->first_ip);
}

int device_add_allowed_ip(struct device *d, struct peer *p, const struct allowed_ip *ip)
{
    struct allowed_ip *present = *ip_slot(d, ip);
    if (present && present->peer == p)
        return 0;
    if (present)
        remove_allowed_ip(d, present);
    struct allowed_ip *added = malloc(sizeof(*added));
    if (!added)
        return -ENOMEM;
    *added = *ip;
    added->peer = p;
    added->hash_next = NULL;
    added->next = NULL;
    added->prev = p->last_ip;
    *ip_slot(d, ip) = added;
    *(p->last_ip ? &p->last_ip->next : &p->first_ip) = added;
    p->last_ip = added;
    return 0;
}

void device_remove_peer(struct device *d, struct peer *p)
{
    device_clear_allowed_ips(d, p);
    *peer_slot(d, &p->public_key) = p->hash_next;
    *(p->prev ? &p->prev->next : &d->first_peer) = p->next;
    *(p->next ? &p->next->prev : &d->last_peer) = p->prev;
    free(p);
}

void device_remove_all_peers(struct device *d)
{
    while (d->first_peer)
        device_remove_peer(d, d->first_peer);
}

static void print_key(FILE *out, const char *name, const struct key *key)
{
    static const char digits[] = "0123456789abcdef";
    char hex[2 * KEY_LEN + 1];
    for (size_t i = 0; i < KEY_LEN; i++) {
        hex[2 * i] = digits[key->bytes[i] >> 4];
        hex[2 * i + 1] = digits[key->bytes[i] & 15];
    }
    hex[2 * KEY_LEN] = '\0';
    fprintf(out, "%s=%s\n", name, hex);
}

static void print_endpoint(FILE *out, const struct sockaddr_storage *ss)
{
    char text[INET6_ADDRSTRLEN];
    if (ss->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)ss;
        inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
        fprintf(out, "endpoint=%s:%u\n", text, ntohs(in->sin_port));
    } else if (ss->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const void *)ss;
        inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text));
        fprintf(out, "endpoint=[%s", text);
        if (in6->sin6_scope_id)
            fprintf(out, "%%%u", in6->sin6_scope_id);
        fprintf(out, "]:%u\n", ntohs(in6->sin6_port));
    }
}

static void print_peer(FILE *out, const struct peer *p)
{
    print_key(out, "public_key", &p->public_key);
    print_key(out, "preshared_key", &p->preshared_key);
    fputs("protocol_version=1\n", out);
    print_endpoint(out, &p->endpoint);
    fprintf(out, "last_handshake_time_sec=%" PRIu64 "\nlast_handshake_time_nsec=0\n",
            p->handshake_s);
    fprintf(out, "tx_bytes=%" PRIu64 "\nrx_bytes=%" PRIu64 "\n", p->tx_bytes, p->rx_bytes);
    fprintf(out, "persistent_keepalive_interval=%u\n", p->keepalive_s);
    for (const struct allowed_ip *ip = p->first_ip; ip; ip = ip->next) {
        char text[INET6_ADDRSTRLEN];
        inet_ntop(ip->family == 4 ? AF_INET : AF_INET6, ip->bytes, text, sizeof(text));
        fprintf(out, "allowed_ip=%s/%u\n", text, ip->prefix);
    }
}

void device_print(const struct device *d, FILE *out)
{
    if (d->has_private_key)
        print_key(out, "private_key", &d->private_key);
    if (d->listen_port)
        fprintf(out, "listen_port=%u\n", d->listen_port);
    if (d->fwmark)
        fprintf(out, "fwmark=%u\n", d->fwmark);
    if (d->n_refused)
        fprintf(out, "standin_refused=%" PRIu64 "\n", d->n_refused);
    for (const struct peer *p = d->first_peer; p; p = p->next)
        print_peer(out, p);
}
