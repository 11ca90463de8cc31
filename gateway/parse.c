/* parse.c - events into inputs: what the gateway makes of them beside their fields. What is
 * missing or not valid sends the message to quarantine, with the reason. */
#include "events/booking_events.h"
#include "events/payment_events.h"
#include "gateway/participant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VERSION_DIGITS_MAX  13 /* with the position it fits 63 bits */
#define POSITION_DIGITS_MAX 5
#define REMAINING_MS_MAX    INT64_C(31536000000) /* a year: the longest wait that can be set */

/* Up to `digits_max` digits, then `end`; returns what follows, or NULL. */
static const char *number_read(const char *text, size_t digits_max, char end, int64_t *ret_number)
{
    size_t digit_count = strspn(text, "0123456789");
    if (digit_count == 0 || digit_count > digits_max || text[digit_count] != end)
        return NULL;
    *ret_number = strtoll(text, NULL, 10);
    return text + digit_count + 1;
}

/* Version and position in the message's id, "payment:<payment id>:<version>:<position>", as one
 * number: tells which of two reports is the later one. 0 for an id of another form. */
static int64_t order_of(const char *message_id, const char *payment_id)
{
    char prefix[MESSAGE_ID_SIZE];
    int64_t version;
    int64_t position;
    int length = snprintf(prefix, sizeof prefix, "payment:%s:", payment_id);
    if (length < 0 || strncmp(message_id, prefix, (size_t)length) != 0)
        return 0;
    const char *rest = number_read(message_id + length, VERSION_DIGITS_MAX, ':', &version);
    if (rest == NULL || number_read(rest, POSITION_DIGITS_MAX, '\0', &position) == NULL ||
        position > OWED_POSITION_MAX)
        return 0;
    return version * (OWED_POSITION_MAX + 1) + position;
}

static void refund_parse(const struct event_received *received, const char *message_id,
                         struct input *input)
{
    struct gateway_refund_report *report = (void *)input->payload;
    event_input(received, input);
    report->reported_order = order_of(message_id, report->payment.payment_id);
}

static void pending_parse(const struct event_received *received, struct input *input)
{
    const struct event_booking_pending *pending = (const void *)received->said;
    struct gateway_pending_report *report = (void *)input->payload;
    event_input(received, input);
    report->remaining_ms = pending->remaining_ms;
    if (report->remaining_ms < 0)
        report->remaining_ms = 0;
    if (report->remaining_ms > REMAINING_MS_MAX)
        report->remaining_ms = REMAINING_MS_MAX;
}

/* One input, and one more for each further GATEWAY_PAYMENTS_PER_INPUT payments. */
static size_t outcome_parse(const struct event_received *received,
                            const struct event_payments *payments, struct input *ret_inputs)
{
    size_t inputs = 0;
    int64_t taken = 0;
    do {
        struct input *input = &ret_inputs[inputs++];
        struct gateway_outcome_report *report = (void *)input->payload;
        event_input(received, input);
        while (taken < payments->count && report->payment_count < GATEWAY_PAYMENTS_PER_INPUT) {
            const struct event_payment *payment = &payments->list[taken++];
            struct gateway_payment *listed = &report->payments[report->payment_count++];
            memcpy(listed->payment_id, payment->payment_id, sizeof listed->payment_id);
            memcpy(listed->currency, payment->currency, sizeof listed->currency);
            listed->amount = payment->amount;
        }
    } while (taken < payments->count);
    return inputs;
}

/* A failed outcome without a reason is none that a view can keep. */
static bool failed_parse(const struct event_received *received, struct input *ret_inputs,
                         size_t *ret_count, struct error *error)
{
    const struct event_booking_failed *failed = (const void *)received->said;
    if (failed->reason[0] == '\0')
        return error_set(error, ERROR_REJECT, "%s: /reason is missing", received->event->type);
    *ret_count = outcome_parse(received, &failed->payments, ret_inputs);
    return true;
}

bool gateway_parse(const void *self, const struct message *message, struct input *ret_inputs,
                   size_t *ret_count, struct error *error)
{
    (void)self;
    SCRATCH struct event_received received;
    if (!event_receive(message, gateway_contents, &received, error))
        return false;
    *ret_count = 1;
    if (received.event == &event_booking_failed)
        return failed_parse(&received, ret_inputs, ret_count, error);
    if (received.event == &event_booking_cancelled)
        *ret_count = outcome_parse(
            &received, &((const struct event_booking_cancelled *)(void *)received.said)->payments,
            ret_inputs);
    else if (received.event == &event_booking_pending)
        pending_parse(&received, ret_inputs);
    else if (received.event == &event_payment_refunded || received.event == &event_refund_stuck)
        refund_parse(&received, message->id, ret_inputs);
    else
        event_input(&received, ret_inputs);
    return true;
}
