/* audit_facts.h - what an audit has read of bookings and payments, side by side: the provider's
 * books, the documents of the three services, and the events that passed by. Joined by id.
 *
 * These are facts, not conclusions: the states are read by their names as they are stored, and
 * nothing here shares code with the services that wrote them. About 0.7 KB a booking with
 * one payment, all of it in one arena. One thread. */
#pragma once

#include "common/base/arena.h"
#include "common/base/enum_list.h"
#include "common/base/ident.h"
#include "common/base/money.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AUDIT_BOOKING_STATES(X)                                                                    \
    X(AUDIT_BOOKING_ABSENT, "none")                                                                \
    X(AUDIT_BOOKING_PENDING, "pending")                                                            \
    X(AUDIT_BOOKING_PAYMENT_FIRST, "payment_received_first")                                       \
    X(AUDIT_BOOKING_CONFIRMED, "confirmed")                                                        \
    X(AUDIT_BOOKING_FAILED, "failed")                                                              \
    X(AUDIT_BOOKING_CANCELLED, "cancelled")

#define AUDIT_PAYMENT_STATES(X)                                                                    \
    X(AUDIT_PAYMENT_ABSENT, "none")                                                                \
    X(AUDIT_PAYMENT_EXPECTED, "expected")                                                          \
    X(AUDIT_PAYMENT_DECLINED, "declined")                                                          \
    X(AUDIT_PAYMENT_CAPTURED, "captured")                                                          \
    X(AUDIT_PAYMENT_SETTLED, "settled")                                                            \
    X(AUDIT_PAYMENT_REFUND_DUE, "refund_due")                                                      \
    X(AUDIT_PAYMENT_REFUNDING, "refunding")                                                        \
    X(AUDIT_PAYMENT_REFUNDED, "refunded")                                                          \
    X(AUDIT_PAYMENT_STUCK, "refund_stuck")

#define AUDIT_DISPOSITIONS(X)                                                                      \
    X(AUDIT_HELD, "held")                                                                          \
    X(AUDIT_APPLIED, "applied")                                                                    \
    X(AUDIT_BACK_BY_OUTCOME, "refunded_by_outcome")                                                \
    X(AUDIT_BACK_BY_REQUEST, "refunded_by_request")

enum audit_booking_state { AUDIT_BOOKING_STATES(ENUM_VALUE) AUDIT_BOOKING_STATE_COUNT };
enum audit_payment_state { AUDIT_PAYMENT_STATES(ENUM_VALUE) AUDIT_PAYMENT_STATE_COUNT };
enum audit_disposition { AUDIT_DISPOSITIONS(ENUM_VALUE) AUDIT_DISPOSITION_COUNT };

/* Names are held once: within one struct audit_facts equal texts have equal pointers. */
struct audit_money {
    int64_t amount;
    const char *user; /* NULL = not said */
    char currency[CURRENCY_SIZE];
};

struct audit_booking;
struct audit_payment;

/* A booking's entry for one of its payments. */
struct audit_listing {
    struct audit_booking *booking;
    struct audit_payment *payment;
    struct audit_listing *next_of_booking, *next_of_payment;
    struct audit_money money;
    enum audit_disposition disposition;
};

enum audit_outcome_event { AUDIT_SAID_CONFIRMED, AUDIT_SAID_FAILED, AUDIT_SAID_CANCELLED };
#define AUDIT_OUTCOME_EVENTS 3

/* What the events said of a booking; message ids as fingerprints, 0 = not heard. */
struct audit_heard {
    uint64_t message[AUDIT_OUTCOME_EVENTS];
    bool is_twice[AUDIT_OUTCOME_EVENTS]; /* under two message ids */
};

struct audit_booking {
    const char *id;
    struct audit_booking *next;
    struct { /* the booking service's document */
        int64_t version;
        int64_t due_at_ms, owed_at_ms, outcome_at_ms, first_seen_ms;
        struct audit_listing *listings;
        struct audit_money intent;
        int32_t listing_count;
        int32_t confirmed_times, ended_times; /* by its history: entries into that state */
        enum audit_booking_state state;
        bool has_intent, is_damaged;
    } own;
    struct { /* the gateway's */
        int64_t version;
        int64_t due_at_ms, owed_at_ms, asked_at_ms;
        struct audit_money intent;
        const char *payment; /* of the confirmation; NULL = none */
        enum audit_booking_state outcome;
        bool has_intent, is_damaged;
    } view;
    struct audit_heard heard;
    bool is_newer; /* one of the two is in a form that only a newer release knows */
};

struct audit_payment {
    const char *id;
    struct audit_payment *next;
    struct { /* the provider's books */
        struct audit_money captured;
        int64_t refunded;      /* as the account says */
        int64_t refunds_total; /* of the single refunds */
        int64_t at_ms, acknowledged;
        const struct audit_booking *booking;
        int32_t refund_count;
        bool is_known;
    } account;
    struct { /* the payment service's document */
        int64_t version;
        int64_t due_at_ms, owed_at_ms;
        struct audit_money money;
        struct audit_booking *booking; /* NULL: it is expected, and nobody has said for what */
        const char *last_error;        /* NULL = none */
        struct audit_money conflict;   /* the first capture under its id that said something else */
        const char *conflict_booking;
        int32_t conflict_count;
        int64_t captured_at_ms;
        int64_t attempts;
        int64_t refunds_back;   /* what the refunds that it was told of add up to */
        int64_t refunds_beyond; /* reports of refunds that it could not keep */
        int64_t resolved;       /* of the money, by hand */
        enum audit_payment_state state;
        bool is_damaged;
        bool is_newer; /* in a form that only a newer release knows */
    } own;
    struct audit_listing *listings; /* in whatever bookings */
};

struct audit_table {
    void **slots; /* open addressing; NULL = free */
    size_t room, count;
};

struct audit_facts {
    struct arena arena;
    struct audit_table bookings, payments, names;
    struct audit_booking *first_booking, *last_booking;
    struct audit_payment *first_payment, *last_payment;
    uint64_t versions; /* a fingerprint of all that was read, in the order of reading */
};

void audit_facts_start(struct audit_facts *facts);
void audit_facts_done(struct audit_facts *facts);

/* The one with this id; made when there was none. */
struct audit_booking *audit_booking_of(struct audit_facts *facts, const char *id);
struct audit_payment *audit_payment_of(struct audit_facts *facts, const char *id);
const char *audit_name_of(struct audit_facts *facts, const char *name); /* NULL for "" */
void audit_listing_add(struct audit_facts *facts, struct audit_booking *booking,
                       struct audit_payment *payment, const struct audit_money *money,
                       enum audit_disposition disposition);
/* Of this payment in this booking, or NULL. */
const struct audit_listing *audit_listing_find(const struct audit_payment *payment,
                                               const struct audit_booking *booking);
/* Folds a number into facts->versions. */
void audit_version_note(struct audit_facts *facts, int64_t number);

const char *audit_booking_state_text(enum audit_booking_state state);
const char *audit_payment_state_text(enum audit_payment_state state);
const char *audit_disposition_text(enum audit_disposition disposition);
