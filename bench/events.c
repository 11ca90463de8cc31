/* events.c - the bodies and properties of sample events, as long as real ones, with ids that follow
 * from the run and the saga. */
#include "bench/events.h"

#include "events/topology.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SAMPLE_CAPTURED_MS INT64_C(1795266565934) /* of the right length; nobody looks at it */
#define SAMPLE_TEXT        "2026-11-21T13:09:25.919Z"

static const struct {
    const char *type, *service;
    int version; /* of the document that owes it */
} kinds[] = {
    [BENCH_INTENT] = { EVENT_INTENT_CREATED, "gateway", 1 },
    [BENCH_CAPTURED] = { EVENT_PAYMENT_CAPTURED, "payment", 1 },
    [BENCH_CONFIRMED] = { EVENT_BOOKING_CONFIRMED, "booking", 2 },
};

static int body_write(enum bench_event event, const char *id, const char *payment_id, char *body)
{
    switch (event) {
    case BENCH_INTENT:
        return snprintf(body, EVENT_BODY_SIZE,
                        "{\"intentId\":\"%s\",\"userId\":\"alice\",\"amount\":1000,"
                        "\"currency\":\"EUR\",\"createdAt\":\"" SAMPLE_TEXT "\"}",
                        id);
    case BENCH_CAPTURED:
        return snprintf(body, EVENT_BODY_SIZE,
                        "{\"paymentId\":\"%s\",\"intentId\":\"%s\",\"userId\":\"alice\","
                        "\"amount\":1000,\"currency\":\"EUR\",\"capturedAt\":%" PRId64 "}",
                        payment_id, id, SAMPLE_CAPTURED_MS);
    case BENCH_CONFIRMED:
        break;
    }
    return snprintf(body, EVENT_BODY_SIZE,
                    "{\"intentId\":\"%s\",\"paymentId\":\"%s\",\"amount\":1000,"
                    "\"currency\":\"EUR\"}",
                    id, payment_id);
}

void bench_event_payment_id(uint64_t run, uint64_t saga, char ret_id[IDENT_SIZE])
{
    (void)snprintf(ret_id, IDENT_SIZE, "01a0%04" PRIx64 "-%04" PRIx64 "-7b3c-8d2f-%012" PRIx64,
                   saga >> 16 & 0xffff, saga & 0xffff, run & UINT64_C(0xffffffffffff));
}

void bench_event_write(enum bench_event event, uint64_t run, uint64_t saga, struct message *message,
                       char body[EVENT_BODY_SIZE])
{
    char id[37], payment_id[IDENT_SIZE];
    (void)snprintf(id, sizeof id, "01a0%04" PRIx64 "-%04" PRIx64 "-7b3c-9d2e-%012" PRIx64,
                   saga >> 16 & 0xffff, saga & 0xffff, run & UINT64_C(0xffffffffffff));
    bench_event_payment_id(run, saga, payment_id);
    int length = body_write(event, id, payment_id, body);
    assert(length > 0 && length < EVENT_BODY_SIZE);
    *message = (struct message){ .body = body, .body_length = (size_t)length };
    (void)snprintf(message->id, sizeof message->id, "%s:%s:%d:0", kinds[event].service,
                   event == BENCH_CAPTURED ? payment_id : id, kinds[event].version);
    (void)snprintf(message->type, sizeof message->type, "%s", kinds[event].type);
    (void)snprintf(message->correlation_id, sizeof message->correlation_id, "%s", id);
    (void)snprintf(message->app_id, sizeof message->app_id, "%s", kinds[event].service);
    (void)snprintf(message->traceparent, sizeof message->traceparent,
                   "00-01a0%04" PRIx64 "%04" PRIx64 "7b3c9d2e%012" PRIx64 "-53995c3f42cd8ad8-01",
                   saga >> 16 & 0xffff, saga & 0xffff, run & UINT64_C(0xffffffffffff));
    message->timestamp_ms = SAMPLE_CAPTURED_MS;
    message->schema_version = SCHEMA_FIRST;
}
