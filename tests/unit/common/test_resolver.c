/* The resolver of event loops under name servers that hang, with a clock of the test's own. This
 * file stands in for resolve_name.c: names starting with "hang" are answered when the test lets
 * them go, others at once, "gone" with a failure. spec/client.md A.3. */

#include "unit.h"

#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "innernet/resolve.h"
#include "resolve_name.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t change = PTHREAD_COND_INITIALIZER;
static bool let_go;
static unsigned n_hanging, n_ended, n_asked_hanging, n_asked;
static uint8_t last_byte = 1; /* of every address */
static _Atomic uint64_t now_ms;
static unsigned n_started; /* threads, of those the test has waited for as well */

uint64_t resolve_now_ms(void)
{
    return now_ms;
}

int resolve_name(const char *domain, struct sock_addr *ret)
{
    pthread_mutex_lock(&lock);
    n_asked++;
    if (strncmp(domain, "hang", 4) == 0) {
        n_hanging++;
        n_asked_hanging++;
        pthread_cond_broadcast(&change);
        while (!let_go)
            pthread_cond_wait(&change, &lock);
        n_hanging--;
    }
    *ret = (struct sock_addr){.ip = {.family = IP_V4, .bytes = {192, 0, 2, last_byte}}};
    pthread_mutex_unlock(&lock);
    return strcmp(domain, "gone") == 0 ? EAI_NONAME : 0;
}

struct start {
    void *(*run)(void *);
    void *arg;
};

static void *run_counted(void *arg)
{
    struct start start = *(struct start *)arg;
    free(arg);
    start.run(start.arg);
    pthread_mutex_lock(&lock);
    n_ended++;
    pthread_cond_broadcast(&change);
    pthread_mutex_unlock(&lock);
    return NULL;
}

int resolve_start_thread(void *(*run)(void *), void *arg)
{
    pthread_t thread;
    struct start *start = malloc(sizeof(*start));
    assert_non_null(start);
    *start = (struct start){run, arg};
    n_started++;
    assert_int_equal(pthread_create(&thread, NULL, run_counted, start), 0);
    pthread_detach(thread);
    return 0;
}

static int begin(void **state)
{
    static struct resolver *r;
    let_go = false;
    n_asked = n_asked_hanging = 0;
    last_byte = 1;
    now_ms += 1000000;
    int rc = resolver_new(&r, NULL);
    *state = r;
    return rc;
}

/* Frees with look-ups under way, then waits for the threads, so that a sanitizer sees what they do.
 */
static int end(void **state)
{
    resolver_free(*state);
    pthread_mutex_lock(&lock);
    let_go = true;
    pthread_cond_broadcast(&change);
    while (n_ended < n_started)
        pthread_cond_wait(&change, &lock);
    pthread_mutex_unlock(&lock);
    return 0;
}

static bool look_up(struct resolver *r, const char *domain, unsigned *ret_last_byte)
{
    char text[64];
    struct sock_addr sa;
    CLEAN_ENDPOINT struct endpoint ep = ENDPOINT_INIT;
    snprintf(text, sizeof(text), "%s:5", domain);
    assert_int_equal(endpoint_parse(text, &ep, NULL), 0);
    bool found = resolver_lookup(r, &ep, &sa);
    if (found && ret_last_byte)
        *ret_last_byte = sa.ip.bytes[3];
    return found;
}

static bool is_asking(const struct resolver *r, const char *domain)
{
    char text[64];
    CLEAN_ENDPOINT struct endpoint ep = ENDPOINT_INIT;
    snprintf(text, sizeof(text), "%s:5", domain);
    assert_int_equal(endpoint_parse(text, &ep, NULL), 0);
    return resolver_is_asking(r, &ep);
}

static bool wait_and_collect(struct resolver *r)
{
    struct pollfd fd = {.fd = resolver_fd(r), .events = POLLIN};
    assert_int_equal(poll(&fd, 1, 30000), 1);
    return resolver_collect(r);
}

static void wait_until_hanging(unsigned n)
{
    pthread_mutex_lock(&lock);
    while (n_hanging < n)
        pthread_cond_wait(&change, &lock);
    pthread_mutex_unlock(&lock);
}

static void ask_hanging(struct resolver *r, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++) {
        char name[32];
        snprintf(name, sizeof(name), "hang%u.example", i);
        assert_false(look_up(r, name, NULL));
    }
    wait_until_hanging(to);
}

static void names_that_hang_delay_no_other(void **state)
{
    struct resolver *r = *state;
    ask_hanging(r, 0, 31);
    assert_false(look_up(r, "a.example", NULL));
    assert_true(wait_and_collect(r));
    assert_true(look_up(r, "a.example", NULL));
}

/* More of them than threads that may be busy: those behind wait for the deadline, not longer. */
static void after_the_deadline_others_go_on(void **state)
{
    struct resolver *r = *state;
    ask_hanging(r, 0, 32);
    unsigned before = n_started;
    assert_false(look_up(r, "a.example", NULL));
    assert_int_equal(n_started, before);
    now_ms += RESOLVE_TIMEOUT_MS - 1;
    assert_false(look_up(r, "b.example", NULL));
    assert_int_equal(n_started, before);
    now_ms += 1; /* a.example has waited in vain, b.example has not */
    assert_false(look_up(r, "hang0.example", NULL));
    assert_true(wait_and_collect(r));
    assert_true(look_up(r, "b.example", NULL));
    assert_false(look_up(r, "a.example", NULL));
    now_ms += 10000;
    assert_false(look_up(r, "a.example", NULL)); /* asked once more */
    assert_true(wait_and_collect(r));
    assert_true(look_up(r, "a.example", NULL));
}

static void threads_are_bounded(void **state)
{
    struct resolver *r = *state;
    unsigned before = n_started;
    ask_hanging(r, 0, 32);
    now_ms += RESOLVE_TIMEOUT_MS;
    ask_hanging(r, 32, 64);
    now_ms += RESOLVE_TIMEOUT_MS;
    for (int i = 0; i < 100; i++) {
        char name[32];
        snprintf(name, sizeof(name), "more%d.example", i);
        assert_false(look_up(r, name, NULL));
    }
    assert_int_equal(n_started - before, 64);
}

static void a_late_answer_still_counts(void **state)
{
    struct resolver *r = *state;
    ask_hanging(r, 0, 1);
    assert_true(is_asking(r, "hang0.example"));
    now_ms += RESOLVE_TIMEOUT_MS;
    assert_false(look_up(r, "hang0.example", NULL)); /* failed: not asked again for a while */
    assert_false(is_asking(r, "hang0.example"));
    now_ms += 9999;
    assert_false(look_up(r, "hang0.example", NULL));
    assert_int_equal(n_asked_hanging, 1);
    now_ms += 1;
    assert_false(look_up(r, "hang0.example", NULL));
    wait_until_hanging(2);
    pthread_mutex_lock(&lock);
    let_go = true;
    pthread_cond_broadcast(&change);
    pthread_mutex_unlock(&lock);
    assert_true(wait_and_collect(r));
    assert_true(look_up(r, "hang0.example", NULL));
}

static void answers_are_kept_for_their_time(void **state)
{
    struct resolver *r = *state;
    unsigned byte = 0;
    assert_false(look_up(r, "a.example", NULL));
    assert_true(wait_and_collect(r));
    last_byte = 2;
    now_ms += 59999;
    assert_true(look_up(r, "a.example", NULL));
    assert_false(is_asking(r, "a.example"));
    assert_int_equal(n_asked, 1);
    now_ms += 1;
    assert_true(look_up(r, "a.example", &byte)); /* past its time: asked again, still answered */
    assert_int_equal(byte, 1);
    assert_true(is_asking(r, "a.example"));
    assert_true(wait_and_collect(r));
    assert_true(look_up(r, "a.example", &byte));
    assert_int_equal(byte, 2);
    assert_false(is_asking(r, "a.example"));
    assert_false(is_asking(r, "never.example"));
    assert_false(look_up(r, "gone", NULL));
    assert_false(wait_and_collect(r));
    now_ms += 9999;
    assert_false(look_up(r, "gone", NULL));
    assert_int_equal(n_asked, 3);
    now_ms += 1;
    assert_false(look_up(r, "gone", NULL));
    wait_and_collect(r);
    assert_int_equal(n_asked, 4);
}

static void what_nobody_asks_for_is_forgotten(void **state)
{
    struct resolver *r = *state;
    static const char *const names[] = {"a.example", "b.example", "c.example"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        assert_false(look_up(r, names[i], NULL));
        assert_true(wait_and_collect(r));
    }
    now_ms += 599999;
    assert_true(look_up(r, "b.example", NULL)); /* stays, and is asked again */
    wait_and_collect(r);
    now_ms += 60001;
    assert_true(look_up(r, "b.example", NULL));
    wait_and_collect(r);
    assert_false(look_up(r, "a.example", NULL)); /* no stale answer */
    assert_false(look_up(r, "c.example", NULL));
    assert_true(look_up(r, "b.example", NULL));
}

/* What stays within a minute is never pushed out by more names than fit, so that they do not push
 * out each other in turn; later they make room. */
static void more_names_than_fit_wait_for_room(void **state)
{
    struct resolver *r = *state;
    let_go = true;
    for (int i = 0; i < 16384 + 10; i++) {
        char name[32];
        snprintf(name, sizeof(name), "n%d.example", i);
        assert_false(look_up(r, name, NULL));
    }
    while (!look_up(r, "n0.example", NULL))
        wait_and_collect(r);
    assert_false(look_up(r, "n16390.example", NULL));
    now_ms += 30000;
    assert_true(look_up(r, "n0.example", NULL));
    now_ms += 30000;
    assert_true(look_up(r, "n0.example", NULL));
    assert_false(look_up(r, "n16390.example", NULL));
    while (!look_up(r, "n16390.example", NULL))
        wait_and_collect(r);
    assert_false(look_up(r, "n1.example", NULL));
}

int main(void)
{
#define WITH_RESOLVER(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        WITH_RESOLVER(names_that_hang_delay_no_other),
        WITH_RESOLVER(after_the_deadline_others_go_on),
        WITH_RESOLVER(threads_are_bounded),
        WITH_RESOLVER(a_late_answer_still_counts),
        WITH_RESOLVER(answers_are_kept_for_their_time),
        WITH_RESOLVER(what_nobody_asks_for_is_forgotten),
        WITH_RESOLVER(more_names_than_fit_wait_for_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
