/* gateway.c - names of the states, what a view amounts to, and the step: finds the row, acts, and
 * starts the backoff again when there was progress. */
#include "gateway/gateway.h"

#include "gateway/gateway_table.h"

#include <assert.h>
#include <string.h>

_Static_assert(sizeof(struct gateway_intent_request) <= INPUT_PAYLOAD_BYTES, "payload");
_Static_assert(sizeof(struct gateway_cancel_request) <= INPUT_PAYLOAD_BYTES, "payload");
_Static_assert(sizeof(struct gateway_outcome_report) <= INPUT_PAYLOAD_BYTES, "payload");
_Static_assert(sizeof(struct gateway_decline_report) <= INPUT_PAYLOAD_BYTES, "payload");
_Static_assert(sizeof(struct gateway_refund_report) <= INPUT_PAYLOAD_BYTES, "payload");

const char *gateway_state_text(enum gateway_state state)
{
    static const char *const texts[GATEWAY_STATE_COUNT] = {
        [GATEWAY_NONE] = "none",           [GATEWAY_PENDING] = "pending",
        [GATEWAY_CONFIRMED] = "confirmed", [GATEWAY_FAILED] = "failed",
        [GATEWAY_CANCELLED] = "cancelled",
    };
    assert(state < GATEWAY_STATE_COUNT);
    return texts[state];
}

const char *gateway_outcome_text(enum gateway_outcome outcome)
{
    static const char *const texts[] = {
        [GATEWAY_END_NONE] = "none",
        [GATEWAY_END_CONFIRMED] = "confirmed",
        [GATEWAY_END_FAILED] = "failed",
        [GATEWAY_END_CANCELLED] = "cancelled",
    };
    assert(outcome <= GATEWAY_END_CANCELLED);
    return texts[outcome];
}

const char *gateway_refund_status_text(enum gateway_refund_status status)
{
    static const char *const texts[GATEWAY_STATUS_COUNT] = {
        [GATEWAY_STATUS_WAITING] = "waiting",
        [GATEWAY_STATUS_REFUNDED] = "refunded",
        [GATEWAY_STATUS_STUCK] = "stuck",
    };
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

static const struct gateway_row *row_find(const struct gateway_turn *turn)
{
    enum gateway_state state = gateway_state(turn->view);
    for (size_t i = 0; i < gateway_table_count; i++) {
        const struct gateway_row *row = &gateway_table[i];
        if (row->state == state && (int)row->input == turn->input->type && row->guard(turn))
            return row;
    }
    return NULL;
}

void gateway_decide(const void *self, void *state, const struct input *input,
                    struct decision *decision)
{
    struct gateway_view *view = state;
    SCRATCH struct gateway_view before;
    struct gateway_turn turn = {
        .config = self, .view = view, .input = input, .decision = decision
    };
    memcpy(&before, view, sizeof before);
    const struct gateway_row *row = row_find(&turn);
    assert(row != NULL);
    if (row->action != NULL)
        row->action(&turn);
    assert(gateway_state(view) == row->next);

    decision->verdict = row->verdict;
    decision->reason = row->reason;
    decision->outcome = row->outcome;
    decision->reply = row->reply;
    decision->is_alert = row->is_alert;
    decision->is_security_event = row->is_security_event;
    decision->is_changed = memcmp(&before, view, sizeof before) != 0;
    if (!decision->is_changed || input->type == GATEWAY_DEADLINE ||
        input->type == GATEWAY_BOOKING_PENDING)
        return;
    memcpy(view->booking_id, input->document_id, strlen(input->document_id));
    view->updated_at_ms = decision->now_ms;
    if (input->type == GATEWAY_PAYMENT_DECLINED)
        return; /* the booking waits as before */
    /* Progress: the backoff starts again. */
    view->repeat_count = 0;
    view->due_at_ms =
        gateway_is_waiting(view) ? decision->now_ms + gateway_backoff_ms(turn.config, 0) : 0;
}

static const char *state_name(const void *state)
{
    return gateway_state_text(gateway_state(state));
}

static int64_t due_at_ms(const void *state)
{
    const struct gateway_view *view = state;
    return view->due_at_ms;
}

static const char *correlation_id(const void *state)
{
    const struct gateway_view *view = state;
    return view->booking_id;
}

struct participant gateway_participant(const void *config)
{
    return (struct participant){
        .self = config,
        .name = "gateway",
        .collection = "bookings",
        .schema_version = SCHEMA_FIRST,
        .state_size = sizeof(struct gateway_view),
        .parse = gateway_parse,
        .decide = gateway_decide,
        .state_name = state_name,
        .due_at_ms = due_at_ms,
        .correlation_id = correlation_id,
        .encode = gateway_encode,
        .decode = gateway_decode,
        .contents = gateway_contents,
    };
}
