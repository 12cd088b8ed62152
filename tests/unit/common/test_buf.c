/* The growing buffer. */

#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The module is compiled in here with an eye on what it frees: storage that held a secret must have
 * been wiped by then. */
static void watching_free(void *p);
#define free watching_free
#include "buf.c"
#undef free

static const void *watched;
static size_t watched_len;
static bool was_freed, was_wiped;

static void watching_free(void *p)
{
    if (p && p == watched) {
        was_freed = true;
        was_wiped = true;
        for (size_t i = 0; i < watched_len; i++)
            was_wiped = was_wiped && ((const char *)p)[i] == 0;
        watched = NULL;
    }
    free(p);
}

static void appends(void **state)
{
    (void)state;
    CLEAN_BUF struct buf b = BUF_INIT;
    assert_null(b.data);
    buf_append(&b, NULL, 0);
    assert_string_equal(b.data, "");
    buf_puts(&b, "text");
    buf_putc(&b, '+');
    buf_append(&b, "a\0b", 3);
    buf_printf(&b, "%s=%d", "n", 12);
    assert_int_equal(b.len, 12);
    assert_memory_equal(b.data, "text+a\0bn=12", 13);
    assert_true(b.cap > b.len);
    buf_reset(&b);
    assert_int_equal(b.len, 0);
    assert_string_equal(b.data, "");
    assert_true(b.cap > 0);
}

static void grows(void **state)
{
    (void)state;
    CLEAN_BUF struct buf b = BUF_INIT;
    CLEAN_FREE char *big = malloc(100000);
    assert_non_null(big);
    for (size_t i = 0; i < 100000; i++) {
        big[i] = (char)('a' + i % 26);
        buf_putc(&b, big[i]);
        assert_int_equal(b.data[b.len], '\0');
    }
    assert_int_equal(b.len, 100000);
    assert_memory_equal(b.data, big, 100000);
    buf_reset(&b);
    buf_printf(&b, "%.*s", 99999, big);
    assert_int_equal(b.len, 99999);
    assert_memory_equal(b.data, big, 99999);
    buf_done(&b);
    assert_null(b.data);
    assert_int_equal(b.cap, 0);
}

static void prints_numbers(void **state)
{
    (void)state;
    static const struct {
        int64_t value;
        const char *text;
    } signed_rows[] = {{0, "0"},
                       {-1, "-1"},
                       {42, "42"},
                       {INT64_MAX, "9223372036854775807"},
                       {INT64_MIN, "-9223372036854775808"}};
    static const struct {
        uint64_t value;
        const char *text;
    } unsigned_rows[] = {{0, "0"}, {9, "9"}, {10, "10"}, {UINT64_MAX, "18446744073709551615"}};
    CLEAN_BUF struct buf b = BUF_INIT;
    for (size_t i = 0; i < ARRAY_SIZE(signed_rows); i++) {
        buf_reset(&b);
        buf_put_i64(&b, signed_rows[i].value);
        assert_string_equal(b.data, signed_rows[i].text);
    }
    for (size_t i = 0; i < ARRAY_SIZE(unsigned_rows); i++) {
        buf_reset(&b);
        buf_put_u64(&b, unsigned_rows[i].value);
        assert_string_equal(b.data, unsigned_rows[i].text);
    }
}

static void escapes_json(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"", ""},
        {"plain", "plain"},
        {"\"", "\\\""},
        {"a\\b", "a\\\\b"},
        {"\b\f\n\r\t", "\\b\\f\\n\\r\\t"},
        {"\x01\x0b\x1b\x1f", "\\u0001\\u000b\\u001b\\u001f"},
        {"/\x7f", "/\x7f"},
        {"bücher € 😀", "bücher € 😀"},
        {"x\"y\nz", "x\\\"y\\nz"},
    };
    CLEAN_BUF struct buf b = BUF_INIT;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        buf_reset(&b);
        buf_put_json_escaped(&b, rows[i][0]);
        assert_row_text(rows[i][1], b.data, rows[i][1]);
    }
}

static void fails_for_good_until_reset(void **state)
{
    (void)state;
    CLEAN_BUF struct buf b = BUF_INIT;
    buf_puts(&b, "before");
    assert_int_equal(buf_reserve(&b, SIZE_MAX), -ENOMEM);
    assert_true(b.failed);
    buf_puts(&b, "after");
    buf_putc(&b, 'x');
    buf_printf(&b, "%d", 1);
    buf_put_u64(&b, 1);
    buf_put_json_escaped(&b, "x");
    assert_string_equal(b.data, "before");
    assert_int_equal(buf_reserve(&b, 1), -ENOMEM);
    buf_reset(&b);
    assert_false(b.failed);
    buf_puts(&b, "again");
    assert_string_equal(b.data, "again");
    assert_int_equal(buf_reserve(&b, SIZE_MAX / 2), -ENOMEM);
    assert_null(buf_take(&b));
    assert_null(b.data);
    assert_false(b.failed);
}

static void gives_its_storage_away(void **state)
{
    (void)state;
    CLEAN_BUF struct buf b = BUF_INIT;
    CLEAN_FREE char *empty = buf_take(&b);
    assert_string_equal(empty, "");
    buf_puts(&b, "text");
    CLEAN_FREE char *text = buf_take(&b);
    assert_string_equal(text, "text");
    assert_null(b.data);
    assert_int_equal(b.len, 0);
}

static void watch(const struct buf *b)
{
    watched = b->data;
    watched_len = b->len;
    was_freed = was_wiped = false;
}

static void wipes_secrets(void **state)
{
    (void)state;
    struct buf b = BUF_SECRET_INIT;
    buf_puts(&b, "0123456789");
    size_t cap = b.cap;
    watch(&b);
    buf_printf(&b, "%0*d", (int)cap, 1);
    assert_true(was_freed && was_wiped);
    assert_memory_equal(b.data, "0123456789000", 13);
    watch(&b);
    buf_done(&b);
    assert_true(was_freed && was_wiped);

    struct buf plain = BUF_INIT;
    buf_puts(&plain, "key");
    watch(&plain);
    buf_wipe(&plain);
    assert_true(was_freed && was_wiped);
    assert_null(plain.data);

    buf_puts(&plain, "no key");
    watch(&plain);
    buf_done(&plain);
    assert_true(was_freed && !was_wiped);
    buf_wipe(&plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends),
        cmocka_unit_test(grows),
        cmocka_unit_test(prints_numbers),
        cmocka_unit_test(escapes_json),
        cmocka_unit_test(fails_for_good_until_reset),
        cmocka_unit_test(gives_its_storage_away),
        cmocka_unit_test(wipes_secrets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
