/* span_facts.c - which fact goes under which key; what a service does not tell is left out. */
#include "tracing/span_facts.h"

#include <stdio.h>
#include <time.h>

#define TIME_SIZE 32

static void money_add(struct span *span, enum span_key amount, enum span_key currency,
                      const struct tracing_money *money)
{
    if (money->amount == 0)
        return;
    span_int(span, amount, money->amount);
    span_text(span, currency, money->currency);
}

/* RFC 3339, in UTC with milliseconds. */
static void time_add(struct span *span, enum span_key key, int64_t at_ms)
{
    time_t seconds = (time_t)(at_ms / 1000);
    struct tm utc;
    char date[TIME_SIZE];
    char text[TIME_SIZE + 8];
    if (at_ms <= 0 || gmtime_r(&seconds, &utc) == NULL ||
        strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &utc) == 0)
        return;
    snprintf(text, sizeof text, "%s.%03dZ", date, (int)(at_ms % 1000));
    span_text(span, key, text);
}

void span_facts(struct span *span, const struct tracing_facts *facts)
{
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
