/* The bus and a topology that others take apart while it runs. */
#include "common/base/clock.h"
#include "tests/contract/amqp_rig.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static int reset(void **state)
{
    (void)state;
    broker_reset();
    return 0;
}

/* The other queue still takes what is published, so nothing is returned: nobody notices. */
static void a_lost_binding_is_declared_again_in_time(void **state)
{
    (void)state;
    struct amqp_bus_options options = rig_options();
    options.topology_interval_ms = 300;
    struct rig rig = rig_open(&options);
    rig_wait_connected(&rig);
    for (int life = 0; life < 2; life++) {
        broker_unbind(RIG_OTHER, RIG_LONELY_KEY);
        int64_t deadline_ms = clock_monotonic_ms() + RIG_WAIT_MS;
        uint64_t checks = amqp_bus_topology_checks(rig.bus);
        while (amqp_bus_topology_checks(rig.bus) < checks + 2) {
            assert_true(clock_monotonic_ms() < deadline_ms);
            rig_service(&rig);
        }
        amqp_basic_properties_t properties = { 0 };
        broker_publish(TOPOLOGY_EXCHANGE, RIG_LONELY_KEY, &properties, amqp_cstring_bytes("{}"));
        broker_wait_ready(RIG_OTHER, (uint32_t)life + 1);
    }
    rig_close(&rig);
}

/* Long before the interval is over. */
static void a_repeat_makes_sure_of_the_topology(void **state)
{
    (void)state;
    struct amqp_bus_options options = rig_options();
    options.topology_interval_ms = 3600000;
    struct rig rig = rig_open(&options);
    rig_wait_connected(&rig);
    struct message message = rig_message(1, RIG_KEY);
    message.is_repeat = true;
    const struct message *list[] = { &message };
    enum publish_result result;
    assert_int_equal(amqp_bus_topology_checks(rig.bus), 0);
    rig_publish_list(&rig, list, 1, &result);
    int64_t deadline_ms = clock_monotonic_ms() + RIG_WAIT_MS;
    while (amqp_bus_topology_checks(rig.bus) == 0) {
        assert_true(clock_monotonic_ms() < deadline_ms);
        rig_service(&rig);
    }
    rig_close(&rig);
}

/* While a walk is under way the queue vanishes, and with it the session. */
/* By a new session, or by the same one: a broker that finds the queue made again in time subscribes
 * the consumer to it by itself. What goes into the old queue is lost with it. */
static void wait_until_consumed(struct rig *rig)
{
    struct message message = rig_message(1, RIG_KEY);
    const struct message *list[] = { &message };
    int64_t deadline_ms = clock_monotonic_ms() + RIG_WAIT_MS;
    size_t count = 0;
    while (count == 0) {
        enum publish_result result;
        struct delivery *taken[1];
        assert_true(clock_monotonic_ms() < deadline_ms);
        rig_service(rig);
        rig_publish_list(rig, list, 1, &result);
        rig_service(rig);
        count = rig->port.take(rig->port.self, 1, taken);
        rig_ack_all(rig, taken, count);
    }
}

static void a_queue_that_vanishes_again_and_again_is_declared_again(void **state)
{
    (void)state;
    struct amqp_bus_options options = rig_options();
    options.topology_interval_ms = 1;
    struct rig rig = rig_open(&options);
    rig_wait_connected(&rig);
    for (int i = 0; i < 5; i++) {
        broker_delete_queue(RIG_QUEUE);
        wait_until_consumed(&rig);
    }
    rig_close(&rig);
}

#define SENTENCE(name) cmocka_unit_test_setup(name, reset)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SENTENCE(a_lost_binding_is_declared_again_in_time),
        SENTENCE(a_repeat_makes_sure_of_the_topology),
        SENTENCE(a_queue_that_vanishes_again_and_again_is_declared_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
