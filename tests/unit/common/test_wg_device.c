/* Real devices, in a network and mount namespace of their own: wireguard-go, and the kernel's
 * WireGuard where the kernel has it. Needs root and /dev/net/tun. T11,
 * spec/client.md 8.6, 9.15, 9.16, 9.30, spec/server.md D19. */

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "innernet/netif.h"
#include "innernet/wg.h"
#include "nl.h"
#include "nl_link.h"
#include "wg_kernel.h"
#include "wg_uapi.h"

static enum wg_backend kernel = WG_BACKEND_KERNEL;
static enum wg_backend userspace = WG_BACKEND_USERSPACE;

static struct err why; /* of the call in ASSERT_OK */

#define ASSERT_OK(call)                                                                            \
    do {                                                                                           \
        int rc_ = (call);                                                                          \
        if (rc_ < 0)                                                                               \
            fail_msg("%s: %d, %s", #call, rc_, why.text);                                          \
    } while (0)

static struct wg *open_wg(enum wg_backend choice)
{
    struct wg *wg;
    assert_int_equal(wg_open(choice, &wg, NULL), 0);
    return wg;
}

static struct network net_of(const char *text)
{
    struct network net;
    assert_int_equal(network_parse(text, &net, NULL), 0);
    return net;
}

static bool is_listed(struct wg *wg, const char *name)
{
    char **names;
    size_t n;
    bool found = false;
    assert_int_equal(wg_list(wg, &names, &n, NULL), 0);
    for (size_t i = 0; i < n; i++)
        found = found || strcmp(names[i], name) == 0;
    wg_names_free(names, n);
    return found;
}

static const struct wg_peer *peer_of(const struct wg_device *d, const struct key *key)
{
    for (size_t i = 0; i < d->n_peers; i++)
        if (key_equal(&d->peers[i].public_key, key))
            return &d->peers[i];
    return NULL;
}

static bool link_of(const char *name, struct nl_link *ret)
{
    struct wg_kernel k = {0};
    int rc = wg_kernel_find_link(&k, name, ret);
    wg_kernel_done(&k);
    return rc == 0;
}

static void creates_and_deletes(void **state)
{
    enum wg_backend backend = *(enum wg_backend *)*state;
    CLEAN_WG struct wg *wg = open_wg(backend);
    struct nl_link link;
    struct wg_device d;
    struct wg_update nothing = {0};
    bool is_created = false;
    assert_false(wg_exists(wg, "wgt0"));
    assert_false(is_listed(wg, "wgt0"));
    assert_int_equal(wg_get(wg, "wgt0", &d, NULL), -ENODEV);
    assert_int_equal(wg_set(wg, "wgt0", &nothing, NULL), -ENODEV);
    assert_int_equal(wg_delete(wg, "wgt0", NULL), -ENODEV);
    assert_false(link_of("wgt0", &link)); /* a set creates nothing */

    ASSERT_OK(wg_create(wg, "wgt0", &is_created, &why));
    assert_true(is_created);
    ASSERT_OK(wg_create(wg, "wgt0", &is_created, &why));
    assert_false(is_created);
    assert_true(wg_exists(wg, "wgt0"));
    assert_true(is_listed(wg, "wgt0"));
    ASSERT_OK(wg_set(wg, "wgt0", &nothing, &why));
    ASSERT_OK(wg_get(wg, "wgt0", &d, &why));
    assert_string_equal(d.name, "wgt0");
    assert_int_equal(d.backend, backend);
    assert_false(d.has_key);
    assert_int_equal(d.n_peers, 0);
    wg_device_done(&d);

    ASSERT_OK(wg_delete(wg, "wgt0", &why));
    assert_false(wg_exists(wg, "wgt0"));
    assert_false(is_listed(wg, "wgt0"));
    assert_false(link_of("wgt0", &link));
}

static void test_T11_sets_and_gets(void **state)
{
    CLEAN_WG struct wg *wg = open_wg(*(enum wg_backend *)*state);
    enum { N = 10 };
    struct wg_peer_update peers[N];
    struct network ips[N];
    struct wg_update u = {.has_private_key = true,
                          .has_listen_port = true,
                          .listen_port = 12345,
                          .has_fwmark = true,
                          .fwmark = 111,
                          .replace_peers = true,
                          .peers = peers,
                          .n_peers = N};
    key_generate(&u.private_key);
    struct key public_key = key_public(&u.private_key);
    for (int i = 0; i < N; i++) {
        ips[i] = net_of(i % 2 ? "10.9.0.1/32" : "fd00:9::1/128");
        ips[i].addr.bytes[3] = (uint8_t)i;
        peers[i] = (struct wg_peer_update){.has_endpoint = i > 0,
                                           .has_keepalive = true,
                                           .keepalive_s = (uint16_t)i,
                                           .allowed_ips = &ips[i],
                                           .n_allowed_ips = 1};
        key_generate(&peers[i].public_key);
        assert_int_equal(
            sock_addr_parse(i % 3 ? "192.0.2.1:7" : "[2001:db8::1]:8", &peers[i].endpoint), 0);
    }
    ASSERT_OK(wg_create(wg, "wgt0", NULL, &why));
    ASSERT_OK(wg_set(wg, "wgt0", &u, &why));
    struct wg_device d;
    ASSERT_OK(wg_get(wg, "wgt0", &d, &why));
    assert_true(d.has_key);
    assert_true(key_equal(&d.private_key, &u.private_key));
    assert_true(key_equal(&d.public_key, &public_key));
    assert_int_equal(d.listen_port, 12345);
    assert_int_equal(d.fwmark, 111);
    assert_int_equal(d.n_peers, N);
    for (int i = 0; i < N; i++) {
        const struct wg_peer *p = peer_of(&d, &peers[i].public_key);
        assert_non_null(p);
        assert_int_equal(p->has_endpoint, i > 0);
        if (p->has_endpoint)
            assert_true(sock_addr_equal(&p->endpoint, &peers[i].endpoint));
        assert_int_equal(p->keepalive_s, i);
        assert_int_equal(p->last_handshake_s, 0);
        assert_int_equal(p->n_allowed_ips, 1);
        assert_true(network_equal(&p->allowed_ips[0], &ips[i]));
    }
    wg_device_done(&d);

    /* What an update does not mention stays; removal of a stranger and update_only do nothing. */
    struct wg_peer_update changes[4] = {
        {.public_key = peers[1].public_key, .has_keepalive = true, .keepalive_s = 99},
        {.public_key = peers[2].public_key, .remove = true},
        {.update_only = true, .has_keepalive = true, .keepalive_s = 5},
        {.remove = true}};
    key_generate(&changes[2].public_key);
    key_generate(&changes[3].public_key);
    u = (struct wg_update){.peers = changes, .n_peers = 4};
    ASSERT_OK(wg_set(wg, "wgt0", &u, &why));
    ASSERT_OK(wg_get(wg, "wgt0", &d, &why));
    assert_int_equal(d.n_peers, N - 1);
    assert_int_equal(d.listen_port, 12345);
    assert_null(peer_of(&d, &peers[2].public_key));
    assert_null(peer_of(&d, &changes[2].public_key));
    const struct wg_peer *changed = peer_of(&d, &peers[1].public_key);
    assert_non_null(changed);
    assert_int_equal(changed->keepalive_s, 99);
    assert_true(changed->has_endpoint);
    assert_int_equal(changed->n_allowed_ips, 1);
    wg_device_done(&d);

    /* A peer under the device's own key is ignored: spec/server.md part 9, item 1. */
    struct wg_peer_update own = {.public_key = public_key};
    u = (struct wg_update){.peers = &own, .n_peers = 1};
    ASSERT_OK(wg_set(wg, "wgt0", &u, &why));
    ASSERT_OK(wg_get(wg, "wgt0", &d, &why));
    assert_int_equal(d.n_peers, N - 1);
    wg_device_done(&d);
    ASSERT_OK(wg_delete(wg, "wgt0", &why));
}

static void moves_and_replaces_allowed_ips(void **state)
{
    CLEAN_WG struct wg *wg = open_wg(*(enum wg_backend *)*state);
    struct network shared = net_of("10.9.0.0/24"), other = net_of("10.9.1.0/24");
    struct wg_peer_update first = {.allowed_ips = &shared, .n_allowed_ips = 1};
    struct wg_peer_update second = first;
    struct wg_update u = {.peers = &first, .n_peers = 1};
    struct wg_device d;
    key_generate(&first.public_key);
    key_generate(&second.public_key);
    ASSERT_OK(wg_create(wg, "wgt0", NULL, &why));
    ASSERT_OK(wg_set(wg, "wgt0", &u, &why));
    u.peers = &second;
    ASSERT_OK(wg_set(wg, "wgt0", &u, &why));
    ASSERT_OK(wg_get(wg, "wgt0", &d, &why));
    assert_int_equal(peer_of(&d, &first.public_key)->n_allowed_ips, 0);
    assert_int_equal(peer_of(&d, &second.public_key)->n_allowed_ips, 1);
    wg_device_done(&d);
    second.allowed_ips = &other;
    second.replace_allowed_ips = true;
    ASSERT_OK(wg_set(wg, "wgt0", &u, &why));
    ASSERT_OK(wg_get(wg, "wgt0", &d, &why));
    const struct wg_peer *p = peer_of(&d, &second.public_key);
    assert_int_equal(p->n_allowed_ips, 1);
    assert_true(network_equal(&p->allowed_ips[0], &other));
    wg_device_done(&d);
    ASSERT_OK(wg_delete(wg, "wgt0", &why));
}

/* More than one message each way; one peer that no message can hold. */
static void carries_many_peers_and_allowed_ips(void **state)
{
    CLEAN_WG struct wg *wg = open_wg(*(enum wg_backend *)*state);
    enum { N_PEERS = 2000, N_IPS = 3000 };
    struct wg_peer_update *peers = calloc(N_PEERS, sizeof(*peers));
    struct network *ips = calloc(N_IPS, sizeof(*ips));
    struct wg_update u = {.replace_peers = true, .peers = peers, .n_peers = N_PEERS};
    struct wg_device d;
    assert_non_null(peers);
    assert_non_null(ips);
    for (int i = 0; i < N_PEERS; i++)
        key_generate(&peers[i].public_key);
    for (int i = 0; i < N_IPS; i++) {
        ips[i] = net_of("10.9.0.0/32");
        ips[i].addr.bytes[2] = (uint8_t)(i >> 8);
        ips[i].addr.bytes[3] = (uint8_t)i;
    }
    peers[N_PEERS / 2].allowed_ips = ips;
    peers[N_PEERS / 2].n_allowed_ips = N_IPS;
    peers[N_PEERS / 2].replace_allowed_ips = true;
    ASSERT_OK(wg_create(wg, "wgt0", NULL, &why));
    ASSERT_OK(wg_set(wg, "wgt0", &u, &why));
    ASSERT_OK(wg_get(wg, "wgt0", &d, &why));
    assert_int_equal(d.n_peers, N_PEERS);
    size_t n_ips = 0;
    for (size_t i = 0; i < d.n_peers; i++)
        n_ips += d.peers[i].n_allowed_ips;
    assert_int_equal(n_ips, N_IPS);
    assert_int_equal(peer_of(&d, &peers[N_PEERS / 2].public_key)->n_allowed_ips, N_IPS);
    wg_device_done(&d);
    ASSERT_OK(wg_delete(wg, "wgt0", &why));
    free(peers);
    free(ips);
}

static bool can_bind(const struct ip *ip)
{
    struct sockaddr_storage ss;
    struct sock_addr sa = {.ip = *ip, .port = 8080};
    socklen_t len = sock_addr_to_sockaddr(&sa, &ss);
    int fd = socket(ss.ss_family, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    bool ok = bind(fd, (struct sockaddr *)&ss, len) == 0;
    close(fd);
    return ok;
}

/* Is there a line with `words` in what `ip` prints? */
static bool ip_prints(const char *arguments, const char *words)
{
    char command[128], line[512];
    bool found = false;
    snprintf(command, sizeof(command), "ip %s", arguments);
    FILE *out = popen(command, "re");
    assert_non_null(out);
    while (fgets(line, sizeof(line), out))
        found = found || strstr(line, words);
    pclose(out);
    return found;
}

static void brings_up(void **state)
{
    CLEAN_WG struct wg *wg = open_wg(*(enum wg_backend *)*state);
    static const char *const rows[][3] = {
        {"10.9.0.1/16", "-4 route", "10.9.0.0/16 dev wgt0"},
        {"2a00:9::1/64", "-6 route show proto boot", "2a00:9::/64 dev wgt0"}};
    struct wg_update u = {.has_private_key = true, .has_listen_port = true};
    key_generate(&u.private_key);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct netif_bring_up how = {
            .name = "wgt0", .update = &u, .address = net_of(rows[i][0]), .mtu = 1400};
        struct nl_link link;
        struct ip candidates[4], other = net_of("10.10.0.1/8").addr;
        bool is_created = false, has = true;
        size_t n;
        ASSERT_OK(netif_bring_up(wg, &how, &is_created, &why));
        assert_true(is_created);
        assert_true(can_bind(&how.address.addr)); /* at once, IPv6 too */
        assert_true(link_of("wgt0", &link));
        assert_true(link.flags & IFF_UP);
        assert_true(link.flags & IFF_NOARP); /* the other flags are left alone */
        assert_row(rows[i][0], ip_prints("link show wgt0", "mtu 1400"));
        assert_row(rows[i][0], ip_prints(rows[i][1], rows[i][2]));
        ASSERT_OK(netif_has_address("wgt0", &how.address.addr, &has, &why));
        assert_true(has);
        ASSERT_OK(netif_has_address("wgt0", &other, &has, &why));
        assert_false(has);
        ASSERT_OK(netif_candidates(NULL, NULL, 0, candidates, 4, &n, &why));
        for (size_t k = 0; k < n; k++)
            assert_false(ip_equal(&candidates[k], &how.address.addr));
        /* Again over what is there. */
        ASSERT_OK(netif_bring_up(wg, &how, &is_created, &why));
        assert_false(is_created);
        ASSERT_OK(wg_delete(wg, "wgt0", &why));
    }
}

static void undoes_half_a_bring_up(void **state)
{
    CLEAN_WG struct wg *wg = open_wg(*(enum wg_backend *)*state);
    struct wg_update u = {.has_listen_port = true, .listen_port = 12345};
    struct netif_bring_up how = {
        .name = "wgt0", .update = &u, .address = net_of("10.9.0.1/16"), .mtu = UINT32_MAX};
    struct err err = ERR_INIT;
    struct nl_link link;
    bool is_created = true, has = true;
    assert_true(netif_bring_up(wg, &how, &is_created, &err) < 0);
    assert_non_null(strstr(err.text, "MTU 4294967295"));
    assert_false(wg_exists(wg, "wgt0"));
    assert_false(link_of("wgt0", &link));
    /* What was there before stays. */
    ASSERT_OK(wg_create(wg, "wgt0", NULL, &why));
    assert_true(netif_bring_up(wg, &how, &is_created, NULL) < 0);
    assert_true(wg_exists(wg, "wgt0"));
    ASSERT_OK(netif_has_address("wgt0", &how.address.addr, &has, &why));
    assert_false(has); /* half-made: not up */
    ASSERT_OK(wg_delete(wg, "wgt0", &why));
}

static void refuses_an_mtu_that_is_too_small(void **state)
{
    CLEAN_WG struct wg *wg = open_wg(*(enum wg_backend *)*state);
    static const struct {
        const char *address;
        uint32_t mtu;
        bool is_fine;
    } rows[] = {{"10.9.0.1/16", 575, false},
                {"10.9.0.1/16", 576, true},
                {"2a00:9::1/64", 1279, false},
                {"2a00:9::1/64", 1280, true}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct netif_bring_up how = {
            .name = "wgt0", .address = net_of(rows[i].address), .mtu = rows[i].mtu};
        struct err err = ERR_INIT;
        struct nl_link link;
        bool has = false;
        int rc = netif_bring_up(wg, &how, NULL, &err);
        if (!rows[i].is_fine) {
            assert_int_equal(rc, -EINVAL);
            assert_non_null(strstr(err.text, "choose at least"));
            assert_false(link_of("wgt0", &link));
            continue;
        }
        assert_int_equal(rc, 0);
        ASSERT_OK(netif_has_address("wgt0", &how.address.addr, &has, &why));
        assert_true(has);
        ASSERT_OK(wg_delete(wg, "wgt0", &why));
    }
}

/* A port that another device has. The kernel takes it when the link goes up and says so;
 * wireguard-go takes it some time after that and tells nobody, so there is nothing to see there. */
static void undoes_a_bring_up_on_a_taken_port(void **state)
{
    if (*(enum wg_backend *)*state != WG_BACKEND_KERNEL)
        return;
    CLEAN_WG struct wg *wg = open_wg(WG_BACKEND_KERNEL);
    struct wg_update u = {.has_listen_port = true, .listen_port = 12345};
    struct netif_bring_up how = {.name = "wgt0", .update = &u, .address = net_of("10.9.0.1/16")};
    struct err err = ERR_INIT;
    ASSERT_OK(netif_bring_up(wg, &how, NULL, &why));
    how.name = "wgt1";
    how.address = net_of("10.10.0.1/16");
    assert_int_equal(netif_bring_up(wg, &how, NULL, &err), -EADDRINUSE);
    assert_non_null(strstr(err.text, "wgt1"));
    assert_non_null(strstr(err.text, "UDP port 12345"));
    assert_false(wg_exists(wg, "wgt1"));
    ASSERT_OK(wg_delete(wg, "wgt0", &why));
}

/* An existing device decides; a name that something else has is left alone. */
static void lets_an_existing_device_decide(void **state)
{
    enum wg_backend backend = *(enum wg_backend *)*state;
    CLEAN_WG struct wg *chosen = open_wg(backend);
    CLEAN_WG struct wg *any = open_wg(WG_BACKEND_AUTO);
    CLEAN_WG struct wg *other =
        open_wg(backend == WG_BACKEND_KERNEL ? WG_BACKEND_USERSPACE : WG_BACKEND_KERNEL);
    struct wg_device d;
    struct err err = ERR_INIT;
    bool is_created = true;
    ASSERT_OK(wg_create(chosen, "wgt0", NULL, &why));
    ASSERT_OK(wg_create(any, "wgt0", &is_created, &why));
    assert_false(is_created);
    assert_true(is_listed(any, "wgt0"));
    ASSERT_OK(wg_get(any, "wgt0", &d, &why));
    assert_int_equal(d.backend, backend);
    wg_device_done(&d);

    assert_false(wg_exists(other, "wgt0"));
    assert_false(is_listed(other, "wgt0"));
    assert_int_equal(wg_get(other, "wgt0", &d, &err), -ENODEV);
    assert_non_null(strstr(err.text, "exists, but"));
    assert_int_equal(wg_create(other, "wgt0", NULL, &err), -EEXIST);
    assert_int_equal(wg_delete(other, "wgt0", NULL), -ENODEV);
    assert_int_equal(wg_get(any, "lo", &d, &err), -ENODEV);
    assert_non_null(strstr(err.text, "lo exists, but it is not a WireGuard device"));
    assert_int_equal(wg_create(any, "lo", NULL, NULL), -EEXIST);
    assert_int_equal(wg_delete(any, "lo", NULL), -ENODEV);
    ASSERT_OK(wg_delete(any, "wgt0", &why));
    assert_false(wg_exists(chosen, "wgt0"));
}

/* What the kernel itself says: spec/client.md part C, item 1. */
static void tells_missing_from_foreign(void **state)
{
    (void)state;
    struct wg_kernel k = {0};
    struct wg_device d;
    struct wg_update u = {.has_fwmark = true};
    assert_int_equal(wg_kernel_get(&k, "wgt0", &d), -ENODEV);
    assert_int_equal(wg_kernel_set(&k, "wgt0", &u), -ENODEV);
    assert_int_equal(wg_kernel_get(&k, "lo", &d), -EOPNOTSUPP);
    assert_int_equal(wg_kernel_set(&k, "lo", &u), -EOPNOTSUPP);
    assert_int_equal(wg_kernel_create(&k, "lo"), -EEXIST);
    wg_kernel_done(&k);
}

static void refuses_names_that_are_none(void **state)
{
    (void)state;
    CLEAN_WG struct wg *wg = open_wg(WG_BACKEND_AUTO);
    static const char *const names[] = {"", "..", "../run/x", "a b", "sixteen-bytes-up"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        assert_row(names[i], wg_create(wg, names[i], NULL, NULL) == -EINVAL);
        assert_row(names[i], !wg_exists(wg, names[i]));
        assert_row(names[i], wg_delete(wg, names[i], NULL) == -EINVAL);
    }
}

static void say(const char *path, const char *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static void assert_file(const char *path, const char *expected)
{
    char text[256] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    ssize_t n = read(fd, text, sizeof(text) - 1);
    close(fd);
    assert_true(n >= 0);
    assert_string_equal(text, expected);
}

static void says_why_a_program_does_not_start(void **state)
{
    (void)state;
    CLEAN_WG struct wg *wg = open_wg(WG_BACKEND_USERSPACE);
    struct err err = ERR_INIT;
    setenv("WG_USERSPACE_IMPLEMENTATION", "no-such-program", 1);
    assert_int_equal(wg_create(wg, "wgt0", NULL, &err), -ENOENT);
    assert_non_null(strstr(err.text, "no-such-program"));
    assert_non_null(strstr(err.text, "WG_USERSPACE_IMPLEMENTATION"));
    assert_non_null(strstr(err.text, "apt install wireguard-go"));

    setenv("WG_USERSPACE_IMPLEMENTATION", "/run/fails", 1);
    say("/run/fails",
        "#!/bin/sh\n"
        "echo \"$# $1\" >/run/arguments\n"
        "streams=$(for fd in 0 1 2; do readlink /proc/$$/fd/$fd; done)\n"
        "echo \"$streams\" >/run/streams\n"
        "exit 3\n",
        0700);
    assert_int_equal(wg_create(wg, "wgt0", NULL, &err), -EADDRNOTAVAIL);
    assert_non_null(strstr(err.text, "/run/fails wgt0"));
    assert_non_null(strstr(err.text, "status 3"));
    assert_file("/run/arguments", "1 wgt0\n");
    assert_file("/run/streams", "/dev/null\n/dev/null\n/dev/null\n");

    CLEAN_WG struct wg *any = open_wg(WG_BACKEND_AUTO);
    setenv("WG_USERSPACE_IMPLEMENTATION", "no-such-program", 1);
    int rc = wg_create(any, "wgt0", NULL, &err);
    if (rc < 0) { /* the kernel has no WireGuard: both remedies */
        assert_int_equal(rc, -EOPNOTSUPP);
        assert_non_null(strstr(err.text, "linux-image"));
        assert_non_null(strstr(err.text, "wireguard-go"));
    } else {
        ASSERT_OK(wg_delete(any, "wgt0", &why));
    }
    unsetenv("WG_USERSPACE_IMPLEMENTATION");
}

/* A device of a few words: answers every request with `canned`, then hangs up. */
struct fake {
    int fd;
    const char *canned;
};

static void *serve_fake(void *arg)
{
    const struct fake *f = arg;
    for (;;) {
        char request[4096];
        int fd = accept(f->fd, NULL, NULL);
        if (fd < 0)
            return NULL;
        if (recv(fd, request, sizeof(request), 0) > 0)
            send(fd, f->canned, strlen(f->canned), MSG_NOSIGNAL);
        close(fd);
    }
}

static int listen_at(const char *path)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", path);
    unlink(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
    assert_int_equal(listen(fd, 8), 0);
    return fd;
}

static void survives_devices_that_misbehave(void **state)
{
    (void)state;
    CLEAN_WG struct wg *wg = open_wg(WG_BACKEND_USERSPACE);
    static const struct {
        const char *canned;
        int get_rc, set_rc;
    } rows[] = {{"errno=0\n\n", 0, 0},
                {"errno=-16\n\n", -EBUSY, -EBUSY},
                {"errno=0\n", -EBADMSG, -EBADMSG},
                {"", -EBADMSG, -EBADMSG},
                {"HTTP/1.1 400\r\n\r\n", -EBADMSG, -EBADMSG},
                {"listen_port=5\nerrno=0\n\n", 0, -EBADMSG}};
    struct wg_update u = {.has_listen_port = true};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        pthread_t thread;
        struct wg_device d = {0};
        struct fake fake = {.fd = listen_at("/run/wireguard/fake0.sock"), .canned = rows[i].canned};
        assert_int_equal(pthread_create(&thread, NULL, serve_fake, &fake), 0);
        assert_row(rows[i].canned, wg_get(wg, "fake0", &d, NULL) == rows[i].get_rc);
        assert_row(rows[i].canned, wg_set(wg, "fake0", &u, NULL) == rows[i].set_rc);
        wg_device_done(&d);
        assert_true(is_listed(wg, "fake0"));
        shutdown(fake.fd, SHUT_RDWR); /* ends its accept */
        pthread_join(thread, NULL);
        close(fake.fd);
    }
    /* The file is still there, but nobody listens: no device. */
    assert_int_equal(access("/run/wireguard/fake0.sock", F_OK), 0);
    assert_false(wg_exists(wg, "fake0"));
    assert_false(is_listed(wg, "fake0"));
    assert_int_equal(wg_delete(wg, "fake0", NULL), -ENODEV);
    /* Names that are none are not listed even when somebody listens. */
    int fd = listen_at("/run/wireguard/with blank.sock");
    assert_false(is_listed(wg, "with blank"));
    close(fd);
}

static int enter_namespaces(void)
{
    if (unshare(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID) < 0 ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("tmpfs", "/run", "tmpfs", 0, "mode=755") < 0)
        return -errno;
    return 0;
}

static bool kernel_has_wireguard(void)
{
    struct wg_kernel k = {0};
    int rc = wg_kernel_create(&k, "wgprobe");
    if (rc == 0)
        wg_kernel_delete(&k, "wgprobe");
    wg_kernel_done(&k);
    return rc == 0;
}

#define FOR_BACKEND(backend)                                                                       \
    cmocka_unit_test_prestate(creates_and_deletes, &(backend)),                                    \
        cmocka_unit_test_prestate(test_T11_sets_and_gets, &(backend)),                             \
        cmocka_unit_test_prestate(moves_and_replaces_allowed_ips, &(backend)),                     \
        cmocka_unit_test_prestate(carries_many_peers_and_allowed_ips, &(backend)),                 \
        cmocka_unit_test_prestate(brings_up, &(backend)),                                          \
        cmocka_unit_test_prestate(undoes_half_a_bring_up, &(backend)),                             \
        cmocka_unit_test_prestate(refuses_an_mtu_that_is_too_small, &(backend)),                   \
        cmocka_unit_test_prestate(undoes_a_bring_up_on_a_taken_port, &(backend)),                  \
        cmocka_unit_test_prestate(lets_an_existing_device_decide, &(backend))

static int run_on_both_backends(void)
{
    const struct CMUnitTest on_userspace[] = {
        FOR_BACKEND(userspace),
        cmocka_unit_test(refuses_names_that_are_none),
        cmocka_unit_test(says_why_a_program_does_not_start),
        cmocka_unit_test(survives_devices_that_misbehave),
    };
    const struct CMUnitTest on_kernel[] = {FOR_BACKEND(kernel),
                                           cmocka_unit_test(tells_missing_from_foreign)};
    int failed = 0;
    bool has_kernel = kernel_has_wireguard();
    bool has_userspace = wg_uapi_is_installed() && access("/dev/net/tun", R_OK | W_OK) == 0;
    if (has_userspace)
        failed += cmocka_run_group_tests_name("userspace", on_userspace, NULL, NULL);
    else
        fputs("NOT RUN on userspace: no wireguard-go or no /dev/net/tun\n", stderr);
    if (has_kernel)
        failed += cmocka_run_group_tests_name("kernel", on_kernel, NULL, NULL);
    else
        fputs("NOT RUN on the kernel: it has no WireGuard\n", stderr);
    if (!has_kernel && !has_userspace)
        return 77;
    return failed;
}

/* The tests are process 1 of a namespace, so that every wireguard-go ends with them, whatever
 * becomes of them. */
static int run_as_first_process(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (mount("proc", "/proc", "proc", 0, NULL) < 0) {
        fprintf(stderr, "SKIPPED: no /proc for processes of our own: %s\n", strerror(errno));
        return 77;
    }
    return run_on_both_backends();
}

int main(void)
{
    unsetenv("WG_USERSPACE_IMPLEMENTATION");
    unsetenv("WG_QUICK_USERSPACE_IMPLEMENTATION");
    if (geteuid() != 0) {
        fputs("SKIPPED: devices need root\n", stderr);
        return 77;
    }
    int rc = enter_namespaces();
    if (rc < 0) {
        fprintf(stderr, "SKIPPED: no namespaces here: %s\n", strerror(-rc));
        return 77;
    }
    int status = 0;
    pid_t first = fork();
    if (first == 0)
        exit(run_as_first_process());
    while (first > 0 && waitpid(first, &status, 0) < 0 && errno == EINTR)
        ;
    /* not exit(): nothing can be started any more, a sanitizer's last check for one */
    _exit(first > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}
