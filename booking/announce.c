/* announce.c - the JSON of each outcome and refund request, written from the state: what is sent
 * again keeps its message id and bytes. */
#include "booking/announce.h"
#include "common/base/attributes.h"
#include "common/json/json_write.h"

#include <assert.h>

#define EVENT_BODY_BYTES_MAX 6144 /* 16 payments of about 250 bytes, and what is around them */

static const char *outcome_type(const struct booking *booking)
{
    switch (booking->state) {
    case BOOKING_CONFIRMED:
        return EVENT_BOOKING_CONFIRMED;
    case BOOKING_FAILED:
        return EVENT_BOOKING_FAILED;
    case BOOKING_CANCELLED:
        return EVENT_BOOKING_CANCELLED;
    case BOOKING_NONE:
    case BOOKING_PENDING:
    case BOOKING_PAYMENT_FIRST:
    case BOOKING_STATE_COUNT:
        break;
    }
    assert(false && "only an outcome is announced");
    return NULL;
}

static void money_write(struct json_writer *writer, int64_t amount, const char *currency)
{
    json_write_int(writer, "amount", amount);
    json_write_string(writer, "currency", currency);
}

static void confirmed_write(struct json_writer *writer, const struct booking *booking)
{
    for (int32_t i = 0; i < booking->payment_count; i++) {
        const struct booking_payment *payment = &booking->payments[i];
        if (payment->disposition != PAYMENT_APPLIED)
            continue;
        json_write_string(writer, "paymentId", payment->payment_id);
        money_write(writer, payment->amount, payment->currency);
    }
}

static void returned_write(struct json_writer *writer, const struct booking *booking)
{
    if (booking->state == BOOKING_FAILED)
        json_write_string(writer, "reason", booking_reason_text(booking->reason));
    json_write_array_begin(writer, "payments");
    for (int32_t i = 0; i < booking->payment_count; i++) {
        const struct booking_payment *payment = &booking->payments[i];
        if (payment->disposition != PAYMENT_REFUNDED_BY_OUTCOME)
            continue;
        json_write_object_begin(writer, NULL);
        json_write_string(writer, "paymentId", payment->payment_id);
        money_write(writer, payment->amount, payment->currency);
        json_write_object_end(writer);
    }
    json_write_array_end(writer);
}

static size_t outcome_write(const struct booking *booking, char *body, size_t size)
{
    struct json_writer writer;
    json_write_init(&writer, body, size);
    json_write_object_begin(&writer, NULL);
    json_write_string(&writer, "intentId", booking->id);
    if (booking->state == BOOKING_CONFIRMED)
        confirmed_write(&writer, booking);
    else
        returned_write(&writer, booking);
    json_write_object_end(&writer);
    size_t length = json_write_finish(&writer);
    assert(length > 0);
    return length;
}

static size_t refund_write(const struct booking *booking, const char *payment_id, int64_t amount,
                           const char *currency, enum booking_reason reason, char *body,
                           size_t size)
{
    struct json_writer writer;
    json_write_init(&writer, body, size);
    json_write_object_begin(&writer, NULL);
    json_write_string(&writer, "paymentId", payment_id);
    json_write_string(&writer, "intentId", booking->id);
    money_write(&writer, amount, currency);
    json_write_string(&writer, "reason", booking_reason_text(reason));
    json_write_object_end(&writer);
    size_t length = json_write_finish(&writer);
    assert(length > 0);
    return length;
}

void booking_announce_outcome(struct booking *booking, struct decision *decision)
{
    SCRATCH char body[EVENT_BODY_BYTES_MAX];
    size_t length = outcome_write(booking, body, sizeof body);
    int position;
    decision_owe(decision, outcome_type(booking), booking->id, booking->id, body, length,
                 &position);
    booking->outcome = (struct announcement){ decision->version, position, decision->now_ms };
}

void booking_announce_refund(const struct booking *booking, struct booking_payment *payment,
                             struct decision *decision)
{
    SCRATCH char body[EVENT_BODY_BYTES_MAX];
    size_t length = refund_write(booking, payment->payment_id, payment->amount, payment->currency,
                                 payment->refund_reason, body, sizeof body);
    int position;
    decision_owe(decision, EVENT_REFUND_REQUESTED, booking->id, booking->id, body, length,
                 &position);
    payment->refund_request =
        (struct announcement){ decision->version, position, decision->now_ms };
}

void booking_announce_refund_unstored(const struct booking *booking,
                                      const struct booking_payload *payload,
                                      enum booking_reason reason, struct decision *decision)
{
    SCRATCH char body[EVENT_BODY_BYTES_MAX];
    size_t length = refund_write(booking, payload->payment_id, payload->amount, payload->currency,
                                 reason, body, sizeof body);
    decision_owe(decision, EVENT_REFUND_REQUESTED, booking->id, booking->id, body, length, NULL);
}

/* No outcome, so not remembered: who asks again is answered anew. What is left of the wait is said
 * beside its end, since no two clocks agree. */
static void announce_pending(const struct booking *booking, struct decision *decision)
{
    SCRATCH char body[EVENT_BODY_BYTES_MAX];
    struct json_writer writer;
    int64_t left_ms = booking->due_at_ms - decision->now_ms;
    json_write_init(&writer, body, sizeof body);
    json_write_object_begin(&writer, NULL);
    json_write_string(&writer, "intentId", booking->id);
    json_write_string(&writer, "waitsFor", "payment");
    json_write_int(&writer, "until", booking->due_at_ms);
    json_write_int(&writer, "remainingMs", left_ms > 0 ? left_ms : 0);
    json_write_object_end(&writer);
    size_t length = json_write_finish(&writer);
    assert(length > 0);
    decision_owe_reply(decision, EVENT_BOOKING_PENDING, booking->id, booking->id, body, length);
}

static void outcome_again(const struct booking *booking, struct decision *decision)
{
    SCRATCH char body[EVENT_BODY_BYTES_MAX];
    if (!booking_state_is_outcome(booking->state))
        return; /* nothing to say yet; who asked will ask again */
    size_t length = outcome_write(booking, body, sizeof body);
    decision_owe_again(decision, outcome_type(booking), booking->id, booking->id, body, length,
                       booking->outcome.version, (int)booking->outcome.position,
                       booking->outcome.at_ms);
}

static void refund_again(const struct booking *booking, const struct booking_payment *payment,
                         struct decision *decision)
{
    SCRATCH char body[EVENT_BODY_BYTES_MAX];
    size_t length = refund_write(booking, payment->payment_id, payment->amount, payment->currency,
                                 payment->refund_reason, body, sizeof body);
    const struct announcement *first = &payment->refund_request;
    decision_owe_again(decision, EVENT_REFUND_REQUESTED, booking->id, booking->id, body, length,
                       first->version, (int)first->position, first->at_ms);
}

static void refunds_again(const struct booking *booking, struct decision *decision)
{
    for (int32_t i = 0; i < booking->payment_count; i++)
        if (booking->payments[i].disposition == PAYMENT_REFUNDED_BY_REQUEST)
            refund_again(booking, &booking->payments[i], decision);
}

void booking_announce_again(const struct booking *booking, const struct input *input,
                            struct decision *decision)
{
    const struct booking_payload *payload = (const void *)input->payload;
    const struct booking_payment *payment =
        input->type == BOOKING_CAPTURED ? booking_payment_find(booking, payload->payment_id) : NULL;
    if (booking->state == BOOKING_PENDING && input->type == BOOKING_INTENT)
        announce_pending(booking, decision);
    else if (payment != NULL && payment->disposition == PAYMENT_REFUNDED_BY_REQUEST)
        refund_again(booking, payment, decision);
    else
        outcome_again(booking, decision);
    if (booking_state_is_outcome(booking->state) && input->type != BOOKING_CAPTURED)
        refunds_again(booking, decision);
}
