/* audit_codec.c - which fields of the services' documents an audit believes, and what it takes for
 * damage or leaves to a newer release. */
#include "audit/audit_codec.h"

#include "common/bson/bson_read.h"

#include <string.h>

#define TEXT_SIZE 160 /* longer than every id, state and reason */

/* The value whose name the field holds; `count` for any other. */
static unsigned value_of(struct bson_fields *fields, const char *key,
                         const char *(*text_of)(unsigned), unsigned count)
{
    char text[TEXT_SIZE];
    if (!bson_read_text(fields, key, text, sizeof text))
        return count;
    unsigned value = 0;
    while (value < count && strcmp(text, text_of(value)) != 0)
        value++;
    return value;
}

static const char *booking_state_of(unsigned value)
{
    return audit_booking_state_text((enum audit_booking_state)value);
}

static const char *payment_state_of(unsigned value)
{
    return audit_payment_state_text((enum audit_payment_state)value);
}

static const char *disposition_of(unsigned value)
{
    return audit_disposition_text((enum audit_disposition)value);
}

static bool name_read(struct audit_facts *facts, struct bson_fields *fields, const char *key,
                      const char **ret_name)
{
    char text[TEXT_SIZE];
    if (!bson_read_text(fields, key, text, sizeof text))
        return false;
    *ret_name = audit_name_of(facts, text);
    return true;
}

static bool money_read(struct audit_facts *facts, struct bson_fields *fields,
                       struct audit_money *ret_money)
{
    return name_read(facts, fields, "userId", &ret_money->user) &&
           bson_read_int(fields, "amount", &ret_money->amount) &&
           bson_read_text(fields, "currency", ret_money->currency, sizeof ret_money->currency);
}

static bool state_open(const struct record *record, struct bson_fields *ret_body,
                       struct bson_fields *ret_state)
{
    return bson_read_open(ret_body, record->body, record->body_length) &&
           bson_read_document(ret_body, "state", ret_state);
}

static bool is_newer(const struct record *record, int64_t schema_newest)
{
    struct bson_fields body;
    int64_t schema;
    return bson_read_open(&body, record->body, record->body_length) &&
           bson_read_int(&body, "schema", &schema) && schema > schema_newest;
}

static void version_note(struct audit_facts *facts, const struct record *record)
{
    audit_version_note(facts, record->version);
    audit_version_note(facts, record->owed_at_ms); /* cleared without a new version */
}

/* ---- booking ---- */

static bool listing_read(struct audit_facts *facts, struct audit_booking *booking,
                         struct bson_fields *fields)
{
    char id[TEXT_SIZE];
    struct audit_money money = { 0 };
    unsigned disposition = value_of(fields, "disposition", disposition_of, AUDIT_DISPOSITION_COUNT);
    if (disposition == AUDIT_DISPOSITION_COUNT || !money_read(facts, fields, &money) ||
        !bson_read_text(fields, "paymentId", id, sizeof id))
        return false;
    audit_listing_add(facts, booking, audit_payment_of(facts, id), &money,
                      (enum audit_disposition)disposition);
    return true;
}

static bool listings_read(struct audit_facts *facts, struct audit_booking *booking,
                          struct bson_fields *state)
{
    struct bson_fields entries, entry;
    if (!bson_read_array(state, "payments", &entries))
        return false;
    while (bson_read_has_next(&entries))
        if (!bson_read_next(&entries, &entry) || !listing_read(facts, booking, &entry))
            return false;
    return true;
}

/* How often it went into an outcome: the history remembers every change of state. */
static bool history_read(struct audit_booking *booking, struct bson_fields *body)
{
    struct bson_fields entries, entry;
    if (!bson_read_array(body, "history", &entries))
        return false;
    while (bson_read_has_next(&entries)) {
        if (!bson_read_next(&entries, &entry))
            return false;
        unsigned from = value_of(&entry, "from", booking_state_of, AUDIT_BOOKING_STATE_COUNT);
        unsigned to = value_of(&entry, "to", booking_state_of, AUDIT_BOOKING_STATE_COUNT);
        if (from == to)
            continue;
        booking->own.confirmed_times += to == AUDIT_BOOKING_CONFIRMED;
        booking->own.ended_times += to == AUDIT_BOOKING_FAILED || to == AUDIT_BOOKING_CANCELLED;
    }
    return true;
}

static bool booking_read(struct audit_facts *facts, struct audit_booking *booking,
                         const struct record *record)
{
    struct bson_fields body, state, part;
    if (!state_open(record, &body, &state))
        return false;
    unsigned value = value_of(&state, "state", booking_state_of, AUDIT_BOOKING_STATE_COUNT);
    if (value == AUDIT_BOOKING_STATE_COUNT || value == AUDIT_BOOKING_ABSENT)
        return false;
    booking->own.state = (enum audit_booking_state)value;
    booking->own.has_intent = bson_read_has(&state, "intent");
    if (booking->own.has_intent && (!bson_read_document(&state, "intent", &part) ||
                                    !money_read(facts, &part, &booking->own.intent)))
        return false;
    return bson_read_document(&state, "outcome", &part) &&
           bson_read_int(&part, "at", &booking->own.outcome_at_ms) &&
           bson_read_int(&state, "firstSeenAt", &booking->own.first_seen_ms) &&
           listings_read(facts, booking, &state) && history_read(booking, &body);
}

void audit_decode_booking(struct audit_facts *facts, const struct record *record,
                          int64_t schema_newest)
{
    struct audit_booking *booking = audit_booking_of(facts, record->id);
    version_note(facts, record);
    booking->own.version = record->version;
    booking->own.due_at_ms = record->due_at_ms;
    booking->own.owed_at_ms = record->owed_at_ms;
    if (is_newer(record, schema_newest))
        booking->is_newer = true;
    else
        booking->own.is_damaged = !booking_read(facts, booking, record);
}

/* ---- the gateway's view ---- */

static bool view_read(struct audit_facts *facts, struct audit_booking *booking,
                      const struct record *record)
{
    struct bson_fields body, state, part;
    if (!state_open(record, &body, &state))
        return false;
    booking->view.has_intent = bson_read_has(&state, "intent");
    if (booking->view.has_intent &&
        (!bson_read_document(&state, "intent", &part) ||
         !money_read(facts, &part, &booking->view.intent) ||
         !bson_read_int(&part, "createdAt", &booking->view.asked_at_ms)))
        return false;
    if (!bson_read_has(&state, "outcome"))
        return true;
    if (!bson_read_document(&state, "outcome", &part))
        return false;
    unsigned value = value_of(&part, "state", booking_state_of, AUDIT_BOOKING_STATE_COUNT);
    booking->view.outcome = (enum audit_booking_state)value;
    return (value == AUDIT_BOOKING_CONFIRMED || value == AUDIT_BOOKING_FAILED ||
            value == AUDIT_BOOKING_CANCELLED) &&
           (!bson_read_has(&part, "paymentId") ||
            name_read(facts, &part, "paymentId", &booking->view.payment));
}

void audit_decode_view(struct audit_facts *facts, const struct record *record,
                       int64_t schema_newest)
{
    struct audit_booking *booking = audit_booking_of(facts, record->id);
    version_note(facts, record);
    booking->view.version = record->version;
    booking->view.due_at_ms = record->due_at_ms;
    booking->view.owed_at_ms = record->owed_at_ms;
    if (is_newer(record, schema_newest))
        booking->is_newer = true;
    else
        booking->view.is_damaged = !view_read(facts, booking, record);
}

/* ---- payment ---- */

static bool conflicts_read(struct audit_facts *facts, struct bson_fields *state,
                           struct audit_payment *payment)
{
    struct bson_fields array;
    struct bson_fields part;
    if (!bson_read_has(state, "conflicts"))
        return true;
    if (!bson_read_array(state, "conflicts", &array))
        return false;
    while (bson_read_has_next(&array))
        if (!bson_read_next(&array, &part) ||
            (payment->own.conflict_count++ == 0 &&
             (!name_read(facts, &part, "intentId", &payment->own.conflict_booking) ||
              !money_read(facts, &part, &payment->own.conflict))))
            return false;
    return true;
}

/* A release that kept one refund wrote no list of them. */
static bool refunds_read(struct audit_payment *payment, struct bson_fields *state)
{
    struct bson_fields entries, entry;
    char status[TEXT_SIZE], currency[TEXT_SIZE];
    int64_t amount;
    if (!bson_read_has(state, "refunds"))
        return true;
    if (!bson_read_array(state, "refunds", &entries) ||
        !bson_read_int(state, "refundsBeyond", &payment->own.refunds_beyond))
        return false;
    while (bson_read_has_next(&entries)) {
        if (!bson_read_next(&entries, &entry) || !bson_read_int(&entry, "amount", &amount) ||
            !bson_read_text(&entry, "currency", currency, sizeof currency) ||
            !bson_read_text(&entry, "status", status, sizeof status))
            return false;
        if (strcmp(status, "succeeded") == 0 && strcmp(currency, payment->own.money.currency) == 0)
            payment->own.refunds_back += amount;
    }
    return true;
}

/* Only what is expected may be for no booking that anybody has named. */
static bool payment_read(struct audit_facts *facts, struct audit_payment *payment,
                         const struct record *record)
{
    struct bson_fields body, state;
    char booking_id[TEXT_SIZE];
    if (!state_open(record, &body, &state))
        return false;
    unsigned value = value_of(&state, "state", payment_state_of, AUDIT_PAYMENT_STATE_COUNT);
    if (value == AUDIT_PAYMENT_STATE_COUNT || value == AUDIT_PAYMENT_ABSENT ||
        !bson_read_text(&state, "intentId", booking_id, sizeof booking_id) ||
        (booking_id[0] == '\0' && value != AUDIT_PAYMENT_EXPECTED))
        return false;
    payment->own.state = (enum audit_payment_state)value;
    payment->own.booking = booking_id[0] != '\0' ? audit_booking_of(facts, booking_id) : NULL;
    return money_read(facts, &state, &payment->own.money) &&
           name_read(facts, &state, "lastError", &payment->own.last_error) &&
           bson_read_int(&state, "capturedAt", &payment->own.captured_at_ms) &&
           bson_read_int(&state, "attempts", &payment->own.attempts) &&
           (!bson_read_has(&state, "resolvedAmount") ||
            bson_read_int(&state, "resolvedAmount", &payment->own.resolved)) &&
           conflicts_read(facts, &state, payment) && refunds_read(payment, &state);
}

void audit_decode_payment(struct audit_facts *facts, const struct record *record,
                          int64_t schema_newest)
{
    struct audit_payment *payment = audit_payment_of(facts, record->id);
    version_note(facts, record);
    payment->own.version = record->version;
    payment->own.due_at_ms = record->due_at_ms;
    payment->own.owed_at_ms = record->owed_at_ms;
    payment->own.is_newer = is_newer(record, schema_newest);
    payment->own.is_damaged = !payment->own.is_newer && !payment_read(facts, payment, record);
}
