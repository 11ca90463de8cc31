/* The bus on a real broker that stalls, blocks, dies, forgets everything or is not there. */
#include "common/base/clock.h"
#include "tests/contract/amqp_rig.h"

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MANY      3000
#define BATCH     250
#define LARGE     60000
#define WAITING   10
#define SHORT_MS  1000 /* confirm time-out where a test waits for it */
#define PROMPT_MS 500
/* RabbitMQ 3.10 loses a quorum queue that was declared in the second before kill -9: it comes back
 * without a leader, or not at all; and a binding that is younger than two seconds. */
#define SETTLED_MS 3000

static int reset(void **state)
{
    (void)state;
    broker_run("start", NULL);
    broker_reset();
    return 0;
}

static int64_t publish_one(struct rig *rig, enum publish_result *ret_result)
{
    struct message message = rig_message(1, RIG_KEY);
    const struct message *list[] = { &message };
    int64_t begin_ms = clock_monotonic_ms();
    rig_publish_list(rig, list, 1, ret_result);
    return clock_monotonic_ms() - begin_ms;
}

static void idle_connections_stay_open_by_service_alone(void **state)
{
    (void)state;
    struct amqp_bus_options options = rig_options();
    options.heartbeat_s = 2;
    struct rig rig = rig_open(&options);
    rig_wait_connected(&rig);
    uint64_t session = rig.status.session;
    int64_t end_ms = clock_monotonic_ms() + 7000; /* the broker gives up after three intervals */
    while (clock_monotonic_ms() < end_ms) {
        rig_service(&rig);
        assert_true(rig.status.can_publish);
    }
    assert_int_equal(rig.status.session, session);
    rig_publish(&rig, 1, 1);
    rig_close(&rig);
}

static void a_deleted_exchange_is_declared_again(void **state)
{
    (void)state;
    struct rig rig = rig_open_connected();
    enum publish_result result;
    broker_delete_exchange(TOPOLOGY_EXCHANGE);
    (void)publish_one(&rig, &result);
    assert_int_equal(result, PUBLISH_UNKNOWN);
    rig_service(&rig);
    rig_wait_connected(&rig);
    rig_publish(&rig, 1, 1);
    broker_wait_ready(RIG_QUEUE, 0); /* bound again, so it came to our consumer */
    rig_close(&rig);
}

static void a_blocked_broker_makes_nobody_wait(void **state)
{
    (void)state;
    static char body[LARGE];
    static struct message messages[BATCH];
    const struct message *list[BATCH];
    enum publish_result results[BATCH];
    struct delivery *taken[1];
    memset(body, 'x', sizeof body);
    for (int i = 0; i < BATCH; i++) {
        messages[i] = rig_message(i, RIG_KEY);
        messages[i].body = body;
        messages[i].body_length = sizeof body;
        list[i] = &messages[i];
    }
    struct amqp_bus_options options = rig_options();
    options.confirm_timeout_ms = SHORT_MS;
    struct rig rig = rig_open(&options);
    rig_wait_connected(&rig);
    rig_publish(&rig, 1, 1);
    broker_run("ctl", (const char *[]){ "set_vm_memory_high_watermark", "0.0000001", NULL });
    int64_t begin_ms = clock_monotonic_ms();
    rig_publish_list(&rig, list, BATCH, results);
    assert_true(clock_monotonic_ms() - begin_ms < SHORT_MS + PROMPT_MS);
    assert_int_equal(results[BATCH - 1], PUBLISH_UNKNOWN);
    rig_service(&rig);
    assert_false(rig.status.can_publish);
    assert_non_null(strstr(rig.status.detail, "alarm"));
    enum publish_result result;
    assert_true(publish_one(&rig, &result) < PROMPT_MS);
    assert_int_equal(result, PUBLISH_UNKNOWN);
    rig_take(&rig, 1, taken); /* consuming goes on */
    rig_ack_all(&rig, taken, 1);
    assert_true(rig.status.can_consume);
    broker_run("ctl", (const char *[]){ "set_vm_memory_high_watermark", "absolute", "1GB", NULL });
    rig_wait_connected(&rig);
    rig_publish(&rig, 2, 1);
    rig_close(&rig);
}

static void a_broker_that_stands_still_is_given_up_by_the_heartbeat(void **state)
{
    (void)state;
    struct amqp_bus_options options = rig_options();
    options.heartbeat_s = 2;
    options.confirm_timeout_ms = SHORT_MS;
    struct rig rig = rig_open(&options);
    rig_wait_connected(&rig);
    enum publish_result result;
    broker_signal(SIGSTOP);
    int64_t publish_ms = publish_one(&rig, &result);
    assert_true(publish_ms >= SHORT_MS && publish_ms < SHORT_MS + PROMPT_MS);
    assert_int_equal(result, PUBLISH_UNKNOWN);
    rig_service(&rig);
    assert_false(rig.status.can_publish);
    assert_non_null(strstr(rig.status.detail, "overdue"));
    int64_t deadline_ms = clock_monotonic_ms() + 3 * 2000;
    while (rig.status.session != 0) {
        assert_true(clock_monotonic_ms() < deadline_ms);
        int64_t begin_ms = clock_monotonic_ms();
        rig_service(&rig);
        assert_true(clock_monotonic_ms() - begin_ms < PROMPT_MS);
    }
    broker_signal(SIGCONT);
    rig_wait_connected(&rig);
    rig_publish(&rig, 2, 1);
    rig_close(&rig);
}

static void late_confirms_end_an_overdue_wait(void **state)
{
    (void)state;
    struct amqp_bus_options options = rig_options();
    options.confirm_timeout_ms = 200;
    struct rig rig = rig_open(&options);
    rig_wait_connected(&rig);
    uint64_t session = rig.status.session;
    enum publish_result result;
    broker_signal(SIGSTOP);
    (void)publish_one(&rig, &result);
    assert_int_equal(result, PUBLISH_UNKNOWN);
    rig_service(&rig);
    bool can_publish = rig.status.can_publish;
    broker_signal(SIGCONT);
    assert_false(can_publish);
    rig_wait_connected(&rig);
    assert_int_equal(rig.status.session, session); /* on the same connections */
    rig_close(&rig);
}

static void a_wiped_broker_is_built_again(void **state)
{
    (void)state;
    struct rig rig = rig_open_connected();
    uint64_t session = rig.status.session;
    struct delivery *taken[1];
    broker_run("kill", NULL);
    broker_run("wipe", NULL);
    broker_run("start", NULL);
    rig_wait_session_after(&rig, session);
    rig_publish(&rig, 1, 1);
    rig_take(&rig, 1, taken);
    rig_ack_all(&rig, taken, 1);
    assert_int_equal(broker_ready(RIG_OTHER), 0); /* the other service's queue, too */
    rig_close(&rig);
}

/* Publishes those not confirmed yet, until all are or the broker is gone. */
static bool publish_rest(struct rig *rig, const struct message *messages,
                         enum publish_result *results)
{
    for (size_t first = 0; first < MANY; first += BATCH) {
        const struct message *list[BATCH];
        enum publish_result part[BATCH];
        size_t index[BATCH], count = 0;
        for (size_t i = first; i < first + BATCH; i++) {
            if (results[i] != PUBLISH_CONFIRMED) {
                index[count] = i;
                list[count++] = &messages[i];
            }
        }
        rig_publish_list(rig, list, count, part);
        for (size_t i = 0; i < count; i++) {
            results[index[i]] = part[i];
            assert_true(part[i] == PUBLISH_CONFIRMED || part[i] == PUBLISH_UNKNOWN);
        }
        if (count > 0 && part[count - 1] == PUBLISH_UNKNOWN)
            return false;
    }
    return true;
}

static void take_all(struct rig *rig, bool *seen)
{
    static struct delivery *taken[BATCH];
    while (!rig->port.is_drained(rig->port.self)) {
        size_t count = rig->port.take(rig->port.self, BATCH, taken);
        for (size_t i = 0; i < count; i++) {
            int number = -1;
            assert_int_equal(sscanf(taken[i]->message.id, "orders:booking-1:%d", &number), 1);
            assert_in_range(number, 0, MANY - 1);
            seen[number] = true;
        }
        rig_ack_all(rig, taken, count);
        if (count == 0)
            rig_service(rig);
    }
}

static void nothing_confirmed_is_lost_when_the_broker_is_killed(void **state)
{
    (void)state;
    static struct message messages[MANY];
    static enum publish_result results[MANY];
    static bool seen[MANY];
    struct delivery *old[1];
    struct rig rig = rig_open_connected();
    for (int i = 0; i < MANY; i++) {
        messages[i] = rig_message(i, RIG_KEY);
        results[i] = PUBLISH_UNKNOWN;
    }
    const struct message *first = &messages[0];
    rig_publish_list(&rig, &first, 1, results);
    rig_take(&rig, 1, old);
    uint64_t session = rig.status.session;
    int64_t kill_ms = clock_monotonic_ms() + SETTLED_MS;
    bool is_killed = false;
    while (publish_rest(&rig, messages, results)) {
        if (!is_killed && clock_monotonic_ms() >= kill_ms) {
            broker_kill_soon();
            is_killed = true;
        }
        for (int i = 1; i < MANY; i++)
            results[i] = PUBLISH_UNKNOWN; /* all of them once more */
    }
    broker_run("start", NULL);
    rig_wait_session_after(&rig, session);
    rig_ack_all(&rig, old, 1); /* of another life: without effect */
    while (!publish_rest(&rig, messages, results))
        rig_service(&rig);
    take_all(&rig, seen);
    for (int i = 0; i < MANY; i++)
        assert_true(seen[i]);
    rig_close(&rig);
}

#define SENTENCE(name) cmocka_unit_test_setup(name, reset)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SENTENCE(idle_connections_stay_open_by_service_alone),
        SENTENCE(a_deleted_exchange_is_declared_again),
        SENTENCE(a_blocked_broker_makes_nobody_wait),
        SENTENCE(a_broker_that_stands_still_is_given_up_by_the_heartbeat),
        SENTENCE(nothing_confirmed_is_lost_when_the_broker_is_killed),
        SENTENCE(late_confirms_end_an_overdue_wait),
        SENTENCE(a_wiped_broker_is_built_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
