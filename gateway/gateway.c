/* gateway.c - names of states and outcomes, and what a view amounts to. */
#include "gateway/gateway.h"
#include "common/base/enum_list.h"

#include <assert.h>
#include <string.h>

_Static_assert(sizeof(struct gateway_intent_request) <= INPUT_PAYLOAD_BYTES, "payload");
_Static_assert(sizeof(struct gateway_cancel_request) <= INPUT_PAYLOAD_BYTES, "payload");
_Static_assert(sizeof(struct gateway_outcome_report) <= INPUT_PAYLOAD_BYTES, "payload");
_Static_assert(sizeof(struct gateway_decline_report) <= INPUT_PAYLOAD_BYTES, "payload");
_Static_assert(sizeof(struct gateway_refund_report) <= INPUT_PAYLOAD_BYTES, "payload");

const char *gateway_state_text(enum gateway_state state)
{
    assert(state < GATEWAY_STATE_COUNT);
    return gateway_table.states[state].name;
}

const char *gateway_outcome_text(enum gateway_outcome outcome)
{
    static const char *const texts[] = { GATEWAY_OUTCOMES(ENUM_TEXT) };
    assert(outcome <= GATEWAY_END_CANCELLED);
    return texts[outcome];
}

const char *gateway_refund_status_text(enum gateway_refund_status status)
{
    static const char *const texts[] = { GATEWAY_REFUND_STATUSES(ENUM_TEXT) };
    assert(status < GATEWAY_STATUS_COUNT);
    return texts[status];
}

enum gateway_state gateway_state(const struct gateway_view *view)
{
    switch (view->end.outcome) {
    case GATEWAY_END_CONFIRMED:
        return GATEWAY_CONFIRMED;
    case GATEWAY_END_FAILED:
        return GATEWAY_FAILED;
    case GATEWAY_END_CANCELLED:
        return GATEWAY_CANCELLED;
    case GATEWAY_END_NONE:
        break;
    }
    return view->intent.is_present ? GATEWAY_PENDING : GATEWAY_NONE;
}

bool gateway_cancel_is_pending(const struct gateway_view *view)
{
    return view->cancel.is_requested && !view->cancel.is_passed_on &&
           view->end.outcome != GATEWAY_END_FAILED && view->end.outcome != GATEWAY_END_CANCELLED;
}

bool gateway_is_settled(const struct gateway_view *view)
{
    return view->end.outcome != GATEWAY_END_NONE && !gateway_cancel_is_pending(view);
}

bool gateway_is_complete(const struct gateway_view *view)
{
    for (int64_t i = 0; i < view->refund_count; i++)
        if (view->refunds[i].status == GATEWAY_STATUS_WAITING)
            return false;
    return gateway_is_settled(view);
}

bool gateway_is_waiting(const struct gateway_view *view)
{
    return (view->intent.is_present || view->cancel.is_requested) && !gateway_is_complete(view);
}

const struct gateway_refund *gateway_refund_find(const struct gateway_view *view,
                                                 const char *payment_id)
{
    for (int64_t i = 0; i < view->refund_count; i++)
        if (strcmp(view->refunds[i].payment.payment_id, payment_id) == 0)
            return &view->refunds[i];
    return NULL;
}

enum gateway_refund_status gateway_reported_status(const struct input *input)
{
    const struct gateway_refund_report *report = (const void *)input->payload;
    if (input->type == GATEWAY_PAYMENT_REFUNDED)
        return GATEWAY_STATUS_REFUNDED;
    return report->is_retrying ? GATEWAY_STATUS_WAITING : GATEWAY_STATUS_STUCK;
}
