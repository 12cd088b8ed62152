#include "fixture.h"
#include "reconcile.h"

#define NOW 1000000

static const struct reconcile_self self = {.public_key = {{0xaa}},
                                           .ip = {.family = IP_V4, .bytes = {10, 0, 0, 1}}};

static struct peer peer_with(int64_t id, uint8_t key)
{
    return (struct peer){.id = id,
                         .name = NULL,
                         .ip = {.family = IP_V4, .bytes = {10, 0, 0, (uint8_t)(id + 1)}},
                         .public_key = key_of(key),
                         .is_redeemed = true};
}

static void wants_those_who_may_come(void **state)
{
    (void)state;
    struct peer p = peer_with(2, 2);
    assert_true(reconcile_wants(&p, &self, NOW));
    p.is_disabled = true;
    assert_false(reconcile_wants(&p, &self, NOW));
    p.is_disabled = false;
    p.is_redeemed = false;
    assert_true(reconcile_wants(&p, &self, NOW)); /* an invitation without end */
    p.has_invite_expires = true;
    p.invite_expires_s = NOW;
    assert_true(reconcile_wants(&p, &self, NOW));
    p.invite_expires_s = NOW - 1;
    assert_false(reconcile_wants(&p, &self, NOW));
    p.is_redeemed = true; /* the expiry stays after redeeming */
    assert_true(reconcile_wants(&p, &self, NOW));
    p.ip = self.ip;
    assert_false(reconcile_wants(&p, &self, NOW));
    p = peer_with(2, 0);
    assert_false(reconcile_wants(&p, &self, NOW));
    p.public_key = self.public_key;
    assert_false(reconcile_wants(&p, &self, NOW));
}

/* A device entry that is right for `p`. */
struct on_device {
    struct wg_peer peer;
    struct network allowed[2];
};

static void put(struct on_device *d, const struct peer *p)
{
    *d = (struct on_device){0};
    d->allowed[0] = network_of_ip(&p->ip);
    d->peer = (struct wg_peer){.public_key = p->public_key,
                               .keepalive_s = 25,
                               .allowed_ips = d->allowed,
                               .n_allowed_ips = 1};
}

static void plan_for(const struct on_device *d, const struct wanted_peer *w,
                     struct reconcile_plan *plan)
{
    struct wg_peer copy;
    struct wg_device device = {0};
    if (d) {
        copy = d->peer;
        device.peers = &copy;
        device.n_peers = 1;
    }
    assert_int_equal(reconcile_diff(&device, w, w ? 1 : 0, NOW, plan), 0);
}

static void adds_what_is_missing(void **state)
{
    (void)state;
    CLEAN_RECONCILE_PLAN struct reconcile_plan plan;
    struct peer p = peer_with(2, 2);
    struct wanted_peer w = reconcile_entry(&p, NULL, 0);
    w.has_endpoint = true;
    w.endpoint = sock_addr_of("1.2.3.4:5");
    plan_for(NULL, &w, &plan);
    assert_int_equal(plan.n_updates, 1);
    assert_int_equal(plan.n_added, 1);
    const struct wg_peer_update *u = &plan.updates[0];
    assert_true(key_equal(&u->public_key, &p.public_key));
    assert_false(u->remove);
    assert_true(u->has_keepalive && u->keepalive_s == 25);
    assert_true(u->replace_allowed_ips);
    assert_int_equal(u->n_allowed_ips, 1);
    assert_true(ip_equal(&u->allowed_ips[0].addr, &p.ip));
    assert_int_equal(u->allowed_ips[0].prefix, 32);
    assert_true(u->has_endpoint);
    assert_true(sock_addr_equal(&u->endpoint, &w.endpoint));
}

static void ipv6_peers_get_their_single_address(void **state)
{
    (void)state;
    struct peer p = peer_with(2, 2);
    p.ip = ip_of("fd00::5");
    struct wanted_peer w = reconcile_entry(&p, NULL, 0);
    assert_int_equal(w.allowed_ip.prefix, 128);
}

static void removes_what_is_not_wanted(void **state)
{
    (void)state;
    CLEAN_RECONCILE_PLAN struct reconcile_plan plan;
    struct peer p = peer_with(2, 2);
    struct on_device d;
    put(&d, &p);
    plan_for(&d, NULL, &plan);
    assert_int_equal(plan.n_updates, 1);
    assert_int_equal(plan.n_removed, 1);
    assert_true(plan.updates[0].remove);
    assert_true(key_equal(&plan.updates[0].public_key, &p.public_key));
}

static void removes_before_it_adds(void **state)
{
    (void)state;
    CLEAN_RECONCILE_PLAN struct reconcile_plan plan;
    struct peer p = peer_with(2, 2);
    struct on_device d;
    put(&d, &p);
    p.public_key = key_of(3); /* redeemed: the same address under a new key */
    struct wanted_peer w = reconcile_entry(&p, NULL, 0);
    plan_for(&d, &w, &plan);
    assert_int_equal(plan.n_updates, 2);
    assert_true(plan.updates[0].remove);
    assert_false(plan.updates[1].remove);
}

static void leaves_what_is_right_alone(void **state)
{
    (void)state;
    CLEAN_RECONCILE_PLAN struct reconcile_plan plan;
    struct peer p = peer_with(2, 2);
    struct on_device d;
    put(&d, &p);
    struct wanted_peer w = reconcile_entry(&p, NULL, 0);
    plan_for(&d, &w, &plan);
    assert_int_equal(plan.n_updates, 0);
}

static void mends_keepalive_and_allowed_ips(void **state)
{
    (void)state;
    struct peer p = peer_with(2, 2);
    struct wanted_peer w = reconcile_entry(&p, NULL, 0);
    for (int i = 0; i < 3; i++) {
        CLEAN_RECONCILE_PLAN struct reconcile_plan plan;
        struct on_device d;
        put(&d, &p);
        if (i == 0)
            d.peer.keepalive_s = 0;
        if (i == 1)
            d.allowed[0].addr = ip_of("10.0.0.99");
        if (i == 2) {
            d.allowed[1] = network_of("0.0.0.0/0");
            d.peer.n_allowed_ips = 2;
        }
        plan_for(&d, &w, &plan);
        assert_int_equal(plan.n_updates, 1);
        assert_int_equal(plan.n_mended, 1);
        assert_true(plan.updates[0].replace_allowed_ips);
        assert_false(plan.updates[0].has_endpoint);
    }
}

static const struct {
    const char *on_device; /* NULL: none */
    int64_t handshake_age; /* -1: never */
    bool changed;
    bool sets;
} endpoint_rows[] = {
    {NULL, -1, false, true},          {"9.9.9.9:9", 100, false, false},
    {"9.9.9.9:9", 180, false, false}, {"9.9.9.9:9", 181, false, true},
    {"9.9.9.9:9", -1, false, true},   {"9.9.9.9:9", 100, true, true},
    {"1.2.3.4:5", 100, true, false},  {"1.2.3.4:5", -1, false, false},
};

static void overrides_respect_live_sessions(void **state)
{
    (void)state;
    struct peer p = peer_with(2, 2);
    for (size_t i = 0; i < ARRAY_SIZE(endpoint_rows); i++) {
        CLEAN_RECONCILE_PLAN struct reconcile_plan plan;
        struct on_device d;
        struct wanted_peer w = reconcile_entry(&p, NULL, 0);
        put(&d, &p);
        w.has_endpoint = true;
        w.endpoint = sock_addr_of("1.2.3.4:5");
        w.endpoint_changed = endpoint_rows[i].changed;
        if (endpoint_rows[i].on_device) {
            d.peer.has_endpoint = true;
            d.peer.endpoint = sock_addr_of(endpoint_rows[i].on_device);
        }
        if (endpoint_rows[i].handshake_age >= 0)
            d.peer.last_handshake_s = NOW - endpoint_rows[i].handshake_age;
        plan_for(&d, &w, &plan);
        if (plan.n_updates != (endpoint_rows[i].sets ? 1U : 0U))
            fail_msg("row %zu", i);
        if (endpoint_rows[i].sets)
            assert_true(plan.updates[0].has_endpoint);
    }
}

static void keeps_the_old_key_during_a_switch(void **state)
{
    (void)state;
    struct peer p = peer_with(2, 3);
    const struct key_switch switches[] = {{.peer_id = 1, .old_key = key_of(9)},
                                          {.peer_id = 2, .old_key = key_of(2)}};
    struct wanted_peer during = reconcile_entry(&p, switches, 2);
    struct wanted_peer after = reconcile_entry(&p, switches, 1);
    struct key old_key = key_of(2);
    assert_true(key_equal(&during.key, &old_key));
    assert_true(key_equal(&after.key, &p.public_key));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wants_those_who_may_come),
        cmocka_unit_test(adds_what_is_missing),
        cmocka_unit_test(ipv6_peers_get_their_single_address),
        cmocka_unit_test(removes_what_is_not_wanted),
        cmocka_unit_test(removes_before_it_adds),
        cmocka_unit_test(leaves_what_is_right_alone),
        cmocka_unit_test(mends_keepalive_and_allowed_ips),
        cmocka_unit_test(overrides_respect_live_sessions),
        cmocka_unit_test(keeps_the_old_key_during_a_switch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
