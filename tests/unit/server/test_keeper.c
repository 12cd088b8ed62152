/* The keeper over a device and a resolver that live in this file. */
#include <errno.h>

#include "fixture.h"
#include "keeper.h"

#define NOW 1000000

/* --- the stand-ins --- */

static struct {
    struct wg_peer peers[8];
    struct network allowed[8];
    size_t n_peers;
    struct key private_key;
    uint16_t listen_port;
    unsigned n_sets;
    int get_answer;
    int set_answer;
} dev;

static bool name_resolves;

int wg_get(struct wg *wg, const char *name, struct wg_device *ret, struct err *err)
{
    (void)wg;
    assert_string_equal(name, "test");
    if (dev.get_answer < 0)
        return err_set(err, dev.get_answer, "gone");
    *ret = (struct wg_device){.has_key = true,
                              .private_key = dev.private_key,
                              .public_key = key_public(&dev.private_key),
                              .listen_port = dev.listen_port,
                              .peers = dev.peers,
                              .n_peers = dev.n_peers};
    return 0;
}

void wg_device_done(struct wg_device *d)
{
    *d = (struct wg_device){0};
}

static struct wg_peer *find(const struct key *key)
{
    for (size_t i = 0; i < dev.n_peers; i++)
        if (key_equal(&dev.peers[i].public_key, key))
            return &dev.peers[i];
    return NULL;
}

static void apply_one(const struct wg_peer_update *u)
{
    struct wg_peer *p = find(&u->public_key);
    if (u->remove) {
        if (p)
            *p = dev.peers[--dev.n_peers];
        return;
    }
    if (!p) {
        p = &dev.peers[dev.n_peers];
        *p =
            (struct wg_peer){.public_key = u->public_key, .allowed_ips = &dev.allowed[dev.n_peers]};
        dev.n_peers++;
    }
    p->keepalive_s = u->keepalive_s;
    *p->allowed_ips = u->allowed_ips[0];
    p->n_allowed_ips = 1;
    if (u->has_endpoint) {
        p->has_endpoint = true;
        p->endpoint = u->endpoint;
    }
}

int wg_set(struct wg *wg, const char *name, const struct wg_update *update, struct err *err)
{
    (void)wg;
    assert_string_equal(name, "test");
    dev.n_sets++;
    if (dev.set_answer < 0)
        return err_set(err, dev.set_answer, "refused");
    if (update->has_private_key)
        dev.private_key = update->private_key;
    if (update->has_listen_port)
        dev.listen_port = update->listen_port;
    for (size_t i = 0; i < update->n_peers; i++)
        apply_one(&update->peers[i]);
    return 0;
}

bool resolver_lookup(struct resolver *r, const struct endpoint *ep, struct sock_addr *ret)
{
    assert_non_null(r);
    if (endpoint_to_sock_addr(ep, ret))
        return true;
    *ret = sock_addr_of("8.8.8.8:8");
    return name_resolves;
}

/* --- helpers --- */

static struct model model;
static struct endpoints endpoints;
static struct keeper keeper;
static int fake_resolver;

static void put_row(int64_t id, uint8_t key, const char *endpoint, bool disabled)
{
    struct peer p = {.id = id,
                     .name = strdup("peer"),
                     .ip = {.family = IP_V4, .bytes = {10, 0, 0, (uint8_t)id}},
                     .cidr_id = 3,
                     .public_key = key_of(key),
                     .is_disabled = disabled,
                     .is_redeemed = true};
    if (endpoint)
        p.endpoint = endpoint_of(endpoint);
    assert_int_equal(model_put_peer(&model, &p), 0);
}

static int setup(void **state)
{
    (void)state;
    model = MODEL_INIT;
    endpoints = ENDPOINTS_INIT;
    memset(&dev, 0, sizeof(dev));
    name_resolves = false;
    struct key private_key = key_of(99);
    dev.private_key = private_key;
    dev.listen_port = 51820;
    keeper = (struct keeper){
        .resolver = (struct resolver *)&fake_resolver,
        .model = &model,
        .endpoints = &endpoints,
        .interface = "test",
        .private_key = private_key,
        .listen_port = 51820,
        .self = {.public_key = key_public(&private_key),
                 .ip = {.family = IP_V4, .bytes = {10, 0, 0, 1}}},
    };
    put_row(1, 1, "1.1.1.1:1", false); /* the server's own */
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    keeper_done(&keeper);
    endpoints_done(&endpoints);
    model_done(&model);
    return 0;
}

static struct wg_peer *on_device(uint8_t key)
{
    struct key k = key_of(key);
    return find(&k);
}

static void assert_endpoint(uint8_t key, const char *text)
{
    struct wg_peer *p = on_device(key);
    assert_non_null(p);
    if (!text) {
        assert_false(p->has_endpoint);
        return;
    }
    char out[SOCK_ADDR_TEXT_MAX];
    assert_true(p->has_endpoint);
    assert_string_equal(sock_addr_format(&p->endpoint, out), text);
}

/* The peer has been heard of from somewhere. */
static void roam(uint8_t key, const char *where)
{
    struct wg_peer *p = on_device(key);
    p->has_endpoint = true;
    p->endpoint = sock_addr_of(where);
    p->last_handshake_s = NOW - 10;
}

/* --- tests --- */

static void one_update_makes_all_right(void **state)
{
    (void)state;
    const struct network stray_ip = network_of("10.9.9.9/32");
    const struct wg_peer_update stray = {.public_key = key_of(50), .allowed_ips = &stray_ip};
    apply_one(&stray);
    put_row(2, 2, NULL, false);
    put_row(3, 3, NULL, true);
    put_row(4, 4, "0.0.0.0:7", false); /* never configured (D24) */
    keeper_run(&keeper, NOW);
    assert_int_equal(dev.n_sets, 1);
    assert_int_equal(dev.n_peers, 2);
    assert_non_null(on_device(2));
    assert_endpoint(4, NULL);
    assert_null(on_device(1));
    keeper_run(&keeper, NOW);
    assert_int_equal(dev.n_sets, 1); /* nothing to do */
}

static void key_and_port_are_mended(void **state)
{
    (void)state;
    dev.private_key = key_of(98);
    dev.listen_port = 1;
    keeper_run(&keeper, NOW);
    assert_true(key_equal(&dev.private_key, &keeper.private_key));
    assert_int_equal(dev.listen_port, 51820);
}

static void endpoints_are_observed(void **state)
{
    (void)state;
    struct key key = key_of(2);
    put_row(2, 2, NULL, false);
    keeper_run(&keeper, NOW);
    assert_null(endpoints_find(&endpoints, &key));
    roam(2, "9.9.9.9:9");
    keeper_run(&keeper, NOW);
    assert_int_equal(endpoints_find(&endpoints, &key)->port, 9);
}

static void a_new_override_wins_once(void **state)
{
    (void)state;
    put_row(2, 2, NULL, false);
    keeper_run(&keeper, NOW);
    roam(2, "9.9.9.9:9");
    put_row(2, 2, "1.2.3.4:5", false); /* the row changed */
    keeper_run(&keeper, NOW);
    assert_endpoint(2, "1.2.3.4:5");
    roam(2, "9.9.9.9:9"); /* and the peer moved on */
    keeper_run(&keeper, NOW);
    assert_endpoint(2, "9.9.9.9:9");
}

static void live_sessions_survive_a_restart(void **state)
{
    (void)state;
    put_row(2, 2, "1.2.3.4:5", false);
    keeper_run(&keeper, NOW);
    roam(2, "9.9.9.9:9");
    keeper_done(&keeper); /* forgets what it knew */
    keeper.private_key = dev.private_key;
    keeper_run(&keeper, NOW);
    assert_endpoint(2, "9.9.9.9:9");
    keeper_run(&keeper, NOW + 1000); /* the session has ended */
    assert_endpoint(2, "1.2.3.4:5");
}

static void names_are_set_when_they_are_known(void **state)
{
    (void)state;
    put_row(2, 2, NULL, false);
    keeper_run(&keeper, NOW);
    roam(2, "9.9.9.9:9");
    put_row(2, 2, "example.com:5", false);
    keeper_run(&keeper, NOW);
    assert_endpoint(2, "9.9.9.9:9");
    name_resolves = true;
    keeper_run(&keeper, NOW); /* still new */
    assert_endpoint(2, "8.8.8.8:8");
    roam(2, "9.9.9.9:9");
    keeper_run(&keeper, NOW);
    assert_endpoint(2, "9.9.9.9:9");
}

static void a_redeemed_peer_keeps_its_old_key_for_a_while(void **state)
{
    (void)state;
    struct key old_key = key_of(2);
    put_row(2, 2, NULL, false);
    keeper_run(&keeper, NOW);
    put_row(2, 3, NULL, false); /* redeemed under a new key */
    assert_true(keeper_next_switch_ms(&keeper) == UINT64_MAX);
    keeper_peer_redeemed(&keeper, 2, &old_key, 1000);
    assert_true(keeper_next_switch_ms(&keeper) == 6000);
    keeper_run(&keeper, NOW);
    keeper_peer_changed(&keeper, 2, NOW);
    assert_non_null(on_device(2));
    assert_null(on_device(3));
    assert_false(keeper_end_switches(&keeper, 5999));
    assert_true(keeper_end_switches(&keeper, 6000));
    keeper_run(&keeper, NOW);
    assert_null(on_device(2));
    assert_non_null(on_device(3));
    assert_int_equal(dev.n_peers, 1);
}

static void disabled_in_the_window_the_old_key_goes(void **state)
{
    (void)state;
    struct key old_key = key_of(2);
    put_row(2, 2, NULL, false);
    keeper_run(&keeper, NOW);
    put_row(2, 3, NULL, true);
    keeper_peer_redeemed(&keeper, 2, &old_key, 1000);
    keeper_peer_changed(&keeper, 2, NOW);
    assert_int_equal(dev.n_peers, 0);
}

static void single_changes_come_at_once(void **state)
{
    (void)state;
    put_row(2, 2, "1.2.3.4:5", false);
    assert_int_equal(keeper_add_peer(&keeper, model_find_peer(&model, 2), NOW, NULL), 0);
    assert_endpoint(2, "1.2.3.4:5");
    roam(2, "9.9.9.9:9");
    keeper_peer_changed(&keeper, 2, NOW); /* renamed, say: the session stays where it is */
    assert_endpoint(2, "9.9.9.9:9");
    put_row(2, 2, "1.2.3.4:6", false);
    keeper_peer_changed(&keeper, 2, NOW);
    assert_endpoint(2, "1.2.3.4:6");
    put_row(2, 2, "1.2.3.4:6", true);
    keeper_peer_changed(&keeper, 2, NOW);
    assert_null(on_device(2));
    put_row(2, 2, "1.2.3.4:6", false);
    keeper_peer_changed(&keeper, 2, NOW);
    assert_endpoint(2, "1.2.3.4:6");
    unsigned sets = dev.n_sets;
    keeper_peer_changed(&keeper, 1, NOW); /* the server's own peer is never there */
    keeper_peer_changed(&keeper, 77, NOW);
    assert_int_equal(dev.n_sets, sets);
}

static void faults_are_told_and_mended_later(void **state)
{
    (void)state;
    put_row(2, 2, NULL, false);
    dev.set_answer = -EIO;
    struct err err = ERR_INIT;
    assert_int_equal(keeper_add_peer(&keeper, model_find_peer(&model, 2), NOW, &err), -EIO);
    assert_string_equal(err.text, "refused");
    keeper_run(&keeper, NOW);
    assert_true(keeper.device_failed);
    dev.set_answer = 0;
    dev.get_answer = -ENODEV;
    keeper_run(&keeper, NOW);
    assert_true(keeper.device_failed);
    dev.get_answer = 0;
    keeper_run(&keeper, NOW);
    assert_false(keeper.device_failed);
    assert_non_null(on_device(2));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(one_update_makes_all_right),
        CASE(key_and_port_are_mended),
        CASE(endpoints_are_observed),
        CASE(a_new_override_wins_once),
        CASE(live_sessions_survive_a_restart),
        CASE(names_are_set_when_they_are_known),
        CASE(a_redeemed_peer_keeps_its_old_key_for_a_while),
        CASE(disabled_in_the_window_the_old_key_goes),
        CASE(single_changes_come_at_once),
        CASE(faults_are_told_and_mended_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
