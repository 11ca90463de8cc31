/* announce.c - the JSON of each event, written from the state: what is sent again keeps its message
 * id and bytes. */
#include "payment/announce.h"
#include "common/json/json_write.h"

#include <assert.h>

#define EVENT_BODY_BYTES_MAX 1024

static void money_write(struct json_writer *writer, const struct payment *payment)
{
    json_write_int(writer, "amount", payment->amount);
    json_write_string(writer, "currency", payment->currency);
}

static void begin(struct json_writer *writer, const struct payment *payment, char *body)
{
    json_write_init(writer, body, EVENT_BODY_BYTES_MAX);
    json_write_object_begin(writer, NULL);
    json_write_string(writer, "paymentId", payment->id);
    json_write_string(writer, "intentId", payment->intent_id);
}

static size_t finish(struct json_writer *writer)
{
    json_write_object_end(writer);
    size_t length = json_write_finish(writer);
    assert(length > 0);
    return length;
}

static size_t captured_write(const struct payment *payment, char *body)
{
    struct json_writer writer;
    begin(&writer, payment, body);
    json_write_string(&writer, "userId", payment->user_id);
    money_write(&writer, payment);
    json_write_int(&writer, "capturedAt", payment->captured_at_ms);
    return finish(&writer);
}

void announce_captured(struct payment *payment, struct decision *decision)
{
    SCRATCH char body[EVENT_BODY_BYTES_MAX];
    size_t length = captured_write(payment, body);
    int position;
    decision_owe(decision, EVENT_PAYMENT_CAPTURED, payment->id, payment->intent_id, body, length,
                 &position);
    payment->capture = (struct announcement){ decision->version, position, decision->now_ms };
}

void announce_captured_again(const struct payment *payment, struct decision *decision)
{
    SCRATCH char body[EVENT_BODY_BYTES_MAX];
    size_t length = captured_write(payment, body);
    decision_owe_again(decision, EVENT_PAYMENT_CAPTURED, payment->id, payment->intent_id, body,
                       length, payment->capture.version, (int)payment->capture.position,
                       payment->capture.at_ms);
}

void announce_declined(const struct payment *payment, const char *reason, struct decision *decision)
{
    SCRATCH char body[EVENT_BODY_BYTES_MAX];
    struct json_writer writer;
    begin(&writer, payment, body);
    if (payment->user_id[0] != '\0')
        json_write_string(&writer, "userId", payment->user_id);
    json_write_string(&writer, "reason", reason);
    json_write_bool(&writer, "final", payment->is_final);
    json_write_int(&writer, "declinedAt", decision->now_ms);
    size_t length = finish(&writer);
    decision_owe(decision, EVENT_PAYMENT_DECLINED, payment->id, payment->intent_id, body, length,
                 NULL);
}

static const char *refund_end_type(const struct payment *payment)
{
    assert(payment->state == PAYMENT_REFUNDED || payment->state == PAYMENT_STUCK);
    return payment->state == PAYMENT_REFUNDED ? EVENT_PAYMENT_REFUNDED : EVENT_REFUND_STUCK;
}

static size_t refund_end_write(const struct payment *payment, char *body)
{
    struct json_writer writer;
    begin(&writer, payment, body);
    if (payment->state == PAYMENT_REFUNDED)
        json_write_string(&writer, "refundId", payment->refund_id);
    if (payment->state == PAYMENT_REFUNDED && payment->resolved_amount > 0)
        json_write_string(&writer, "by", "operator");
    if (payment->state != PAYMENT_REFUNDED)
        json_write_string(&writer, "reason", payment->last_error);
    money_write(&writer, payment);
    return finish(&writer);
}

void announce_refund_end(struct payment *payment, struct decision *decision)
{
    SCRATCH char body[EVENT_BODY_BYTES_MAX];
    size_t length = refund_end_write(payment, body);
    int position;
    decision_owe(decision, refund_end_type(payment), payment->id, payment->intent_id, body, length,
                 &position);
    payment->refund = (struct announcement){ decision->version, position, decision->now_ms };
}

void announce_refund_end_again(const struct payment *payment, struct decision *decision)
{
    SCRATCH char body[EVENT_BODY_BYTES_MAX];
    size_t length = refund_end_write(payment, body);
    decision_owe_again(decision, refund_end_type(payment), payment->id, payment->intent_id, body,
                       length, payment->refund.version, (int)payment->refund.position,
                       payment->refund.at_ms);
}

void announce_refund_failed(const struct payment *payment, struct decision *decision)
{
    SCRATCH char body[EVENT_BODY_BYTES_MAX];
    struct json_writer writer;
    begin(&writer, payment, body);
    json_write_string(&writer, "reason", "refund_failed");
    money_write(&writer, payment);
    json_write_bool(&writer, "retrying", true);
    size_t length = finish(&writer);
    decision_owe(decision, EVENT_REFUND_STUCK, payment->id, payment->intent_id, body, length, NULL);
}
