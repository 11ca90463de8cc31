/* event_list.c - every event: its type, its owner and its table. */
#include "events/booking_events.h"
#include "events/gateway_events.h"
#include "events/payment_events.h"
#include "events/topology.h"

#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

const struct event_field event_payment_fields[] = { EVENT_PAYMENT_FIELDS(EVENT_FIELD,
                                                                         event_payment) };
const size_t event_payment_field_count = COUNT(event_payment_fields);

/* `tag` names the event, its struct and its table alike. */
#define EVENT(tag, list, event_type, event_owner, event_purpose)                                   \
    _Static_assert(sizeof(struct tag) <= EVENT_BYTES_MAX, "has room");                             \
    static const struct event_field tag##_fields[] = { list(EVENT_FIELD, tag) };                   \
    const struct event tag = {                                                                     \
        .type = event_type,                                                                        \
        .type_length = sizeof event_type - 1,                                                      \
        .owner = event_owner,                                                                      \
        .purpose = event_purpose,                                                                  \
        .fields = tag##_fields,                                                                    \
        .field_count = COUNT(tag##_fields),                                                        \
        .size = sizeof(struct tag),                                                                \
        .intent_id_offset = offsetof(struct tag, intent_id),                                       \
    }

/* clang-format off */
EVENT(event_intent_created, INTENT_CREATED_FIELDS, EVENT_INTENT_CREATED, "gateway",
      "a client asks for a booking");
EVENT(event_cancel_requested, CANCEL_REQUESTED_FIELDS, EVENT_CANCEL_REQUESTED, "gateway",
      "a client asks to cancel one");
EVENT(event_booking_pending, BOOKING_PENDING_FIELDS, EVENT_BOOKING_PENDING, "booking",
      "answers an intent that is announced again: the booking waits, so that nobody need ask before");
EVENT(event_booking_confirmed, BOOKING_CONFIRMED_FIELDS, EVENT_BOOKING_CONFIRMED, "booking",
      "it is paid");
EVENT(event_booking_failed, BOOKING_FAILED_FIELDS, EVENT_BOOKING_FAILED, "booking",
      "it will never be: its payments go back");
EVENT(event_booking_cancelled, BOOKING_CANCELLED_FIELDS, EVENT_BOOKING_CANCELLED, "booking",
      "its user has cancelled it: its payments go back");
EVENT(event_refund_requested, REFUND_REQUESTED_FIELDS, EVENT_REFUND_REQUESTED, "booking",
      "one payment goes back, whatever becomes of the booking");
EVENT(event_payment_captured, PAYMENT_CAPTURED_FIELDS, EVENT_PAYMENT_CAPTURED, "payment",
      "the provider has the money");
EVENT(event_payment_declined, PAYMENT_DECLINED_FIELDS, EVENT_PAYMENT_DECLINED, "payment",
      "a try to pay has failed");
EVENT(event_payment_refunded, PAYMENT_REFUNDED_FIELDS, EVENT_PAYMENT_REFUNDED, "payment",
      "a payment is back at its payer");
EVENT(event_refund_stuck, REFUND_STUCK_FIELDS, EVENT_REFUND_STUCK, "payment",
      "the provider will not give a payment back");
/* clang-format on */

const struct event *const event_list[] = {
    &event_intent_created,    &event_cancel_requested, &event_booking_pending,
    &event_booking_confirmed, &event_booking_failed,   &event_booking_cancelled,
    &event_refund_requested,  &event_payment_captured, &event_payment_declined,
    &event_payment_refunded,  &event_refund_stuck,
};
const size_t event_count = COUNT(event_list);

const struct event *event_find(const char *type)
{
    size_t length = strlen(type);
    for (size_t i = 0; i < event_count; i++)
        if (event_list[i]->type_length == length && memcmp(event_list[i]->type, type, length) == 0)
            return event_list[i];
    return NULL;
}
