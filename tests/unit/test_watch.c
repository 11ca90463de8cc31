/* Who waits for a document is woken by its change and by no other's. */
#include "common/base/clock.h"
#include "common/daemon/watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define LONG_MS  20000 /* a wait that must not last so long */
#define SHORT_MS 20
#define PLACES   32

static int64_t waited_ms(struct watcher *watcher, int64_t timeout_ms)
{
    int64_t begin_ms = clock_monotonic_ms();
    watch_wait(watcher, timeout_ms);
    return clock_monotonic_ms() - begin_ms;
}

static void a_change_between_the_begin_and_the_wait_ends_it(void **state)
{
    (void)state;
    struct watch watch;
    struct watcher watcher;
    watch_init(&watch, PLACES);
    assert_true(watch_begin(&watch, &watcher, "b1"));
    watch_changed(&watch, "b1");
    watch_changed(&watch, "b1");
    assert_in_range(waited_ms(&watcher, LONG_MS), 0, LONG_MS / 2);
    assert_in_range(waited_ms(&watcher, SHORT_MS), SHORT_MS, LONG_MS); /* both were one reason */
    watch_end(&watch, &watcher);
    watch_done(&watch);
}

static void the_change_of_another_document_wakes_nobody(void **state)
{
    (void)state;
    struct watch watch;
    struct watcher watcher, other;
    watch_init(&watch, PLACES);
    assert_true(watch_begin(&watch, &watcher, "b1"));
    assert_true(watch_begin(&watch, &other, "b11"));
    watch_changed(&watch, "b11");
    assert_in_range(waited_ms(&watcher, SHORT_MS), SHORT_MS, LONG_MS);
    assert_in_range(waited_ms(&other, LONG_MS), 0, LONG_MS / 2);
    watch_end(&watch, &watcher);
    watch_changed(&watch, "b1"); /* nobody's */
    watch_end(&watch, &other);
    watch_done(&watch);
}

static void no_more_may_wait_than_there_is_room_for(void **state)
{
    (void)state;
    struct watch watch;
    struct watcher watchers[PLACES], one_more;
    watch_init(&watch, PLACES);
    for (size_t i = 0; i < PLACES; i++)
        assert_true(watch_begin(&watch, &watchers[i], "b1"));
    assert_false(watch_begin(&watch, &one_more, "b1"));
    watch_end(&watch, &watchers[5]);
    assert_true(watch_begin(&watch, &watchers[5], "b1"));
    for (size_t i = 0; i < PLACES; i++)
        watch_end(&watch, &watchers[i]);
    watch_done(&watch);
}

static void when_all_is_over_nobody_waits_neither_now_nor_later(void **state)
{
    (void)state;
    struct watch watch;
    struct watcher early, late;
    watch_init(&watch, PLACES);
    assert_true(watch_begin(&watch, &early, "b1"));
    watch_over(&watch);
    assert_true(watch_begin(&watch, &late, "b2"));
    assert_in_range(waited_ms(&early, LONG_MS), 0, LONG_MS / 2);
    assert_in_range(waited_ms(&late, LONG_MS), 0, LONG_MS / 2);
    watch_end(&watch, &early);
    watch_end(&watch, &late);
    watch_done(&watch);
}

static void *change(void *self)
{
    watch_changed(self, "b1");
    return NULL;
}

static void another_thread_ends_a_wait_that_has_begun(void **state)
{
    (void)state;
    struct watch watch;
    struct watcher watcher;
    pthread_t thread;
    watch_init(&watch, PLACES);
    assert_true(watch_begin(&watch, &watcher, "b1"));
    assert_int_equal(pthread_create(&thread, NULL, change, &watch), 0);
    assert_in_range(waited_ms(&watcher, LONG_MS), 0, LONG_MS / 2);
    pthread_join(thread, NULL);
    watch_end(&watch, &watcher);
    watch_done(&watch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_between_the_begin_and_the_wait_ends_it),
        cmocka_unit_test(the_change_of_another_document_wakes_nobody),
        cmocka_unit_test(no_more_may_wait_than_there_is_room_for),
        cmocka_unit_test(when_all_is_over_nobody_waits_neither_now_nor_later),
        cmocka_unit_test(another_thread_ends_a_wait_that_has_begun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
