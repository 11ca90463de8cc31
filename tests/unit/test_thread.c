/* Waits that end at their moment, not before it and not never; and a thread that gets no signals.
 */
#include "common/base/clock.h"
#include "common/base/thread.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define LATE_MS 5000 /* so late is nobody, even on a busy machine */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static sem_t semaphore;
static bool is_said;
static sigset_t mask;

static void *say(void *self)
{
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    pthread_mutex_lock(&mutex);
    is_said = true;
    pthread_cond_signal(&condition);
    pthread_mutex_unlock(&mutex);
    sem_post(self);
    return NULL;
}

/* Lengths of every part of a second: whatever the time is, some end in the next one. */
static void a_wait_ends_at_its_moment(void **state)
{
    (void)state;
    for (int64_t wait_ms = 0; wait_ms < 40; wait_ms += 13) {
        int64_t until_ms = clock_monotonic_ms() + wait_ms;
        pthread_mutex_lock(&mutex);
        while (thread_wait(&condition, &mutex, until_ms))
            continue;
        pthread_mutex_unlock(&mutex);
        assert_in_range(clock_monotonic_ms(), until_ms, until_ms + LATE_MS);
        until_ms = clock_monotonic_ms() + wait_ms;
        assert_false(thread_wait_semaphore(&semaphore, until_ms));
        assert_in_range(clock_monotonic_ms(), until_ms, until_ms + LATE_MS);
    }
}

static void a_moment_that_is_past_is_no_wait(void **state)
{
    (void)state;
    pthread_mutex_lock(&mutex);
    assert_false(thread_wait(&condition, &mutex, 0));
    pthread_mutex_unlock(&mutex);
    assert_false(thread_wait_semaphore(&semaphore, 0));
    sem_post(&semaphore);
    assert_true(thread_wait_semaphore(&semaphore, 0)); /* what is there is taken at any time */
}

static void what_is_waited_for_ends_a_wait(void **state)
{
    (void)state;
    pthread_t thread;
    int64_t until_ms = clock_monotonic_ms() + LATE_MS;
    assert_true(thread_start(&thread, say, &semaphore));
    pthread_mutex_lock(&mutex);
    while (!is_said)
        assert_true(thread_wait(&condition, &mutex, until_ms));
    pthread_mutex_unlock(&mutex);
    assert_true(thread_wait_semaphore(&semaphore, until_ms));
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static void signals_are_for_the_main_thread(void **state)
{
    (void)state;
    pthread_t thread;
    sigset_t before, after;
    pthread_sigmask(SIG_BLOCK, NULL, &before);
    assert_true(thread_start(&thread, say, &semaphore));
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGINT) == 1);
    pthread_sigmask(SIG_BLOCK, NULL, &after);
    for (int number = 1; number < SIGRTMIN; number++)
        assert_int_equal(sigismember(&before, number), sigismember(&after, number));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wait_ends_at_its_moment),
        cmocka_unit_test(a_moment_that_is_past_is_no_wait),
        cmocka_unit_test(what_is_waited_for_ends_a_wait),
        cmocka_unit_test(signals_are_for_the_main_thread),
    };
    sem_init(&semaphore, 0, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
