#include "fixture.h"
#include "http_pace.h"

#define N (HTTP_SLOTS + 4)

static struct http_conns all;
static struct http_pace pace;
static struct http_conn *conns[N];

static int setup(void **state)
{
    (void)state;
    http_conns_init(&all);
    http_pace_init(&pace);
    all.now_ms = 1000;
    for (size_t i = 0; i < N; i++)
        conns[i] = http_conn_new(&all, NULL, -1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < N; i++) {
        http_pace_give(&pace, conns[i]);
        http_conn_free(conns[i]);
    }
    assert_int_equal(pace.n_slots, 0);
    return 0;
}

static void take_all(void)
{
    for (size_t i = 0; i < HTTP_SLOTS; i++)
        assert_true(http_pace_take(&pace, conns[i]));
}

static void slots_are_few_and_come_back(void **state)
{
    (void)state;
    take_all();
    assert_true(http_pace_take(&pace, conns[0])); /* has one */
    assert_false(http_pace_take(&pace, conns[HTTP_SLOTS]));
    http_pace_give(&pace, conns[3]);
    http_pace_give(&pace, conns[3]);
    assert_true(http_pace_take(&pace, conns[HTTP_SLOTS]));
    assert_false(http_pace_take(&pace, conns[HTTP_SLOTS + 1]));
}

static void who_is_slow_loses_the_slot(void **state)
{
    (void)state;
    take_all();
    all.now_ms += HTTP_SLOT_MS - 1;
    assert_false(http_pace_take(&pace, conns[HTTP_SLOTS]));
    all.now_ms++;
    assert_true(http_pace_take(&pace, conns[HTTP_SLOTS]));
    assert_int_equal(pace.n_slots, 1);
}

static void the_queue_is_in_order(void **state)
{
    (void)state;
    assert_true(http_pace_next_ms(&pace, all.now_ms) == UINT64_MAX);
    take_all();
    http_pace_queue(&pace, conns[HTTP_SLOTS]);
    http_pace_queue(&pace, conns[HTTP_SLOTS + 1]);
    assert_true(http_pace_next_ms(&pace, all.now_ms) == all.now_ms + HTTP_SLOT_MS);
    assert_null(http_pace_next(&pace, all.now_ms));
    http_pace_give(&pace, conns[5]);
    assert_true(http_pace_next_ms(&pace, all.now_ms) == all.now_ms);
    struct http_conn *first = http_pace_next(&pace, all.now_ms);
    assert_ptr_equal(first, conns[HTTP_SLOTS]);
    assert_true(first->has_slot);
    http_conn_enter(first, HTTP_WRITE, NULL);
    assert_null(http_pace_next(&pace, all.now_ms));
    all.now_ms += HTTP_SLOT_MS;
    assert_ptr_equal(http_pace_next(&pace, all.now_ms), conns[HTTP_SLOTS + 1]);
    assert_int_equal(pace.n_queued, 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(slots_are_few_and_come_back),
        CASE(who_is_slow_loses_the_slot),
        CASE(the_queue_is_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
