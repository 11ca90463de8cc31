/* span.h - a finished span as a plain value of fixed size: what travels from the thread that saw
 * something to the one that exports it. Making one allocates nothing; what does not fit is left
 * out and counted, as OTLP's dropped…Count wants it.
 *
 * Text is copied into the span, unless it is given as "lasting": a literal, or a text interned by
 * tracing_intern, which outlives the exporter. Pure. */
#pragma once

#include "common/base/enum_list.h"
#include "common/base/trace_context.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SPAN_ATTRIBUTES_MAX 32
#define SPAN_EVENTS_MAX     4
#define SPAN_LINKS_MAX      2
#define SPAN_TEXT_BYTES     768

enum span_kind { SPAN_INTERNAL = 1, SPAN_SERVER, SPAN_CLIENT, SPAN_PRODUCER, SPAN_CONSUMER };
enum span_status {
    SPAN_STATUS_UNSET = 0,
    SPAN_STATUS_ERROR = 2
}; /* OK is never set by a library */

/* Every attribute key that leaves this program. Semantic conventions 1.44, and our own. */
#define SPAN_KEYS(X)                                                                               \
    X(KEY_BOOKING_ID, "booking.id")                                                                \
    X(KEY_BOOKING_STATE, "booking.state")                                                          \
    X(KEY_BOOKING_REASON, "booking.reason")                                                        \
    X(KEY_BOOKING_PAYMENTS, "booking.payments")                                                    \
    X(KEY_BOOKING_AMOUNT, "booking.amount")                                                        \
    X(KEY_BOOKING_CURRENCY, "booking.currency")                                                    \
    X(KEY_PAYMENT_ID, "payment.id")                                                                \
    X(KEY_PAYMENT_AMOUNT, "payment.amount")                                                        \
    X(KEY_PAYMENT_CURRENCY, "payment.currency")                                                    \
    X(KEY_REFUND_ID, "refund.id")                                                                  \
    X(KEY_REFUND_AMOUNT, "refund.amount")                                                          \
    X(KEY_REFUND_CURRENCY, "refund.currency")                                                      \
    X(KEY_WAITING_FOR, "waiting.for")                                                              \
    X(KEY_WAITING_UNTIL, "waiting.until")                                                          \
    X(KEY_MESSAGE_AGE, "message.age_ms")                                                           \
    X(KEY_DECISION, "decision")                                                                    \
    X(KEY_DECISION_REASON, "decision.reason")                                                      \
    X(KEY_STATE_FROM, "state.from")                                                                \
    X(KEY_STATE_TO, "state.to")                                                                    \
    X(KEY_INPUT_TYPE, "input.type")                                                                \
    X(KEY_INPUT_ID, "input.id")                                                                    \
    X(KEY_ERROR_TYPE, "error.type")                                                                \
    X(KEY_SERVER_ADDRESS, "server.address")                                                        \
    X(KEY_SERVER_PORT, "server.port")                                                              \
    X(KEY_MESSAGING_SYSTEM, "messaging.system")                                                    \
    X(KEY_MESSAGING_OPERATION_NAME, "messaging.operation.name")                                    \
    X(KEY_MESSAGING_OPERATION_TYPE, "messaging.operation.type")                                    \
    X(KEY_MESSAGING_DESTINATION, "messaging.destination.name")                                     \
    X(KEY_MESSAGING_ROUTING_KEY, "messaging.rabbitmq.destination.routing_key")                     \
    X(KEY_MESSAGING_DELIVERY_TAG, "messaging.rabbitmq.message.delivery_tag")                       \
    X(KEY_MESSAGING_MESSAGE_ID, "messaging.message.id")                                            \
    X(KEY_MESSAGING_CONVERSATION_ID, "messaging.message.conversation_id")                          \
    X(KEY_MESSAGING_CLIENT_ID, "messaging.client.id")                                              \
    X(KEY_MESSAGING_BATCH_COUNT, "messaging.batch.message_count")                                  \
    X(KEY_DB_SYSTEM, "db.system.name")                                                             \
    X(KEY_DB_NAMESPACE, "db.namespace")                                                            \
    X(KEY_DB_COLLECTION, "db.collection.name")                                                     \
    X(KEY_DB_OPERATION, "db.operation.name")                                                       \
    X(KEY_DB_BATCH_SIZE, "db.operation.batch.size")                                                \
    X(KEY_DB_STATUS, "db.response.status_code")                                                    \
    X(KEY_HTTP_METHOD, "http.request.method")                                                      \
    X(KEY_HTTP_METHOD_ORIGINAL, "http.request.method_original")                                    \
    X(KEY_HTTP_RESEND_COUNT, "http.request.resend_count")                                          \
    X(KEY_HTTP_STATUS, "http.response.status_code")                                                \
    X(KEY_HTTP_ROUTE, "http.route")                                                                \
    X(KEY_URL_PATH, "url.path")                                                                    \
    X(KEY_URL_QUERY, "url.query")                                                                  \
    X(KEY_URL_SCHEME, "url.scheme")                                                                \
    X(KEY_URL_FULL, "url.full")                                                                    \
    X(KEY_URL_TEMPLATE, "url.template")

enum span_key { SPAN_KEYS(ENUM_VALUE) SPAN_KEY_COUNT };
const char *span_key_text(enum span_key key);

/* Where a span stands. */
struct span_place {
    uint8_t trace_id[16];
    uint8_t span_id[8];
    uint8_t parent_id[8]; /* zero = a root */
    uint8_t flags;        /* W3C's */
    bool is_parent_remote;
};

enum span_value { SPAN_VALUE_TEXT, SPAN_VALUE_LASTING, SPAN_VALUE_INT };

struct span_attribute {
    uint8_t key, value;
    uint16_t length, at; /* SPAN_VALUE_TEXT: in `text` */
    union {
        int64_t number;
        const char *lasting;
    };
};

struct span_event {
    const char *name; /* lasting */
    int64_t at_ns;
    int64_t wait_ms; /* < 0 = none; attribute booking.wait_ms */
    int64_t count;   /* 0 = none; attribute count */
};

struct span_link {
    uint8_t trace_id[16];
    uint8_t span_id[8];
    uint8_t flags;
    bool is_remote;
};

struct span {
    struct span_place place;
    uint8_t kind, status;
    bool is_saga; /* of the booking as a whole, by no process of its own */
    uint8_t attribute_count, event_count, link_count;
    uint8_t dropped_attributes, dropped_events, dropped_links;
    uint16_t name_at, name_length, message_at, message_length, text_length;
    int64_t started_ns, ended_ns;
    struct span_attribute attributes[SPAN_ATTRIBUTES_MAX];
    struct span_event events[SPAN_EVENTS_MAX];
    struct span_link links[SPAN_LINKS_MAX];
    char text[SPAN_TEXT_BYTES];
};

/* The fixed part and an empty rest; the arrays are not cleared. End = start until span_end. */
void span_begin(struct span *span, const struct span_place *place, enum span_kind kind,
                int64_t started_ns);
void span_end(struct span *span, int64_t ended_ns); /* not before the start, whatever the clock */

/* The name, in pieces, before any attribute. */
void span_name_add(struct span *span, const char *piece);

/* A text that is NULL or "" is left out. */
void span_text(struct span *span, enum span_key key, const char *text);
void span_lasting(struct span *span, enum span_key key, const char *text);
void span_int(struct span *span, enum span_key key, int64_t value);
/* The name from this offset on: "events:x" of "publish events:x", without a second copy. */
void span_text_of_name(struct span *span, enum span_key key, size_t offset);

/* How long it waited since then (Unix time); -1 where since_ms is 0: no wait. */
int64_t span_wait_ms(int64_t now_ns, int64_t since_ms);
void span_event(struct span *span, const char *name, int64_t at_ns, int64_t wait_ms);
void span_event_counted(struct span *span, const char *name, int64_t at_ns, int64_t count);
void span_link(struct span *span, const struct trace_context *target, bool is_remote);
/* Status ERROR; message NULL where an attribute says it already. A message is given once. */
void span_fail(struct span *span, const char *message);
