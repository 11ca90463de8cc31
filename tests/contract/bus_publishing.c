/* Publishing to a broker that is well, but for its topology and its limits. */
#include "tests/contract/contract_bus.h"

#define BATCH 256

static void confirms_need_not_be_waited_for(void **state)
{
    (void)state;
    struct rig rig = contract_bus_open();
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
        int64_t until_ms = rig.now_ms() + 5000;
        while (!rig.port.publish_end(rig.port.self, false, results)) {
            assert_true(rig.now_ms() < until_ms);
            rig.port.service(rig.port.self, &status);
            assert_true(status.can_publish); /* nothing is overdue yet */
        }
        for (size_t i = 0; i < (call == 0 ? BATCH - 1 : 1); i++)
            assert_int_equal(results[i], PUBLISH_CONFIRMED);
    }
    rig_publish(&rig, BATCH, 1);
    contract_bus_close(&rig);
}

static void of_two_calls_on_their_way_only_the_one_without_a_queue_is_returned(void **state)
{
    (void)state;
    struct rig rig = contract_bus_open();
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
    contract_bus_close(&rig);
}

static void a_returned_message_is_published_by_the_next_try(void **state)
{
    (void)state;
    struct rig rig = contract_bus_open();
    contract_bus()->unbind(RIG_OTHER, RIG_LONELY_KEY);
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
    contract_bus_wait_ready(&rig, RIG_OTHER, 1);
    contract_bus_close(&rig);
}

static void a_full_queue_nacks(void **state)
{
    (void)state;
    struct rig rig = contract_bus_open();
    rig.port.pause(rig.port.self);
    contract_bus()->limit(RIG_QUEUE, true);
    struct message message = rig_message(1, RIG_KEY);
    const struct message *list[] = { &message };
    enum publish_result result = PUBLISH_CONFIRMED;
    for (int i = 0; i < 100 && result == PUBLISH_CONFIRMED; i++)
        rig_publish_list(&rig, list, 1, &result);
    assert_int_equal(result, PUBLISH_NACKED);
    contract_bus()->limit(RIG_QUEUE, false);
    contract_bus_close(&rig);
}

#define TEST(name) cmocka_unit_test_setup(name, contract_bus_reset)
const struct CMUnitTest bus_publishing[] = {
    TEST(confirms_need_not_be_waited_for),
    TEST(of_two_calls_on_their_way_only_the_one_without_a_queue_is_returned),
    TEST(a_returned_message_is_published_by_the_next_try),
    TEST(a_full_queue_nacks),
};
const size_t bus_publishing_count = sizeof bus_publishing / sizeof bus_publishing[0];
