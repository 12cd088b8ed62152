#include <errno.h>

#include "fixture.h"
#include "pins.h"

static void test_T2_accepts_the_same_and_new_peers(void **state)
{
    (void)state;
    struct peer stored[] = {peer_of("a", "10.0.0.1", 1)};
    struct peer listed[] = {peer_of("renamed", "10.0.0.1", 1), peer_of("b", "10.0.0.2", 2)};
    struct state store = {.peers = stored, .n_peers = 1};
    struct state server = {.peers = listed, .n_peers = 2};
    assert_int_equal(pins_check(&store, &server, NULL), 0);
    free(stored[0].name);
    free(listed[0].name);
    free(listed[1].name);
}

/* T2: the text names the peer, its IP, and both keys. */
static void test_T2_refuses_another_key_for_an_ip(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    char old[KEY_TEXT_MAX], new[KEY_TEXT_MAX];
    struct peer stored[] = {peer_of("a", "10.0.0.1", 1)};
    struct peer listed[] = {peer_of("mallory", "10.0.0.1", 9)};
    struct state store = {.peers = stored, .n_peers = 1};
    struct state server = {.peers = listed, .n_peers = 1};
    assert_int_equal(pins_check(&store, &server, &err), -EKEYREJECTED);
    assert_non_null(strstr(err.text, "mallory"));
    assert_non_null(strstr(err.text, "10.0.0.1"));
    assert_non_null(strstr(err.text, key_format(&stored[0].public_key, old)));
    assert_non_null(strstr(err.text, key_format(&listed[0].public_key, new)));
    free(stored[0].name);
    free(listed[0].name);
}

/* A peer that the server had stopped to list keeps its pin. */
static void disabled_peers_stay_pinned(void **state)
{
    (void)state;
    struct peer stored[] = {peer_of("a", "10.0.0.1", 1)};
    struct peer listed[] = {peer_of("a", "10.0.0.1", 2)};
    stored[0].is_disabled = true;
    struct state store = {.peers = stored, .n_peers = 1};
    struct state server = {.peers = listed, .n_peers = 1};
    assert_int_equal(pins_check(&store, &server, NULL), -EKEYREJECTED);
    free(stored[0].name);
    free(listed[0].name);
}

static void refuses_two_keys_for_one_ip_in_one_answer(void **state)
{
    (void)state;
    struct peer listed[] = {peer_of("a", "10.0.0.1", 1), peer_of("b", "10.0.0.1", 2)};
    struct state store = {0};
    struct state server = {.peers = listed, .n_peers = 2};
    assert_int_equal(pins_check(&store, &server, NULL), -EKEYREJECTED);
    free(listed[0].name);
    free(listed[1].name);
}

/* The same key under another IP is the server's to decide (3.5: only the IP is looked up). */
static void a_key_may_move_to_another_ip(void **state)
{
    (void)state;
    struct peer stored[] = {peer_of("a", "10.0.0.1", 1)};
    struct peer listed[] = {peer_of("a", "10.0.0.7", 1)};
    struct state store = {.peers = stored, .n_peers = 1};
    struct state server = {.peers = listed, .n_peers = 1};
    assert_int_equal(pins_check(&store, &server, NULL), 0);
    free(stored[0].name);
    free(listed[0].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_T2_accepts_the_same_and_new_peers),
        cmocka_unit_test(test_T2_refuses_another_key_for_an_ip),
        cmocka_unit_test(disabled_peers_stay_pinned),
        cmocka_unit_test(refuses_two_keys_for_one_ip_in_one_answer),
        cmocka_unit_test(a_key_may_move_to_another_ip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
