/* Every example and table row of spec/server.md 0.6 and spec/client.md A.2, and their edges. */

#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "innernet/addr.h"

static const struct {
    const char *input;
    const char *output;
    const char *domain; /* NULL when the host must have become an address */
} accepted[] = {
    /* spec/client.md A.2, left column */
    {"1.2:5", "1.0.0.2:5", NULL},
    {"0x7f.1:80", "127.0.0.1:80", NULL},
    {"010.0.0.1:1", "8.0.0.1:1", NULL},
    {"1.2.3.4.:5", "1.2.3.4:5", NULL},
    {"Example.COM:080", "example.com:80", "example.com"},
    /* right column, kept and normalised */
    {"a_b:1", "a_b:1", "a_b"},
    {"a..b:1", "a..b:1", "a..b"},
    {"-a:1", "-a:1", "-a"},
    {"example.com.:80", "example.com.:80", "example.com."},
    {"[::ffff:1.2.3.4]:80", "[::ffff:102:304]:80", NULL},
    /* ports, spec/server.md 0.6 rule 2 */
    {"h:+5", "h:5", "h"},
    {"h:00080", "h:80", "h"},
    {"h:0", "h:0", "h"},
    {"h:65535", "h:65535", "h"},
    {"h:+00065535", "h:65535", "h"},
    /* brackets, rule 3 */
    {"[2001:DB8:0:0::1]:1", "[2001:db8::1]:1", NULL},
    {"[::1.2.3.4]:1", "[::102:304]:1", NULL},
    {"[1:2:3:4:5:6:7::]:1", "[1:2:3:4:5:6:7:0]:1", NULL},
    {"[::ffff:1.2.3.4]:0", "[::ffff:102:304]:0", NULL},
    {"[::]:1", "[::]:1", NULL},
    {"[1:0:0:2:0:0:0:3]:1", "[1:0:0:2::3]:1", NULL},
    /* percent-decoding and folding */
    {"Ex%41mple:1", "example:1", "example"},
    {"%31.2.3.4:1", "1.2.3.4:1", NULL},
    {"a%2Eb:1", "a.b:1", "a.b"},
    {"a%2eb:1", "a.b:1", "a.b"},
    {"foo..bar:1", "foo..bar:1", "foo..bar"},
    {"a-:1", "a-:1", "a-"},
    {"~!$&'()*+,;={}\"`_:1", "~!$&'()*+,;={}\"`_:1", "~!$&'()*+,;={}\"`_"},
    {".:1", ".:1", "."},
    {"a..:1", "a..:1", "a.."},
    {"1..:1", "1..:1", "1.."},
    /* numbers */
    {"0x7f.1:1", "127.0.0.1:1", NULL},
    {"0X7F.1:1", "127.0.0.1:1", NULL},
    {"1.2.3:1", "1.2.0.3:1", NULL},
    {"0:1", "0.0.0.0:1", NULL},
    {"1.1.1.1.:1", "1.1.1.1:1", NULL},
    {"0x:1", "0.0.0.0:1", NULL},
    {"0x.0x.0x.0x:1", "0.0.0.0:1", NULL},
    {"1.0x:1", "1.0.0.0:1", NULL},
    {"4294967295:1", "255.255.255.255:1", NULL},
    {"0xffffffff:1", "255.255.255.255:1", NULL},
    {"037777777777:1", "255.255.255.255:1", NULL},
    {"1.16777215:1", "1.255.255.255:1", NULL},
    {"1.2.65535:1", "1.2.255.255:1", NULL},
    {"00000000000000000001:1", "0.0.0.1:1", NULL},
    {"foo.1a:1", "foo.1a:1", "foo.1a"},
    {"1.2.3.4a:1", "1.2.3.4a:1", "1.2.3.4a"},
    {"foo.0xg:1", "foo.0xg:1", "foo.0xg"},
    {"1.foo:1", "1.foo:1", "1.foo"},
    {"08x:1", "08x:1", "08x"},
    {"xn--bcher-kva.de:1", "xn--bcher-kva.de:1", "xn--bcher-kva.de"},
};

static void test_CX02_parses_and_prints(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(accepted); i++) {
        const char *row = accepted[i].input;
        CLEAN_ENDPOINT struct endpoint ep = ENDPOINT_INIT;
        struct err err = ERR_INIT;
        if (endpoint_parse(row, &ep, &err) != 0)
            fail_msg("row \"%s\" refused: %s", row, err.text);
        CLEAN_FREE char *text = endpoint_text(&ep);
        assert_row_text(row, text, accepted[i].output);
        assert_row(row, !ep.domain == !accepted[i].domain);
        if (ep.domain)
            assert_row_text(row, ep.domain, accepted[i].domain);
        assert_row(row, (ep.ip.family == IP_NONE) == (ep.domain != NULL));
        /* what is printed is a fixed point */
        CLEAN_ENDPOINT struct endpoint again = ENDPOINT_INIT;
        assert_row(row, endpoint_parse(text, &again, NULL) == 0);
        assert_row(row, endpoint_equal(&ep, &again));
    }
}

enum reason { NO_PORT, BAD_PORT, BAD_HOST };

static const struct {
    const char *input;
    enum reason reason;
} refused[] = {
    /* spec/client.md A.2 */
    {"256.1.1.1:1", BAD_HOST},
    {"1.2.3.4.5:1", BAD_HOST},
    {"09.1.1.1:1", BAD_HOST},
    {"foo.1:1", BAD_HOST},
    {"foo.0x4:1", BAD_HOST},
    {"::1:80", BAD_HOST},
    {":80", BAD_HOST},
    {" host:80", BAD_HOST},
    {"a b:1", BAD_HOST},
    {"a/b:1", BAD_HOST},
    {"a@b:1", BAD_HOST},
    {"a%25:1", BAD_HOST},
    {"host", NO_PORT},
    {"host:", BAD_PORT},
    {"host:65536", BAD_PORT},
    {"host:-1", BAD_PORT},
    {"host: 80", BAD_PORT},
    {"[fe80::1%1]:80", BAD_HOST},
    {"[]:1", BAD_HOST},
    {"[1::2::3]:1", BAD_HOST},
    /* spec/server.md 0.6 */
    {"", NO_PORT},
    {"h:-80", BAD_PORT},
    {"h:+", BAD_PORT},
    {"h:++5", BAD_PORT},
    {"h:80 ", BAD_PORT},
    {"h:8a", BAD_PORT},
    {"h:0x50", BAD_PORT},
    {"h:99999999999999999999", BAD_PORT},
    {"[::1%eth0]:1", BAD_HOST},
    {"[fe80::1:1", BAD_HOST},
    {"[::1]x:1", BAD_HOST},
    {"[1.2.3.4]:1", BAD_HOST},
    {"[::01.2.3.4]:1", BAD_HOST},
    {"[::1.2.3.256]:1", BAD_HOST},
    {"[::1.2.3]:1", BAD_HOST},
    {"[::1.2.3.4.]:1", BAD_HOST},
    {"[::1.2.3.4:1]:1", BAD_HOST},
    {"[1:2:3:4:5:6:7:1.2.3.4]:1", BAD_HOST},
    {"[:1:2:3:4:5:6:7]:1", BAD_HOST},
    {"[1:2:3:4:5:6:7]:1", BAD_HOST},
    {"[1:2:3:4:5:6:7:8:9]:1", BAD_HOST},
    {"[1:2:3:4:5:6:7:8::]:1", BAD_HOST},
    {"[1:2:3:4::5:6:7:8]:1", BAD_HOST},
    {"[1:2:3:4:5:6:7:]:1", BAD_HOST},
    {"[:::]:1", BAD_HOST},
    {"[12345::]:1", BAD_HOST},
    {"[g::]:1", BAD_HOST},
    {"[:]:1", BAD_HOST},
    {"[:1", BAD_HOST},
    {"4294967296:1", BAD_HOST},
    {"0x100000000:1", BAD_HOST},
    {"0xffffffffffffffffffffff:1", BAD_HOST},
    {"1.16777216:1", BAD_HOST},
    {"1.2.65536:1", BAD_HOST},
    {"1.2.3.256:1", BAD_HOST},
    {"1.256.3:1", BAD_HOST},
    {"foo.0x:1", BAD_HOST},
    {"foo.08:1", BAD_HOST},
    {"foo.1.:1", BAD_HOST},
    {"1..1:1", BAD_HOST},
    {".1:1", BAD_HOST},
    {"08:1", BAD_HOST},
    {"a%:1", BAD_HOST},
    {"a%4:1", BAD_HOST},
    {"a%zz:1", BAD_HOST},
    {"a%00b:1", BAD_HOST},
    {"a%20b:1", BAD_HOST},
    {"a%7f:1", BAD_HOST},
    {"%3A%3A1:1", BAD_HOST},
    {"a%2541:1", BAD_HOST},
    {"b\xc3\xbc"
     "cher.example:1",
     BAD_HOST},
    {"b%C3%BCcher.example:1", BAD_HOST},
    {"a%ff:1", BAD_HOST},
    {"\xef\xbc\x91.1.1.1:1", BAD_HOST},
};

static void test_CX02_refuses_with_its_reason(void **state)
{
    (void)state;
    static const char *const words[] = {
        [NO_PORT] = "has no port", [BAD_PORT] = "bad port", [BAD_HOST] = "bad host"};
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
        const char *row = refused[i].input;
        struct endpoint ep = {.port = 7};
        struct err err = ERR_INIT;
        assert_row(row, endpoint_parse(row, &ep, &err) == -EINVAL);
        assert_row(row, err.code == -EINVAL);
        if (!strstr(err.text, words[refused[i].reason]))
            fail_msg("row \"%s\": \"%s\" does not say \"%s\"", row, err.text,
                     words[refused[i].reason]);
        assert_row(row, ep.port == 7 && !ep.domain);
        assert_row(row, endpoint_parse(row, &ep, NULL) == -EINVAL);
    }
}

/* U+0000-U+0020, U+007F and the listed punctuation, raw and percent-encoded; nothing else. */
static void forbids_exactly_the_listed_characters(void **state)
{
    (void)state;
    for (unsigned c = 1; c < 0x80; c++) {
        char raw[8], encoded[8];
        snprintf(raw, sizeof(raw), "a%cb:1", (char)c);
        snprintf(encoded, sizeof(encoded), "a%%%02Xb:1", c);
        bool bad = c <= 0x20 || c == 0x7f || strchr("%#/:<>?@[\\]^|", (int)c);
        struct endpoint ep = ENDPOINT_INIT;
        assert_row(raw, endpoint_parse(raw, &ep, NULL) == (bad ? -EINVAL : 0));
        endpoint_done(&ep);
        assert_row(encoded, endpoint_parse(encoded, &ep, NULL) == (bad ? -EINVAL : 0));
        endpoint_done(&ep);
    }
}

static void says_what_to_do_about_international_names(void **state)
{
    (void)state;
    struct endpoint ep;
    struct err err = ERR_INIT;
    assert_int_equal(endpoint_parse("fa\xc3\x9f.de:1", &ep, &err), -EINVAL);
    assert_non_null(strstr(err.text, "not ASCII"));
    assert_non_null(strstr(err.text, "xn--"));
}

static void bounds_the_text(void **state)
{
    (void)state;
    char text[ENDPOINT_TEXT_LIMIT + 2];
    memset(text, 'a', sizeof(text));
    struct endpoint ep = ENDPOINT_INIT;
    memcpy(text + ENDPOINT_TEXT_LIMIT - 2, ":1", 3);
    assert_int_equal(endpoint_parse(text, &ep, NULL), 0);
    assert_int_equal(strlen(ep.domain), ENDPOINT_TEXT_LIMIT - 2);
    endpoint_done(&ep);
    memcpy(text + ENDPOINT_TEXT_LIMIT - 2, "a:1", 4);
    struct err err = ERR_INIT;
    assert_int_equal(endpoint_parse(text, &ep, &err), -EINVAL);
    assert_non_null(strstr(err.text, "too long"));
}

static struct endpoint parse(const char *text)
{
    struct endpoint ep;
    if (endpoint_parse(text, &ep, NULL) != 0)
        fail_msg("\"%s\" refused", text);
    return ep;
}

static void compares_normalised_parts(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool equal;
    } rows[] = {
        {"EXAMPLE.com:1", "example.com:001", true},
        {"example.com:1", "example.com.:1", false},
        {"example.com:1", "example.com:2", false},
        {"0x7f.1:1", "127.0.0.1:1", true},
        {"[::1]:1", "[0:0::1]:1", true},
        {"[::]:1", "0.0.0.0:1", false},
        {"[::ffff:1.2.3.4]:1", "1.2.3.4:1", false},
        {"a:1", "1.2.3.4:1", false},
        {"1.2.3.4:1", "a:1", false},
        {"1.2.3.4:1", "1.2.3.5:1", false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEAN_ENDPOINT struct endpoint a = parse(rows[i].a);
        CLEAN_ENDPOINT struct endpoint b = parse(rows[i].b);
        assert_row(rows[i].a, endpoint_equal(&a, &b) == rows[i].equal);
    }
}

static void knows_unspecified_and_unset(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool unspecified;
    } rows[] = {{"0.0.0.0:1", true}, {"[::]:1", true},          {"0:0", true},
                {"[::1]:1", false},  {"[::ffff:0:0]:1", false}, {"a:1", false}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEAN_ENDPOINT struct endpoint ep = parse(rows[i].text);
        assert_row(rows[i].text, endpoint_is_unspecified(&ep) == rows[i].unspecified);
        assert_row(rows[i].text, endpoint_is_set(&ep));
    }
    struct endpoint none = ENDPOINT_INIT;
    assert_false(endpoint_is_set(&none));
    assert_false(endpoint_is_unspecified(&none));
}

static void copies_and_converts(void **state)
{
    (void)state;
    CLEAN_ENDPOINT struct endpoint name = parse("a.example:9");
    CLEAN_ENDPOINT struct endpoint copy = ENDPOINT_INIT;
    assert_int_equal(endpoint_copy(&name, &copy), 0);
    assert_true(endpoint_equal(&name, &copy));
    assert_ptr_not_equal(name.domain, copy.domain);
    struct sock_addr sa = {.port = 1};
    assert_false(endpoint_to_sock_addr(&name, &sa));
    assert_int_equal(sa.port, 1);
    struct endpoint none = ENDPOINT_INIT;
    assert_false(endpoint_to_sock_addr(&none, &sa));

    struct sock_addr scoped;
    assert_int_equal(sock_addr_parse("[fe80::1%3]:70", &scoped), 0);
    struct endpoint from = endpoint_from_sock_addr(&scoped);
    CLEAN_FREE char *text = endpoint_text(&from);
    assert_string_equal(text, "[fe80::1]:70");
    assert_true(endpoint_to_sock_addr(&from, &sa));
    assert_int_equal(sa.scope_id, 0);
    assert_int_equal(sa.port, 70);
    assert_true(ip_equal(&sa.ip, &scoped.ip));
    endpoint_done(&copy);
    endpoint_done(&copy);
    assert_false(endpoint_is_set(&copy));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_CX02_parses_and_prints),
        cmocka_unit_test(test_CX02_refuses_with_its_reason),
        cmocka_unit_test(forbids_exactly_the_listed_characters),
        cmocka_unit_test(says_what_to_do_about_international_names),
        cmocka_unit_test(bounds_the_text),
        cmocka_unit_test(compares_normalised_parts),
        cmocka_unit_test(knows_unspecified_and_unset),
        cmocka_unit_test(copies_and_converts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
