/* audit_recheck.c - reads a payment or booking with all that it is joined to until two readings
 * agree, and judges that. */
#include "cli/sources/audit_recheck.h"

#include "booking/service.h"
#include "common/base/clock.h"
#include "gateway/service.h"
#include "payment/service.h"

#include <poll.h>
#include <string.h>

#define READINGS_MAX   20 /* of one payment or booking */
#define BETWEEN_MS     20
#define WRONG_LOOKS    4 /* what is wrong stays wrong: it is asked so often */
#define LOOKS_APART_MS 250
#define PAUSES_MAX     40 /* then one look at each must do, and one is a proof */
#define JOINED_MAX     8  /* bookings of one payment: more than its own is wrong already */

void audit_adopt_captures(struct audit_facts *facts)
{
    for (struct audit_payment *payment = facts->first_payment; payment != NULL;
         payment = payment->next) {
        if (payment->account.is_known || payment->own.state < AUDIT_PAYMENT_CAPTURED)
            continue;
        payment->account.is_known = true;
        payment->account.captured = payment->own.money;
        payment->account.booking = payment->own.booking;
        /* Of one that is refunded the state says it: an old release kept no list of refunds. */
        payment->account.refunded = payment->own.state == AUDIT_PAYMENT_REFUNDED
                                        ? payment->own.money.amount - payment->own.resolved
                                        : payment->own.refunds_back;
        payment->account.refunds_total = payment->account.refunded;
        payment->account.refund_count = payment->account.refunded > 0;
    }
}

static void id_add(const char *ids[JOINED_MAX], size_t *count, const struct audit_booking *booking)
{
    if (booking == NULL || *count == JOINED_MAX)
        return;
    for (size_t i = 0; i < *count; i++)
        if (strcmp(ids[i], booking->id) == 0)
            return;
    ids[(*count)++] = booking->id;
}

static bool bookings_load(struct audit_source *source, const char *const *ids, size_t count,
                          struct audit_facts *facts)
{
    return count == 0 || (audit_load_documents(source, &booking_service, ids, count, facts) &&
                          audit_load_documents(source, &gateway_service, ids, count, facts));
}

/* One reading: the payment, and every booking that is known to have to do with it. */
static bool payment_read(const struct audit_recheck *recheck, const struct audit_payment *seen,
                         struct audit_facts *facts)
{
    const char *ids[JOINED_MAX];
    size_t count = 0;
    const char *const payment_ids[] = { seen->id };
    audit_facts_start(facts);
    if (!audit_load_account(recheck->source, seen->id, facts) ||
        !audit_load_documents(recheck->source, &payment_service, payment_ids, 1, facts))
        return false;
    const struct audit_payment *payment = audit_payment_of(facts, seen->id);
    id_add(ids, &count, payment->account.booking);
    id_add(ids, &count, payment->own.booking);
    for (const struct audit_listing *listing = seen->listings; listing != NULL;
         listing = listing->next_of_payment)
        id_add(ids, &count, listing->booking);
    if (!bookings_load(recheck->source, ids, count, facts))
        return false;
    if (recheck->trusts_service)
        audit_adopt_captures(facts);
    return true;
}

static bool booking_read(const struct audit_recheck *recheck, const struct audit_booking *seen,
                         struct audit_facts *facts)
{
    const char *const ids[] = { seen->id };
    audit_facts_start(facts);
    audit_booking_of(facts, seen->id)->heard = seen->heard;
    return bookings_load(recheck->source, ids, 1, facts);
}

/* Reads until two readings agree; *ret_is_still: they did. */
static bool snapshot_read(const struct audit_recheck *recheck, const struct audit_payment *payment,
                          const struct audit_booking *booking, struct audit_facts *facts,
                          struct audit_terms *ret_terms, bool *ret_is_still)
{
    uint64_t before = 0;
    *ret_is_still = false;
    for (int i = 0; i < READINGS_MAX && !*ret_is_still; i++) {
        if (i > 0) {
            before = facts->versions;
            audit_facts_done(facts);
        }
        if (i > 1)
            poll(NULL, 0, BETWEEN_MS);
        *ret_terms = (struct audit_terms){ clock_wall_ms(), recheck->grace_ms };
        bool is_read = payment != NULL ? payment_read(recheck, payment, facts)
                                       : booking_read(recheck, booking, facts);
        if (!is_read)
            return false;
        *ret_is_still = i > 0 && facts->versions == before;
    }
    return true;
}

static void say_moving(struct audit_opinion *opinion)
{
    *opinion = (struct audit_opinion){ .kind = "" };
    (void)audit_say(opinion, AUDIT_IS_IN_FLIGHT, "moving", 0, "it changes as it is looked at");
}

static void pause_before(struct audit_recheck *recheck)
{
    recheck->pauses++;
    poll(NULL, 0, LOOKS_APART_MS);
}

/* What is looked at again: one of the two. */
struct subject {
    const struct audit_payment *payment;
    const struct audit_booking *booking;
};

static bool subject_recheck(struct audit_recheck *recheck, const struct subject *seen,
                            struct audit_facts *ret_facts, struct subject *ret_found,
                            struct audit_opinion *ret_opinion)
{
    audit_facts_start(ret_facts);
    for (int look = 0; look < WRONG_LOOKS; look++) {
        struct audit_terms terms;
        bool is_still;
        if (look > 0)
            pause_before(recheck);
        audit_facts_done(ret_facts);
        if (!snapshot_read(recheck, seen->payment, seen->booking, ret_facts, &terms, &is_still))
            return false;
        if (seen->payment != NULL)
            ret_found->payment = audit_payment_of(ret_facts, seen->payment->id);
        else
            ret_found->booking = audit_booking_of(ret_facts, seen->booking->id);
        if (!is_still)
            say_moving(ret_opinion);
        else if (seen->payment != NULL)
            audit_judge_payment(ret_found->payment, &terms, ret_opinion);
        else
            audit_judge_booking(ret_found->booking, &terms, ret_opinion);
        if (ret_opinion->verdict != AUDIT_IS_WRONG || recheck->pauses >= PAUSES_MAX)
            break;
    }
    return true;
}

bool audit_recheck_payment(struct audit_recheck *recheck, const struct audit_payment *seen,
                           struct audit_facts *ret_facts, const struct audit_payment **ret_found,
                           struct audit_opinion *ret_opinion)
{
    const struct subject subject = { .payment = seen };
    struct subject found = { 0 };
    bool is_read = subject_recheck(recheck, &subject, ret_facts, &found, ret_opinion);
    *ret_found = found.payment;
    return is_read;
}

bool audit_recheck_booking(struct audit_recheck *recheck, const struct audit_booking *seen,
                           struct audit_facts *ret_facts, const struct audit_booking **ret_found,
                           struct audit_opinion *ret_opinion)
{
    const struct subject subject = { .booking = seen };
    struct subject found = { 0 };
    bool is_read = subject_recheck(recheck, &subject, ret_facts, &found, ret_opinion);
    *ret_found = found.booking;
    return is_read;
}
