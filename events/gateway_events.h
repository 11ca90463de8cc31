/* gateway_events.h - what the gateway announces: the wishes of clients. */
#pragma once

#include "events/event.h"

/* clang-format off */
#define INTENT_CREATED_FIELDS(F, E)                                                                  \
    F(E, intent_id,     "intentId",  IDENT,     REQUIRED, "the booking")                             \
    F(E, user_id,       "userId",    USER,      REQUIRED, "whose booking it is")                     \
    F(E, amount,        "amount",    AMOUNT,    REQUIRED, "what has to be paid, in minor units")     \
    F(E, currency,      "currency",  CURRENCY,  REQUIRED, "of the amount")                           \
    F(E, created_at_ms, "createdAt", TIME_TEXT, STATED,   "when the client first asked")

#define CANCEL_REQUESTED_FIELDS(F, E)                                                                \
    F(E, intent_id,       "intentId",    IDENT,     REQUIRED, "the booking")                         \
    F(E, user_id,         "userId",      USER,      REQUIRED, "who asks")                            \
    F(E, requested_at_ms, "requestedAt", TIME_TEXT, STATED,   "when it was first asked for")
/* clang-format on */

EVENT_STRUCT(event_intent_created, INTENT_CREATED_FIELDS);
EVENT_STRUCT(event_cancel_requested, CANCEL_REQUESTED_FIELDS);
extern const struct event event_intent_created;
extern const struct event event_cancel_requested;
