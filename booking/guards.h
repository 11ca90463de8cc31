/* guards.h - the questions that the transition table asks. Pure. */
#pragma once

#include "booking/booking.h"

bool always(const struct booking *booking, const struct input *input, int64_t now_ms);
bool is_due(const struct booking *booking, const struct input *input, int64_t now_ms);
/* The booking's intent says the same as this one. */
bool same_intent(const struct booking *booking, const struct input *input, int64_t now_ms);
bool no_intent(const struct booking *booking, const struct input *input, int64_t now_ms);
bool same_user(const struct booking *booking, const struct input *input, int64_t now_ms);
/* This payment id is stored, with the same content or with other content. */
bool known_payment(const struct booking *booking, const struct input *input, int64_t now_ms);
bool altered_payment(const struct booking *booking, const struct input *input, int64_t now_ms);
bool payments_full(const struct booking *booking, const struct input *input, int64_t now_ms);
bool other_user(const struct booking *booking, const struct input *input, int64_t now_ms);
/* The payment pays for the intent in full; or its currency is another. */
bool settles(const struct booking *booking, const struct input *input, int64_t now_ms);
bool other_currency(const struct booking *booking, const struct input *input, int64_t now_ms);
/* The payer will not try again; or this failed try is not later than the last one that is known. */
bool final_decline(const struct booking *booking, const struct input *input, int64_t now_ms);
bool known_decline(const struct booking *booking, const struct input *input, int64_t now_ms);
/* An intent meets payments that came before it: the first of its own user decides. */
bool held_settles(const struct booking *booking, const struct input *input, int64_t now_ms);
bool held_other_currency(const struct booking *booking, const struct input *input, int64_t now_ms);
bool held_other_amount(const struct booking *booking, const struct input *input, int64_t now_ms);

const struct booking_payload *booking_payload(const struct input *input);
/* The stored payment of that id, or NULL. */
const struct booking_payment *booking_payment_find(const struct booking *booking,
                                                   const char *payment_id);
/* Index of the first held payment of this user, or -1. */
int booking_payment_first_of(const struct booking *booking, const char *user_id);
