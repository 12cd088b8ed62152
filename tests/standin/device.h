#pragma once
/* The stand-in's device in memory: keys, peers, allowed IPs. Nothing here knows sockets or links.
 * Peers and allowed IPs are found by hash, so that tens of thousands cost no more than they must.
 */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define KEY_LEN 32

struct key {
    uint8_t bytes[KEY_LEN];
};

struct peer;

struct allowed_ip {
    struct allowed_ip *hash_next;
    struct allowed_ip *prev, *next; /* in the list of the peer */
    struct peer *peer;
    uint8_t family; /* 4 or 6 */
    uint8_t prefix;
    uint8_t bytes[16]; /* host bits cleared */
};

struct peer {
    struct peer *hash_next;
    struct peer *prev, *next; /* in order of creation */
    struct key public_key;
    struct key preshared_key;
    struct sockaddr_storage endpoint; /* ss_family 0 = none */
    uint16_t keepalive_s;
    uint64_t handshake_s;
    uint64_t rx_bytes;
    uint64_t tx_bytes;
    struct allowed_ip *first_ip, *last_ip;
};

struct device {
    struct key private_key;
    bool has_private_key;
    uint16_t listen_port;
    uint16_t random_port; /* what listen_port=0 becomes */
    uint32_t fwmark;
    bool is_refusing;   /* every operation fails with EIO, but for the one that ends this */
    uint64_t n_refused; /* operations that failed so */
    struct peer *first_peer, *last_peer;
    struct peer **peer_slots;
    struct allowed_ip **ip_slots;
};

/* Allocates the tables; `ifname` seeds the port for listen_port=0. 0 or -ENOMEM. */
int device_init(struct device *d, const char *ifname);

struct peer *device_find_peer(const struct device *d, const struct key *key);
/* Appends a peer without anything; NULL without memory. */
struct peer *device_add_peer(struct device *d, const struct key *key);
void device_remove_peer(struct device *d, struct peer *p);
void device_remove_all_peers(struct device *d);

/* Gives the range to `p`, taking it away from whoever had it. Host bits must be clear already.
 * 0 or -ENOMEM. */
int device_add_allowed_ip(struct device *d, struct peer *p, const struct allowed_ip *ip);
void device_clear_allowed_ips(struct device *d, struct peer *p);

/* Writes the answer to get=1 without the closing errno line. */
void device_print(const struct device *d, FILE *out);
