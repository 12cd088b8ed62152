#include "fixture.h"
#include "nat_plan.h"

#define NOW 1000000

/* One peer with key 1 at 10.0.0.1, one addition for it. */
struct scene {
    struct peer peer;
    struct endpoint candidates[12];
    struct wg_peer device_peer;
    struct wg_device device;
    struct diff diff;
    struct client_config config;
    struct nat_plan plan;
};

static int set_up(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    s->peer = peer_of("p", "10.0.0.1", 1);
    s->peer.candidates = s->candidates;
    for (uint16_t i = 0; i < 12; i++)
        s->candidates[i] = (struct endpoint){.ip = ip_of("1.1.1.1"), .port = i};
    s->device_peer.public_key = key_of(1);
    s->device = (struct wg_device){.peers = &s->device_peer, .n_peers = 1};
    s->diff = (struct diff){.action = DIFF_ADD, .peer = &s->peer};
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;
    nat_plan_done(&s->plan);
    free(s->peer.name);
    free(s);
    return 0;
}

static size_t plan(struct scene *s)
{
    struct diffs diffs = {.items = &s->diff, .n = 1};
    nat_plan_done(&s->plan);
    assert_int_equal(nat_plan_add(&s->plan, &diffs, &s->config, NOW), 0);
    return s->plan.n;
}

static void assert_tries(struct scene *s, const struct endpoint *const *expected, size_t n)
{
    assert_int_equal(plan(s), 1);
    for (size_t i = 0; i < n; i++) {
        const struct endpoint *got = nat_peer_pop(&s->plan.peers[0]);
        assert_non_null(got);
        assert_true(endpoint_equal(got, expected[i]));
    }
    assert_null(nat_peer_pop(&s->plan.peers[0]));
}

static void test_CX42_the_last_candidate_first_the_endpoint_last(void **state)
{
    struct scene *s = *state;
    s->peer.n_candidates = 3;
    s->peer.endpoint = s->candidates[1]; /* not tried twice */
    assert_tries(
        s, (const struct endpoint *[]){&s->candidates[2], &s->candidates[0], &s->candidates[1]}, 3);
    s->peer.endpoint = ENDPOINT_INIT;
    assert_tries(
        s, (const struct endpoint *[]){&s->candidates[2], &s->candidates[1], &s->candidates[0]}, 3);
}

static void ten_candidates_and_the_endpoint(void **state)
{
    struct scene *s = *state;
    s->peer.n_candidates = 11;
    s->peer.endpoint = s->candidates[11];
    assert_int_equal(plan(s), 1);
    assert_int_equal(s->plan.peers[0].n, 11);
    assert_true(endpoint_equal(nat_peer_pop(&s->plan.peers[0]), &s->candidates[9]));
}

static void removed_and_overridden_peers_take_no_part(void **state)
{
    struct scene *s = *state;
    struct endpoint_override override = {ip_of("10.0.0.1"), endpoint_of("9.9.9.9:9")};
    s->peer.n_candidates = 1;
    s->diff.peer = NULL;
    assert_int_equal(plan(s), 0);
    s->diff.peer = &s->peer;
    s->config = (struct client_config){.overrides = &override, .n_overrides = 1};
    assert_int_equal(plan(s), 0);
    override.peer_ip = ip_of("10.0.0.2");
    assert_int_equal(plan(s), 1);
}

static void refresh_drops_who_needs_no_help(void **state)
{
    struct scene *s = *state;
    s->peer.n_candidates = 1;
    plan(s);
    assert_int_equal(nat_plan_refresh(&s->plan, &s->device, NOW), 0);
    assert_int_equal(s->plan.n, 1);
    s->device_peer.last_handshake_s = NOW - 180; /* connected */
    assert_int_equal(nat_plan_refresh(&s->plan, &s->device, NOW), 0);
    assert_int_equal(s->plan.n, 0);
    plan(s);
    s->device_peer.last_handshake_s = 0;
    s->device_peer.public_key = key_of(2); /* gone */
    assert_int_equal(nat_plan_refresh(&s->plan, &s->device, NOW), 0);
    assert_int_equal(s->plan.n, 0);
    plan(s);
    s->device_peer.public_key = key_of(1);
    nat_peer_pop(&s->plan.peers[0]); /* out of candidates */
    assert_int_equal(nat_plan_refresh(&s->plan, &s->device, NOW), 0);
    assert_int_equal(s->plan.n, 0);
}

static void assert_told(const struct scene *s, const char *expected)
{
    CLEAN_BUF struct buf text = BUF_INIT;
    nat_plan_tell_silent(&s->plan, "corp", &text);
    if (expected)
        assert_string_equal(text.data, expected);
    else
        assert_null(text.data);
}

static void who_answers_nowhere_is_told(void **state)
{
    struct scene *s = *state;
    s->peer.n_candidates = 1;
    free(s->peer.name);
    s->peer.name = strdup("p\x1b[2J");
    plan(s);
    nat_plan_refresh(&s->plan, &s->device, NOW);
    assert_told(s, NULL); /* there is something left to try */
    nat_peer_pop(&s->plan.peers[0]);
    nat_plan_refresh(&s->plan, &s->device, NOW);
    assert_int_equal(s->plan.n_silent, 1);
    assert_told(s,
                "corp: no handshake yet with p\\x1b[2J: neither endpoint nor candidates answered. "
                "A peer that is not offline may be behind a NAT that cannot be traversed; it can "
                "be given a fixed address: innernet override-peer-endpoint corp");
    s->device_peer.last_handshake_s = NOW; /* late, but it came */
    nat_plan_refresh(&s->plan, &s->device, NOW);
    assert_told(s, NULL);
}

static void who_was_not_tried_or_left_is_not_told(void **state)
{
    struct scene *s = *state;
    assert_int_equal(plan(s), 0); /* neither endpoint nor candidates are known */
    nat_plan_refresh(&s->plan, &s->device, NOW);
    assert_int_equal(s->plan.n, 0);
    assert_told(s, NULL);
    s->peer.n_candidates = 1;
    plan(s);
    nat_peer_pop(&s->plan.peers[0]);
    nat_plan_refresh(&s->plan, &s->device, NOW);
    assert_int_equal(s->plan.n_silent, 1);
    s->device.n_peers = 0;
    nat_plan_refresh(&s->plan, &s->device, NOW);
    assert_told(s, NULL);
}

static void of_many_silent_peers_ten_are_named(void **state)
{
    struct scene *s = *state;
    struct peer *silent[12];
    CLEAN_BUF struct buf text = BUF_INIT;
    for (size_t i = 0; i < 12; i++)
        silent[i] = &s->peer;
    nat_plan_tell_silent(&(struct nat_plan){.silent = silent, .n_silent = 12}, "corp", &text);
    assert_non_null(strstr(text.data, "with p, p, p, p, p, p, p, p, p, p and 2 more: neither"));
}

/* Changes of some peers: these start anew, the others go on where they are. */
static void who_changed_starts_anew(void **state)
{
    struct scene *s = *state;
    struct peer other = peer_of("other", "10.0.0.2", 2);
    struct diff diff = {.action = DIFF_MODIFY, .peer = &other};
    other.candidates = s->candidates;
    other.n_candidates = s->peer.n_candidates = 3;
    plan(s);
    nat_peer_pop(&s->plan.peers[0]);
    assert_int_equal(
        nat_plan_add(&s->plan, &(struct diffs){.items = &diff, .n = 1}, &s->config, NOW), 0);
    assert_int_equal(s->plan.n, 2);
    assert_int_equal(s->plan.peers[0].n, 2);
    assert_int_equal(s->plan.peers[1].n, 3);
    nat_peer_pop(&s->plan.peers[1]);
    assert_int_equal(
        nat_plan_add(&s->plan, &(struct diffs){.items = &diff, .n = 1}, &s->config, NOW), 0);
    assert_int_equal(s->plan.n, 2);
    assert_int_equal(s->plan.peers[0].n, 2);
    assert_int_equal(s->plan.peers[1].n, 3);
    free(other.name);
}

static void connected_peers_take_no_part(void **state)
{
    struct scene *s = *state;
    s->peer.n_candidates = 1;
    s->diff.before = &s->device_peer;
    assert_int_equal(plan(s), 1);
    s->device_peer.last_handshake_s = NOW - 10;
    assert_int_equal(plan(s), 0);
}

static void nobody_is_told_of_twice(void **state)
{
    struct peer a = {.public_key = key_of(1)}, b = {.public_key = key_of(2)};
    struct peer *silent[] = {&a, &b};
    struct nat_plan one = {.silent = silent, .n_silent = 1},
                    both = {.silent = silent, .n_silent = 2}, none = {0};
    struct nat_told told = {0};
    (void)state;
    assert_false(nat_told_update(&told, &none, false));
    assert_true(nat_told_update(&told, &one, false));
    assert_false(nat_told_update(&told, &one, false));
    assert_true(nat_told_update(&told, &both, true));
    assert_false(nat_told_update(&told, &one, true));
    assert_false(nat_told_update(&told, &both, false)); /* the other was not forgotten */
    assert_false(nat_told_update(&told, &one, false));  /* now it is */
    assert_true(nat_told_update(&told, &both, false));
    nat_told_clear(&told);
    assert_true(nat_told_update(&told, &one, false));
    nat_told_clear(&told);
}

/* --- names: "known", "asked" and "bad", by the endpoint's first letter --- */

bool resolver_lookup(struct resolver *r, const struct endpoint *ep, struct sock_addr *ret)
{
    (void)r;
    if (!ep->domain)
        return endpoint_to_sock_addr(ep, ret);
    *ret = (struct sock_addr){.ip = ip_of("2.2.2.2"), .port = ep->port};
    return ep->domain[0] == 'k';
}

bool resolver_is_asking(const struct resolver *r, const struct endpoint *ep)
{
    (void)r;
    return ep->domain && ep->domain[0] == 'a';
}

/* The port of what is tried next, 0 = nothing. */
static unsigned next_port(struct scene *s)
{
    struct sock_addr addr;
    return nat_peer_pop_address(&s->plan.peers[0], NULL, &addr) ? addr.port : 0;
}

static void make_name(struct scene *s, size_t at, const char *first)
{
    struct peer *p = s->plan.peers[0].peer;
    struct endpoint *ep = at == SIZE_MAX ? &p->endpoint : &p->candidates[at];
    free(ep->domain);
    ep->domain = strdup(first);
    assert_non_null(ep->domain);
}

/* Candidates 1, 2 and 3 (their ports), and the endpoint 9. */
static void plan_four(struct scene *s)
{
    for (uint16_t i = 0; i < 3; i++)
        s->candidates[i].port = i + 1;
    s->peer.n_candidates = 3;
    s->peer.endpoint = endpoint_of("9.9.9.9:9");
    assert_int_equal(plan(s), 1);
}

static void a_name_that_is_looked_up_keeps_its_turn(void **state)
{
    struct scene *s = *state;
    plan_four(s);
    make_name(s, 2, "asked");
    assert_int_equal(next_port(s), 2);
    make_name(s, 2, "known");
    assert_int_equal(next_port(s), 3);
    assert_int_equal(next_port(s), 1);
    assert_int_equal(next_port(s), 9);
    assert_int_equal(next_port(s), 0);
}

static void several_names_keep_their_order(void **state)
{
    struct scene *s = *state;
    plan_four(s);
    make_name(s, 2, "asked");
    make_name(s, 1, "asked");
    assert_int_equal(next_port(s), 1);
    make_name(s, 2, "known");
    make_name(s, 1, "known");
    assert_int_equal(next_port(s), 3);
    assert_int_equal(next_port(s), 2);
    assert_int_equal(next_port(s), 9);
}

static void the_endpoint_waits_for_the_names(void **state)
{
    struct scene *s = *state;
    plan_four(s);
    make_name(s, 1, "asked");
    assert_int_equal(next_port(s), 3);
    assert_int_equal(next_port(s), 1);
    assert_int_equal(next_port(s), 0); /* neither the name nor the endpoint */
    assert_int_equal(nat_plan_refresh(&s->plan, &s->device, NOW), 0);
    assert_int_equal(s->plan.n, 1); /* it is not over */
    make_name(s, 1, "known");
    assert_int_equal(next_port(s), 2);
    assert_int_equal(next_port(s), 9);
    plan_four(s);
    make_name(s, SIZE_MAX, "asked");
    for (unsigned port = 3; port > 0; port--)
        assert_int_equal(next_port(s), port);
    assert_int_equal(next_port(s), 0);
    make_name(s, SIZE_MAX, "known");
    assert_int_equal(next_port(s), 9);
}

static void a_name_that_does_not_resolve_costs_no_turn(void **state)
{
    struct scene *s = *state;
    plan_four(s);
    make_name(s, 2, "bad");
    make_name(s, 0, "bad");
    assert_int_equal(next_port(s), 2);
    assert_int_equal(next_port(s), 9);
    plan_four(s);
    for (size_t i = 0; i < 3; i++)
        make_name(s, i, "bad");
    make_name(s, SIZE_MAX, "bad");
    assert_int_equal(next_port(s), 0);
    assert_int_equal(nat_plan_refresh(&s->plan, &s->device, NOW), 0);
    assert_int_equal(s->plan.n_silent, 1);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_CX42_the_last_candidate_first_the_endpoint_last),
        CASE(ten_candidates_and_the_endpoint),
        CASE(removed_and_overridden_peers_take_no_part),
        CASE(refresh_drops_who_needs_no_help),
        CASE(who_answers_nowhere_is_told),
        CASE(who_was_not_tried_or_left_is_not_told),
        CASE(who_changed_starts_anew),
        CASE(a_name_that_is_looked_up_keeps_its_turn),
        CASE(several_names_keep_their_order),
        CASE(the_endpoint_waits_for_the_names),
        CASE(a_name_that_does_not_resolve_costs_no_turn),
        CASE(connected_peers_take_no_part),
        CASE(nobody_is_told_of_twice),
        CASE(of_many_silent_peers_ten_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
