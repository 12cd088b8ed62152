/* JSON as such, read as a peer: limits, repeated names, places of errors. spec/server.md 0.8. */

#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peer_text.h"

/* `pairs` of brackets in an unknown field of an object (one level more). */
static int decode_nested(size_t pairs, bool in_string)
{
    CLEAN_BUF struct buf text = BUF_INIT;
    CLEAN_PEER struct peer p = {0};
    buf_puts(&text, "{" REQUIRED ",\"x\":");
    if (in_string)
        buf_puts(&text, "\"\\\"");
    for (size_t i = 0; i < pairs; i++)
        buf_putc(&text, '[');
    for (size_t i = 0; i < pairs; i++)
        buf_putc(&text, ']');
    if (in_string)
        buf_putc(&text, '"');
    buf_puts(&text, "}");
    return decode_peer(text.data, &p, NULL);
}

static void nesting_is_bounded(void **state)
{
    (void)state;
    assert_int_equal(decode_nested(127, false), 0);
    assert_int_equal(decode_nested(128, false), -EBADMSG);
    assert_int_equal(decode_nested(1000000, false), -EBADMSG);
    assert_int_equal(decode_nested(1000, true), 0);
}

static void values_are_bounded(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        CLEAN_BUF struct buf text = BUF_INIT;
        struct cidr *cidrs;
        size_t n;
        struct err err = ERR_INIT;
        buf_puts(&text, "[0");
        for (int i = 0; i < 2000000; i++)
            buf_puts(&text, kind ? ",{}" : ",1");
        buf_puts(&text, "]");
        assert_int_equal(record_decode_cidrs(text.data, text.len, NULL, NULL, &cidrs, &n, &err),
                         -EBADMSG);
        assert_non_null(strstr(err.text, "more values"));
    }
}

/* What we write we can read again, however much has come together in years. */
static void a_large_store_has_room_for_more_values(void **state)
{
    (void)state;
    CLEAN_BUF struct buf text = BUF_INIT;
    CLEAN_STATE struct state got = {0};
    buf_puts(&text, "{\"version\":\"1\",\"peers\":[],\"cidrs\":[],\"x\":[0");
    for (int i = 0; i < 1600000; i++)
        buf_puts(&text, ",\"192.0.2.1:51820\"");
    buf_puts(&text, "]}");
    assert_int_equal(record_decode_store(text.data, text.len, NULL, NULL, &got, NULL), 0);
}

/* An unknown object of n members, the last one perhaps again, at `again`. */
static int decode_members(size_t n, size_t again, struct err *err)
{
    CLEAN_BUF struct buf text = BUF_INIT;
    CLEAN_PEER struct peer p = {0};
    buf_puts(&text, "{" REQUIRED ",\"x\":{");
    for (size_t i = 0; i < n; i++)
        buf_printf(&text, "%s\"m%zu\":[%zu]", i ? "," : "", i, i);
    if (again < n)
        buf_printf(&text, ",\"m%zu\":0", again);
    buf_puts(&text, "}}");
    return decode_peer(text.data, &p, err);
}

static void names_are_told_apart_in_large_objects(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 31, 32, 33, 1000, 200000};
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        struct err err = ERR_INIT;
        size_t n = sizes[i];
        assert_int_equal(decode_members(n, n, NULL), 0);
        assert_int_equal(decode_members(n, 0, &err), -EBADMSG);
        assert_non_null(strstr(err.text, "duplicate"));
        assert_int_equal(decode_members(n, n - 1, NULL), -EBADMSG);
        assert_int_equal(decode_members(n, n / 2, NULL), -EBADMSG);
    }
}

static void errors_name_the_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *place;
    } rows[] = {
        {"", "line 1, column 1:"},
        {"{\n  \"a\": 1,\n  \"b\" 2\n}", "line 3, column 7:"},
        {"{\"\xc3\xa4\xe2\x82\xac\": ?}", "line 1, column 8:"},
        {"[1,\n\xff]", "line 2, column 1:"},
        {"{\"a\":1,\n\"a\":2}", "line 2, column 2:"},
        {"[\"\\ud800\"]", "line 1, column 3:"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEAN_PEER struct peer p = {0};
        struct err err = ERR_INIT;
        assert_row(rows[i].text, decode_peer(rows[i].text, &p, &err) == -EBADMSG);
        if (!strstr(err.text, rows[i].place))
            fail_msg("row \"%s\": \"%s\" lacks \"%s\"", rows[i].text, err.text, rows[i].place);
    }
}

static void a_nul_byte_ends_nothing(void **state)
{
    (void)state;
    static const char behind[] = PEER("") "\0", inside[] = "{" REQUIRED ",\0}",
                      more[] = PEER("") "\0{}";
    CLEAN_PEER struct peer p = {0};
    assert_int_equal(record_decode_peer_contents(behind, sizeof(behind) - 1, &p, NULL), -EBADMSG);
    assert_int_equal(record_decode_peer_contents(inside, sizeof(inside) - 1, &p, NULL), -EBADMSG);
    assert_int_equal(record_decode_peer_contents(more, sizeof(more) - 1, &p, NULL), -EBADMSG);
}

static void members_come_in_any_order(void **state)
{
    (void)state;
    CLEAN_PEER struct peer p = {0};
    const char *text = "{\"is_redeemed\":true,\"x\":{\"name\":5,\"ip\":[{}]},\"is_admin\":true,"
                       "\"candidates\":[\"a:1\",\"b:2\"],\"public_key\":\"" KEY_A
                       "\",\"y\":[[[]],{}],\"cidr_id\":9,\"ip\":\"10.0.0.1\",\"id\":3,"
                       "\"is_disabled\":false,\"name\":\"late\"}";
    assert_int_equal(record_decode_peer(text, strlen(text), &p, NULL), 0);
    assert_int_equal(p.id, 3);
    assert_string_equal(p.name, "late");
    assert_int_equal(p.cidr_id, 9);
    assert_true(p.is_redeemed && p.is_admin && !p.is_disabled);
    assert_int_equal(p.n_candidates, 2);
}

static void text_is_not_read_past_its_end(void **state)
{
    (void)state;
    const char *text = PEER("");
    size_t len = strlen(text);
    for (size_t cut = 0; cut < len; cut++) {
        CLEAN_PEER struct peer p = {0};
        char *copy = malloc(cut ? cut : 1); /* exact size, so that a sanitizer sees an overrun */
        memcpy(copy, text, cut);
        assert_int_equal(record_decode_peer_contents(copy, cut, &p, NULL), -EBADMSG);
        free(copy);
    }
    CLEAN_PEER struct peer p = {0};
    assert_int_equal(record_decode_peer_contents(NULL, 0, &p, NULL), -EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(values_are_bounded),
        cmocka_unit_test(a_large_store_has_room_for_more_values),
        cmocka_unit_test(text_is_not_read_past_its_end),
        cmocka_unit_test(names_are_told_apart_in_large_objects),
        cmocka_unit_test(errors_name_the_place),
        cmocka_unit_test(a_nul_byte_ends_nothing),
        cmocka_unit_test(members_come_in_any_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
