/* audit_report.h - what an audit found: the sums per currency, and each thing that is wrong, stuck
 * or in flight. One thread. */
#pragma once

#include "audit/audit_judge.h"

#define AUDIT_CURRENCIES_MAX 200 /* more than ISO 4217 has */

struct audit_item {
    struct audit_item *next;
    const char *kind, *payment_id, *booking_id; /* ids: NULL = none */
    const char *detail;
    int64_t since_ms;
    int64_t amount; /* of the payment; 0 = none is meant */
    char currency[CURRENCY_SIZE];
};

struct audit_items {
    struct audit_item *first, *last;
    size_t count;
};

/* Minor units. captured is the sum of the others. */
struct audit_sums {
    char currency[CURRENCY_SIZE];
    int64_t captured;
    int64_t by_verdict[AUDIT_VERDICT_COUNT];
};

struct audit_report {
    struct arena arena;
    int64_t at_ms;
    size_t captured; /* payments */
    size_t payments[AUDIT_VERDICT_COUNT];
    size_t bookings[AUDIT_VERDICT_COUNT];
    size_t accepted, by_state[AUDIT_BOOKING_STATE_COUNT];
    size_t looked_twice; /* read again, and not as they first looked */
    size_t events;       /* heard; of interest only if is_listening */
    bool is_listening;
    struct audit_items items[AUDIT_VERDICT_COUNT]; /* of wrong, stuck and in flight */
    struct audit_sums sums[AUDIT_CURRENCIES_MAX];
    size_t currency_count;
};

void audit_report_done(struct audit_report *report);
void audit_report_payment(struct audit_report *report, const struct audit_payment *payment,
                          const struct audit_opinion *opinion);
void audit_report_booking(struct audit_report *report, const struct audit_booking *booking,
                          const struct audit_opinion *opinion);
/* Of a booking's document at a service of which no more is known. */
void audit_report_document(struct audit_report *report, const struct audit_opinion *opinion,
                           const char *booking_id);
/* Something wrong that is neither. Ids may be NULL. */
void audit_report_other(struct audit_report *report, const char *kind, const char *booking_id,
                        const char *detail);
/* NULL: no payment in that currency was captured. */
const struct audit_sums *audit_report_sums(const struct audit_report *report, const char *currency);
