/* Whatever a file's size is said to be, memory can be had and holds what is written into it. */
#include "fixture.h"
#include "heap.h"

#define BLOCK ((size_t)3 << 20)

static void any_size_will_do(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, SIZE_MAX, BLOCK};
    unsigned char *blocks[ARRAY_SIZE(sizes)];
    heap_init();
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        heap_expect(sizes[i]);
        blocks[i] = malloc(BLOCK);
        assert_non_null(blocks[i]);
        memset(blocks[i], (int)i + 1, BLOCK);
    }
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        for (size_t at = 0; at < BLOCK; at += 1000)
            assert_int_equal(blocks[i][at], i + 1);
        free(blocks[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(any_size_will_do)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
