/* The routes for admins, without HTTP. Source: spec/server.md 2.9 and the catalogue
 * of 8.5-8.7, 8.10. */
#include <errno.h>

#include "api_fixture.h"

/* --- peers --- */

#define PEERS "/v1/admin/peers"
#define PEER_BODY(name, ip, cidr, key, more)                                                       \
    "{\"name\":\"" name "\",\"ip\":\"" ip "\",\"cidr_id\":" cidr ",\"public_key\":\"" key          \
    "\",\"is_admin\":false,\"is_disabled\":false,\"is_redeemed\":false" more "}"
#define KEY_A "RSoL+uJXF3+9hz/KBaQ/JrljBBxcvMwX+v9zWgz/ugI="
#define KEY_SERVER "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="

static void peers_are_added(void **state)
{
    (void)state;
    const char *body =
        PEER_BODY("developer3", "10.80.64.4", "4", KEY_A,
                  ",\"endpoint\":\"Example.com:0443\",\"invite_expires\":{\"secs_since_epoch\":"
                  "1900000000,\"nanos_since_epoch\":123456789}");
    assert_int_equal(ask(ADMIN, API_POST, PEERS, body), 201);
    assert_string_equal(
        last_body,
        "{\"id\":7,\"name\":\"developer3\",\"ip\":\"10.80.64.4\",\"cidr_id\":4,\"public_key\":"
        "\"" KEY_A "\",\"endpoint\":\"example.com:443\",\"persistent_keepalive_interval\":null,"
        "\"is_admin\":false,\"is_disabled\":false,\"is_redeemed\":false,\"invite_expires\":{"
        "\"secs_since_epoch\":1900000000,\"nanos_since_epoch\":123456789},\"candidates\":[]}");
    assert_int_equal(registry.model.n_peers, 7);
    assert_int_equal(device_adds, 1);
    assert_int_equal(stored(7)->keepalive_s, 25);
    assert_int_equal(stored(7)->invite_expires_ns, 0);
}

static void bad_peers_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        int status;
    } cases[] = {
        {PEER_BODY("developer2", "10.80.64.4", "4", KEY_A, ""), 400},
        {PEER_BODY("developer3", "10.80.64.3", "4", KEY_A, ""), 400},
        {PEER_BODY("developer3", "10.80.65.4", "4", KEY_A, ""), 400},
        {PEER_BODY("developer3", "10.80.64.0", "4", KEY_A, ""), 400},
        {PEER_BODY("developer3", "10.80.64.255", "4", KEY_A, ""), 400},
        {PEER_BODY("devel oper", "10.80.64.4", "4", KEY_A, ""), 400},
        {PEER_BODY("Dev6", "10.80.64.4", "4", KEY_A, ""), 400},
        {PEER_BODY("developer3", "10.80.64.4", "999", KEY_A, ""), 404},
        {PEER_BODY("developer3", "10.80.64.4", "4", KEY_SERVER, ""), 400},
        {PEER_BODY("developer3", "10.80.64.4", "4", "anything", ""), 400},
        {PEER_BODY("developer3", "10.80.64.4", "4", KEY_A, ",\"candidates\":null"), 400},
        {PEER_BODY("developer3", "10.80.64.4", "4", KEY_A,
                   ",\"persistent_keepalive_interval\":65536"),
         400},
        {"{}", 400},
        {"", 400},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        int status = ask(ADMIN, API_POST, PEERS, cases[i].body);
        if (status != cases[i].status)
            fail_msg("%s: %d", cases[i].body, status);
    }
    assert_int_equal(registry.model.n_peers, 6);
    assert_int_equal(device_adds, 0);
}

static void a_failing_device_undoes_the_insert(void **state)
{
    (void)state;
    const char *body = PEER_BODY("developer3", "10.80.64.4", "4", KEY_A, "");
    device_answer = -ENODEV;
    assert_int_equal(ask(ADMIN, API_POST, PEERS, body), 500);
    device_answer = -EINVAL;
    assert_int_equal(ask(ADMIN, API_POST, PEERS, body), 500);
    assert_int_equal(GET(ADMIN, PEERS), 200);
    assert_null(strstr(last_body, "developer3"));
    device_answer = 0;
    assert_int_equal(ask(ADMIN, API_POST, PEERS, body), 201);
}

static void five_fields_of_peers_are_updated(void **state)
{
    (void)state;
    assert_int_equal(ask(ADMIN, API_PUT, PEERS "/3",
                         "{\"name\":\"new-peer-name\",\"ip\":\"10.9.9.9\",\"cidr_id\":1,"
                         "\"public_key\":\"" KEY_A "\",\"endpoint\":\"1.2.3.4:5\","
                         "\"persistent_keepalive_interval\":7,\"is_admin\":true,"
                         "\"is_disabled\":true,\"is_redeemed\":false,"
                         "\"candidates\":[\"203.0.113.9:51820\"]}"),
                     204);
    const struct peer *p = stored(3);
    struct key key = key_of(3);
    assert_string_equal(p->name, "new-peer-name");
    assert_true(p->is_admin && p->is_disabled && p->is_redeemed);
    assert_int_equal(p->endpoint.port, 5);
    assert_int_equal(p->n_candidates, 1);
    assert_int_equal(p->cidr_id, 4);
    assert_int_equal(p->keepalive_s, 25);
    assert_true(key_equal(&p->public_key, &key));
    assert_false(p->has_invite_expires);
    assert_int_equal(device_changed, 3);
    assert_int_equal(ask(ADMIN, API_PUT, PEERS "/4444", "{\"name\":\"dev1\"}"), 400);
    assert_int_equal(
        ask(ADMIN, API_PUT, PEERS "/4444", PEER_BODY("dev1", "10.80.64.4", "4", KEY_A, "")), 404);
    assert_int_equal(
        ask(ADMIN, API_PUT, PEERS "/4", PEER_BODY("new-peer-name", "10.80.64.4", "4", KEY_A, "")),
        400);
}

static void deleting_a_peer_disables_it(void **state)
{
    (void)state;
    assert_int_equal(ask(ADMIN, API_DELETE, PEERS "/5", NULL), 204);
    assert_true(stored(5)->is_disabled);
    assert_int_equal(device_changed, 5);
    assert_int_equal(registry.model.n_peers, 6);
    device_changed = 0;
    assert_int_equal(ask(ADMIN, API_DELETE, PEERS "/1", NULL), 400); /* never the server's (D9) */
    assert_false(stored(1)->is_disabled);
    assert_int_equal(device_changed, 0);
}

/* --- CIDRs and associations --- */

#define CIDRS "/v1/admin/cidrs"

static void cidrs_come_and_go(void **state)
{
    (void)state;
    assert_int_equal(ask(ADMIN, API_POST, CIDRS,
                         "{\"name\":\"experimental\",\"cidr\":\"10.81.0.0/16\",\"parent\":1}"),
                     201);
    assert_string_equal(
        last_body, "{\"id\":6,\"name\":\"experimental\",\"cidr\":\"10.81.0.0/16\",\"parent\":1}");
    assert_int_equal(ask(ADMIN, API_POST, CIDRS,
                         "{\"name\":\"experimental\",\"cidr\":\"10.81.0.0/17\",\"parent\":6}"),
                     400);
    assert_int_equal(
        ask(ADMIN, API_POST, CIDRS, "{\"name\":\"sub\",\"cidr\":\"10.81.0.0/17\",\"parent\":1}"),
        400);
    assert_int_equal(
        ask(ADMIN, API_POST, CIDRS, "{\"name\":\"sub\",\"cidr\":\"10.81.0.0/17\",\"parent\":6}"),
        201);
    assert_int_equal(ask(ADMIN, API_POST, CIDRS, "{\"name\":\"x\"}"), 400);
    assert_int_equal(ask(ADMIN, API_DELETE, CIDRS "/6", NULL), 400);
    assert_int_equal(ask(ADMIN, API_DELETE, CIDRS "/7", NULL), 204);
    assert_int_equal(ask(ADMIN, API_DELETE, CIDRS "/6", NULL), 204);
    assert_int_equal(ask(ADMIN, API_DELETE, CIDRS "/4", NULL), 400); /* has peers */
    assert_int_equal(GET(ADMIN, CIDRS), 200);
    assert_null(strstr(last_body, "experimental"));
}

static void only_names_of_cidrs_change(void **state)
{
    (void)state;
    assert_int_equal(ask(ADMIN, API_PUT, CIDRS "/4",
                         "{\"name\":\"machines\",\"cidr\":\"10.1.0.0/24\",\"parent\":5}"),
                     204);
    assert_int_equal(GET(ADMIN, CIDRS), 200);
    assert_non_null(strstr(
        last_body, "{\"id\":4,\"name\":\"machines\",\"cidr\":\"10.80.64.0/24\",\"parent\":1}"));
    assert_int_equal(ask(ADMIN, API_PUT, CIDRS "/4", "{\"name\":\"x\"}"), 400);
    assert_int_equal(
        ask(ADMIN, API_PUT, CIDRS "/4", "{\"name\":\"user\",\"cidr\":\"10.1.0.0/24\"}"), 400);
    assert_int_equal(ask(ADMIN, API_PUT, CIDRS "/444", "{\"name\":\"x\",\"cidr\":\"10.1.0.0/24\"}"),
                     404);
    assert_int_equal(ask(ADMIN, API_PUT, CIDRS "/444", "nonsense"), 400);
}

static void associations_come_and_go(void **state)
{
    (void)state;
    const char *path = "/v1/admin/associations";
    assert_int_equal(ask(ADMIN, API_POST, path, "{\"cidr_id_1\":4,\"cidr_id_2\":5}"), 201);
    assert_string_equal(last_body, "");
    assert_int_equal(ask(ADMIN, API_POST, path, "{\"cidr_id_1\":4,\"cidr_id_2\":5}"), 400);
    assert_int_equal(ask(ADMIN, API_POST, path, "{\"cidr_id_1\":5,\"cidr_id_2\":4}"), 400);
    assert_int_equal(ask(ADMIN, API_POST, path, "{\"cidr_id_1\":5,\"cidr_id_2\":99}"), 400);
    assert_int_equal(ask(ADMIN, API_POST, path, "{\"cidr_id_1\":5,\"cidr_id_2\":5}"), 400);
    assert_int_equal(GET(ADMIN, path), 200);
    assert_string_equal(last_body, "[{\"id\":1,\"cidr_id_1\":4,\"cidr_id_2\":5}]");
    assert_int_equal(GET(DEV1, "/v1/user/state"), 200);
    assert_non_null(strstr(last_body, "\"name\":\"user1\""));
    assert_int_equal(ask(ADMIN, API_DELETE, "/v1/admin/associations/1", NULL), 204);
    assert_int_equal(GET(DEV1, "/v1/user/state"), 200);
    assert_null(strstr(last_body, "\"name\":\"user1\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(peers_are_added),
        CASE(bad_peers_are_refused),
        CASE(a_failing_device_undoes_the_insert),
        CASE(five_fields_of_peers_are_updated),
        CASE(deleting_a_peer_disables_it),
        CASE(cidrs_come_and_go),
        CASE(only_names_of_cidrs_change),
        CASE(associations_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
