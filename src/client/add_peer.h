#pragma once
/* The thinking part of add-peer (spec/client.md 4.4, 6.4, 1.4). Pure. */

#include "innernet/config.h"
#include "innernet/record.h"

/* Lowest assignable address of the CIDR that no peer has. -EADDRNOTAVAIL when there is none. */
int add_peer_suggest_ip(const struct cidr *cidr, const struct peer *peers, size_t n_peers,
                        struct ip *ret, struct err *err);

/* The server's own peer, with an endpoint; -ENOENT with the remedy otherwise. */
int add_peer_find_server(const struct peer *peers, size_t n_peers, const struct peer **ret,
                         struct err *err);

/* An invitation for the peer at `ip`, which borrows from its arguments: not to be freed. The
 * private key is the caller's to wipe. -EINVAL when the root CIDR and the IP are of different
 * families. */
int add_peer_invitation(const char *interface, const struct network *root, const struct ip *ip,
                        const struct peer *server, const struct sock_addr *server_internal,
                        const struct key *private_key, struct client_config *ret, struct err *err);
