#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "field.h"
#include "innernet/util.h"

/* `|` divides fields. */
static struct field_values fields_of(const char *text, char storage[static 512])
{
    struct field_values f = {0};
    snprintf(storage, 512, "%s", text);
    for (char *at = storage; at;
         field_add(&f, at), at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL)
        ;
    for (char *bar = strchr(storage, '|'); bar; bar = strchr(bar, '|'))
        *bar++ = '\0';
    return f;
}

static void assert_all(const char *const *texts, size_t n,
                       bool (*holds)(const struct field_values *f), bool wanted)
{
    char storage[512];
    for (size_t i = 0; i < n; i++) {
        struct field_values f = fields_of(texts[i], storage);
        if (holds(&f) != wanted)
            fail_msg("%s is %s", texts[i], wanted ? "refused" : "taken");
    }
}

static bool matches_tag(const struct field_values *f)
{
    return field_matches_etag(f, "\"tag\"");
}

static void etags_are_compared_weakly(void **state)
{
    (void)state;
    static const char *const yes[] = {
        "\"tag\"",
        "W/\"tag\"",
        "*",
        " * ",
        "\"x\", \"tag\"",
        "\"tag\",\"x\"",
        ",,\"tag\" ,",
        "\"a,b\", \"tag\"",
        "\"x\"|W/\"tag\"",
        "|\"tag\"",
        "\"\",\"tag\"",
        "\"\\\",\"tag\"",
        "\"\xe4\",\"tag\"",
        "\t\"tag\"\t",
    };
    static const char *const no[] = {
        "",
        "\"TAG\"",
        "\"tag\"x",
        "tag",
        "w/\"tag\"",
        "W/ \"tag\"",
        "\"tag",
        "\"tag\" \"x\"",
        "*, \"tag\"",
        "\"tag\", *",
        "*|\"tag\"",
        "\"tag\"|bare",
        "\"a b\",\"tag\"",
        "\"tag\";q=1",
        "\"x\"",
        "\"\x7f\", \"tag\"",
        "\"tag-gzip\"",
        "**",
    };
    char storage[512];
    assert_all(yes, ARRAY_SIZE(yes), matches_tag, true);
    assert_all(no, ARRAY_SIZE(no), matches_tag, false);
    struct field_values none = {0};
    assert_false(field_matches_etag(&none, "\"tag\""));
    struct field_values star = fields_of("*", storage);
    assert_false(field_matches_etag(&star, "")); /* what has no tag */
}

static void gzip_is_accepted_by_weight(void **state)
{
    (void)state;
    static const char *const yes[] = {
        "gzip",      "GZIP",         "x-gzip", "deflate, gzip;q=0.1",        "*",
        "br|gzip",   "*;q=0,gzip",   ",gzip,", "gzip;q=0.5, identity;q=0.5", "gzip ; Q=1.000",
        "gzip;q=1.", "gzip;q=0.001",
    };
    static const char *const no[] = {
        "",
        "identity",
        "gzip;q=0",
        "gzip;q=0.000",
        "*;q=0",
        "*,gzip;q=0",
        "gzip;q=1.1",
        "gzip;q=0.0001",
        "gzip;q=",
        "gzip;q=.5",
        "gzip;q=2",
        "gzip;q=-1",
        "gzip;q=00",
        "gzip;x=1",
        "gzip gzip",
        "gzip;q=1;x",
        "identity, gzip;q=0.9",
        "br|gzip;q=0",
        "gzip2",
        "\"gzip\"",
    };
    assert_all(yes, ARRAY_SIZE(yes), field_accepts_gzip, true);
    assert_all(no, ARRAY_SIZE(no), field_accepts_gzip, false);
}

static void the_first_wait_counts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned s;
    } rows[] = {
        {"wait=10", 10},
        {"Wait=10", 10},
        {"wait = 10", 10},
        {"wait=\"10\"", 10},
        {"wait=300", 300},
        {"wait=301", 300},
        {"wait=99999999999999999999", 300},
        {"respond-async, wait=5", 5},
        {"wait=5, wait=10", 5},
        {"handling=lenient|wait=5", 5},
        {"wait=5; foo; bar=\"a,b\"", 5},
        {"foo; wait=5, wait=6", 6},
        {"foo=\"a, wait=7\", wait=8", 8},
        {"foo=\"a\\\"b\", wait=8", 8},
        {"wait=5;", 5},
        {",wait=5,,", 5},
        {"wait=0", 0},
        {"wait=0, wait=5", 0},
        {"wait=-1", 0},
        {"wait=+1", 0},
        {"wait=1.5", 0},
        {"wait=x, wait=5", 0},
        {"wait", 0},
        {"wait=\"\"", 0},
        {"wait=", 0},
        {"wait=5 x", 0},
        {"wait=5, (", 0},
        {"wait=\"5", 0},
        {"await=5", 0},
        {"wait5", 0},
        {"", 0},
    };
    char storage[512];
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct field_values f = fields_of(rows[i].text, storage);
        if (field_wait_s(&f) != rows[i].s)
            fail_msg("%s: %u", rows[i].text, field_wait_s(&f));
    }
}

static void too_many_fields_are_none(void **state)
{
    (void)state;
    struct field_values f = {0};
    for (int i = 0; i < FIELD_VALUES_MAX; i++)
        field_add(&f, "*");
    assert_true(field_accepts_gzip(&f));
    field_add(&f, "gzip");
    assert_false(field_accepts_gzip(&f));
    struct field_values tags = {0};
    for (int i = 0; i < FIELD_VALUES_MAX; i++)
        field_add(&tags, "\"a\"");
    assert_true(field_matches_etag(&tags, "\"a\""));
    field_add(&tags, "\"a\"");
    assert_false(field_matches_etag(&tags, "\"a\""));
    assert_int_equal(field_wait_s(&f), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(etags_are_compared_weakly),
        cmocka_unit_test(gzip_is_accepted_by_weight),
        cmocka_unit_test(the_first_wait_counts),
        cmocka_unit_test(too_many_fields_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
