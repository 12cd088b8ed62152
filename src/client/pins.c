#include "pins.h"

#include <errno.h>

#include "innernet/map.h"

static int refuse(const struct peer *pinned, const struct peer *found, struct err *err)
{
    char ip[IP_TEXT_MAX], old[KEY_TEXT_MAX], new[KEY_TEXT_MAX];
    return err_set(err, -EKEYREJECTED,
                   "pinned key mismatch: peer %s at %s is known by the public key %s, but the "
                   "server now gives %s; nothing was changed. Ask the network's administrator: if "
                   "the change is legitimate, remove that peer from the interface's data store",
                   found->name, ip_format(&found->ip, ip), key_format(&pinned->public_key, old),
                   key_format(&found->public_key, new));
}

static int check_peer(struct map *by_ip, const struct peer *p, struct err *err)
{
    size_t at;
    if (!map_get(by_ip, IP_KEY(&p->ip), &at))
        return map_add(by_ip, IP_KEY(&p->ip), (size_t)p);
    const struct peer *pinned = (const struct peer *)at;
    return key_equal(&pinned->public_key, &p->public_key) ? 0 : refuse(pinned, p, err);
}

int pins_check(const struct state *store, const struct state *state, struct err *err)
{
    CLEAN_MAP struct map by_ip = MAP_INIT;
    int r = map_reserve(&by_ip, store->n_peers + state->n_peers);
    for (size_t i = 0; r == 0 && i < store->n_peers; i++) {
        const struct peer *p = &store->peers[i];
        r = map_add(&by_ip, IP_KEY(&p->ip), (size_t)p);
        if (r == -EEXIST) /* the first one counts */
            r = 0;
    }
    for (size_t i = 0; r == 0 && i < state->n_peers; i++)
        r = check_peer(&by_ip, &state->peers[i], err);
    if (r == -ENOMEM)
        err_set(err, r, "out of memory while checking the pinned keys");
    return r;
}
