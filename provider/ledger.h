/* ledger.h - what a charge or a refund does to the provider's books, decided from the rows that it
 * concerns. Pure: the journal reads the rows, applies the answer and commits; nothing here knows
 * SQL, HTTP or the time.
 *
 * Idempotency keys hold for ever. A key (and a payment id) stands for one content: the same again
 * is replayed, another one is refused. What is refunded never exceeds what was captured. */
#pragma once

#include "common/base/ident.h"
#include "common/base/money.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LEDGER_KEY_SIZE    256 /* a charge's key: any visible text; a refund's key is an ident */
#define LEDGER_REFUNDS_MAX 16  /* partial refunds of one payment */
#define LEDGER_ID_SIZE     41  /* "re_" or "pay_", a UUID and the final NUL */

enum ledger_status { LEDGER_CAPTURED, LEDGER_DECLINED };

struct ledger_charge {
    char payment_id[IDENT_SIZE];
    char intent_id[IDENT_SIZE];
    char user_id[USER_SIZE]; /* "" for an adopted one: only the caller knows */
    char currency[CURRENCY_SIZE];
    char reason[REASON_SIZE]; /* of a decline */
    enum ledger_status status;
    int64_t amount;   /* asked for */
    int64_t captured; /* = amount, or 0 when declined */
    int64_t refunded;
    int64_t refund_count;
    int64_t at_ms;
    bool is_adopted; /* the books did not know it when a refund named it */
};

struct ledger_refund {
    char refund_id[IDENT_SIZE];
    char key[IDENT_SIZE];
    char payment_id[IDENT_SIZE];
    char intent_id[IDENT_SIZE]; /* "" = not said */
    char currency[CURRENCY_SIZE];
    int64_t amount;
    int64_t at_ms;
};

enum ledger_verdict {
    LEDGER_NEW,
    LEDGER_REPLAY,            /* the same once more: the answer of the first time */
    LEDGER_KEY_REUSED,        /* the key stands for other content */
    LEDGER_PAYMENT_REUSED,    /* the payment id does */
    LEDGER_UNKNOWN_PAYMENT,   /* a refund of what was never captured, and adoption is off */
    LEDGER_CURRENCY_MISMATCH, /* no conversion, ever */
    LEDGER_ALREADY_REFUNDED,  /* all of it, under another key */
    LEDGER_EXCEEDS_CAPTURED,  /* more than what is left */
    LEDGER_TOO_MANY_REFUNDS,
};

struct ledger_charge_request {
    char payment_id[IDENT_SIZE]; /* "" = the provider makes one up: fresh_id */
    char intent_id[IDENT_SIZE];
    char user_id[USER_SIZE];
    char currency[CURRENCY_SIZE];
    char reason[REASON_SIZE];
    char key[LEDGER_KEY_SIZE];     /* "" = none */
    char fresh_id[LEDGER_ID_SIZE]; /* drawn by the shell for this call */
    int64_t amount;
    bool is_declined;
};

struct ledger_refund_request {
    char payment_id[IDENT_SIZE];
    char intent_id[IDENT_SIZE]; /* "" = not said */
    char currency[CURRENCY_SIZE];
    char key[IDENT_SIZE];
    int64_t amount;
};

/* by_key: the charge that the key stands for; by_payment: the one with this payment id; NULL where
 * there is none. On NEW and REPLAY ret_charge is the charge, else it is untouched. */
enum ledger_verdict ledger_decide_charge(const struct ledger_charge_request *request,
                                         const struct ledger_charge *by_key,
                                         const struct ledger_charge *by_payment, int64_t now_ms,
                                         struct ledger_charge *ret_charge);

/* by_key: the refund of this key; latest: the payment's last refund, under whatever key. NULL where
 * there is none. On NEW ret_charge and ret_refund are the rows to save (the charge is new too when
 * it is adopted); on REPLAY and ALREADY_REFUNDED ret_refund is the one there was; else both are
 * untouched. A refund's id derives from its key. */
enum ledger_verdict ledger_decide_refund(const struct ledger_refund_request *request,
                                         const struct ledger_charge *charge,
                                         const struct ledger_refund *by_key,
                                         const struct ledger_refund *latest, bool is_adopting,
                                         int64_t now_ms, struct ledger_charge *ret_charge,
                                         struct ledger_refund *ret_refund);

/* How a verdict is said over HTTP: the status, a code for programs ("" on success), and a sentence
 * for people. */
struct ledger_saying {
    int http_status;
    const char *code;
    const char *detail;
};
const struct ledger_saying *ledger_say(enum ledger_verdict verdict);
const char *ledger_status_text(enum ledger_status status);
