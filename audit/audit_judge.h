/* audit_judge.h - what the facts mean: a second, independent reading of the rules about money.
 *
 * A captured payment is applied to one confirmed booking, or back at its payer, or on its way, or
 * stuck; anything else is wrong. The judgement holds if the facts held at one moment: facts read
 * one after the other from a running system may look wrong and not be (audit_recheck.h). Pure. */
#pragma once

#include "audit/audit_facts.h"
#include "common/base/attributes.h"
#include "common/saga/participant.h"
#include "common/saga/store_port.h"

#define AUDIT_DETAIL_SIZE 200

enum audit_verdict {
    AUDIT_FINE,         /* of a booking: nothing to say; of a payment: no money moved */
    AUDIT_IS_APPLIED,   /* of payments */
    AUDIT_IS_REFUNDED,  /* of payments */
    AUDIT_IS_RESOLVED,  /* of payments: all or the rest of it was given back by hand */
    AUDIT_IS_IN_FLIGHT, /* something will move it */
    AUDIT_IS_STUCK,     /* nothing has moved it in time, or somebody has to */
    AUDIT_IS_WRONG,     /* no moment of a sound system looks like this */
    AUDIT_VERDICT_COUNT
};

struct audit_opinion {
    enum audit_verdict verdict;
    const char *kind; /* static, snake_case: "payment_lost"; "" where there is nothing to say */
    int64_t since_ms; /* 0 = not known */
    char detail[AUDIT_DETAIL_SIZE];
};

struct audit_terms {
    int64_t now_ms;   /* before the first of the facts was read */
    int64_t grace_ms; /* beyond a deadline, or for a step that has none */
};

void audit_judge_payment(const struct audit_payment *payment, const struct audit_terms *terms,
                         struct audit_opinion *ret_opinion);
void audit_judge_booking(const struct audit_booking *booking, const struct audit_terms *terms,
                         struct audit_opinion *ret_opinion);

/* A document of any service, read by its own codec; the arena is for its decoding. */
void audit_judge_document(const struct participant *reader, const struct record *record,
                          const struct audit_terms *terms, struct arena *arena,
                          struct audit_opinion *ret_opinion);

/* ---- for the files of the judge ---- */

/* Sets the opinion; returns true: something is said, and no further rule need be asked. */
bool audit_say(struct audit_opinion *opinion, enum audit_verdict verdict, const char *kind,
               int64_t since_ms, const char *format, ...) PRINTF_LIKE(5, 6);
/* In flight until due_ms plus the grace, stuck after that. due_ms 0 = it has no deadline. */
bool audit_say_waits(struct audit_opinion *opinion, const struct audit_terms *terms,
                     const char *kind, int64_t since_ms, int64_t due_ms, const char *text);
/* The same amount and currency, and, where both say one, the same user. */
bool audit_money_is_equal(const struct audit_money *one, const struct audit_money *other);
