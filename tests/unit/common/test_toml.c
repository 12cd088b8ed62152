/* The C face of the TOML reader. */

#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "innernet/buf.h"
#include "innernet/toml.h"

static struct toml_doc *parse(const char *text)
{
    struct toml_doc *doc = NULL;
    struct err err = ERR_INIT;
    int rc = toml_parse(text, strlen(text), "file", &doc, &err);
    if (rc < 0)
        fail_msg("\"%s\": %s", text, err.text);
    return doc;
}

static void strings_in_every_spelling(void **state)
{
    (void)state;
    static const struct {
        const char *text, *table, *value;
    } rows[] = {
        {"k = \"v\"", "", "v"},
        {"k = 'a\\b\"c'", "", "a\\b\"c"},
        {"k = \"\"\"\na\nb\"\"\"", "", "a\nb"},
        {"k = '''\n'a''b'''", "", "'a''b"},
        {"k = \"\\t\\u00e4\\\"\\\\\"", "", "\t\xc3\xa4\"\\"},
        {"\"k\" = \"v\" # comment\r\nx = 1\r\n", "", "v"},
        {"\xef\xbb\xbfk = \"v\"", "", "v"},
        {"[t]\nk = \"v\"", "t", "v"},
        {"t.k = \"v\"", "t", "v"},
        {"t = { k = \"v\", x = [1, 2] }", "t", "v"},
        {"[t.u]\nx = 1\n[t]\nk = \"v\"", "t", "v"},
        {"k = \"\"", "", ""},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEAN_TOML struct toml_doc *doc = parse(rows[i].text);
        const char *value = NULL;
        assert_row(rows[i].text, toml_get_string(doc, rows[i].table, "k", &value, NULL) == 0);
        assert_row_text(rows[i].text, value, rows[i].value);
    }
}

static void integers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int rc;
        int64_t value;
    } rows[] = {
        {"k = 51820", 0, 51820},
        {"k = 0x10", 0, 16},
        {"k = 0o17", 0, 15},
        {"k = 0b11", 0, 3},
        {"k = 1_0", 0, 10},
        {"k = +5", 0, 5},
        {"k = 0", 0, 0},
        {"k = 65535", 0, 65535},
        {"k = 65536", -ERANGE, 0},
        {"k = -1", -ERANGE, 0},
        {"k = -9223372036854775808", -ERANGE, 0},
        {"k = 1.0", -EBADMSG, 0},
        {"k = 1e3", -EBADMSG, 0},
        {"k = \"1\"", -EBADMSG, 0},
        {"k = true", -EBADMSG, 0},
        {"k = [1]", -EBADMSG, 0},
        {"j = 1", -ENOENT, 0},
        {"k.k = 1", -EBADMSG, 0},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEAN_TOML struct toml_doc *doc = parse(rows[i].text);
        struct err err = ERR_INIT;
        int64_t value = 0;
        int rc = toml_get_int(doc, "", "k", 0, 65535, &value, &err);
        assert_row(rows[i].text, rc == rows[i].rc && value == rows[i].value);
        if (rc < 0) {
            assert_row(rows[i].text, strstr(err.text, "file: ") == err.text);
            assert_row(rows[i].text, strstr(err.text, "`k`"));
        }
    }
}

static void syntax_errors_have_a_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *place;
    } rows[] = {
        {"a = 1\nb = \n", "file: line 2, "},    {"a = 1\na = 2", "file: line 2, "},
        {"[t]\n[t]", "file: line 2, "},         {"a.b = 1\n[a]\nc = 1", "file: line 2, "},
        {"a = \"x", "file: line 1, "},          {"a = 1 b = 2", "file: line 1, "},
        {"a = 01", "file: line 1, "},           {"a = 9223372036854775808", "file: line 1, "},
        {"a = \"\\q\"", "file: line 1, "},      {"\n\n  a = \"\xff\"", "file: line 3, "},
        {"a = \"\xc0\x80\"", "file: line 1, "}, {"# \xed\xa0\x80", "file: line 1, "},
        {"a = \"\x01\"", "file: line 1, "},     {"a = {b = 1,\nc = 2}", "file: line 1, "},
        {"just text", "file: line 1, "},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct toml_doc *doc = NULL;
        struct err err = ERR_INIT;
        int rc = toml_parse(rows[i].text, strlen(rows[i].text), "file", &doc, &err);
        assert_row(rows[i].text, rc == -EBADMSG && !doc);
        if (strncmp(err.text, rows[i].place, strlen(rows[i].place)) != 0)
            fail_msg("row \"%s\": %s", rows[i].text, err.text);
        assert_row(rows[i].text, strstr(err.text, ", column "));
    }
}

static void nul_bytes(void **state)
{
    (void)state;
    struct toml_doc *doc = NULL;
    struct err err = ERR_INIT;
    assert_int_equal(toml_parse("a = 1\nb\0 = 2", 13, "file", &doc, &err), -EBADMSG);
    assert_non_null(strstr(err.text, "line 2, column 2"));
    CLEAN_TOML struct toml_doc *escaped = parse("k = \"a\\u0000b\"\n[t]\n\"x\\u0000\" = \"v\"");
    const char *value;
    assert_int_equal(toml_get_string(escaped, "", "k", &value, NULL), -EBADMSG);
}

static void wrong_types_have_a_place(void **state)
{
    (void)state;
    CLEAN_TOML struct toml_doc *doc = parse("x = 1\n[t]\nk = 5\n");
    struct err err = ERR_INIT;
    const char *value;
    assert_int_equal(toml_get_string(doc, "t", "k", &value, &err), -EBADMSG);
    assert_string_equal(err.text, "file: line 3, column 5: `t.k` must be a string in quotes");
    assert_int_equal(toml_get_string(doc, "x", "k", &value, &err), -EBADMSG);
    assert_non_null(strstr(err.text, "`x` must be a table"));
    assert_int_equal(toml_get_string(doc, "u", "k", &value, &err), -ENOENT);
    assert_string_equal(err.text, "file: `u.k` is missing; add it");
}

struct seen {
    struct buf text;
    int answer;
};

static int note(void *user, const char *key, const char *value, struct err *err)
{
    struct seen *seen = user;
    (void)err;
    buf_printf(&seen->text, "%s=%s;", key, value);
    return seen->answer;
}

static void each_string(void **state)
{
    (void)state;
    CLEAN_TOML struct toml_doc *doc =
        parse("s = \"x\"\n[good]\nb = \"2\"\n\"a.x\" = '1'\n[empty]\n[bad]\na = 5\n");
    struct seen seen = {.text = BUF_INIT};
    assert_int_equal(toml_each_string(doc, "good", note, &seen, NULL), 0);
    assert_string_equal(seen.text.data, "a.x=1;b=2;");
    buf_reset(&seen.text);
    assert_int_equal(toml_each_string(doc, "empty", note, &seen, NULL), 0);
    assert_int_equal(toml_each_string(doc, "missing", note, &seen, NULL), 0);
    assert_int_equal(seen.text.len, 0);
    assert_int_equal(toml_each_string(doc, "bad", note, &seen, NULL), -EBADMSG);
    assert_int_equal(toml_each_string(doc, "s", note, &seen, NULL), -EBADMSG);
    seen.answer = -E2BIG;
    assert_int_equal(toml_each_string(doc, "good", note, &seen, NULL), -E2BIG);
    assert_string_equal(seen.text.data, "a.x=1;");
    buf_done(&seen.text);
}

static int parse_buf(const struct buf *text)
{
    struct toml_doc *doc = NULL;
    int rc = toml_parse(text->data, text->len, "file", &doc, NULL);
    toml_free(doc);
    return rc;
}

static void depth_is_bounded(void **state)
{
    (void)state;
    CLEAN_BUF struct buf dots = BUF_INIT, brackets = BUF_INIT, both = BUF_INIT, comment = BUF_INIT;
    for (int i = 0; i < 300000; i++)
        buf_puts(&dots, "a.");
    buf_puts(&dots, "a = 1");
    assert_int_equal(parse_buf(&dots), -EBADMSG);
    for (int i = 0; i < 500000; i++)
        buf_puts(&brackets, i ? "[" : "a = [");
    assert_int_equal(parse_buf(&brackets), -EBADMSG);
    /* the deepest that is let through must be digestible, too */
    for (int level = 0; level < 100; level++) {
        buf_puts(&both, level ? "{" : "");
        for (int i = 0; i < 128; i++)
            buf_puts(&both, "a.");
        buf_puts(&both, "a = [\n");
    }
    for (int level = 0; level < 100; level++)
        buf_puts(&both, level ? "}]" : "]");
    assert_int_equal(parse_buf(&both), 0);
    buf_puts(&comment, "  # ");
    for (int i = 0; i < 1000; i++)
        buf_putc(&comment, '.');
    assert_int_equal(parse_buf(&comment), 0);
}

static void nothing_is_a_document(void **state)
{
    (void)state;
    struct toml_doc *doc = NULL;
    assert_int_equal(toml_parse(NULL, 0, "file", &doc, NULL), 0);
    toml_free(doc);
    toml_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_in_every_spelling),  cmocka_unit_test(integers),
        cmocka_unit_test(syntax_errors_have_a_place), cmocka_unit_test(nul_bytes),
        cmocka_unit_test(wrong_types_have_a_place),   cmocka_unit_test(each_string),
        cmocka_unit_test(depth_is_bounded),           cmocka_unit_test(nothing_is_a_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
