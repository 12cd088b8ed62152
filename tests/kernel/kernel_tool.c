/* The device layer, word by word, for test_kernel_device.py: each command is one call of wg.h or
 * netif.h and prints what came back. Peers are made up: number n has the key 0x01, n, 0...; its
 * addresses follow from n. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "innernet/netif.h"
#include "innernet/wg.h"

static struct key peer_key(uint32_t n)
{
    struct key key = {.bytes = {1}};

    memcpy(&key.bytes[1], &n, sizeof n);
    return key;
}

/* 100.64.0.0 + n as a network of one address. */
static struct network peer_ip(uint32_t n)
{
    struct ip ip = {.family = IP_V4,
                    .bytes = {100, (uint8_t)(64 + (n >> 16)), (uint8_t)(n >> 8), (uint8_t)n}};

    return network_of_ip(&ip);
}

static int fail(const struct err *err, int code)
{
    printf("error %d %s\n", -code, err->text);
    return 3;
}

/* bring-up NAME ADDRESS/PREFIX KEY PORT */
static int bring_up(struct wg *wg, char **words)
{
    struct wg_update update = {.has_private_key = true, .has_listen_port = true};
    struct netif_bring_up how = {.name = words[0], .update = &update};
    struct err err = ERR_INIT;
    bool created = false;
    int r = network_parse(words[1], &how.address, &err);

    if (r < 0 || key_parse(words[2], &update.private_key) < 0)
        return 2;
    update.listen_port = (uint16_t)atoi(words[3]);
    r = netif_bring_up(wg, &how, &created, &err);
    if (r < 0)
        return fail(&err, r);
    puts(created ? "created" : "existed");
    return 0;
}

static int apply(struct wg *wg, const char *name, const struct wg_update *update)
{
    struct err err = ERR_INIT;
    int r = wg_set(wg, name, update, &err);

    if (r < 0)
        return fail(&err, r);
    puts("ok");
    return 0;
}

/* add NAME FROM COUNT: peers with one allowed IP each; replace NAME FROM COUNT: only these stay. */
static int add(struct wg *wg, char **words, bool replace)
{
    uint32_t from = (uint32_t)atoi(words[1]), count = (uint32_t)atoi(words[2]);
    struct wg_peer_update *peers = calloc(count + 1, sizeof *peers);
    struct network *ips = calloc(count + 1, sizeof *ips);
    struct wg_update update = {.replace_peers = replace, .peers = peers, .n_peers = count};
    int r = 2;

    for (uint32_t i = 0; peers && ips && i < count; i++) {
        ips[i] = peer_ip(from + i);
        peers[i] = (struct wg_peer_update){.public_key = peer_key(from + i),
                                           .has_keepalive = true,
                                           .keepalive_s = 25,
                                           .replace_allowed_ips = true,
                                           .allowed_ips = &ips[i],
                                           .n_allowed_ips = 1};
    }
    if (peers && ips)
        r = apply(wg, words[0], &update);
    free(peers);
    free(ips);
    return r;
}

/* add-wide NAME NUMBER COUNT: one peer with COUNT allowed IPs. */
static int add_wide(struct wg *wg, char **words)
{
    uint32_t count = (uint32_t)atoi(words[2]);
    struct network *ips = calloc(count + 1, sizeof *ips);
    struct wg_peer_update peer = {.public_key = peer_key((uint32_t)atoi(words[1])),
                                  .replace_allowed_ips = true,
                                  .allowed_ips = ips,
                                  .n_allowed_ips = count};
    struct wg_update update = {.peers = &peer, .n_peers = 1};
    int r;

    if (!ips)
        return 2;
    for (uint32_t i = 0; i < count; i++)
        ips[i] = peer_ip(i);
    r = apply(wg, words[0], &update);
    free(ips);
    return r;
}

/* remove NAME KEY, own NAME KEY (adds a peer with that key), update-only NAME KEY */
static int one_peer(struct wg *wg, char **words, const char *verb)
{
    struct network ip = peer_ip(1);
    struct wg_peer_update peer = {.remove = strcmp(verb, "remove") == 0,
                                  .update_only = strcmp(verb, "update-only") == 0};
    struct wg_update update = {.peers = &peer, .n_peers = 1};

    if (key_parse(words[1], &peer.public_key) < 0)
        return 2;
    if (!peer.remove) {
        peer.has_keepalive = true;
        peer.keepalive_s = 25;
        peer.replace_allowed_ips = true;
        peer.allowed_ips = &ip;
        peer.n_allowed_ips = 1;
    }
    return apply(wg, words[0], &update);
}

/* get NAME: "device KEY PORT PEERS", then per peer "KEY ALLOWED-IPS KEEPALIVE HANDSHAKE". */
static int get(struct wg *wg, char **words)
{
    CLEAN_WG_DEVICE struct wg_device device = {0};
    struct err err = ERR_INIT;
    char key[KEY_TEXT_MAX];
    int r = wg_get(wg, words[0], &device, &err);

    if (r < 0)
        return fail(&err, r);
    printf("device %s %u %zu\n", key_format(&device.public_key, key), device.listen_port,
           device.n_peers);
    for (size_t i = 0; i < device.n_peers; i++)
        printf("%s %zu %u %lld\n", key_format(&device.peers[i].public_key, key),
               device.peers[i].n_allowed_ips, device.peers[i].keepalive_s,
               (long long)device.peers[i].last_handshake_s);
    return 0;
}

static int delete (struct wg *wg, char **words)
{
    struct err err = ERR_INIT;
    int r = wg_delete(wg, words[0], &err);

    if (r < 0)
        return fail(&err, r);
    puts("ok");
    return 0;
}

static int list(struct wg *wg)
{
    struct err err = ERR_INIT;
    char **names = NULL;
    size_t n = 0;
    int r = wg_list(wg, &names, &n, &err);

    if (r < 0)
        return fail(&err, r);
    for (size_t i = 0; i < n; i++)
        puts(names[i]);
    wg_names_free(names, n);
    return 0;
}

/* set NAME KEY PORT: device settings only. */
static int set(struct wg *wg, char **words)
{
    struct wg_update update = {.has_private_key = true, .has_listen_port = true};

    if (key_parse(words[1], &update.private_key) < 0)
        return 2;
    update.listen_port = (uint16_t)atoi(words[2]);
    return apply(wg, words[0], &update);
}

static int run(struct wg *wg, const char *verb, int n, char **words)
{
    if (strcmp(verb, "bring-up") == 0 && n == 4)
        return bring_up(wg, words);
    if (strcmp(verb, "set") == 0 && n == 3)
        return set(wg, words);
    if (strcmp(verb, "add") == 0 && n == 3)
        return add(wg, words, false);
    if (strcmp(verb, "replace") == 0 && n == 3)
        return add(wg, words, true);
    if (strcmp(verb, "add-wide") == 0 && n == 3)
        return add_wide(wg, words);
    if ((strcmp(verb, "remove") == 0 || strcmp(verb, "own") == 0 ||
         strcmp(verb, "update-only") == 0) &&
        n == 2)
        return one_peer(wg, words, verb);
    if (strcmp(verb, "get") == 0 && n == 1)
        return get(wg, words);
    if (strcmp(verb, "delete") == 0 && n == 1)
        return delete (wg, words);
    if (strcmp(verb, "list") == 0 && n == 0)
        return list(wg);
    fputs("usage: kernel_tool kernel|auto VERB WORD...; see the source\n", stderr);
    return 2;
}

int main(int argc, char **argv)
{
    CLEAN_WG struct wg *wg = NULL;
    struct err err = ERR_INIT;
    enum wg_backend backend = WG_BACKEND_KERNEL;
    int r;

    if (argc < 3)
        return 2;
    if (strcmp(argv[1], "auto") == 0)
        backend = WG_BACKEND_AUTO;
    r = wg_open(backend, &wg, &err);
    if (r < 0)
        return fail(&err, r);
    return run(wg, argv[2], argc - 3, argv + 3);
}
