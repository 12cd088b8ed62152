/* Every example of spec/server.md 0.8, 0.9, 2.7, 2.8 and every rule of spec/client.md A.1. */

#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peer_text.h"

static void peer_minimal(void **state)
{
    (void)state;
    CLEAN_PEER struct peer p = {0};
    assert_int_equal(decode_peer(PEER(""), &p, NULL), 0);
    assert_int_equal(p.id, 0);
    assert_string_equal(p.name, "dev2");
    char ip[IP_TEXT_MAX], key[KEY_TEXT_MAX];
    assert_string_equal(ip_format(&p.ip, ip), "10.66.2.2");
    assert_int_equal(p.cidr_id, 4);
    assert_string_equal(key_format(&p.public_key, key), KEY_A);
    assert_false(p.is_admin);
    assert_true(p.is_disabled);
    assert_false(p.is_redeemed);
    assert_false(endpoint_is_set(&p.endpoint));
    assert_false(p.has_keepalive);
    assert_false(p.has_invite_expires);
    assert_int_equal(p.n_candidates, 0);
    assert_null(p.candidates);
}

static void peer_complete(void **state)
{
    (void)state;
    const char *text =
        " {\"candidates\":[\"127.0.0.1:80\",\"[::1]:5\",\"127.0.0.1:80\"],\"id\":6,"
        "\"invite_expires\":{\"nanos_since_epoch\":7,\"secs_since_epoch\":1900000001},"
        "\"persistent_keepalive_interval\":25,\"endpoint\":\"Example.com:0443\"," REQUIRED
        "}\r\n\t";
    CLEAN_PEER struct peer p = {0};
    assert_int_equal(record_decode_peer(text, strlen(text), &p, NULL), 0);
    assert_int_equal(p.id, 6);
    CLEAN_FREE char *endpoint = endpoint_text(&p.endpoint);
    assert_string_equal(endpoint, "example.com:443");
    assert_true(p.has_keepalive);
    assert_int_equal(p.keepalive_s, 25);
    assert_true(p.has_invite_expires);
    assert_int_equal(p.invite_expires_s, 1900000001);
    assert_int_equal(p.invite_expires_ns, 7);
    assert_int_equal(p.n_candidates, 3);
    CLEAN_FREE char *second = endpoint_text(&p.candidates[1]);
    assert_string_equal(second, "[::1]:5");
    assert_true(endpoint_equal(&p.candidates[0], &p.candidates[2]));
}

static const struct {
    const char *text;
    int rc;
    const char *mentions; /* a word the error must have */
} peer_rows[] = {
    /* blanks around, unknown keys at any depth */
    {" \t\r\n" PEER("") " \t\r\n", 0, NULL},
    {PEER(",\"new\":{\"a\":[1.5,{\"b\":null}],\"c\":\"\\u20ac\"}"), 0, NULL},
    {PEER(",\"id\":\"ignored\""), 0, NULL},
    /* one value only */
    {"", -EBADMSG, "JSON"},
    {"  ", -EBADMSG, "JSON"},
    {PEER("") "x", -EBADMSG, "JSON"},
    {PEER("") PEER(""), -EBADMSG, "JSON"},
    {"\xef\xbb\xbf" PEER(""), -EBADMSG, "JSON"},
    {"{" REQUIRED, -EBADMSG, "JSON"},
    {"{" REQUIRED ",}", -EBADMSG, "JSON"},
    {"null", -EBADMSG, "JSON"},
    {"[]", -EBADMSG, "object"},
    {"[" PEER("") "]", -EBADMSG, "object"},
    /* strings */
    {PEER(",\"x\":\"\xff\""), -EBADMSG, "JSON"},
    {PEER(",\"x\":\"\xc0\x80\""), -EBADMSG, "JSON"},
    {PEER(",\"x\":\"\xed\xa0\x80\""), -EBADMSG, "JSON"},
    {PEER(",\"x\":\"\\ud800\""), -EBADMSG, "JSON"},
    {PEER(",\"x\":\"a\nb\""), -EBADMSG, "JSON"},
    {PEER(",\"x\":\"\\ud83d\\ude00\""), 0, NULL},
    {PEER(",\"x\":\"\\udc00\""), -EBADMSG, "JSON"},
    {PEER(",\"\\udfff\":1"), -EBADMSG, "JSON"},
    {PEER(",\"x\":\"\\ud83d\\u0041\""), -EBADMSG, "JSON"},
    {PEER(",\"x\":\"\x1f\""), -EBADMSG, "JSON"},
    {PEER(",\"x\":\"sixteen and more: \x1a\""), -EBADMSG, "JSON"},
    {PEER(",\"x\":\"\\x\""), -EBADMSG, "JSON"},
    {PEER(",\"x\":\"\\u12g4\""), -EBADMSG, "JSON"},
    {PEER(",\"x\":\"\x7f\xf4\x8f\xbf\xbf\""), 0, NULL},
    {PEER(",\"x\":\"\xf4\x90\x80\x80\""), -EBADMSG, "JSON"},
    /* numbers nobody asked for */
    {PEER(",\"x\":[-0,0.5,-1e5,1E+2,123456789012345678901.5,123456789012345678901e3]"), 0, NULL},
    {PEER(",\"x\":18446744073709551616"), -EBADMSG, "integer"},
    {PEER(",\"x\":-9223372036854775809"), -EBADMSG, "integer"},
    {PEER(",\"x\":1e999"), -EBADMSG, "JSON"},
    {PEER(",\"x\":.5"), -EBADMSG, "JSON"},
    {PEER(",\"x\":1."), -EBADMSG, "JSON"},
    {PEER(",\"x\":1e"), -EBADMSG, "JSON"},
    {PEER(",\"x\":-"), -EBADMSG, "JSON"},
    {PEER(",\"x\":0x1"), -EBADMSG, "JSON"},
    {PEER(",\"x\":NaN"), -EBADMSG, "JSON"},
    {PEER(",\"x\":True"), -EBADMSG, "JSON"},
    {PEER(",\"x\":[1 2]"), -EBADMSG, "JSON"},
    {PEER(",\"x\" 1"), -EBADMSG, "JSON"},
    {PEER(",x:1"), -EBADMSG, "JSON"},
    {PEER("/* */"), -EBADMSG, "JSON"},
    /* repeated keys: known, inside the time, unknown (ours) */
    {PEER(",\"name\":\"dev2\""), -EBADMSG, "duplicate"},
    {PEER(",\"endpoint\":null,\"endpoint\":null"), -EBADMSG, "duplicate"},
    {PEER(",\"new\":1,\"new\":1"), -EBADMSG, "duplicate"},
    {PEER(",\"nam\\u0065\":1"), -EBADMSG, "duplicate"},
    {PEER(",\"\":1,\"\":1"), -EBADMSG, "duplicate"},
    {PEER(",\"a\":1,\"a\\u0000\":1"), 0, NULL},
    {PEER(",\"x\":[{\"y\":{\"z\":1,\"z\":[]}}]"), -EBADMSG, "duplicate"},
    {PEER(",\"x\":[{\"y\":{\"z\":1}},{\"y\":{\"z\":1}}]"), 0, NULL},
    /* optional fields */
    {PEER(",\"endpoint\":null"), 0, NULL},
    {PEER(",\"endpoint\":\"host:0\""), 0, NULL},
    {PEER(",\"endpoint\":\"\""), -EBADMSG, "endpoint"},
    {PEER(",\"endpoint\":\"host\""), -EBADMSG, "endpoint"},
    {PEER(",\"endpoint\":\"host:1\\u0000\""), -EBADMSG, "endpoint"},
    {PEER(",\"endpoint\":5"), -EBADMSG, "endpoint"},
    {PEER(",\"persistent_keepalive_interval\":null"), 0, NULL},
    {PEER(",\"persistent_keepalive_interval\":0"), 0, NULL},
    {PEER(",\"persistent_keepalive_interval\":65535"), 0, NULL},
    {PEER(",\"persistent_keepalive_interval\":65536"), -EBADMSG, "keepalive"},
    {PEER(",\"persistent_keepalive_interval\":-1"), -EBADMSG, "keepalive"},
    {PEER(",\"persistent_keepalive_interval\":25.0"), -EBADMSG, "keepalive"},
    {PEER(",\"persistent_keepalive_interval\":\"25\""), -EBADMSG, "keepalive"},
    {PEER(",\"persistent_keepalive_interval\":false"), -EBADMSG, "keepalive"},
    {PEER(",\"candidates\":[]"), 0, NULL},
    {PEER(",\"candidates\":null"), -EBADMSG, "candidates"},
    {PEER(",\"candidates\":\"a:1\""), -EBADMSG, "candidates"},
    {PEER(",\"candidates\":{}"), -EBADMSG, "candidates"},
    {PEER(",\"candidates\":[null]"), -EBADMSG, "candidates"},
    {PEER(",\"candidates\":[\"a:1\",\"::1:80\"]"), -EBADMSG, "candidates"},
    /* the time, spec/server.md 0.9 */
    {PEER(",\"invite_expires\":null"), 0, NULL},
    {PEER(",\"invite_expires\":{\"secs_since_epoch\":1,\"nanos_since_epoch\":0}"), 0, NULL},
    {PEER(",\"invite_expires\":{\"nanos_since_epoch\":0,\"secs_since_epoch\":1}"), 0, NULL},
    {PEER(",\"invite_expires\":[1,0]"), 0, NULL},
    {PEER(",\"invite_expires\":[1]"), -EBADMSG, "invite_expires"},
    {PEER(",\"invite_expires\":[1,0,0]"), -EBADMSG, "invite_expires"},
    {PEER(",\"invite_expires\":{}"), -EBADMSG, "invite_expires"},
    {PEER(",\"invite_expires\":{\"secs_since_epoch\":1}"), -EBADMSG, "invite_expires"},
    {PEER(",\"invite_expires\":{\"nanos_since_epoch\":1}"), -EBADMSG, "invite_expires"},
    {PEER(",\"invite_expires\":{\"secs_since_epoch\":1,\"x\":0}"), -EBADMSG, "invite_expires"},
    {PEER(",\"invite_expires\":{\"secs_since_epoch\":1,\"nanos_since_epoch\":0,\"x\":0}"), -EBADMSG,
     "invite_expires"},
    {PEER(",\"invite_expires\":{\"secs_since_epoch\":1,\"secs_since_epoch\":1,"
          "\"nanos_since_epoch\":0}"),
     -EBADMSG, "duplicate"},
    {PEER(",\"invite_expires\":{\"secs_since_epoch\":null,\"nanos_since_epoch\":0}"), -EBADMSG,
     "invite_expires"},
    {PEER(",\"invite_expires\":{\"secs_since_epoch\":1.0,\"nanos_since_epoch\":0}"), -EBADMSG,
     "invite_expires"},
    {PEER(",\"invite_expires\":[-1,0]"), -EBADMSG, "invite_expires"},
    {PEER(",\"invite_expires\":[1,-1]"), -EBADMSG, "invite_expires"},
    {PEER(",\"invite_expires\":[1,4294967295]"), 0, NULL},
    {PEER(",\"invite_expires\":[1,4294967296]"), -EBADMSG, "invite_expires"},
    {PEER(",\"invite_expires\":[9223372036854775807,0]"), 0, NULL},
    {PEER(",\"invite_expires\":[9223372036854775807,999999999]"), 0, NULL},
    {PEER(",\"invite_expires\":[9223372036854775807,1000000000]"), -EBADMSG, "invite_expires"},
    {PEER(",\"invite_expires\":[9223372036854775808,0]"), -EBADMSG, "integer"},
    {PEER(",\"invite_expires\":[18446744073709551615,0]"), -EBADMSG, "integer"},
    {PEER(",\"invite_expires\":\"2030-01-01\""), -EBADMSG, "invite_expires"},
    {PEER(",\"invite_expires\":1900000000"), -EBADMSG, "invite_expires"},
};

static void check_peer_row(const char *text, int rc, const char *mentions)
{
    CLEAN_PEER struct peer p = {0};
    struct err err = ERR_INIT;
    int got = decode_peer(text, &p, &err);
    if (got != rc)
        fail_msg("row \"%s\": got %d (%s), expected %d", text, got, err.text, rc);
    if (mentions)
        assert_row(text, strstr(err.text, mentions) != NULL);
    assert_row(text, got == 0 || !p.name);
}

static void test_CX01_peer_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(peer_rows); i++)
        check_peer_row(peer_rows[i].text, peer_rows[i].rc, peer_rows[i].mentions);
}

/* Each required field in turn gets another value, or (NULL) goes missing. */
static const struct {
    const char *field;
    const char *value;
    int rc;
} field_rows[] = {
    {"name", NULL, -EBADMSG},
    {"name", "null", -EBADMSG},
    {"name", "5", -EBADMSG},
    {"name", "\"\"", -EINVAL},
    {"name", "\"Dev6\"", -EINVAL},
    {"name", "\"a--b\"", -EINVAL},
    {"name", "\"a-\"", -EINVAL},
    {"name", "\"a\"", 0},
    {"name", "\"a\\u0000\"", -EINVAL},
    {"name", "\"a\\nb\"", -EINVAL},
    {"ip", NULL, -EBADMSG},
    {"ip", "\"01.2.3.4\"", -EBADMSG},
    {"ip", "\"1.2.3\"", -EBADMSG},
    {"ip", "\"fd00::1%eth0\"", -EBADMSG},
    {"ip", "\"fd00::1\"", 0},
    {"ip", "\" 1.2.3.4\"", -EBADMSG},
    {"ip", "\"1.2.3.4\\u0000\"", -EBADMSG},
    {"ip", "16909060", -EBADMSG},
    {"cidr_id", NULL, -EBADMSG},
    {"cidr_id", "null", -EBADMSG},
    {"cidr_id", "4.0", -EBADMSG},
    {"cidr_id", "4e0", -EBADMSG},
    {"cidr_id", "\"4\"", -EBADMSG},
    {"cidr_id", "-9223372036854775808", 0},
    {"cidr_id", "9223372036854775807", 0},
    {"cidr_id", "9223372036854775808", -EBADMSG},
    {"cidr_id", "01", -EBADMSG},
    {"cidr_id", "+1", -EBADMSG},
    {"public_key", NULL, -EBADMSG},
    {"public_key", "null", -EBADMSG},
    {"public_key", "\"\"", -EINVAL},
    {"public_key", "\"4S1xKBAElTwaxNeUwv8ncdiQdGc0VBYi8xFrawYOlR4\"", 0},
    {"public_key", "\"4S1xKBAElTwaxNeUwv8ncdiQdGc0VBYi8xFrawYOlR5=\"", -EINVAL},
    {"public_key", "\"" KEY_A "\\u0000\"", -EINVAL},
    {"public_key", "\"" KEY_A "=\"", -EINVAL},
    {"is_admin", NULL, -EBADMSG},
    {"is_admin", "0", -EBADMSG},
    {"is_admin", "1", -EBADMSG},
    {"is_admin", "null", -EBADMSG},
    {"is_admin", "\"true\"", -EBADMSG},
    {"is_admin", "true", 0},
    {"is_disabled", NULL, -EBADMSG},
    {"is_disabled", "0", -EBADMSG},
    {"is_redeemed", NULL, -EBADMSG},
    {"is_redeemed", "1", -EBADMSG},
};

static void test_CX01_required_field_table(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value;
    } fields[] = {
        {"name", "\"dev2\""},     {"ip", "\"10.66.2.2\""},
        {"cidr_id", "4"},         {"public_key", "\"" KEY_A "\""},
        {"is_admin", "false"},    {"is_disabled", "true"},
        {"is_redeemed", "false"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(field_rows); i++) {
        CLEAN_BUF struct buf text = BUF_INIT;
        buf_puts(&text, "{\"x\":0");
        for (size_t k = 0; k < ARRAY_SIZE(fields); k++) {
            bool ours = strcmp(fields[k].name, field_rows[i].field) == 0;
            const char *value = ours ? field_rows[i].value : fields[k].value;
            if (value)
                buf_printf(&text, ",\"%s\":%s", fields[k].name, value);
        }
        buf_puts(&text, "}");
        check_peer_row(text.data, field_rows[i].rc,
                       field_rows[i].rc == 0 ||
                               strchr("0+9", field_rows[i].value ? field_rows[i].value[0] : 'x')
                           ? NULL
                           : field_rows[i].field);
    }
}

static void peer_needs_id(void **state)
{
    (void)state;
    CLEAN_PEER struct peer p = {0};
    struct err err = ERR_INIT;
    assert_int_equal(record_decode_peer(PEER(""), strlen(PEER("")), &p, &err), -EBADMSG);
    assert_non_null(strstr(err.text, "\"id\""));
}

static void time_values(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t s;
        uint32_t ns;
    } rows[] = {
        {"{\"secs_since_epoch\":1900000000,\"nanos_since_epoch\":1999999999}", 1900000001,
         999999999},
        {"{\"secs_since_epoch\":1900000000,\"nanos_since_epoch\":123456789}", 1900000000,
         123456789},
        {"[1900000000,5]", 1900000000, 5},
        {"[0,4294967295]", 4, 294967295},
        {"{\"secs_since_epoch\":9223372036854775807,\"nanos_since_epoch\":0}", INT64_MAX, 0},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEAN_BUF struct buf text = BUF_INIT;
        CLEAN_PEER struct peer p = {0};
        buf_printf(&text, PEER(",\"invite_expires\":%s"), rows[i].text);
        assert_int_equal(decode_peer(text.data, &p, NULL), 0);
        assert_row(rows[i].text, p.has_invite_expires && p.invite_expires_s == rows[i].s &&
                                     p.invite_expires_ns == rows[i].ns);
    }
}

static void limits_of_ours_blame_the_record(void **state)
{
    (void)state;
    CLEAN_BUF struct buf many = BUF_INIT, longer = BUF_INIT;
    buf_puts(&many, "{" REQUIRED ",\"candidates\":[\"a:1\"");
    for (int i = 0; i < CANDIDATES_DECODE_MAX; i++)
        buf_puts(&many, ",\"a:1\"");
    buf_puts(&many, "]}");
    buf_puts(&longer, "{" REQUIRED ",\"endpoint\":\"");
    for (int i = 0; i < ENDPOINT_TEXT_LIMIT; i++)
        buf_putc(&longer, 'a');
    buf_puts(&longer, ":1\"}");
    CLEAN_PEER struct peer p = {0};
    assert_int_equal(decode_peer(many.data, &p, NULL), -EINVAL);
    assert_int_equal(decode_peer(longer.data, &p, NULL), -EINVAL);
}

static void test_CX01_cidr_table(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int rc;
    } rows[] = {
        {"{\"name\":\"robots\",\"cidr\":\"10.66.2.0/24\",\"parent\":1}", 0},
        {"{\"name\":\"robots\",\"cidr\":\"10.66.2.0/24\",\"parent\":null}", 0},
        {"{\"name\":\"robots\",\"cidr\":\"10.66.2.0/24\"}", 0},
        {"{\"name\":\"Free Text \xc3\xa4\",\"cidr\":\"010.66.4.7/24\"}", 0},
        {"{\"name\":\"x\",\"cidr\":\"fd00:abc::/64\"}", 0},
        {"{\"name\":\"x\"}", -EBADMSG},
        {"{\"cidr\":\"10.66.2.0/24\"}", -EBADMSG},
        {"{\"name\":\"x\",\"cidr\":\"10.66.7.0\"}", -EBADMSG},
        {"{\"name\":\"x\",\"cidr\":\"10.66.4.7/024\"}", -EBADMSG},
        {"{\"name\":\"x\",\"cidr\":\"10.66.4.7/24\\u0000\"}", -EBADMSG},
        {"{\"name\":\"x\",\"cidr\":null}", -EBADMSG},
        {"{\"name\":\"x\",\"cidr\":\"10.0.0.0/8\",\"parent\":\"1\"}", -EBADMSG},
        {"{\"name\":\"x\",\"cidr\":\"10.0.0.0/8\",\"parent\":1.0}", -EBADMSG},
        {"{\"name\":\"\",\"cidr\":\"10.0.0.0/8\"}", -EINVAL},
        {"{\"name\":\"a\\u001bb\",\"cidr\":\"10.0.0.0/8\"}", -EINVAL},
        {"{\"name\":\"a\\u0000b\",\"cidr\":\"10.0.0.0/8\"}", -EINVAL},
        {"{\"name\":5,\"cidr\":\"10.0.0.0/8\"}", -EBADMSG},
        {"{\"name\":\"x\",\"name\":\"x\",\"cidr\":\"10.0.0.0/8\"}", -EBADMSG},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEAN_CIDR struct cidr c = {0};
        int rc = record_decode_cidr_contents(rows[i].text, strlen(rows[i].text), &c, NULL);
        assert_row(rows[i].text, rc == rows[i].rc);
    }
}

static void cidr_values(void **state)
{
    (void)state;
    const char *text = "{\"id\":4,\"name\":\"robots\",\"cidr\":\"010.66.4.7/24\",\"parent\":-1}";
    char net[NETWORK_TEXT_MAX];
    CLEAN_CIDR struct cidr c = {0};
    assert_int_equal(record_decode_cidr(text, strlen(text), &c, NULL), 0);
    assert_int_equal(c.id, 4);
    assert_string_equal(c.name, "robots");
    assert_string_equal(network_format(&c.net, net), "10.66.4.7/24");
    assert_true(c.has_parent);
    assert_int_equal(c.parent, -1);
}

static void test_CX01_association_table(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int rc;
    } rows[] = {
        {"{\"cidr_id_1\":3,\"cidr_id_2\":4}", 0},
        {"{\"cidr_id_2\":4,\"x\":null,\"cidr_id_1\":3}", 0},
        {"{\"cidr_id_1\":3}", -EBADMSG},
        {"{\"cidr_id_1\":3,\"cidr_id_2\":null}", -EBADMSG},
        {"{\"cidr_id_1\":3,\"cidr_id_2\":4.5}", -EBADMSG},
        {"{\"cidr_id_1\":\"3\",\"cidr_id_2\":4}", -EBADMSG},
        {"[3,4,5,6]", -EBADMSG},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct association a = {0};
        int rc = record_decode_association_contents(rows[i].text, strlen(rows[i].text), &a, NULL);
        assert_row(rows[i].text, rc == rows[i].rc);
        assert_row(rows[i].text, rc < 0 || (a.id == 0 && a.cidr_id_1 == 3 && a.cidr_id_2 == 4));
    }
}

struct skipped {
    size_t n;
    char last[ERR_TEXT_MAX];
};

static void note_skip(void *user, const char *reason)
{
    struct skipped *s = user;
    s->n++;
    snprintf(s->last, sizeof(s->last), "%s", reason);
}

#define CIDR_ONE "{\"id\":1,\"name\":\"n\",\"cidr\":\"10.0.0.0/8\",\"parent\":null}"

static void lists_leave_out_what_is_invalid(void **state)
{
    (void)state;
    struct skipped skipped = {0};
    CLEAN_STATE struct state got = {0};
    const char *text =
        "{\"peers\":[{\"id\":7," REQUIRED "},"
        "{\"id\":8,\"name\":\"e\\nvil\",\"ip\":\"10.0.0.1\",\"cidr_id\":4,\"public_key\":\"" KEY_A
        "\",\"is_admin\":false,\"is_disabled\":true,\"is_redeemed\":false},"
        "{\"id\":9," REQUIRED "},"
        "{\"id\":10,\"name\":\"x\",\"ip\":\"10.0.0.1\",\"cidr_id\":4,\"public_key\":\"short\","
        "\"is_admin\":false,\"is_disabled\":true,\"is_redeemed\":false}],"
        "\"cidrs\":[{\"id\":1,\"name\":\"\\u009b31m\",\"cidr\":\"10.0.0.0/8\"}," CIDR_ONE "]}";
    assert_int_equal(record_decode_state(text, strlen(text), note_skip, &skipped, &got, NULL), 0);
    assert_int_equal(got.n_peers, 2);
    assert_int_equal(got.peers[0].id, 7);
    assert_int_equal(got.peers[1].id, 9);
    assert_int_equal(got.n_cidrs, 1);
    assert_int_equal(skipped.n, 3);
    assert_non_null(strstr(skipped.last, "CIDR with id 1"));
    assert_null(strstr(skipped.last, "\xc2\x9b"));
}

static void lists_refuse_what_is_misshapen(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "{}",
        "[]",
        "{\"peers\":[]}",
        "{\"cidrs\":[]}",
        "{\"peers\":null,\"cidrs\":[]}",
        "{\"peers\":[],\"cidrs\":{}}",
        "{\"peers\":[1],\"cidrs\":[]}",
        "{\"peers\":[{\"id\":7," REQUIRED "},{" REQUIRED "}],\"cidrs\":[]}",
        "{\"peers\":[{\"id\":7," REQUIRED "}],\"cidrs\":[" CIDR_ONE ",null]}",
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEAN_STATE struct state got = {0};
        struct err err = ERR_INIT;
        int rc = record_decode_state(rows[i], strlen(rows[i]), NULL, NULL, &got, &err);
        assert_row(rows[i], rc == -EBADMSG && err.text[0] && !got.peers && !got.cidrs);
    }
    CLEAN_STATE struct state got = {0};
    struct err err = ERR_INIT;
    assert_int_equal(record_decode_state(rows[7], strlen(rows[7]), NULL, NULL, &got, &err),
                     -EBADMSG);
    assert_non_null(strstr(err.text, "peers[1]"));
}

static void empty_state(void **state)
{
    (void)state;
    const char *text = "{\"cidrs\":[],\"x\":1,\"peers\":[]}";
    CLEAN_STATE struct state got = {0};
    assert_int_equal(record_decode_state(text, strlen(text), NULL, NULL, &got, NULL), 0);
    assert_int_equal(got.n_peers, 0);
    assert_int_equal(got.n_cidrs, 0);
}

static void store_versions(void **state)
{
    (void)state;
    static const struct {
        const char *version;
        int rc;
    } rows[] = {
        {"\"version\":\"1\",", 0},
        {"\"version\":\"2\",", -EPROTONOSUPPORT},
        {"\"version\":\"1\\u0000\",", -EPROTONOSUPPORT},
        {"\"version\":\"\",", -EPROTONOSUPPORT},
        {"\"version\":1,", -EPROTONOSUPPORT},
        {"\"version\":null,", -EPROTONOSUPPORT},
        {"", -EBADMSG},
        {"\"version\":\"1\",\"version\":\"1\",", -EBADMSG},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEAN_BUF struct buf text = BUF_INIT;
        CLEAN_STATE struct state got = {0};
        buf_printf(&text, "{%s\"peers\":[],\"cidrs\":[]}", rows[i].version);
        int rc = record_decode_store(text.data, text.len, NULL, NULL, &got, NULL);
        assert_row(rows[i].version, rc == rows[i].rc);
    }
    CLEAN_STATE struct state got = {0};
    assert_int_equal(record_decode_store("[]", 2, NULL, NULL, &got, NULL), -EBADMSG);
    assert_int_equal(record_decode_store("", 0, NULL, NULL, &got, NULL), -EBADMSG);
}

static void redeem_table(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int rc;
    } rows[] = {
        {"{\"public_key\":\"" KEY_A "\"}", 0},
        {"{\"public_key\":\"" KEY_A "\",\"x\":[]}", 0},
        {"{}", -EBADMSG},
        {"{\"public_key\":null}", -EBADMSG},
        {"{\"public_key\":\"x\"}", -EINVAL},
        {"\"" KEY_A "\"", -EBADMSG},
        {"[\"" KEY_A "\"]", -EBADMSG},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct key key;
        int rc = record_decode_redeem(rows[i].text, strlen(rows[i].text), &key, NULL);
        assert_row(rows[i].text, rc == rows[i].rc);
        char text[KEY_TEXT_MAX];
        if (rc == 0)
            assert_row_text(rows[i].text, key_format(&key, text), KEY_A);
    }
}

static void endpoint_option_table(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int rc;
        const char *endpoint; /* "" = unset */
    } rows[] = {
        {"{\"option\":\"Set\",\"content\":\"1.2.3.4:51820\"}", 0, "1.2.3.4:51820"},
        {"{\"content\":\"1.2.3.4:51820\",\"option\":\"Set\"}", 0, "1.2.3.4:51820"},
        {"{\"option\":\"Set\",\"content\":\"Host:1\",\"x\":{}}", 0, "host:1"},
        {"{\"option\":\"Set\",\"content\":\"0.0.0.0:7777\"}", 0, "0.0.0.0:7777"},
        {"{\"option\":\"Set\",\"content\":\"[::]:99\"}", 0, "[::]:99"},
        {"{\"option\":\"Unset\"}", 0, ""},
        {"{\"option\":\"Unset\",\"content\":null}", 0, ""},
        {"{\"content\":null,\"option\":\"Unset\"}", 0, ""},
        {"{\"option\":\"Unset\",\"x\":1}", 0, ""},
        {"[\"Set\",\"9.9.9.9:9\"]", 0, "9.9.9.9:9"},
        {"{\"option\":\"Unset\",\"content\":\"1.2.3.4:1\"}", -EBADMSG, NULL},
        {"{\"option\":\"Unset\",\"content\":{}}", -EBADMSG, NULL},
        {"{\"option\":\"Set\"}", -EBADMSG, NULL},
        {"{\"option\":\"Set\",\"content\":null}", -EBADMSG, NULL},
        {"{\"option\":\"Set\",\"content\":\"nope\"}", -EBADMSG, NULL},
        {"{\"option\":\"set\",\"content\":\"1.2.3.4:1\"}", -EBADMSG, NULL},
        {"{\"option\":\"UNSET\"}", -EBADMSG, NULL},
        {"{\"option\":\"Other\"}", -EBADMSG, NULL},
        {"{\"option\":null}", -EBADMSG, NULL},
        {"{\"option\":\"Unset\",\"option\":\"Unset\"}", -EBADMSG, NULL},
        {"{\"content\":\"1.2.3.4:1\"}", -EBADMSG, NULL},
        {"\"Unset\"", -EBADMSG, NULL},
        {"[\"Set\"]", -EBADMSG, NULL},
        {"[]", -EBADMSG, NULL},
        {"{}", -EBADMSG, NULL},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEAN_ENDPOINT struct endpoint ep = ENDPOINT_INIT;
        int rc = record_decode_endpoint_option(rows[i].text, strlen(rows[i].text), &ep, NULL);
        assert_row(rows[i].text, rc == rows[i].rc);
        if (rc < 0)
            continue;
        CLEAN_FREE char *text = endpoint_is_set(&ep) ? endpoint_text(&ep) : strdup("");
        assert_row_text(rows[i].text, text, rows[i].endpoint);
    }
}

static void candidates_table(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int rc;
        size_t n;
    } rows[] = {
        {"[]", 0, 0},
        {"[\"192.168.1.5:51820\",\"[2001:db8::5]:51820\"]", 0, 2},
        {" [ \"a:1\" , \"a:1\" ] ", 0, 2},
        {"null", -EBADMSG, 0},
        {"{}", -EBADMSG, 0},
        {"[1]", -EBADMSG, 0},
        {"[\"a\"]", -EBADMSG, 0},
        {"[\"a:1\",]", -EBADMSG, 0},
        {"\"a:1\"", -EBADMSG, 0},
        {"", -EBADMSG, 0},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct endpoint *eps = NULL;
        size_t n = 0;
        int rc = record_decode_candidates(rows[i].text, strlen(rows[i].text), &eps, &n, NULL);
        assert_row(rows[i].text, rc == rows[i].rc && n == rows[i].n);
        endpoints_free(eps, n);
    }
}

static void candidates_are_bounded(void **state)
{
    (void)state;
    for (int extra = 0; extra < 2; extra++) {
        CLEAN_BUF struct buf text = BUF_INIT;
        struct endpoint *eps = NULL;
        size_t n = 0;
        buf_puts(&text, "[\"a:1\"");
        for (int i = 1; i < CANDIDATES_DECODE_MAX + extra; i++)
            buf_puts(&text, ",\"a:1\"");
        buf_puts(&text, "]");
        int rc = record_decode_candidates(text.data, text.len, &eps, &n, NULL);
        assert_int_equal(rc, extra ? -E2BIG : 0);
        assert_int_equal(n, extra ? 0 : CANDIDATES_DECODE_MAX);
        endpoints_free(eps, n);
    }
}

static void capabilities_table(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int rc;
        bool value;
    } rows[] = {
        {"{\"unspecified_ip_in_override_endpoint\":true}", 0, true},
        {"{\"unspecified_ip_in_override_endpoint\":false}", 0, false},
        {"{}", 0, false},
        {"{\"other\":true}", 0, false},
        {"{\"unspecified_ip_in_override_endpoint\":null}", -EBADMSG, false},
        {"{\"unspecified_ip_in_override_endpoint\":1}", -EBADMSG, false},
        {"null", -EBADMSG, false},
        {"", -EBADMSG, false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        bool value = !rows[i].value;
        int rc = record_decode_capabilities(rows[i].text, strlen(rows[i].text), &value, NULL);
        assert_row(rows[i].text, rc == rows[i].rc);
        assert_row(rows[i].text, rc < 0 || value == rows[i].value);
    }
}

static void nothing_table(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int rc;
    } rows[] = {
        {"", 0},          {"null", 0},       {" \r\n\t", 0},     {" null\n", 0},
        {"{}", -EBADMSG}, {"nul", -EBADMSG}, {"Null", -EBADMSG}, {"null null", -EBADMSG},
        {"\v", -EBADMSG}, {"0", -EBADMSG},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_row(rows[i].text,
                   record_decode_nothing(rows[i].text, strlen(rows[i].text), NULL) == rows[i].rc);
    assert_int_equal(record_decode_nothing("\0", 1, NULL), -EBADMSG);
    assert_int_equal(record_decode_nothing(NULL, 0, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(peer_minimal),
        cmocka_unit_test(peer_complete),
        cmocka_unit_test(test_CX01_peer_table),
        cmocka_unit_test(test_CX01_required_field_table),
        cmocka_unit_test(peer_needs_id),
        cmocka_unit_test(time_values),
        cmocka_unit_test(limits_of_ours_blame_the_record),
        cmocka_unit_test(test_CX01_cidr_table),
        cmocka_unit_test(cidr_values),
        cmocka_unit_test(test_CX01_association_table),
        cmocka_unit_test(lists_leave_out_what_is_invalid),
        cmocka_unit_test(lists_refuse_what_is_misshapen),
        cmocka_unit_test(empty_state),
        cmocka_unit_test(store_versions),
        cmocka_unit_test(redeem_table),
        cmocka_unit_test(endpoint_option_table),
        cmocka_unit_test(candidates_table),
        cmocka_unit_test(candidates_are_bounded),
        cmocka_unit_test(capabilities_table),
        cmocka_unit_test(nothing_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
