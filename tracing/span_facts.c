/* span_facts.c - which fact goes under which key; what a service does not tell is left out. */
#include "tracing/span_facts.h"

#include "common/base/rfc3339.h"

#include <assert.h>

static void money_add(struct span *span, enum span_key amount, enum span_key currency,
                      const struct tracing_money *money)
{
    if (money->amount == 0)
        return;
    span_int(span, amount, money->amount);
    span_text(span, currency, money->currency);
}

static void time_add(struct span *span, enum span_key key, int64_t at_ms)
{
    char text[RFC3339_SIZE];
    if (at_ms <= 0)
        return;
    rfc3339_write_ms(at_ms, text);
    span_text(span, key, text);
}

void span_facts(struct span *span, const struct tracing_facts *facts)
{
    assert(facts != NULL);
    span_text(span, KEY_PAYMENT_ID, facts->payment_id);
    money_add(span, KEY_PAYMENT_AMOUNT, KEY_PAYMENT_CURRENCY, &facts->paid);
    span_text(span, KEY_REFUND_ID, facts->refund_id);
    money_add(span, KEY_REFUND_AMOUNT, KEY_REFUND_CURRENCY, &facts->returned);
    money_add(span, KEY_BOOKING_AMOUNT, KEY_BOOKING_CURRENCY, &facts->price);
    if (facts->waits_for != NULL) {
        span_lasting(span, KEY_WAITING_FOR, facts->waits_for);
        time_add(span, KEY_WAITING_UNTIL, facts->waits_until_ms);
    }
}
