/* The overrides that device entries were made with. */
#include "overrides.h"

#include "fixture.h"

static void is(const struct overrides *o, uint8_t key, const char *override)
{
    struct key k = key_of(key);
    const struct override_seen *seen = overrides_find(o, &k);
    if (!override) {
        assert_null(seen);
        return;
    }
    CLEAN_ENDPOINT struct endpoint ep = *override ? endpoint_of(override) : ENDPOINT_INIT;
    assert_non_null(seen);
    assert_true(override_is(seen, &ep));
}

static void put(struct overrides *o, uint8_t key, const char *override)
{
    struct key k = key_of(key);
    CLEAN_ENDPOINT struct endpoint ep = *override ? endpoint_of(override) : ENDPOINT_INIT;
    overrides_put(o, &k, &ep);
}

static void keys_come_and_go_in_any_order(void **state)
{
    (void)state;
    struct overrides o = OVERRIDES_INIT;
    is(&o, 1, NULL);
    for (int i = 0; i < 256; i++)
        put(&o, (uint8_t)(i * 77), "1.2.3.4:5"); /* every value once */
    assert_int_equal(o.n, 256);
    for (int i = 0; i < 256; i += 2) {
        struct key k = key_of((uint8_t)i);
        overrides_remove(&o, &k);
        overrides_remove(&o, &k);
    }
    assert_int_equal(o.n, 128);
    for (int i = 0; i < 256; i++)
        is(&o, (uint8_t)i, i % 2 ? "1.2.3.4:5" : NULL);
    overrides_done(&o);
}

static void changes_are_told_apart(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "1.2.3.4:5",
        "1.2.3.4:6",
        "1.2.3.5:5",
        "[::1]:5",
        "[::102:304]:5",
        "a.example:5",
        "b.example:5",
        "a.example:6",
    };
    struct overrides o = OVERRIDES_INIT;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        put(&o, 1, texts[i]);
        is(&o, 1, texts[i]);
        for (size_t j = 0; j < ARRAY_SIZE(texts); j++) {
            CLEAN_ENDPOINT struct endpoint ep = *texts[j] ? endpoint_of(texts[j]) : ENDPOINT_INIT;
            assert_int_equal(override_is(&o.list[0], &ep), i == j);
        }
    }
    assert_int_equal(o.n, 1);
    overrides_done(&o);
}

static void all_at_once(void **state)
{
    (void)state;
    struct overrides o = OVERRIDES_INIT;
    struct endpoint ep = endpoint_of("1.2.3.4:5");
    assert_int_equal(overrides_reserve(&o, 3), 0);
    for (uint8_t i = 3; i > 0; i--) {
        struct key k = key_of(i);
        overrides_add(&o, &k, &ep);
    }
    overrides_sort(&o);
    for (uint8_t i = 1; i <= 3; i++)
        is(&o, i, "1.2.3.4:5");
    is(&o, 4, NULL);
    overrides_done(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_come_and_go_in_any_order),
        cmocka_unit_test(changes_are_told_apart),
        cmocka_unit_test(all_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
