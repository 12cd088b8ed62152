#pragma once
/* Addresses, networks, endpoints: values and their text forms. Pure: no I/O, no name look-ups.
 * Source of every rule: spec/server.md 0.1, 0.2, 0.6; spec/client.md A.2, A.4, A.5. */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "innernet/buf.h"
#include "innernet/err.h"

enum ip_family { IP_NONE = 0, IP_V4 = 4, IP_V6 = 6 };

struct ip {
    uint8_t family;    /* enum ip_family */
    uint8_t bytes[16]; /* network order; IPv4 uses the first 4, the rest stays zero */
};

#define IP_TEXT_MAX 46        /* with the NUL */
#define NETWORK_TEXT_MAX 50   /* with the NUL */
#define SOCK_ADDR_TEXT_MAX 72 /* "[v6%scope]:port" with the NUL */
#define ENDPOINT_TEXT_LIMIT 1024 /* longest endpoint text accepted, in bytes */

/* Strict text (server.md 0.1): four decimal octets without leading zeros, or standard IPv6 with an
 * optional dotted tail; no zone, no blanks. 0 or -EINVAL. */
int ip_parse(const char *text, struct ip *ret);
/* RFC 5952, with a dotted tail only for ::ffff:0:0/96. Returns out. */
const char *ip_format(const struct ip *ip, char out[static IP_TEXT_MAX]);
bool ip_equal(const struct ip *a, const struct ip *b);
/* IPv4 before IPv6, then numeric: <0, 0, >0. */
int ip_compare(const struct ip *a, const struct ip *b);
unsigned ip_bits(const struct ip *ip); /* 32 or 128 */
bool ip_is_unspecified(const struct ip *ip);
bool ip_is_loopback(const struct ip *ip);
bool ip_is_multicast(const struct ip *ip);
/* Next address; false (and unchanged) after the last of the family. */
bool ip_next(struct ip *ip);
/* Bytes used as a hash key for maps: family byte followed by address bytes, struct size. Values made
 * by this module are always fully initialised, so the struct itself is the key. */
#define IP_KEY(ip_ptr) (ip_ptr), sizeof(struct ip)

struct network {
    struct ip addr; /* host bits are kept */
    uint8_t prefix;
};

/* The parser of its own of server.md 0.2: prefix required, leading zeros in IPv4 octets accepted.
 * 0 or -EINVAL with a reason. */
int network_parse(const char *text, struct network *ret, struct err *err);
const char *network_format(const struct network *net, char out[static NETWORK_TEXT_MAX]);
bool network_equal(const struct network *a, const struct network *b); /* textual: host bits count */
bool network_same_range(const struct network *a, const struct network *b);
struct ip network_first(const struct network *net); /* host bits cleared */
struct ip network_last(const struct network *net);  /* host bits set ("broadcast", IPv6 too) */
bool network_contains_ip(const struct network *net, const struct ip *ip);
bool network_contains(const struct network *outer, const struct network *inner);
bool network_overlaps(const struct network *a, const struct network *b);
/* May a peer get this address (server.md 4.3 rule 4)? IPv4: prefix >= 31 or neither network nor
 * broadcast; IPv6: prefix >= 127 or not the all-zero host. False when not contained. */
bool network_is_assignable(const struct network *net, const struct ip *ip);
/* Lowest and highest assignable address. */
struct ip network_first_assignable(const struct network *net);
struct ip network_last_assignable(const struct network *net);
/* A single-address network: /32 or /128. */
struct network network_of_ip(const struct ip *ip);

/* A numeric socket address, as devices report it and `internal-endpoint` has it. */
struct sock_addr {
    struct ip ip;
    uint32_t scope_id; /* IPv6 link-local zone, 0 = none */
    uint16_t port;     /* host order */
};

/* "ip:port", "[v6]:port", "[v6%3]:port" (numeric zone); no names, no '+'. 0 or -EINVAL. */
int sock_addr_parse(const char *text, struct sock_addr *ret);
/* Rust's SocketAddr text: IPv6 as ip_format inside brackets, "%scope" when non-zero. */
const char *sock_addr_format(const struct sock_addr *sa, char out[static SOCK_ADDR_TEXT_MAX]);
bool sock_addr_equal(const struct sock_addr *a, const struct sock_addr *b);
/* Fills storage, returns its length. */
socklen_t sock_addr_to_sockaddr(const struct sock_addr *sa, struct sockaddr_storage *ret);
/* 0 or -EAFNOSUPPORT; `len` is checked against the family. */
int sock_addr_from_sockaddr(const struct sockaddr *sa, size_t len, struct sock_addr *ret);

/* An endpoint "host:port": a normalised domain or an IP (no scope). Owns `domain`. */
struct endpoint {
    char *domain; /* NULL when the host is an IP */
    struct ip ip; /* family IP_NONE when the host is a domain */
    uint16_t port;
};

#define ENDPOINT_INIT ((struct endpoint){0})
#define CLEAN_ENDPOINT CLEANUP(endpoint_done)

/* WHATWG host rules for special schemes over `text` (server.md 0.6, client.md A.2). Non-ASCII hosts
 * are refused with a clear message. Three reasons are told apart in the text: not host:port, bad
 * port, bad host. 0, -EINVAL, -ENOMEM. On success the caller owns *ret (endpoint_done). */
int endpoint_parse(const char *text, struct endpoint *ret, struct err *err);
void endpoint_done(struct endpoint *ep); /* idempotent */
int endpoint_copy(const struct endpoint *from, struct endpoint *ret);
/* Canonical text. IPv6 in brackets, never dotted (server.md 0.6, output). */
void endpoint_format(const struct endpoint *ep, struct buf *out);
/* The same as a malloc'ed string, NULL on allocation failure. */
char *endpoint_text(const struct endpoint *ep);
bool endpoint_equal(const struct endpoint *a, const struct endpoint *b);
bool endpoint_is_set(const struct endpoint *ep); /* false for ENDPOINT_INIT */
bool endpoint_is_unspecified(const struct endpoint *ep); /* host is 0.0.0.0 or ::, never a domain */
struct endpoint endpoint_from_sock_addr(const struct sock_addr *sa); /* scope is dropped */
/* False when the host is a domain. */
bool endpoint_to_sock_addr(const struct endpoint *ep, struct sock_addr *ret);
