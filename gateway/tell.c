/* tell.c - takes payment, refund and amounts out of a view's input for its span, and names what a
 * deadline repeated. */
#include "gateway/tell.h"

#include "common/base/text.h"
#include "gateway/gateway.h"

#include <string.h>

static void payment_keep(struct tracing_facts *facts, struct tracing_money *money,
                         const struct gateway_payment *payment)
{
    text_copy(facts->payment_id, sizeof facts->payment_id, payment->payment_id);
    money->amount = payment->amount;
    text_copy(money->currency, sizeof money->currency, payment->currency);
}

/* Of several payments the first. */
static void outcome_tell(const struct input *input, struct tracing_facts *facts)
{
    struct gateway_outcome_report report;
    memcpy(&report, input->payload, sizeof report);
    if (report.payment_count > 0)
        payment_keep(facts, &facts->paid, &report.payments[0]);
    else
        text_copy(facts->payment_id, sizeof facts->payment_id, report.payment_id);
}

static void refund_tell(const struct input *input, struct tracing_facts *facts)
{
    struct gateway_refund_report report;
    memcpy(&report, input->payload, sizeof report);
    text_copy(facts->refund_id, sizeof facts->refund_id, report.refund_id);
    payment_keep(facts, &facts->returned, &report.payment);
}

void gateway_tell(const struct tracing_story *story, struct tracing_facts *ret_facts)
{
    const struct gateway_view *view = story->state;
    int type = story->input->type;
    if (type == GATEWAY_DEADLINE)
        ret_facts->title = gateway_cancel_is_pending(view) ? "repeat cancel" : "repeat intent";
    else if (type == GATEWAY_BOOKING_CONFIRMED || type == GATEWAY_BOOKING_FAILED ||
             type == GATEWAY_BOOKING_CANCELLED)
        outcome_tell(story->input, ret_facts);
    else if (type == GATEWAY_PAYMENT_REFUNDED || type == GATEWAY_REFUND_STUCK)
        refund_tell(story->input, ret_facts);
    if (view->intent.is_present) {
        ret_facts->price.amount = view->intent.amount;
        text_copy(ret_facts->price.currency, sizeof ret_facts->price.currency,
                  view->intent.currency);
    }
}
