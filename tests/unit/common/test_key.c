/* Keys: spec/server.md 0.5, 8.8; spec/client.md A.9, T7-T9. */

#include "unit.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "innernet/key.h"

#define PRIVATE "SGb+ojrRNDuMePufwtIYhXzA//k6wF3R21tEBgKlzlM="
#define PUBLIC "DD5yKRfzExcV5+kDnTroDgCU15latdMjiQ59j1hEuk8="
#define FORTY "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define SIXTY "000000000000000000000000000000000000000000000000000000000000"

static void test_T7_derives_the_public_key(void **state)
{
    (void)state;
    struct key private_key;
    char text[KEY_TEXT_MAX];
    assert_int_equal(key_parse(PRIVATE, &private_key), 0);
    struct key public_key = key_public(&private_key);
    assert_string_equal(key_format(&public_key, text), PUBLIC);
    assert_string_equal(key_format(&private_key, text), PRIVATE);
}

static const struct {
    const char *text;
    const char *canonical; /* NULL: refused */
} base64_rows[] = {
    {PUBLIC, PUBLIC},
    {"DD5yKRfzExcV5+kDnTroDgCU15latdMjiQ59j1hEuk8", PUBLIC},
    {FORTY "AAA=", FORTY "AAA="},
    {FORTY "AAA", FORTY "AAA="},
    {FORTY "AAE=", FORTY "AAE="},
    {"////////////////////////////////////////+/8=",
     "////////////////////////////////////////+/8="},
    /* non-zero trailing bits */
    {FORTY "AAB=", NULL},
    {FORTY "AAD=", NULL},
    {FORTY "AAB", NULL},
    /* wrong length, with and without padding */
    {"", NULL},
    {"AAAA", NULL},
    {FORTY "A", NULL},
    {FORTY "AA==", NULL},
    {FORTY "AA", NULL},
    {FORTY "AAAA", NULL},
    {FORTY "AAAAA=", NULL},
    {FORTY "AAAAA", NULL},
    {FORTY "AAAAAA==", NULL},
    /* surplus padding */
    {FORTY "AAA==", NULL},
    {FORTY "AA=", NULL},
    {"=" FORTY "AAA", NULL},
    {FORTY "A=A=", NULL},
    /* padding first: the text reversed, T9 */
    {"=8kuEh1j95QijMdtal51UCgDorTnDk+5VcxEzfRKy5DD", NULL},
    /* other alphabet, blanks */
    {"DD5yKRfzExcV5-kDnTroDgCU15latdMjiQ59j1hEuk8=", NULL},
    {"DD5yKRfzExcV5_kDnTroDgCU15latdMjiQ59j1hEuk8=", NULL},
    {" " FORTY "AA=", NULL},
    {" " PUBLIC, NULL},
    {PUBLIC "\n", NULL},
    {FORTY "AA =", NULL},
    {FORTY "AAA\n", NULL},
    {"\n" FORTY "AAA", NULL},
    {"AAAA\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", NULL},
    {FORTY "AA\xc3\xa9", NULL},
};

static void test_CX09_reads_base64(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(base64_rows); i++) {
        const char *row = base64_rows[i].text;
        struct key key, before;
        memset(&before, 0x5a, sizeof(before));
        key = before;
        int r = key_parse(row, &key);
        assert_row(row, r == (base64_rows[i].canonical ? 0 : -EINVAL));
        char text[KEY_TEXT_MAX];
        if (r == 0)
            assert_row_text(row, key_format(&key, text), base64_rows[i].canonical);
        else
            assert_row(row, key_equal(&key, &before));
    }
}

/* Every byte in every place of the last two groups: what is accepted is what was written. */
static void only_digits_are_read(void **state)
{
    (void)state;
    static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int c = 1; c < 256; c++) {
        for (size_t at = 36; at < 43; at++) {
            char text[KEY_TEXT_MAX] = FORTY "AAA=", again[KEY_TEXT_MAX];
            char hex[KEY_HEX_MAX] = SIXTY "0000", hex_again[KEY_HEX_MAX];
            struct key key;
            const char *digit = strchr(base64, c);
            bool is_good = digit && (at < 42 || (digit - base64) % 4 == 0);
            text[at] = (char)c;
            assert_int_equal(key_parse(text, &key), is_good ? 0 : -EINVAL);
            if (is_good)
                assert_string_equal(key_format(&key, again), text);
            is_good = strchr("0123456789abcdefABCDEF", c) != NULL;
            hex[at + 20] = (char)c;
            assert_int_equal(key_parse_hex(hex, &key), is_good ? 0 : -EINVAL);
            if (is_good)
                assert_true(strcasecmp(key_format_hex(&key, hex_again), hex) == 0);
        }
    }
}

static void test_CX09_reads_and_writes_hex(void **state)
{
    (void)state;
    struct key key;
    char text[KEY_HEX_MAX];
    assert_int_equal(key_parse_hex(SIXTY "aBfF", &key), 0);
    assert_int_equal(key.bytes[0], 0);
    assert_int_equal(key.bytes[30], 0xab);
    assert_int_equal(key.bytes[31], 0xff);
    assert_string_equal(key_format_hex(&key, text), SIXTY "abff");
    static const char *const bad[] = {
        "",           "ab",         SIXTY "aaa",  SIXTY "aaaaa",   SIXTY "aaaaaa",  SIXTY "aaag",
        SIXTY "aa:a", SIXTY "aa a", SIXTY "aaa ", " " SIXTY "aaa", "0x" SIXTY "aa", SIXTY "aaa\n"};
    struct key before = key;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        assert_row(bad[i], key_parse_hex(bad[i], &key) == -EINVAL);
        assert_row(bad[i], key_equal(&key, &before));
    }
}

static bool is_clamped(const struct key *key)
{
    return (key->bytes[0] & 7) == 0 && (key->bytes[31] & 0x80) == 0 && (key->bytes[31] & 0x40);
}

static void test_T8_generates_private_keys(void **state)
{
    (void)state;
    struct key first, key;
    key_generate(&first);
    struct key public_key = key_public(&first);
    assert_false(key_equal(&first, &public_key));
    for (unsigned i = 0; i < 100000; i++) {
        key_generate(&key);
        if (key_is_zero(&key) || key_equal(&key, &first) || !is_clamped(&key))
            fail_msg("key %u is zero, repeated or not clamped", i);
    }
}

static void test_T8_generates_preshared_keys(void **state)
{
    (void)state;
    struct key first, key;
    unsigned unclamped = 0;
    key_generate_preshared(&first);
    assert_false(key_is_zero(&first));
    for (unsigned i = 0; i < 100000; i++) {
        key_generate_preshared(&key);
        if (key_is_zero(&key) || key_equal(&key, &first))
            fail_msg("key %u is zero or repeated", i);
        unclamped += !is_clamped(&key);
    }
    /* 31 of 32 random keys are not in clamped form */
    assert_true(unclamped > 90000);
}

static void test_T9_generated_keys_travel_as_text(void **state)
{
    (void)state;
    struct key private_key, preshared, again;
    char text[KEY_TEXT_MAX], reversed[KEY_TEXT_MAX] = "";
    key_generate(&private_key);
    key_format(&private_key, text);
    assert_int_equal(strlen(text), KEY_TEXT_MAX - 1);
    assert_int_equal(key_parse(text, &again), 0);
    assert_true(key_equal(&private_key, &again));
    for (size_t i = 0; i < KEY_TEXT_MAX - 1; i++)
        reversed[i] = text[KEY_TEXT_MAX - 2 - i];
    assert_int_equal(key_parse(reversed, &again), -EINVAL); /* padding first */
    struct key public_key = key_public(&private_key);
    assert_false(key_equal(&private_key, &public_key));
    key_generate_preshared(&preshared);
    assert_false(key_is_zero(&preshared));
}

static void compares_and_wipes(void **state)
{
    (void)state;
    struct key a = {{0}}, b = {{0}};
    assert_true(key_is_zero(&a));
    assert_true(key_equal(&a, &b));
    for (size_t i = 0; i < KEY_LEN; i++) {
        b.bytes[i] = 1;
        assert_false(key_is_zero(&b));
        assert_false(key_equal(&a, &b));
        key_wipe(&b);
        assert_true(key_equal(&a, &b));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_T7_derives_the_public_key),
        cmocka_unit_test(test_CX09_reads_base64),
        cmocka_unit_test(only_digits_are_read),
        cmocka_unit_test(test_CX09_reads_and_writes_hex),
        cmocka_unit_test(test_T8_generates_private_keys),
        cmocka_unit_test(test_T8_generates_preshared_keys),
        cmocka_unit_test(test_T9_generated_keys_travel_as_text),
        cmocka_unit_test(compares_and_wipes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
