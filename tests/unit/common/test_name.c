/* Names: spec/server.md 0.3, 0.4, 8.8, D36; spec/client.md A.6, T10. */

#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "innernet/name.h"

#define FIFTEEN "abcdefghijklmno"
#define SIXTY_THREE FIFTEEN FIFTEEN FIFTEEN FIFTEEN "abc"

static const struct {
    const char *name;
    const char *hostname_error; /* a word of the reason; NULL: accepted */
    const char *interface_error;
} rows[] = {
    {"a", NULL, NULL},
    {"0", NULL, NULL},
    {"a-b", NULL, NULL},
    {"1-2-3", NULL, NULL},
    {"wg-01", NULL, NULL},
    {"innernet-server", NULL, NULL},
    {FIFTEEN, NULL, NULL},
    {FIFTEEN "p", NULL, "at most 15"},
    {"interfacelongname", NULL, "at most 15"},
    {SIXTY_THREE, NULL, "at most 15"},
    {SIXTY_THREE "d", "at most 63", "at most 15"},
    {"", "empty", "empty"},
    {"A", "not allowed", "not allowed"},
    {"Upper", "not allowed", "not allowed"},
    {"a.b", "not allowed", "not allowed"},
    {"a_b", "not allowed", "not allowed"},
    {"a b", "not allowed", "not allowed"},
    {"a/b", "not allowed", "not allowed"},
    {"a\n", "not allowed", "not allowed"},
    {"caf\xc3\xa9", "not allowed", "not allowed"},
    {"-a", "starts or ends", "starts or ends"},
    {"a-", "starts or ends", "starts or ends"},
    {"-", "starts or ends", "starts or ends"},
    {"--", "starts or ends", "starts or ends"},
    {"a--b", "two hyphens", "two hyphens"},
};

static void check_row(const char *name, const char *word, int r, const struct err *err)
{
    assert_row(name, r == (word ? -EINVAL : 0));
    if (word && !strstr(err->text, word))
        fail_msg("row \"%s\": \"%s\" does not say \"%s\"", name, err->text, word);
}

static void test_CX06_checks_hostnames_and_interfaces(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct err err = ERR_INIT;
        int r = name_check_hostname(rows[i].name, &err);
        check_row(rows[i].name, rows[i].hostname_error, r, &err);
        r = name_check_interface(rows[i].name, &err);
        check_row(rows[i].name, rows[i].interface_error, r, &err);
        assert_row(rows[i].name, name_check_hostname(rows[i].name, NULL) ==
                                     (rows[i].hostname_error ? -EINVAL : 0));
    }
}

/* The set of accepted single characters, and of inner ones, is exactly the listed one. */
static void allows_exactly_the_listed_characters(void **state)
{
    (void)state;
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    for (int c = 1; c < 256; c++) {
        char alone[] = {(char)c, '\0'};
        char inner[] = {'a', (char)c, 'b', '\0'};
        bool fine = strchr(allowed, c) != NULL;
        assert_row(inner, (name_check_hostname(alone, NULL) == 0) == fine);
        assert_row(inner, (name_check_hostname(inner, NULL) == 0) == (fine || c == '-'));
    }
}

/* A million characters that a backtracking matcher would never get through. */
static void stays_quick_on_hostile_names(void **state)
{
    (void)state;
    size_t len = 1000000;
    CLEAN_FREE char *name = malloc(len + 1);
    assert_non_null(name);
    for (size_t i = 0; i < len; i++)
        name[i] = i % 2 ? '-' : 'a';
    name[len] = '\0';
    assert_int_equal(name_check_hostname(name, NULL), -EINVAL);
}

static void test_T10_checks_device_names(void **state)
{
    (void)state;
#define DEVICE(text, word)                                                                         \
    {                                                                                              \
        text, sizeof(text) - 1, word                                                               \
    }
    static const struct {
        const char *name;
        size_t len;
        const char *word;
    } devices[] = {
        DEVICE("wg-01", NULL),
        DEVICE("WG_0.1", NULL),
        DEVICE(FIFTEEN, NULL),
        DEVICE("...", NULL),
        DEVICE("", "empty"),
        DEVICE("\0", "NUL"),
        DEVICE("inner\0nul", "NUL"),
        DEVICE("longer-nul\0", "NUL"),
        DEVICE("a b", "blank"),
        DEVICE("a\tb", "blank"),
        DEVICE("a\nb", "blank"),
        DEVICE("a\vb", "blank"),
        DEVICE("a\fb", "blank"),
        DEVICE("a\rb", "blank"),
        DEVICE(" ", "blank"),
        DEVICE("/", "slash"),
        DEVICE("a/b", "slash"),
        DEVICE("a /b", "slash"),
        DEVICE(FIFTEEN "p", "too long"),
        DEVICE("interfacelongname", "too long"),
        DEVICE(".", "reserved"),
        DEVICE("..", "reserved"),
    };
    for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
        struct err err = ERR_INIT;
        int r = name_check_device(devices[i].name, devices[i].len, &err);
        check_row(devices[i].name, devices[i].word, r, &err);
    }
}

static void test_CX06_checks_cidr_names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *word;
    } cidrs[] = {
        {"humans", NULL},
        {"The Lab, 2nd floor!", NULL},
        {"b\xc3\xbcro \xe2\x82\xac \xf0\x9f\x98\x80", NULL},
        {"a\xc2\xa0"
         "b",
         NULL},
        {"", "empty"},
        {"a\nb", "control"},
        {"a\x1b[31mb", "control"},
        {"a\x7f", "control"},
        {"a\xc2\x9b"
         "31m",
         "control"},
        {"a\xc2\x80", "control"},
        {"a\xff", "UTF-8"},
        {"a\x9b", "UTF-8"},
        {"a\xc3", "UTF-8"},
    };
    struct err err = ERR_INIT;
    for (size_t i = 0; i < ARRAY_SIZE(cidrs); i++)
        check_row(cidrs[i].name, cidrs[i].word, name_check_cidr(cidrs[i].name, &err), &err);
    char name[CIDR_NAME_MAX_LEN + 2];
    memset(name, 'x', sizeof(name));
    name[CIDR_NAME_MAX_LEN] = '\0';
    assert_int_equal(name_check_cidr(name, NULL), 0);
    name[CIDR_NAME_MAX_LEN] = 'x';
    name[CIDR_NAME_MAX_LEN + 1] = '\0';
    assert_int_equal(name_check_cidr(name, &err), -EINVAL);
    assert_non_null(strstr(err.text, "too long"));
}

static void knows_utf8(void **state)
{
    (void)state;
#define UTF8(text, valid)                                                                          \
    {                                                                                              \
        text, sizeof(text) - 1, valid                                                              \
    }
    static const struct {
        const char *text;
        size_t len;
        bool valid;
    } texts[] = {
        UTF8("", true),
        UTF8("plain\0text", true),
        UTF8("\x7f", true),
        UTF8("\xc2\x80", true),
        UTF8("\xdf\xbf", true),
        UTF8("\xe0\xa0\x80", true),
        UTF8("\xed\x9f\xbf", true),
        UTF8("\xee\x80\x80", true),
        UTF8("\xef\xbf\xbf", true),
        UTF8("\xf0\x90\x80\x80", true),
        UTF8("\xf4\x8f\xbf\xbf", true),
        UTF8("\x80", false),
        UTF8("\xbf", false),
        UTF8("\xc0\x80", false),
        UTF8("\xc1\xbf", false),
        UTF8("\xe0\x9f\xbf", false),
        UTF8("\xed\xa0\x80", false),
        UTF8("\xed\xbf\xbf", false),
        UTF8("\xf0\x8f\xbf\xbf", false),
        UTF8("\xf4\x90\x80\x80", false),
        UTF8("\xf5\x80\x80\x80", false),
        UTF8("\xf8\x88\x80\x80\x80", false),
        UTF8("\xfe", false),
        UTF8("\xff", false),
        UTF8("\xc2", false),
        UTF8("\xe2\x82", false),
        UTF8("\xf0\x9f\x98", false),
        UTF8("\xc2"
             "a",
             false),
        UTF8("\xe2\x82"
             "a",
             false),
        UTF8("a\xc2", false),
    };
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        if (utf8_is_valid(texts[i].text, texts[i].len) != texts[i].valid)
            fail_msg("row %zu", i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_CX06_checks_hostnames_and_interfaces),
        cmocka_unit_test(allows_exactly_the_listed_characters),
        cmocka_unit_test(stays_quick_on_hostile_names),
        cmocka_unit_test(test_T10_checks_device_names),
        cmocka_unit_test(test_CX06_checks_cidr_names),
        cmocka_unit_test(knows_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
