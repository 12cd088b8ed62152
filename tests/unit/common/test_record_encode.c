/* What we write is what upstream wrote: the golden store and every JSON body in api.txt. */

#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "golden.h"
#include "innernet/record.h"

static void forbid_skip(void *user, const char *reason)
{
    (void)user;
    fail_msg("left out: %s", reason);
}

static const struct peer **pointers(const struct peer *peers, size_t n)
{
    const struct peer **list = calloc(n + 1, sizeof(struct peer *));
    for (size_t i = 0; i < n; i++)
        list[i] = &peers[i];
    return list;
}

static void golden_store(void **state)
{
    (void)state;
    CLEAN_BUF struct buf text = BUF_INIT, again = BUF_INIT;
    CLEAN_STATE struct state got = {0};
    golden_read("store.json", &text);
    assert_int_equal(record_decode_store(text.data, text.len, forbid_skip, NULL, &got, NULL), 0);
    assert_int_equal(got.n_peers, 4);
    assert_int_equal(got.n_cidrs, 4);
    record_encode_store(&again, &got);
    assert_string_equal(again.data, text.data);
}

static void empty_store(void **state)
{
    (void)state;
    CLEAN_BUF struct buf text = BUF_INIT;
    record_encode_store(&text, &(struct state){0});
    assert_string_equal(text.data,
                        "{\n  \"version\": \"1\",\n  \"peers\": [],\n  \"cidrs\": []\n}");
}

static void round_trip_state(const char *text, size_t len, struct buf *out)
{
    CLEAN_STATE struct state s = {0};
    assert_int_equal(record_decode_state(text, len, forbid_skip, NULL, &s, NULL), 0);
    CLEAN_FREE const struct peer **list = pointers(s.peers, s.n_peers);
    record_encode_state(out, list, s.n_peers, s.cidrs, s.n_cidrs);
}

static void round_trip_peers(const char *text, size_t len, struct buf *out)
{
    struct peer *peers;
    size_t n;
    assert_int_equal(record_decode_peers(text, len, forbid_skip, NULL, &peers, &n, NULL), 0);
    CLEAN_FREE const struct peer **list = pointers(peers, n);
    record_encode_peers(out, list, n);
    peers_free(peers, n);
}

static void round_trip_cidrs(const char *text, size_t len, struct buf *out)
{
    struct cidr *cidrs;
    size_t n;
    assert_int_equal(record_decode_cidrs(text, len, forbid_skip, NULL, &cidrs, &n, NULL), 0);
    record_encode_cidrs(out, cidrs, n);
    cidrs_free(cidrs, n);
}

static void round_trip_associations(const char *text, size_t len, struct buf *out)
{
    struct association *list;
    size_t n;
    assert_int_equal(record_decode_associations(text, len, &list, &n, NULL), 0);
    record_encode_associations(out, list, n);
    free(list);
}

static void round_trip_cidr(const char *text, size_t len, struct buf *out)
{
    CLEAN_CIDR struct cidr c = {0};
    assert_int_equal(record_decode_cidr(text, len, &c, NULL), 0);
    record_encode_cidr(out, &c);
}

static void round_trip_cidr_contents(const char *text, size_t len, struct buf *out)
{
    CLEAN_CIDR struct cidr c = {0};
    assert_int_equal(record_decode_cidr_contents(text, len, &c, NULL), 0);
    record_encode_cidr_contents(out, &c);
}

static void round_trip_association_contents(const char *text, size_t len, struct buf *out)
{
    struct association a = {0};
    assert_int_equal(record_decode_association_contents(text, len, &a, NULL), 0);
    record_encode_association_contents(out, &a);
}

static void round_trip_option(const char *text, size_t len, struct buf *out)
{
    CLEAN_ENDPOINT struct endpoint ep = ENDPOINT_INIT;
    assert_int_equal(record_decode_endpoint_option(text, len, &ep, NULL), 0);
    record_encode_endpoint_option(out, &ep);
}

static void round_trip_candidates(const char *text, size_t len, struct buf *out)
{
    struct endpoint *eps;
    size_t n;
    assert_int_equal(record_decode_candidates(text, len, &eps, &n, NULL), 0);
    record_encode_candidates(out, eps, n);
    endpoints_free(eps, n);
}

static void round_trip_redeem(const char *text, size_t len, struct buf *out)
{
    struct key key;
    assert_int_equal(record_decode_redeem(text, len, &key, NULL), 0);
    record_encode_redeem(out, &key);
}

static void round_trip_capabilities(const char *text, size_t len, struct buf *out)
{
    bool value;
    assert_int_equal(record_decode_capabilities(text, len, &value, NULL), 0);
    buf_printf(out, "{\"unspecified_ip_in_override_endpoint\":%s}", value ? "true" : "false");
}

/* The body of a PUT that the server refuses whatever it says. */
static void round_trip_refused(const char *text, size_t len, struct buf *out)
{
    CLEAN_PEER struct peer p = {0};
    assert_int_equal(record_decode_peer_contents(text, len, &p, NULL), -EBADMSG);
    buf_append(out, text, len);
}

static const struct {
    const char *request; /* method and path begin so */
    bool answer;
    void (*round_trip)(const char *text, size_t len, struct buf *out);
} routes[] = {
    {"GET /v1/user/state", true, round_trip_state},
    {"GET /v1/user/capabilities", true, round_trip_capabilities},
    {"GET /v1/admin/peers", true, round_trip_peers},
    {"GET /v1/admin/cidrs", true, round_trip_cidrs},
    {"GET /v1/admin/associations", true, round_trip_associations},
    {"POST /v1/admin/cidrs", true, round_trip_cidr},
    {"POST /v1/admin/cidrs", false, round_trip_cidr_contents},
    {"PUT /v1/admin/cidrs", false, round_trip_cidr_contents},
    {"POST /v1/admin/associations", false, round_trip_association_contents},
    {"PUT /v1/user/endpoint", false, round_trip_option},
    {"PUT /v1/user/candidates", false, round_trip_candidates},
    {"POST /v1/user/redeem", false, round_trip_redeem},
    {"PUT /v1/admin/peers/4444", false, round_trip_refused},
};

/* One request was written with a blank after each comma; the canonical form has none. */
static void drop_blanks(const char *text, struct buf *out)
{
    for (; *text; text++)
        if (*text != ' ')
            buf_putc(out, *text);
}

static void check_body(const char *request, bool answer, const char *body)
{
    for (size_t i = 0; i < ARRAY_SIZE(routes); i++) {
        if (routes[i].answer != answer ||
            strncmp(request, routes[i].request, strlen(routes[i].request)) != 0)
            continue;
        CLEAN_BUF struct buf again = BUF_INIT, expected = BUF_INIT;
        routes[i].round_trip(body, strlen(body), &again);
        if (answer)
            buf_puts(&expected, body);
        else
            drop_blanks(body, &expected);
        assert_string_equal(again.data, expected.data);
        return;
    }
    fail_msg("no codec is known for \"%s\": %s", request, body);
}

static void golden_api(void **state)
{
    (void)state;
    CLEAN_BUF struct buf text = BUF_INIT;
    golden_read("api.txt", &text);
    const char *request = NULL;
    bool answer = false;
    size_t bodies = 0;
    char *rest = text.data;
    for (char *line; (line = strsep(&rest, "\n"));) {
        line[strcspn(line, "\r")] = '\0';
        if (strncmp(line, ">>> ", 4) == 0) {
            request = line + 4;
            answer = false;
        } else if (strcmp(line, "<<<") == 0) {
            answer = true;
        } else if (line[0] == '{' || line[0] == '[') {
            assert_non_null(request);
            check_body(request, answer, line);
            bodies++;
        }
    }
    assert_int_equal(bodies, 18);
}

static void spec_examples(void **state)
{
    (void)state;
    const char *peer =
        "{\"id\":6,\"name\":\"dev3\",\"ip\":\"10.66.2.3\",\"cidr_id\":4,\"public_key\":"
        "\"EAEtXEXmGCNbe18ExjN64Gfg4S7IuwQ4WKxKHpsYBEU=\",\"endpoint\":\"example.com:443\","
        "\"persistent_keepalive_interval\":25,\"is_admin\":false,\"is_disabled\":false,"
        "\"is_redeemed\":true,\"invite_expires\":{\"secs_since_epoch\":1900000001,"
        "\"nanos_since_epoch\":0},\"candidates\":[\"127.0.0.1:80\",\"[::1]:5\"]}";
    CLEAN_BUF struct buf text = BUF_INIT, contents = BUF_INIT;
    CLEAN_PEER struct peer p = {0};
    assert_int_equal(record_decode_peer(peer, strlen(peer), &p, NULL), 0);
    record_encode_peer(&text, &p);
    assert_string_equal(text.data, peer);
    record_encode_peer_contents(&contents, &p);
    assert_int_equal(contents.data[0], '{');
    assert_string_equal(contents.data + 1, peer + strlen("{\"id\":6,"));
    buf_reset(&text);
    record_encode_association(&text, &(struct association){1, 3, 4});
    assert_string_equal(text.data, "{\"id\":1,\"cidr_id_1\":3,\"cidr_id_2\":4}");
}

static void nulls_are_written(void **state)
{
    (void)state;
    struct peer p = {.id = -1, .name = (char[]){"a"}};
    assert_int_equal(ip_parse("fd00::1", &p.ip), 0);
    CLEAN_BUF struct buf text = BUF_INIT;
    record_encode_peer(&text, &p);
    assert_string_equal(
        text.data,
        "{\"id\":-1,\"name\":\"a\",\"ip\":\"fd00::1\",\"cidr_id\":0,\"public_key\":"
        "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\",\"endpoint\":null,"
        "\"persistent_keepalive_interval\":null,\"is_admin\":false,\"is_disabled\":false,"
        "\"is_redeemed\":false,\"invite_expires\":null,\"candidates\":[]}");
}

static void texts_are_escaped(void **state)
{
    (void)state;
    struct cidr c = {.id = 1, .name = (char[]){"\"\\\b\f\n\r\t\x01\x1f/\xc3\xa4\x7f"}};
    assert_int_equal(network_parse("10.0.0.0/8", &c.net, NULL), 0);
    CLEAN_BUF struct buf text = BUF_INIT;
    record_encode_cidr(&text, &c);
    assert_string_equal(text.data, "{\"id\":1,\"name\":\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f/"
                                   "\xc3\xa4\x7f\",\"cidr\":\"10.0.0.0/8\",\"parent\":null}");
    CLEAN_ENDPOINT struct endpoint ep = ENDPOINT_INIT;
    assert_int_equal(endpoint_parse("a\"b:1", &ep, NULL), 0);
    buf_reset(&text);
    record_encode_candidates(&text, &ep, 1);
    assert_string_equal(text.data, "[\"a\\\"b:1\"]");
}

static struct peer sample_peer(void)
{
    const char *text =
        "{\"id\":6,\"name\":\"dev3\",\"ip\":\"10.66.2.3\",\"cidr_id\":4,\"public_key\":"
        "\"EAEtXEXmGCNbe18ExjN64Gfg4S7IuwQ4WKxKHpsYBEU=\",\"endpoint\":\"example.com:443\","
        "\"persistent_keepalive_interval\":25,\"is_admin\":false,\"is_disabled\":false,"
        "\"is_redeemed\":true,\"invite_expires\":[1900000001,5],"
        "\"candidates\":[\"127.0.0.1:80\",\"host:5\"]}";
    struct peer p = {0};
    assert_int_equal(record_decode_peer(text, strlen(text), &p, NULL), 0);
    return p;
}

enum difference {
    NONE,
    ID,
    NAME,
    IP,
    CIDR,
    PUBLIC_KEY,
    ENDPOINT,
    KEEPALIVE,
    NO_KEEPALIVE,
    ADMIN,
    DISABLED,
    REDEEMED,
    EXPIRY,
    EXPIRY_NS,
    NO_EXPIRY,
    CANDIDATE,
    FEWER,
    DIFFERENCES
};

static void make_different(struct peer *p, enum difference what)
{
    switch (what) {
    case ID:
        p->id++;
        break;
    case NAME:
        p->name[0] = 'x';
        break;
    case IP:
        p->ip.bytes[3]++;
        break;
    case CIDR:
        p->cidr_id++;
        break;
    case PUBLIC_KEY:
        p->public_key.bytes[31] ^= 1;
        break;
    case ENDPOINT:
        p->endpoint.port++;
        break;
    case KEEPALIVE:
        p->keepalive_s++;
        break;
    case NO_KEEPALIVE:
        p->has_keepalive = false;
        break;
    case ADMIN:
        p->is_admin = !p->is_admin;
        break;
    case DISABLED:
        p->is_disabled = !p->is_disabled;
        break;
    case REDEEMED:
        p->is_redeemed = !p->is_redeemed;
        break;
    case EXPIRY:
        p->invite_expires_s++;
        break;
    case EXPIRY_NS:
        p->invite_expires_ns++;
        break;
    case NO_EXPIRY:
        p->has_invite_expires = false;
        break;
    case CANDIDATE:
        p->candidates[1].domain[0] = 'x';
        break;
    case FEWER:
        endpoint_done(&p->candidates[--p->n_candidates]);
        break;
    default:
        break;
    }
}

static void equality_sees_every_field(void **state)
{
    (void)state;
    for (enum difference what = NONE; what < DIFFERENCES; what++) {
        CLEAN_PEER struct peer a = sample_peer();
        CLEAN_PEER struct peer b = {0};
        assert_int_equal(peer_copy(&a, &b), 0);
        assert_ptr_not_equal(a.name, b.name);
        assert_ptr_not_equal(a.candidates, b.candidates);
        make_different(&b, what);
        if (peer_equal(&a, &b) != (what == NONE))
            fail_msg("difference %d", (int)what);
    }
}

static void what_is_not_there_does_not_differ(void **state)
{
    (void)state;
    CLEAN_PEER struct peer a = sample_peer(), b = sample_peer();
    a.has_keepalive = b.has_keepalive = false;
    a.has_invite_expires = b.has_invite_expires = false;
    b.keepalive_s = 7;
    b.invite_expires_s = 7;
    assert_true(peer_equal(&a, &b));
}

static void ten_thousand_peers(void **state)
{
    (void)state;
    CLEAN_PEER struct peer one = sample_peer();
    CLEAN_FREE const struct peer **list = calloc(10000, sizeof(struct peer *));
    for (size_t i = 0; i < 10000; i++)
        list[i] = &one;
    CLEAN_BUF struct buf text = BUF_INIT, again = BUF_INIT;
    record_encode_state(&text, list, 10000, NULL, 0);
    assert_false(text.failed);
    round_trip_state(text.data, text.len, &again);
    assert_int_equal(text.len, again.len);
    assert_memory_equal(text.data, again.data, text.len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_store),
        cmocka_unit_test(empty_store),
        cmocka_unit_test(golden_api),
        cmocka_unit_test(spec_examples),
        cmocka_unit_test(nulls_are_written),
        cmocka_unit_test(texts_are_escaped),
        cmocka_unit_test(equality_sees_every_field),
        cmocka_unit_test(what_is_not_there_does_not_differ),
        cmocka_unit_test(ten_thousand_peers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
