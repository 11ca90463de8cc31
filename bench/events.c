/* events.c - the bodies and properties of sample events, as long as real ones, with ids that follow
 * from the run and the saga. */
#include "bench/events.h"

#include "common/base/text.h"
#include "events/booking_events.h"
#include "events/gateway_events.h"
#include "events/payment_events.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SAMPLE_MS INT64_C(1795266565934) /* of the right length; nobody looks at it */

static const struct {
    const struct event *event;
    int version; /* of the document that owes it */
} kinds[] = {
    [BENCH_INTENT] = { &event_intent_created, 1 },
    [BENCH_CAPTURED] = { &event_payment_captured, 1 },
    [BENCH_CONFIRMED] = { &event_booking_confirmed, 2 },
};

static size_t body_write(enum bench_event event, const char *id, const char *payment_id, char *body)
{
    union {
        struct event_intent_created intent;
        struct event_payment_captured captured;
        struct event_booking_confirmed confirmed;
    } said = { .intent = { .intent_id = "" } };
    switch (event) {
    case BENCH_INTENT:
        said.intent = (struct event_intent_created){
            .user_id = "alice", .amount = 1000, .currency = "EUR", .created_at_ms = SAMPLE_MS
        };
        text_copy(said.intent.intent_id, IDENT_SIZE, id);
        break;
    case BENCH_CAPTURED:
        said.captured = (struct event_payment_captured){
            .user_id = "alice", .amount = 1000, .currency = "EUR", .captured_at_ms = SAMPLE_MS
        };
        text_copy(said.captured.payment_id, IDENT_SIZE, payment_id);
        text_copy(said.captured.intent_id, IDENT_SIZE, id);
        break;
    case BENCH_CONFIRMED:
        said.confirmed = (struct event_booking_confirmed){ .amount = 1000, .currency = "EUR" };
        text_copy(said.confirmed.intent_id, IDENT_SIZE, id);
        text_copy(said.confirmed.payment_id, IDENT_SIZE, payment_id);
        break;
    }
    return event_write(kinds[event].event, &said, body, EVENT_BODY_SIZE);
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
    size_t length = body_write(event, id, payment_id, body);
    *message = (struct message){ .body = body, .body_length = length };
    (void)snprintf(message->id, sizeof message->id, "%s:%s:%d:0", kinds[event].event->owner,
                   event == BENCH_CAPTURED ? payment_id : id, kinds[event].version);
    (void)snprintf(message->type, sizeof message->type, "%s", kinds[event].event->type);
    (void)snprintf(message->correlation_id, sizeof message->correlation_id, "%s", id);
    (void)snprintf(message->app_id, sizeof message->app_id, "%s", kinds[event].event->owner);
    (void)snprintf(message->traceparent, sizeof message->traceparent,
                   "00-01a0%04" PRIx64 "%04" PRIx64 "7b3c9d2e%012" PRIx64 "-53995c3f42cd8ad8-01",
                   saga >> 16 & 0xffff, saga & 0xffff, run & UINT64_C(0xffffffffffff));
    message->timestamp_ms = SAMPLE_MS;
    message->schema_version = SCHEMA_FIRST;
}
