/* The API without HTTP: routing, authentication, bodies, and the routes for every peer. Source:
 * spec/server.md 2.3-2.8 and the catalogue of 8.2-8.4, 8.10. */
#include "api_fixture.h"

/* --- routing and authentication --- */

static const struct {
    const char *source;
    enum api_method method;
    const char *path;
    int status;
} routing[] = {
    {"10.80.80.80", API_GET, "/", 404}, /* before any authentication */
    {"10.80.80.80", API_GET, "", 404},
    {"10.80.80.80", API_GET, "/v2/user/state", 404},
    {"10.80.80.80", API_GET, "/V1/user/state", 404},
    {"10.80.80.80", API_GET, "*", 404},
    {"10.80.80.80", API_GET, "/v1", 401},
    {"10.80.80.80", API_GET, "/v1/foo", 401},
    {"10.80.80.80", API_GET, "/v1/user/state", 401},
    {"10.80.80.80", API_GET, "/v1/admin/peers", 401},
    {DEV1, API_GET, "/v1", 404},
    {DEV1, API_GET, "/v1/", 404},
    {DEV1, API_GET, "/v1/foo", 404},
    {DEV1, API_GET, "/v1/user", 404},
    {DEV1, API_GET, "/v1/user/nope", 404},
    {DEV1, API_GET, "/v1/%75ser/state", 404},
    {DEV1, API_GET, "/v1//user/state", 404},
    {DEV1, API_GET, "/v1/user/state", 200},
    {DEV1, API_GET, "///v1/user/state", 200},
    {DEV1, API_GET, "/v1/user/state/", 200},
    {DEV1, API_GET, "/v1/user/state/extra", 200},
    {DEV1, API_GET, "/v1/user/capabilities", 200},
    {DEV1, API_GET, "/v1/user/capabilities/", 200},
    {DEV1, API_POST, "/v1/user/state", 404},
    {DEV1, API_OTHER_METHOD, "/v1/user/state", 404},
    {DEV1, API_GET, "/v1/user/endpoint", 404},
    {DEV1, API_GET, "/v1/admin/peers", 401},
    {DEV1, API_GET, "/v1/admin/nope", 401},
    {DEV1, API_GET, "/v1/admin", 401},
    {DEV1, API_DELETE, "/v1/admin/peers/5", 401},
    {DEV1, API_PUT, "/v1/admin/peers/3", 401},
    {USER1, API_POST, "/v1/admin/peers", 401},
    {USER1, API_POST, "/v1/admin/cidrs", 401},
    {DEV1, API_POST, "/v1/user/redeem", 401}, /* redeemed already, before the body */
    {ADMIN, API_GET, "/v1/admin", 404},
    {ADMIN, API_GET, "/v1/admin/nope", 404},
    {ADMIN, API_GET, "/v1/admin/peers", 200},
    {ADMIN, API_GET, "//v1/admin/cidrs", 200},
    {ADMIN, API_GET, "/v1/admin/associations", 200},
    {ADMIN, API_GET, "/v1/admin/cidrs/", 404},
    {ADMIN, API_GET, "/v1/admin/cidrs/1", 404},
    {ADMIN, API_POST, "/v1/admin/peers/", 404},
    {ADMIN, API_POST, "/v1/admin/peers/1", 404},
    {ADMIN, API_PUT, "/v1/admin/peers", 404},
    {ADMIN, API_DELETE, "/v1/admin/cidrs", 404},
    {ADMIN, API_PUT, "/v1/admin/associations/1", 404},
    {ADMIN, API_PUT, "/v1/admin/peers/99999999999999999999", 404}, /* before the body */
    {ADMIN, API_PUT, "/v1/admin/peers/9223372036854775808", 404},
    {ADMIN, API_PUT, "/v1/admin/peers/x", 404},
    {ADMIN, API_PUT, "/v1/admin/peers/+", 404},
    {ADMIN, API_PUT, "/v1/admin/peers/", 404},
    {ADMIN, API_PUT, "/v1/admin/peers/1 ", 404},
    {ADMIN, API_DELETE, "/v1/admin/peers/105", 404},
    {ADMIN, API_DELETE, "/v1/admin/peers/-9223372036854775808", 404},
    {ADMIN, API_DELETE, "/v1/admin/cidrs/+99", 204},
    {ADMIN, API_DELETE, "/v1/admin/cidrs/99/x", 204},
    {ADMIN, API_DELETE, "/v1/admin/associations/99", 204},
    {ADMIN, API_DELETE, "/v1/admin/peers/5", 204},
    {ADMIN, API_DELETE, "/v1/admin/peers/5", 204},
};

static void routes_by_the_rules(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(routing); i++) {
        int status = ask(routing[i].source, routing[i].method, routing[i].path, NULL);
        if (status != routing[i].status)
            fail_msg("%s as %s: %d, expected %d", routing[i].path, routing[i].source, status,
                     routing[i].status);
    }
}

static int with_key(const char *source, const char *key)
{
    const struct api_request req = {
        .method = API_GET, .path = "/v1/user/state", .server_key = key, .source = ip_of(source)};
    return run(&req);
}

static void the_key_is_checked(void **state)
{
    (void)state;
    char unpadded[KEY_TEXT_MAX];
    char bits[KEY_TEXT_MAX];
    char other[KEY_TEXT_MAX];
    struct key key = key_of(33);
    snprintf(unpadded, sizeof(unpadded), "%.43s", server_key);
    memcpy(bits, server_key, sizeof(bits));
    bits[42]++; /* a trailing bit */
    key_format(&key, other);
    assert_int_equal(with_key(DEV1, server_key), 200);
    assert_int_equal(with_key(DEV1, unpadded), 200);
    assert_int_equal(with_key(DEV1, bits), 401);
    assert_int_equal(with_key(DEV1, NULL), 401);
    assert_int_equal(with_key(DEV1, ""), 401);
    assert_int_equal(with_key(DEV1, "!!!"), 401);
    assert_int_equal(with_key(DEV1, other), 401);
    assert_int_equal(with_key("10.80.80.80", server_key), 401);
    assert_int_equal(with_key("::ffff:10.80.64.2", server_key), 401);
}

static void disable_dev1(struct store *s)
{
    assert_int_equal(store_set_peer_disabled(s, 3, true, NULL), 0);
}

static void the_disabled_are_strangers(void **state)
{
    (void)state;
    assert_int_equal(GET(DEV1, "/v1/user/capabilities"), 200);
    elsewhere(disable_dev1); /* seen at the very next request */
    assert_int_equal(GET(DEV1, "/v1/user/capabilities"), 401);
    assert_int_equal(GET(DEV1, "/v1/user/state"), 401);
    assert_true(registry.changed_elsewhere);
}

/* --- bodies --- */

static void bodies_obey_the_limits(void **state)
{
    (void)state;
    struct api_response response;
    struct api_request req = {.method = API_PUT,
                              .path = "/v1/user/candidates",
                              .server_key = server_key,
                              .source = ip_of(DEV1)};
    assert_int_equal(run(&req), 400); /* no length */
    req.has_content_length = true;
    req.content_length = 16385;
    assert_int_equal(api_begin(&api, &req, &response), API_ANSWERED);
    assert_int_equal(response.status, 400);
    req.content_length = 16384;
    assert_int_equal(api_begin(&api, &req, &response), API_NEEDS_BODY);
    req.is_chunked = true; /* both */
    assert_int_equal(api_begin(&api, &req, &response), API_ANSWERED);
    assert_int_equal(response.status, 400);
    req.is_chunked = false;
    req.body = "[]";
    req.body_len = 2; /* cut short */
    assert_int_equal(api_respond(&api, &req, &response), API_ANSWERED);
    assert_int_equal(response.status, 400);
    req.source = ip_of("10.80.80.80"); /* strangers first */
    req.has_content_length = false;
    assert_int_equal(run(&req), 401);
}

/* --- state --- */

static void state_shows_what_is_visible(void **state)
{
    (void)state;
    assert_int_equal(GET(DEV1, "/v1/user/state"), 200);
    assert_non_null(strstr(last_body, "\"name\":\"developer1\""));
    assert_non_null(strstr(last_body, "\"name\":\"developer2\""));
    assert_non_null(strstr(last_body, "\"name\":\"innernet-server\",\"ip\":\"10.80.0.1\""));
    assert_null(strstr(last_body, "\"name\":\"user1\""));
    assert_null(strstr(last_body, "\"name\":\"admin\",\"ip\""));
    assert_non_null(strstr(last_body, "{\"id\":5,\"name\":\"user\",\"cidr\":\"10.80.128.0/17\","
                                      "\"parent\":1}"));
    assert_ptr_equal(strstr(last_body, "{\"peers\":[{\"id\":1,"), last_body);
}

static void answers_follow_changes(void **state)
{
    (void)state;
    assert_int_equal(GET(DEV1, "/v1/user/state"), 200);
    assert_null(strstr(last_body, "1.1.1.1:51820"));
    struct body *before = body_ref(snapshot_state(&snapshot, 4)->body);
    assert_ptr_equal(snapshot_state(&snapshot, 4)->body, before); /* shared while nothing changes */
    assert_int_equal(ask("10.80.64.3", API_PUT, "/v1/user/candidates", "[\"1.1.1.1:51820\"]"), 204);
    assert_int_equal(GET(DEV1, "/v1/user/state"), 200);
    assert_non_null(strstr(last_body, "\"candidates\":[\"1.1.1.1:51820\"]"));
    assert_null(strstr(before->data, "1.1.1.1:51820"));
    body_unref(before);
}

static void observed_endpoints_are_shown(void **state)
{
    (void)state;
    struct wg_peer seen = {.public_key = key_of(3),
                           .has_endpoint = true,
                           .endpoint = sock_addr_of("169.10.26.8:14720")};
    struct wg_device wg_device = {.peers = &seen, .n_peers = 1};
    assert_int_equal(GET(DEV1, "/v1/user/state"), 200);
    assert_null(strstr(last_body, "169.10.26.8"));
    assert_int_equal(endpoints_update(&endpoints, &wg_device), 0);
    assert_int_equal(ask(DEV1, API_PUT, "/v1/user/candidates", "[\"1.1.1.1:51820\"]"), 204);
    assert_int_equal(GET(DEV1, "/v1/user/state"), 200);
    assert_non_null(strstr(last_body, "\"endpoint\":\"169.10.26.8:14720\""));
    assert_non_null(strstr(last_body, "\"candidates\":[\"1.1.1.1:51820\"]"));
    assert_int_equal(ask(DEV1, API_PUT, "/v1/user/endpoint",
                         "{\"option\":\"Set\",\"content\":\"1.2.3.4:51820\"}"),
                     204);
    assert_int_equal(GET(DEV1, "/v1/user/state"), 200);
    assert_non_null(strstr(last_body, "\"endpoint\":\"1.2.3.4:51820\""));
    assert_non_null(strstr(last_body, "\"candidates\":[\"1.1.1.1:51820\",\"169.10.26.8:14720\"]"));
    assert_int_equal(stored(3)->n_candidates, 1); /* the database is untouched */
    assert_int_equal(GET(ADMIN, "/v1/admin/peers"), 200);
    assert_non_null(strstr(last_body, "\"169.10.26.8:14720\""));
}

static void capabilities_are_fixed(void **state)
{
    (void)state;
    assert_int_equal(GET(DEV1, "/v1/user/capabilities"), 200);
    assert_string_equal(last_body, "{\"unspecified_ip_in_override_endpoint\":true}");
}

/* --- own settings --- */

static void endpoints_are_set_and_unset(void **state)
{
    (void)state;
    const char *path = "/v1/user/endpoint";
    assert_int_equal(ask(DEV1, API_PUT, path, "{\"option\":\"Set\",\"content\":\"1.1.1.1:5\"}"),
                     204);
    assert_int_equal(stored(3)->endpoint.port, 5);
    assert_int_equal(ask(DEV1, API_PUT, path, "{\"option\":\"Set\",\"content\":\"0.0.0.0:7\"}"),
                     204);
    assert_int_equal(ask(DEV1, API_PUT, path, "{\"option\":\"Unset\"}"), 204);
    assert_false(endpoint_is_set(&stored(3)->endpoint));
    assert_int_equal(ask(DEV1, API_PUT, path, "\"endpoint=blah\""), 400);
    assert_int_equal(ask(DEV1, API_PUT, path, "{\"option\":\"unset\"}"), 400);
    assert_int_equal(ask(DEV1, API_PUT, path, ""), 400);
    /* The server's own peer keeps its endpoint (D9). */
    assert_int_equal(ask("10.80.0.1", API_PUT, path, "{\"option\":\"Unset\"}"), 400);
    assert_true(endpoint_is_set(&stored(1)->endpoint));
}

static void candidates_are_limited_to_ten(void **state)
{
    (void)state;
    const char *path = "/v1/user/candidates";
    char list[512] = "[";
    for (int i = 0; i < 10; i++)
        snprintf(list + strlen(list), sizeof(list) - strlen(list), "\"10.0.0.%d:1\"%s", i,
                 i < 9 ? "," : "]");
    assert_int_equal(ask(DEV1, API_PUT, path, list), 204);
    assert_int_equal(stored(3)->n_candidates, 10);
    snprintf(list + strlen(list) - 1, sizeof(list) - strlen(list), ",\"10.0.0.10:1\"]");
    assert_int_equal(ask(DEV1, API_PUT, path, list), 413);
    assert_int_equal(stored(3)->n_candidates, 10);
    assert_int_equal(ask(DEV1, API_PUT, path, "[\"nonsense\"]"), 400);
    uint64_t generation = registry.model.generation;
    assert_int_equal(ask(DEV1, API_PUT, path, "[]"), 204);
    assert_true(registry.model.generation > generation);
    generation = registry.model.generation;
    assert_int_equal(ask(DEV1, API_PUT, path, "[]"), 204); /* the same again is not written */
    assert_true(registry.model.generation == generation);
}

/* --- redeem --- */

static void invite(struct store *s, int64_t expires)
{
    int64_t id;
    char name[] = "experiment-peer";
    struct peer p = {.name = name,
                     .ip = ip_of("10.80.64.9"),
                     .cidr_id = 4,
                     .public_key = key_of(70),
                     .has_invite_expires = true,
                     .invite_expires_s = expires};
    assert_int_equal(store_insert_peer(s, &p, &id, NULL), 0);
    assert_int_equal(id, 7);
}

static void invite_valid(struct store *s)
{
    invite(s, NOW + 100);
}

static void invite_expired(struct store *s)
{
    invite(s, NOW); /* the stored second has begun: it is half past */
}

#define INVITEE "10.80.64.9"
#define REDEEM "/v1/user/redeem"
#define REDEEM_BODY "{\"public_key\":\"YBVIgpfLbi/knrMCTEb0L6eVy0daiZnJJQkxBK9s+2I=\"}"

static void invitations_are_redeemed_once(void **state)
{
    (void)state;
    elsewhere(invite_valid);
    assert_int_equal(GET(INVITEE, "/v1/user/state"), 401);
    assert_int_equal(GET(INVITEE, "/v1/user/capabilities"), 200);
    assert_int_equal(GET(INVITEE, "/v1/user/nope"), 404);
    assert_int_equal(GET(INVITEE, "/v1/admin/peers"), 401);
    assert_int_equal(ask(INVITEE, API_PUT, "/v1/user/candidates", "[]"), 401);
    assert_int_equal(ask(INVITEE, API_POST, REDEEM, "{}"), 400);
    assert_int_equal(ask(INVITEE, API_POST, REDEEM, "{\"public_key\":\"anything\"}"), 400);
    assert_int_equal(device_redeemed, 0);
    assert_int_equal(ask(INVITEE, API_POST, REDEEM, REDEEM_BODY), 204);
    struct key old_key = key_of(70);
    assert_int_equal(device_redeemed, 7);
    assert_true(key_equal(&device_old_key, &old_key));
    assert_true(stored(7)->is_redeemed);
    assert_true(stored(7)->has_invite_expires);
    assert_int_equal(ask(INVITEE, API_POST, REDEEM, REDEEM_BODY), 401);
    assert_int_equal(GET(INVITEE, "/v1/user/state"), 200);
}

static void some_keys_are_refused(void **state)
{
    (void)state;
    static const uint8_t fills[] = {0, 1, 3}; /* zero, the server's, another peer's */
    elsewhere(invite_valid);
    for (size_t i = 0; i < ARRAY_SIZE(fills); i++) {
        char body[128];
        char text[KEY_TEXT_MAX];
        struct key key = key_of(fills[i]);
        snprintf(body, sizeof(body), "{\"public_key\":\"%s\"}", key_format(&key, text));
        assert_int_equal(ask(INVITEE, API_POST, REDEEM, body), 400);
    }
    assert_false(stored(7)->is_redeemed);
}

static void keys_are_stored_in_canonical_form(void **state)
{
    (void)state;
    elsewhere(invite_valid);
    assert_int_equal(ask(INVITEE, API_POST, REDEEM,
                         "{\"public_key\":\"YBVIgpfLbi/knrMCTEb0L6eVy0daiZnJJQkxBK9s+2I\"}"),
                     204);
    assert_int_equal(GET(INVITEE, "/v1/user/state"), 200);
    assert_non_null(strstr(last_body, "YBVIgpfLbi/knrMCTEb0L6eVy0daiZnJJQkxBK9s+2I="));
}

static void expired_invitations_are_refused(void **state)
{
    (void)state;
    elsewhere(invite_expired);
    assert_int_equal(GET(INVITEE, "/v1/user/state"), 401);
    assert_int_equal(ask(INVITEE, API_POST, REDEEM, REDEEM_BODY), 401);
    assert_false(stored(7)->is_redeemed);
    assert_int_equal(device_redeemed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(routes_by_the_rules),
        CASE(the_key_is_checked),
        CASE(the_disabled_are_strangers),
        CASE(bodies_obey_the_limits),
        CASE(state_shows_what_is_visible),
        CASE(answers_follow_changes),
        CASE(observed_endpoints_are_shown),
        CASE(capabilities_are_fixed),
        CASE(endpoints_are_set_and_unset),
        CASE(candidates_are_limited_to_ten),
        CASE(invitations_are_redeemed_once),
        CASE(some_keys_are_refused),
        CASE(keys_are_stored_in_canonical_form),
        CASE(expired_invitations_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
