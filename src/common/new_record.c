#include "innernet/new_record.h"

#include <errno.h>

#include "innernet/map.h"

int new_peer_suggest_ip(const struct cidr *cidr, const struct peer *const *peers, size_t n_peers,
                        struct ip *ret, struct err *err)
{
    CLEAN_MAP struct map used = MAP_INIT;
    int r = map_reserve(&used, n_peers);
    for (size_t i = 0; r == 0 && i < n_peers; i++)
        r = map_put(&used, IP_KEY(&peers[i]->ip), i);
    if (r < 0)
        return err_set(err, r, "out of memory");
    struct ip ip = network_first_assignable(&cidr->net);
    while (network_is_assignable(&cidr->net, &ip)) {
        if (!map_get(&used, IP_KEY(&ip), NULL)) {
            *ret = ip;
            return 0;
        }
        if (!ip_next(&ip))
            break;
    }
    return err_set(err, -EADDRNOTAVAIL,
                   "CIDR %s has no free address left; choose another CIDR or add one", cidr->name);
}

int new_peer_find_server(const struct peer *const *peers, size_t n_peers, const struct peer **ret,
                         struct err *err)
{
    for (size_t i = 0; i < n_peers; i++) {
        if (peers[i]->id != SERVER_PEER_ID)
            continue;
        if (!endpoint_is_set(&peers[i]->endpoint))
            return err_set(err, -ENOENT,
                           "the server's peer has no endpoint, so nobody could be invited; an "
                           "admin peer can set one");
        *ret = peers[i];
        return 0;
    }
    return err_set(err, -ENOENT, "the server does not list its own peer (id %d)", SERVER_PEER_ID);
}

int new_peer_invitation(const char *interface, const struct network *root, const struct ip *ip,
                        const struct peer *server, const struct sock_addr *server_internal,
                        const struct key *private_key, struct buf *out, struct err *err)
{
    char text[IP_TEXT_MAX], net[NETWORK_TEXT_MAX];
    if (root->addr.family != ip->family)
        return err_set(err, -EINVAL, "%s is not in the network %s", ip_format(ip, text),
                       network_format(root, net));
    struct client_config config = {
        .network_name = (char *)interface,
        .address = {.addr = *ip, .prefix = root->prefix},
        .private_key = *private_key,
        .server_key = server->public_key,
        .server_external = server->endpoint,
        .server_internal = *server_internal,
    };
    invitation_format(&config, out);
    key_wipe(&config.private_key);
    return out->failed ? err_set(err, -ENOMEM, "out of memory") : 0;
}
