/* tell.c - takes payment, refund and amounts out of the input for its span, and names what a
 * deadline did. */
#include "payment/tell.h"

#include "common/base/text.h"
#include "payment/payment.h"

#include <string.h>

static void money_keep(struct tracing_money *money, int64_t amount, const char *currency)
{
    money->amount = amount;
    text_copy(money->currency, sizeof money->currency, currency);
}

static void content_tell(const struct tracing_story *story, struct tracing_facts *facts)
{
    struct payment_payload payload;
    struct refund_result result;
    int type = story->input->type;
    if (type == INPUT_RESULT) {
        memcpy(&result, story->input->payload, sizeof result);
        text_copy(facts->refund_id, sizeof facts->refund_id, result.refund_id);
    } else if (type != INPUT_DEADLINE) {
        memcpy(&payload, story->input->payload, sizeof payload);
        text_copy(facts->refund_id, sizeof facts->refund_id, payload.refund_id);
        if (payload.amount > 0)
            money_keep(type == INPUT_REPORTED ? &facts->returned : &facts->paid, payload.amount,
                       payload.currency);
    }
}

static const char *title_of(const struct tracing_story *story, bool is_refunding)
{
    if (story->input->type == INPUT_RESULT)
        return "refund answered";
    if (story->input->type != INPUT_DEADLINE)
        return NULL;
    if (is_refunding && strcmp(story->verdict, "retry") == 0)
        return "retry refund";
    return strcmp(story->verdict, "repeat") == 0 ? "repeat capture" : "deadline passed over";
}

void payment_tell(const struct tracing_story *story, struct tracing_facts *ret_facts)
{
    const struct payment *payment = story->state;
    const char *stuck = payment_state_text(PAYMENT_STUCK);
    bool is_refunding = payment->state == PAYMENT_REFUND_DUE || payment->state == PAYMENT_REFUNDING;
    text_copy(ret_facts->payment_id, sizeof ret_facts->payment_id, story->input->document_id);
    content_tell(story, ret_facts);
    if (ret_facts->paid.amount == 0)
        money_keep(&ret_facts->paid, payment->amount, payment->currency);
    ret_facts->title = title_of(story, is_refunding);
    if (ret_facts->title != NULL && strcmp(ret_facts->title, "retry refund") == 0)
        ret_facts->wait = "wait for retry";
    if (strcmp(story->state_to, stuck) == 0 && strcmp(story->state_from, stuck) != 0)
        ret_facts->problem = stuck;
    if (is_refunding) {
        ret_facts->waits_for = "refund";
        ret_facts->waits_until_ms = payment->due_at_ms;
    }
}
