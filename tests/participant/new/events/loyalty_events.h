/* loyalty_events.h - what the loyalty service announces. */
#pragma once

#include "events/event.h"

/* clang-format off */
#define LOYALTY_CREDITED_FIELDS(F, E)                                                                \
    F(E, intent_id, "intentId", IDENT,  REQUIRED, "the booking")                                     \
    F(E, points,    "points",   AMOUNT, REQUIRED, "what it was worth")
/* clang-format on */

EVENT_STRUCT(event_loyalty_credited, LOYALTY_CREDITED_FIELDS);
extern const struct event event_loyalty_credited;
