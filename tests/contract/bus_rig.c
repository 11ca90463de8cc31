/* bus_rig.c - services, takes and publishes until what a test waits for is there. */
#include "tests/contract/bus_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct topology_binding rig_bindings[] = {
    { RIG_QUEUE, RIG_KEY },
    { RIG_OTHER, RIG_LONELY_KEY },
    { RIG_OTHER, "order.gone" },
};
const size_t rig_binding_count = sizeof rig_bindings / sizeof rig_bindings[0];

void rig_service(struct rig *rig)
{
    rig->port.service(rig->port.self, &rig->status);
    rig->wait(rig);
}

void rig_wait_connected(struct rig *rig)
{
    rig_wait_session_after(rig, 0);
}

void rig_wait_session_after(struct rig *rig, uint64_t session)
{
    int64_t deadline_ms = rig->now_ms() + RIG_WAIT_MS;
    do {
        if (rig->now_ms() > deadline_ms)
            fail_msg("not connected: %s", rig->status.detail);
        rig_service(rig);
    } while (rig->status.session <= session || !rig->status.can_publish);
}

void rig_wait_refused(struct rig *rig, const char *why)
{
    int64_t deadline_ms = rig->now_ms() + RIG_WAIT_MS;
    do {
        if (rig->now_ms() > deadline_ms)
            fail_msg("not refused: %s", rig->status.detail);
        rig_service(rig);
        assert_int_equal(rig->status.session, 0);
    } while (strstr(rig->status.detail, why) == NULL);
}

void rig_take(struct rig *rig, size_t count, struct delivery **ret_deliveries)
{
    int64_t deadline_ms = rig->now_ms() + RIG_WAIT_MS;
    size_t taken = 0;
    while (taken < count) {
        taken += rig->port.take(rig->port.self, count - taken, ret_deliveries + taken);
        if (rig->now_ms() > deadline_ms)
            fail_msg("%zu of %zu deliveries came", taken, count);
        if (taken < count)
            rig_service(rig);
    }
}

void rig_ack_all(struct rig *rig, struct delivery **deliveries, size_t count)
{
    rig->port.ack(rig->port.self, deliveries, count);
}

void rig_wait_drained(struct rig *rig)
{
    int64_t deadline_ms = rig->now_ms() + RIG_WAIT_MS;
    while (!rig->port.is_drained(rig->port.self)) {
        assert_true(rig->now_ms() < deadline_ms);
        rig_service(rig);
    }
}

struct message rig_message(int number, const char *key)
{
    struct message message = {
        .correlation_id = "booking-1",
        .app_id = "orders",
        .timestamp_ms = 1700000000123,
        .schema_version = 1,
        .traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        .tracestate = "vendor=value",
        .body = "{\"intentId\":\"booking-1\",\"userId\":\"user-1\",\"amount\":1000,\"currency\":"
                "\"EUR\",\"createdAt\":\"2026-01-01T00:00:00Z\"}",
    };
    message.body_length = strlen(message.body);
    (void)snprintf(message.id, sizeof message.id, "orders:booking-1:%d:0", number);
    (void)snprintf(message.type, sizeof message.type, "%s", key);
    return message;
}

void rig_publish_list(struct rig *rig, const struct message *const *list, size_t count,
                      enum publish_result *ret_results)
{
    rig->port.publish_begin(rig->port.self, list, count);
    assert_true(rig->port.publish_end(rig->port.self, true, ret_results));
}

void rig_publish(struct rig *rig, int first, size_t count)
{
    struct message *messages = calloc(count, sizeof *messages);
    const struct message **list = calloc(count, sizeof *list);
    enum publish_result *results = calloc(count, sizeof *results);
    for (size_t i = 0; i < count; i++) {
        messages[i] = rig_message(first + (int)i, RIG_KEY);
        list[i] = &messages[i];
    }
    rig_publish_list(rig, list, count, results);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(results[i], PUBLISH_CONFIRMED);
    free(messages);
    free(list);
    free(results);
}
