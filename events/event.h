/* event.h - what every event is made of: a table of fields, from which its body is written and
 * read, and its documents are printed (docs/events.md, docs/asyncapi.yaml). Pure; any thread.
 *
 * An owner's header lists the fields of each of its events once, in the order in which they are
 * written; EVENT_STRUCT makes the struct of that list, EVENT_FIELD the rows of its table:
 *
 *     F(E, member, "jsonName", KIND, PRESENCE, "what it means")
 *
 * A reader takes an event of any release: it ignores what it does not know, and does without what
 * an older one did not say. What is published again has the same bytes for ever, so a field is
 * never renamed, moved or written otherwise. */
#pragma once

#include "common/base/attributes.h"
#include "common/base/error.h"
#include "common/base/ident.h"
#include "common/base/money.h"
#include "common/saga/announcement.h"
#include "common/saga/content_codec.h"
#include "common/saga/decision.h"
#include "common/saga/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVENT_BODY_BYTES_MAX 6144 /* 16 payments of about 250 bytes, and what is around them */
#define BOOKING_PAYMENTS_MAX 16   /* a booking holds as many payments, an event lists as many */
#define EVENT_BYTES_MAX      1600 /* of the struct of any event */

enum event_kind {
    EVENT_IDENT,     /* char[IDENT_SIZE], an id of ours: ident.h */
    EVENT_FOREIGN,   /* char[IDENT_SIZE], somebody else's id: any text */
    EVENT_USER,      /* char[USER_SIZE] */
    EVENT_AMOUNT,    /* int64_t, minor units */
    EVENT_CURRENCY,  /* char[CURRENCY_SIZE] */
    EVENT_TIME,      /* int64_t, Unix time in ms, written as a number */
    EVENT_TIME_TEXT, /* the same, written as RFC 3339; each is read in both forms */
    EVENT_DURATION,  /* int64_t, ms */
    EVENT_FLAG,      /* bool */
    EVENT_REASON,    /* char[REASON_SIZE], a short text */
    EVENT_PAYMENTS,  /* struct event_payments */
};

enum event_presence {
    EVENT_REQUIRED, /* always written, refused without */
    EVENT_STATED,   /* always written; a reader does without */
    EVENT_OPTIONAL, /* written where there is something to say: a text, a number, or true */
    EVENT_REMARK,   /* as STATED; and what is malformed is as if it were not there */
    EVENT_ASIDE,    /* as OPTIONAL; likewise */
};

struct event_field {
    const char *name;
    const char *meaning;
    enum event_kind kind;
    enum event_presence presence;
    size_t offset, size; /* within the event's struct */
};

struct event {
    const char *type;
    size_t type_length;
    const char *owner;   /* app_id of its messages */
    const char *purpose; /* for people */
    const struct event_field *fields;
    size_t field_count;
    size_t size;             /* of its struct */
    size_t intent_id_offset; /* the booking, also the message's correlation id */
};

/* ---- the struct and the table of one list of fields ---- */

#define EVENT_MEMBER_IDENT(member)     char member[IDENT_SIZE]
#define EVENT_MEMBER_FOREIGN(member)   char member[IDENT_SIZE]
#define EVENT_MEMBER_USER(member)      char member[USER_SIZE]
#define EVENT_MEMBER_AMOUNT(member)    int64_t member
#define EVENT_MEMBER_CURRENCY(member)  char member[CURRENCY_SIZE]
#define EVENT_MEMBER_TIME(member)      int64_t member
#define EVENT_MEMBER_TIME_TEXT(member) int64_t member
#define EVENT_MEMBER_DURATION(member)  int64_t member
#define EVENT_MEMBER_FLAG(member)      bool member
#define EVENT_MEMBER_REASON(member)    char member[REASON_SIZE]
#define EVENT_MEMBER_PAYMENTS(member)  struct event_payments member

#define EVENT_MEMBER(tag, member, name, kind, presence, meaning) EVENT_MEMBER_##kind(member);
#define EVENT_STRUCT(tag, list)                                                                    \
    struct tag {                                                                                   \
        list(EVENT_MEMBER, tag)                                                                    \
    }
#define EVENT_FIELD(tag, member, name, kind, presence, meaning)                                    \
    { name,                                                                                        \
      meaning,                                                                                     \
      EVENT_##kind,                                                                                \
      EVENT_##presence,                                                                            \
      offsetof(struct tag, member),                                                                \
      sizeof(((struct tag *)0)->member) },

/* One of the payments that an event lists. */
#define EVENT_PAYMENT_FIELDS(F, E)                                                                 \
    F(E, payment_id, "paymentId", IDENT, REQUIRED, "the payment")                                  \
    F(E, amount, "amount", AMOUNT, REQUIRED, "what was captured, in minor units")                  \
    F(E, currency, "currency", CURRENCY, REQUIRED, "of the amount")
EVENT_STRUCT(event_payment, EVENT_PAYMENT_FIELDS);
extern const struct event_field event_payment_fields[];
extern const size_t event_payment_field_count;

struct event_payments {
    int64_t count;
    struct event_payment list[BOOKING_PAYMENTS_MAX];
};

/* ---- bodies ---- */

/* Writes the body of `said`, the event's struct, with a final NUL, for which there must be room.
 * Returns its length. */
size_t event_write(const struct event *event, const void *said, char *ret_body, size_t size);

/* Owe a message of it; its correlation id is the event's booking. ret_first, which may be NULL, is
 * where it was owed; the same `said` owed again as that has the same id and the same bytes. A reply
 * is decision_owe_reply's. */
void event_owe(const struct event *event, const void *said, const char *document_id,
               struct decision *decision, struct announcement *ret_first);
void event_owe_again(const struct event *event, const void *said, const char *document_id,
                     struct decision *decision, const struct announcement *first);
void event_owe_reply(const struct event *event, const void *said, const char *document_id,
                     struct decision *decision);

/* What a message says, to somebody who listens. */
struct event_received {
    const struct event *event;
    const struct content_form *form;
    _Alignas(16) unsigned char said[EVENT_BYTES_MAX]; /* the event's struct */
};

/* Reads and checks a message's body into the event's struct; what is not there is zero.
 * ERROR_REJECT names the type and the field: "payment.captured: /amount must be …"; a correlation
 * id that is not the event's booking is refused too. ERROR_NEWER: `forms` has no such type. */
MUST_CHECK bool event_receive(const struct message *message, const struct content_form *forms,
                              struct event_received *ret_received, struct error *error);

/* Begins the input of it, whose document is the booking. The payload has each field that the event
 * has under the name by which the history keeps it. */
void event_input(const struct event_received *received, struct input *ret_input);

/* ---- all of them ---- */

/* NULL: there is none of this type. */
const struct event *event_find(const char *type);
extern const struct event *const event_list[];
extern const size_t event_count;
