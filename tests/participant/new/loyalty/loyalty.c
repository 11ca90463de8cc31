/* loyalty.c - the question that the table asks, what its rows do, and the invariants. */
#include "loyalty/loyalty.h"
#include "common/base/text.h"

#include <assert.h>

bool loyalty_is_due(const struct turn *turn)
{
    const struct loyalty *loyalty = turn->state;
    return turn->decision->now_ms >= loyalty->due_at_ms;
}

void loyalty_begin(const struct turn *turn)
{
    struct loyalty *loyalty = turn->state;
    if (loyalty->state == LOYALTY_NONE && turn->row->next != LOYALTY_NONE) {
        text_copy(loyalty->id, sizeof loyalty->id, turn->input->document_id);
        loyalty->credited.position = ANNOUNCEMENT_NEVER;
    }
    loyalty->state = (enum loyalty_state)turn->row->next;
}

void loyalty_keep(const struct turn *turn)
{
    const struct loyalty_rules *rules = turn->rules;
    const struct loyalty_payload *payload = turn_payload(turn);
    struct loyalty *loyalty = turn->state;
    loyalty->points = payload->amount / LOYALTY_AMOUNT_PER_POINT + 1; /* nobody leaves with none */
    loyalty->due_at_ms = turn->decision->now_ms + rules->maturity_ms;
}

static struct event_loyalty_credited credited_said(const struct loyalty *loyalty)
{
    struct event_loyalty_credited said = { .points = loyalty->points };
    assert(loyalty->points > 0);
    text_copy(said.intent_id, sizeof said.intent_id, loyalty->id);
    return said;
}

void loyalty_credit(const struct turn *turn)
{
    struct loyalty *loyalty = turn->state;
    const struct event_loyalty_credited said = credited_said(loyalty);
    loyalty->due_at_ms = 0;
    event_owe(&event_loyalty_credited, &said, loyalty->id, turn->decision, &loyalty->credited);
}

/* Who repeats may have missed it: the same message once more, byte for byte. */
void loyalty_credit_again(const struct turn *turn)
{
    const struct loyalty *loyalty = turn->state;
    const struct event_loyalty_credited said = credited_said(loyalty);
    turn->decision->is_changed = false;
    if (turn->input->is_repeat)
        event_owe_again(&event_loyalty_credited, &said, loyalty->id, turn->decision,
                        &loyalty->credited);
}

void loyalty_drop(const struct turn *turn)
{
    struct loyalty *loyalty = turn->state;
    loyalty->points = 0;
    loyalty->due_at_ms = 0;
}

bool loyalty_check(const void *state, struct error *error)
{
    const struct loyalty *loyalty = state;
    if (loyalty->state == LOYALTY_NONE || loyalty->state >= LOYALTY_STATE_COUNT)
        return error_set(error, ERROR_BUG, "nothing is known of it");
    if ((loyalty->due_at_ms != 0) != (loyalty->state == LOYALTY_MATURING))
        return error_set(error, ERROR_BUG, "a deadline is set exactly while points mature");
    if ((loyalty->points > 0) != (loyalty->state != LOYALTY_VOID))
        return error_set(error, ERROR_BUG, "points are there unless it is void");
    if (loyalty->state == LOYALTY_CREDITED && loyalty->credited.position == ANNOUNCEMENT_NEVER)
        return error_set(error, ERROR_BUG, "what is credited was announced");
    return true;
}
