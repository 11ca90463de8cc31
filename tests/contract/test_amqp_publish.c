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
        SENTENCE(who_may_not_declare_pauses_after_a_return),
        SENTENCE(many_messages_are_fast_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
