#pragma once
/* What add-cidr and add-peer do alike on either side: ask, suggest, invite. Source:
 * spec/client.md 4.3, 4.4, 6.2, 6.4, 1.4; spec/server.md 6.4, 6.7, 1.4. */

#include "innernet/cidr_tree.h"
#include "innernet/cli.h"
#include "innernet/config.h"
#include "innernet/record.h"

/* --- asking; the options are those of cli_shared.h ---------------------------------------------
 * What was found out is in *ret also after an error: the caller's to free in either case. */

/* Parent, name, network. */
int new_cidr_ask(const struct cli_args *args, const struct cidr *cidrs, size_t n, struct cidr *ret,
                 struct err *err);
/* cidr_id, ip, name, is_admin, invite_expires (from now on); then where to save the invitation.
 * -ENOENT for an empty tree. */
int new_peer_ask(const struct cli_args *args, const struct cidr_tree *tree,
                 const struct peer *const *peers, size_t n_peers, struct peer *ret, char **ret_path,
                 struct err *err);

/* --- thinking; pure ----------------------------------------------------------------------------
 */

/* Lowest assignable address of the CIDR that no peer has. -EADDRNOTAVAIL when there is none. */
int new_peer_suggest_ip(const struct cidr *cidr, const struct peer *const *peers, size_t n_peers,
                        struct ip *ret, struct err *err);

/* The server's own peer, with an endpoint; -ENOENT with the remedy otherwise. */
int new_peer_find_server(const struct peer *const *peers, size_t n_peers, const struct peer **ret,
                         struct err *err);

/* The invitation file's text for the peer at `ip`: keys are in it, so buf_wipe it. -EINVAL when the
 * root CIDR and the IP are of different families, -ENOMEM. */
int new_peer_invitation(const char *interface, const struct network *root, const struct ip *ip,
                        const struct peer *server, const struct sock_addr *server_internal,
                        const struct key *private_key, struct buf *out, struct err *err);
