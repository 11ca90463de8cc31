/* Publishing to a real broker that is well. */
#include "common/base/clock.h"
#include "tests/contract/amqp_rig.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BATCH      256
#define SPEED_MANY 25600

static int reset(void **state)
{
    (void)state;
    broker_reset();
    return 0;
}

static void confirms_need_not_be_waited_for(void **state)
{
    (void)state;
    struct rig rig = rig_open_connected();
    struct message messages[BATCH];
    const struct message *list[BATCH];
    enum publish_result results[BATCH];
    struct bus_status status;
    for (int i = 0; i < BATCH; i++) {
        messages[i] = rig_message(i, RIG_KEY);
        list[i] = &messages[i];
    }
    rig.port.publish_begin(rig.port.self, list, BATCH - 1);
    rig.port.publish_begin(rig.port.self, list + BATCH - 1, 1);
    for (size_t call = 0; call < 2; call++) {
        int64_t until_ms = clock_monotonic_ms() + 5000;
        while (!rig.port.publish_end(rig.port.self, false, results)) {
            assert_true(clock_monotonic_ms() < until_ms);
            rig.port.service(rig.port.self, &status);
            assert_true(status.can_publish); /* nothing is overdue yet */
        }
        for (size_t i = 0; i < (call == 0 ? BATCH - 1 : 1); i++)
            assert_int_equal(results[i], PUBLISH_CONFIRMED);
    }
    rig_publish(&rig, BATCH, 1);
    rig_close(&rig);
}

static void of_two_calls_on_their_way_only_the_one_without_a_queue_is_returned(void **state)
{
    (void)state;
    struct rig rig = rig_open_connected();
    struct message routed = rig_message(1, RIG_KEY), lost = rig_message(2, "nobody.listens");
    const struct message *first[] = { &routed }, *second[] = { &lost, &routed };
    enum publish_result results[2];
    rig.port.publish_begin(rig.port.self, second, 2);
    rig.port.publish_begin(rig.port.self, first, 1);
    assert_true(rig.port.publish_end(rig.port.self, true, results));
    assert_int_equal(results[0], PUBLISH_RETURNED);
    assert_int_equal(results[1], PUBLISH_CONFIRMED);
    assert_true(rig.port.publish_end(rig.port.self, true, results));
    assert_int_equal(results[0], PUBLISH_CONFIRMED);
    rig_close(&rig);
}

static void a_returned_message_is_published_by_the_next_try(void **state)
{
    (void)state;
    struct rig rig = rig_open_connected();
    broker_unbind(RIG_OTHER, RIG_LONELY_KEY);
    struct message messages[] = { rig_message(1, RIG_KEY), rig_message(2, RIG_LONELY_KEY),
                                  rig_message(3, RIG_KEY) };
    const struct message *list[] = { &messages[0], &messages[1], &messages[2] };
    enum publish_result results[3];
    rig_publish_list(&rig, list, 3, results);
    assert_int_equal(results[0], PUBLISH_CONFIRMED);
    assert_int_equal(results[1], PUBLISH_RETURNED);
    assert_int_equal(results[2], PUBLISH_CONFIRMED);
    rig_publish_list(&rig, list + 1, 1, results);
    assert_int_equal(results[0], PUBLISH_CONFIRMED);
    broker_wait_ready(RIG_OTHER, 1);
    rig_close(&rig);
}

static void who_may_not_declare_pauses_after_a_return(void **state)
{
    (void)state;
    struct rig maker = rig_open_connected();
    rig_close(&maker);
    struct amqp_bus_options options = rig_options();
    options.may_declare = false;
    struct rig rig = rig_open(&options);
    rig_wait_connected(&rig);
    broker_unbind(RIG_OTHER, RIG_LONELY_KEY);
    struct message message = rig_message(2, RIG_LONELY_KEY);
    const struct message *list[] = { &message };
    enum publish_result result;
    rig_publish_list(&rig, list, 1, &result);
    assert_int_equal(result, PUBLISH_RETURNED);
    rig_service(&rig);
    assert_false(rig.status.can_publish);
    assert_non_null(strstr(rig.status.detail, "topology is missing"));
    rig_close(&rig);
}

static void a_full_queue_nacks(void **state)
{
    (void)state;
    struct rig rig = rig_open_connected();
    rig.port.pause(rig.port.self);
    broker_run("ctl", (const char *[]){ "set_policy", "full", "^" RIG_QUEUE "$",
                                        "{\"max-length\":3}", "--apply-to", "queues", NULL });
    struct message message = rig_message(1, RIG_KEY);
    const struct message *list[] = { &message };
    enum publish_result result = PUBLISH_CONFIRMED;
    for (int i = 0; i < 100 && result == PUBLISH_CONFIRMED; i++)
        rig_publish_list(&rig, list, 1, &result);
    assert_int_equal(result, PUBLISH_NACKED);
    broker_run("ctl", (const char *[]){ "clear_policy", "full", NULL });
    rig_close(&rig);
}

/* Not a limit to hold, but numbers to know; only the order of magnitude is asserted. */
static void many_messages_are_fast_enough(void **state)
{
    (void)state;
    struct rig rig = rig_open_connected();
    static struct delivery *taken[BATCH];
    rig.port.pause(rig.port.self);
    int64_t begin_ms = clock_monotonic_ms();
    for (int first = 0; first < SPEED_MANY; first += BATCH)
        rig_publish(&rig, first, BATCH);
    int64_t publish_ms = clock_monotonic_ms() - begin_ms;
    rig.port.resume(rig.port.self);
    rig_wait_session_after(&rig, rig.status.session);
    begin_ms = clock_monotonic_ms();
    for (size_t count = 0; count < SPEED_MANY;) {
        size_t step = rig.port.take(rig.port.self, BATCH, taken);
        rig_ack_all(&rig, taken, step);
        count += step;
        if (step == 0)
            rig_service(&rig);
        assert_true(clock_monotonic_ms() - begin_ms < RIG_WAIT_MS);
    }
    int64_t consume_ms = clock_monotonic_ms() - begin_ms;
    rig_wait_drained(&rig);
    print_message("# %d messages: published %" PRId64 "/s in batches of %d, consumed %" PRId64
                  "/s\n",
                  SPEED_MANY, (int64_t)SPEED_MANY * 1000 / publish_ms, BATCH,
                  (int64_t)SPEED_MANY * 1000 / (consume_ms + 1));
    assert_true(publish_ms < 25600);
    rig_close(&rig);
}

#define SENTENCE(name) cmocka_unit_test_setup(name, reset)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SENTENCE(confirms_need_not_be_waited_for),
        SENTENCE(of_two_calls_on_their_way_only_the_one_without_a_queue_is_returned),
        SENTENCE(a_returned_message_is_published_by_the_next_try),
        SENTENCE(who_may_not_declare_pauses_after_a_return),
        SENTENCE(a_full_queue_nacks),
        SENTENCE(many_messages_are_fast_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
