/* The thread beside the loop. */
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "worker.h"

#define N_JOBS 100

struct note {
    struct worker_job job;
    struct worker *worker;
    int number;
    bool ran_elsewhere;
    bool called_here;
    int answer;
};

static pthread_t loop_thread;
static int order[N_JOBS];
static int n_done;
static int plain; /* written by jobs and calls without a lock: the worker orders them */

static int here(void *arg)
{
    struct note *n = arg;
    n->called_here = pthread_equal(pthread_self(), loop_thread);
    plain++;
    return n->number * 2;
}

static void run(struct worker_job *job)
{
    struct note *n = (struct note *)job;
    n->ran_elsewhere = !pthread_equal(pthread_self(), loop_thread);
    plain++;
    n->answer = worker_call(n->worker, here, n);
    plain++;
}

static void done(struct worker_job *job)
{
    struct note *n = (struct note *)job;
    assert_true(pthread_equal(pthread_self(), loop_thread));
    order[n_done++] = n->number;
}

static struct worker *new_worker(void)
{
    struct worker *w;
    loop_thread = pthread_self();
    n_done = plain = 0;
    assert_int_equal(worker_new(&w, NULL), 0);
    return w;
}

static void submit_all(struct worker *w, struct note *notes)
{
    for (int i = 0; i < N_JOBS; i++) {
        notes[i] = (struct note){.job = {.run = run, .done = done}, .worker = w, .number = i};
        worker_submit(w, &notes[i].job);
    }
}

static void check_all(const struct note *notes)
{
    assert_int_equal(n_done, N_JOBS);
    assert_int_equal(plain, 3 * N_JOBS);
    for (int i = 0; i < N_JOBS; i++) {
        assert_int_equal(order[i], i);
        assert_true(notes[i].ran_elsewhere);
        assert_true(notes[i].called_here);
        assert_int_equal(notes[i].answer, 2 * i);
    }
}

static void jobs_run_in_order_and_call_into_the_loop(void **state)
{
    (void)state;
    static struct note notes[N_JOBS];
    struct worker *w = new_worker();
    struct pollfd news = {.fd = worker_fd(w), .events = POLLIN};
    submit_all(w, notes);
    assert_int_equal(worker_n_jobs(w), N_JOBS);
    assert_int_equal(n_done, 0); /* nothing happens behind the loop's back */
    while (worker_n_jobs(w) > 0) {
        assert_int_equal(poll(&news, 1, 10000), 1);
        worker_collect(w);
    }
    check_all(notes);
    worker_free(w);
}

static void the_end_finishes_what_was_accepted(void **state)
{
    (void)state;
    static struct note notes[N_JOBS];
    struct worker *w = new_worker();
    submit_all(w, notes);
    worker_free(w);
    check_all(notes);
}

/* done() may have more to do. */
static void resubmit(struct worker_job *job)
{
    struct note *n = (struct note *)job;
    done(job);
    if (n_done < 3)
        worker_submit(n->worker, job);
}

static void the_end_finishes_what_comes_of_it(void **state)
{
    (void)state;
    struct worker *w = new_worker();
    struct note n = {.job = {.run = run, .done = resubmit}, .worker = w};
    worker_submit(w, &n.job);
    worker_free(w);
    assert_int_equal(n_done, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_run_in_order_and_call_into_the_loop),
        cmocka_unit_test(the_end_finishes_what_was_accepted),
        cmocka_unit_test(the_end_finishes_what_comes_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
