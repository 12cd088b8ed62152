/* The hash table against a plain array that does the same by searching. */

#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "innernet/map.h"

static void starts_empty(void **state)
{
    (void)state;
    CLEAN_MAP struct map m = MAP_INIT;
    size_t value = 5;
    assert_false(map_get(&m, "a", 1, &value));
    assert_false(map_remove(&m, "a", 1));
    assert_int_equal(value, 5);
    map_clear(&m);
    assert_int_equal(m.n_entries, 0);
}

static void adds_puts_and_removes(void **state)
{
    (void)state;
    CLEAN_MAP struct map m = MAP_INIT;
    size_t value = 0;
    assert_int_equal(map_add(&m, "a", 1, 10), 0);
    assert_int_equal(map_add(&m, "a", 1, 11), -EEXIST);
    assert_true(map_get(&m, "a", 1, &value));
    assert_int_equal(value, 10);
    assert_true(map_get(&m, "a", 1, NULL));

    static const char other_a[] = "a";
    assert_int_equal(map_put(&m, other_a, 1, 12), 0);
    assert_int_equal(m.n_entries, 1);
    assert_true(map_get(&m, "a", 1, &value));
    assert_int_equal(value, 12);
    assert_int_equal(map_put(&m, "b", 1, 20), 0);
    assert_int_equal(m.n_entries, 2);

    assert_true(map_remove(&m, "a", 1));
    assert_false(map_remove(&m, "a", 1));
    assert_false(map_get(&m, "a", 1, &value));
    assert_true(map_get(&m, "b", 1, &value));
    assert_int_equal(value, 20);
    map_done(&m);
    assert_int_equal(m.n_entries, 0);
    assert_null(m.slots);
}

/* map_put takes the new key's storage: the old one may go away. */
static void replaces_the_borrowed_key(void **state)
{
    (void)state;
    CLEAN_MAP struct map m = MAP_INIT;
    char *old = strdup("key");
    assert_non_null(old);
    assert_int_equal(map_put(&m, old, 3, 1), 0);
    assert_int_equal(map_put(&m, "key", 3, 2), 0);
    memset(old, 'x', 3);
    free(old);
    assert_true(map_get(&m, "key", 3, NULL));
    assert_false(map_get(&m, "xxx", 3, NULL));
}

static void tells_keys_apart_by_bytes_and_length(void **state)
{
    (void)state;
    CLEAN_MAP struct map m = MAP_INIT;
    static const struct {
        const char *key;
        size_t len;
    } keys[] = {{"", 0}, {"\0", 1}, {"\0\0", 2}, {"a", 1}, {"a\0", 2}, {"ab", 2}, {"b", 1}};
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
        assert_int_equal(map_add(&m, keys[i].key, keys[i].len, i), 0);
    assert_int_equal(m.n_entries, ARRAY_SIZE(keys));
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        size_t value = 99;
        assert_true(map_get(&m, keys[i].key, keys[i].len, &value));
        assert_int_equal(value, i);
    }
}

static void reserves_and_keeps_the_table(void **state)
{
    (void)state;
    static const uint32_t ids[1000];
    CLEAN_MAP struct map m = MAP_INIT;
    assert_int_equal(map_reserve(&m, 1000), 0);
    const struct map_entry *slots = m.slots;
    size_t n_slots = m.n_slots;
    uint32_t *keys = malloc(sizeof(ids));
    assert_non_null(keys);
    for (uint32_t i = 0; i < 1000; i++) {
        keys[i] = i;
        assert_int_equal(map_add(&m, &keys[i], sizeof(keys[i]), i), 0);
    }
    assert_ptr_equal(m.slots, slots);
    map_clear(&m);
    assert_int_equal(m.n_slots, n_slots);
    assert_ptr_equal(m.slots, slots);
    assert_false(map_get(&m, &keys[7], sizeof(keys[7]), NULL));
    assert_int_equal(map_add(&m, &keys[7], sizeof(keys[7]), 7), 0);
    free(keys);
    map_clear(&m);
    assert_int_equal(map_reserve(&m, SIZE_MAX), -ENOMEM);
    assert_ptr_equal(m.slots, slots);
    assert_int_equal(map_reserve(&m, SIZE_MAX / 64), -ENOMEM);
    assert_ptr_equal(m.slots, slots);
}

/* Never more than three quarters full, and never far too large: the cost of growing is shared out.
 */
static void grows_in_proportion(void **state)
{
    (void)state;
    CLEAN_MAP struct map m = MAP_INIT;
    static uint32_t keys[20000];
    unsigned growths = 0;
    for (uint32_t i = 0; i < ARRAY_SIZE(keys); i++) {
        size_t before = m.n_slots;
        keys[i] = i;
        assert_int_equal(map_add(&m, &keys[i], sizeof(keys[i]), i), 0);
        growths += m.n_slots != before;
        assert_true(m.n_entries <= m.n_slots - m.n_slots / 4);
        assert_true(m.n_slots <= 8 || m.n_slots < 4 * m.n_entries);
    }
    assert_true(growths < 16);
}

#define N_KEYS 600
#define N_STEPS 60000

struct model {
    uint16_t keys[N_KEYS];
    bool present[N_KEYS];
    size_t values[N_KEYS];
    size_t n;
};

static void assert_same(const struct map *m, const struct model *model)
{
    assert_int_equal(m->n_entries, model->n);
    for (size_t i = 0; i < N_KEYS; i++) {
        size_t value = 0;
        if (map_get(m, &model->keys[i], 2, &value) != model->present[i])
            fail_msg("key %zu", i);
        if (model->present[i] && value != model->values[i])
            fail_msg("value of key %zu", i);
    }
}

static void step(struct map *m, struct model *model, size_t i, unsigned action, size_t value)
{
    const void *key = &model->keys[i];
    bool was = model->present[i];
    switch (action) {
    case 0:
        assert_int_equal(map_add(m, key, 2, value), was ? -EEXIST : 0);
        if (!was)
            model->values[i] = value;
        model->present[i] = true;
        break;
    case 1:
        assert_int_equal(map_put(m, key, 2, value), 0);
        model->values[i] = value;
        model->present[i] = true;
        break;
    default:
        assert_int_equal(map_remove(m, key, 2), was);
        model->present[i] = false;
        break;
    }
    model->n += (size_t)model->present[i] - (size_t)was;
}

/* Long runs of additions and removals in a table that keeps being nearly full and wraps around: a
 * removal that broke a probe sequence would lose a key. The hash key is drawn anew in each process.
 */
static void follows_the_model(void **state)
{
    (void)state;
    static struct model model;
    CLEAN_MAP struct map m = MAP_INIT;
    for (size_t i = 0; i < N_KEYS; i++)
        model.keys[i] = (uint16_t)(i * 7);
    uint64_t seed = 0x9e3779b97f4a7c15;
    for (size_t n = 0; n < N_STEPS; n++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        bool growing = n / 3000 % 2 == 0;
        unsigned dice = (unsigned)(seed >> 61);
        unsigned action = dice < (growing ? 3 : 1) ? 0 : dice < (growing ? 6 : 2) ? 1 : 2;
        step(&m, &model, (size_t)(seed >> 33) % N_KEYS, action, n);
        if (n % 97 == 0)
            assert_same(&m, &model);
    }
    assert_same(&m, &model);
    for (size_t i = 0; i < N_KEYS; i++) {
        step(&m, &model, i, 2, 0);
        if (i % 50 == 0)
            assert_same(&m, &model);
    }
    assert_int_equal(m.n_entries, 0);
    for (size_t i = 0; i < m.n_slots; i++)
        assert_null(m.slots[i].key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_empty),
        cmocka_unit_test(adds_puts_and_removes),
        cmocka_unit_test(replaces_the_borrowed_key),
        cmocka_unit_test(tells_keys_apart_by_bytes_and_length),
        cmocka_unit_test(reserves_and_keeps_the_table),
        cmocka_unit_test(grows_in_proportion),
        cmocka_unit_test(follows_the_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
