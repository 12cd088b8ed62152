/* The device layer, word by word, for test_kernel_device.py: each command is one call of wg.h or
 * netif.h and prints what came back. Peers are made up: number n has the key 0x01, n, 0...; its
 * addresses follow from n. */

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "innernet/netif.h"
#include "innernet/wg.h"

static unsigned n_sent; /* messages that change a device */

/* The linker puts these in place of libmnl's function (CMakeLists.txt). */
ssize_t __real_mnl_socket_sendto(const struct mnl_socket *s, const void *data, size_t len);
ssize_t __wrap_mnl_socket_sendto(const struct mnl_socket *s, const void *data, size_t len);

ssize_t __wrap_mnl_socket_sendto(const struct mnl_socket *s, const void *data, size_t len)
{
    const struct nlmsghdr *m = data;

    if (m->nlmsg_type != RTM_GETLINK && m->nlmsg_type != GENL_ID_CTRL)
        n_sent++;
    return __real_mnl_socket_sendto(s, data, len);
}

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

/* COUNT peers with one allowed IP each. */
static int put(struct wg *wg, char **words, bool replace)
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

/* add NAME FROM COUNT */
static int add(struct wg *wg, char **words)
{
    return put(wg, words, false);
}

/* replace NAME FROM COUNT: only these stay. */
static int replace(struct wg *wg, char **words)
{
    return put(wg, words, true);
}

/* remove-many NAME FROM COUNT: prints the number of messages that took. */
static int remove_many(struct wg *wg, char **words)
{
    uint32_t from = (uint32_t)atoi(words[1]), count = (uint32_t)atoi(words[2]);
    struct wg_peer_update *peers = calloc(count + 1, sizeof *peers);
    struct wg_update update = {.peers = peers, .n_peers = count};
    int r;

    if (!peers)
        return 2;
    for (uint32_t i = 0; i < count; i++)
        peers[i] = (struct wg_peer_update){.public_key = peer_key(from + i), .remove = true};
    r = apply(wg, words[0], &update);
    if (r == 0)
        printf("%u\n", n_sent);
    free(peers);
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

/* remove NAME KEY */
static int remove_peer(struct wg *wg, char **words)
{
    struct wg_peer_update peer = {.remove = true};
    struct wg_update update = {.peers = &peer, .n_peers = 1};

    if (key_parse(words[1], &peer.public_key) < 0)
        return 2;
    return apply(wg, words[0], &update);
}

static int one_peer(struct wg *wg, char **words, bool update_only)
{
    struct network ip = peer_ip(1);
    struct wg_peer_update peer = {.update_only = update_only,
                                  .has_keepalive = true,
                                  .keepalive_s = 25,
                                  .replace_allowed_ips = true,
                                  .allowed_ips = &ip,
                                  .n_allowed_ips = 1};
    struct wg_update update = {.peers = &peer, .n_peers = 1};

    if (key_parse(words[1], &peer.public_key) < 0)
        return 2;
    return apply(wg, words[0], &update);
}

/* add-key NAME KEY: a peer with that key. */
static int add_key(struct wg *wg, char **words)
{
    return one_peer(wg, words, false);
}

/* update-only NAME KEY: the same, if the device has it. */
static int update_only(struct wg *wg, char **words)
{
    return one_peer(wg, words, true);
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

static int list(struct wg *wg, char **words)
{
    struct err err = ERR_INIT;
    char **names = NULL;
    size_t n = 0;
    int r = wg_list(wg, &names, &n, &err);

    (void)words;
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

static const struct {
    const char *verb;
    int n_words;
    int (*run)(struct wg *wg, char **words);
} verbs[] = {
    {"bring-up", 4, bring_up}, {"set", 3, set},           {"add", 3, add},
    {"replace", 3, replace},   {"add-wide", 3, add_wide}, {"remove", 2, remove_peer},
    {"add-key", 2, add_key},   {"get", 1, get},           {"update-only", 2, update_only},
    {"delete", 1, delete},     {"list", 0, list},         {"remove-many", 3, remove_many},
};

static int run(struct wg *wg, const char *verb, int n_words, char **words)
{
    for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
        if (strcmp(verb, verbs[i].verb) == 0 && n_words == verbs[i].n_words)
            return verbs[i].run(wg, words);
    fputs("usage: kernel_tool kernel|auto VERB WORD...; the source says which\n", stderr);
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
