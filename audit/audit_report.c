/* audit_report.c - adds up the money by verdict and currency, and keeps a copy of each item: the
 * facts it came from may go. */
#include "audit/audit_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void audit_report_done(struct audit_report *report)
{
    arena_done(&report->arena);
}

static struct audit_item *item_add(struct audit_report *report, enum audit_verdict verdict,
                                   const char *kind, const char *detail)
{
    struct audit_items *items = &report->items[verdict];
    struct audit_item *item = arena_alloc(&report->arena, sizeof *item);
    item->kind = kind;
    item->detail = arena_text(&report->arena, detail, strlen(detail));
    if (items->last != NULL)
        items->last->next = item;
    else
        items->first = item;
    items->last = item;
    items->count++;
    return item;
}

static const char *id_copy(struct audit_report *report, const char *id)
{
    return id != NULL ? arena_text(&report->arena, id, strlen(id)) : NULL;
}

static bool is_listed(enum audit_verdict verdict)
{
    return verdict == AUDIT_IS_IN_FLIGHT || verdict == AUDIT_IS_STUCK || verdict == AUDIT_IS_WRONG;
}

static struct audit_sums *sums_of(struct audit_report *report, const char *currency)
{
    for (size_t i = 0; i < report->currency_count; i++)
        if (strcmp(report->sums[i].currency, currency) == 0)
            return &report->sums[i];
    if (report->currency_count == AUDIT_CURRENCIES_MAX)
        return NULL;
    struct audit_sums *sums = &report->sums[report->currency_count++];
    memcpy(sums->currency, currency, sizeof sums->currency);
    return sums;
}

const struct audit_sums *audit_report_sums(const struct audit_report *report, const char *currency)
{
    for (size_t i = 0; i < report->currency_count; i++)
        if (strcmp(report->sums[i].currency, currency) == 0)
            return &report->sums[i];
    return NULL;
}

/* Under one id one payment is counted: what else was captured under it nobody here can count. */
static void conflict_add(struct audit_report *report, const struct audit_payment *payment)
{
    char detail[400];
    const struct audit_money *said = &payment->own.conflict;
    if (payment->own.conflict_count == 0)
        return;
    snprintf(detail, sizeof detail,
             "captured again with other content: %" PRId64 " %s by %s for %s%s; compare with the "
             "provider's books",
             said->amount, said->currency, said->user, payment->own.conflict_booking,
             payment->own.conflict_count > 1 ? ", and more" : "");
    struct audit_item *item = item_add(report, AUDIT_IS_WRONG, "capture_conflict", detail);
    item->payment_id = id_copy(report, payment->id);
    item->booking_id = id_copy(report, payment->own.booking->id);
}

void audit_report_payment(struct audit_report *report, const struct audit_payment *payment,
                          const struct audit_opinion *opinion)
{
    const struct audit_money *captured = &payment->account.captured;
    report->payments[opinion->verdict]++;
    if (captured->amount > 0) {
        struct audit_sums *sums = sums_of(report, captured->currency);
        report->captured++;
        if (sums != NULL) {
            sums->captured += captured->amount;
            bool is_shared = opinion->verdict == AUDIT_IS_RESOLVED;
            int64_t by_provider = is_shared ? payment->account.refunds_total : 0;
            sums->by_verdict[AUDIT_IS_REFUNDED] += by_provider;
            sums->by_verdict[opinion->verdict] += captured->amount - by_provider;
        }
    }
    conflict_add(report, payment);
    if (!is_listed(opinion->verdict))
        return;
    const struct audit_booking *booking =
        payment->account.booking != NULL ? payment->account.booking : payment->own.booking;
    struct audit_item *item = item_add(report, opinion->verdict, opinion->kind, opinion->detail);
    item->payment_id = id_copy(report, payment->id);
    item->booking_id = id_copy(report, booking != NULL ? booking->id : NULL);
    item->since_ms = opinion->since_ms;
    item->amount = captured->amount;
    memcpy(item->currency, captured->currency, sizeof item->currency);
}

void audit_report_document(struct audit_report *report, const struct audit_opinion *opinion,
                           const char *booking_id)
{
    if (!is_listed(opinion->verdict))
        return;
    struct audit_item *item = item_add(report, opinion->verdict, opinion->kind, opinion->detail);
    item->booking_id = id_copy(report, booking_id);
    item->since_ms = opinion->since_ms;
}

void audit_report_booking(struct audit_report *report, const struct audit_booking *booking,
                          const struct audit_opinion *opinion)
{
    report->bookings[opinion->verdict]++;
    report->accepted += booking->view.has_intent;
    report->by_state[booking->own.state]++;
    audit_report_document(report, opinion, booking->id);
}

void audit_report_other(struct audit_report *report, const char *kind, const char *booking_id,
                        const char *detail)
{
    item_add(report, AUDIT_IS_WRONG, kind, detail)->booking_id = id_copy(report, booking_id);
}
