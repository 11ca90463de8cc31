/* gateway_table.h - the transition table: the specification of the gateway's view.
 *
 * For a state and an input, the first row whose guard holds says what happens. Every state x input
 * has its cell, and every cell ends in an `always` row. Pure. */
#pragma once

#include "gateway/gateway.h"

struct gateway_turn {
    const struct gateway_config *config;
    struct gateway_view *view;
    const struct input *input;
    struct decision *decision;
};

typedef bool gateway_guard(const struct gateway_turn *turn);
typedef void gateway_action(struct gateway_turn *turn);

struct gateway_row {
    enum gateway_state state;
    enum gateway_input input;
    gateway_guard *guard;
    const char *guard_name; /* for the printed table */
    const char *verdict;
    enum gateway_state next;
    gateway_action *action; /* NULL: nothing changes */
    enum outcome outcome;
    enum reply reply;   /* to a request */
    const char *reason; /* why not; NULL where there is nothing to explain */
    bool is_alert;
    bool is_security_event;
};

extern const struct gateway_row gateway_table[];
extern const size_t gateway_table_count;

bool gateway_always(const struct gateway_turn *turn);

/* gateway_declines.c: of somebody else's payment, of nobody's, or of a booking that nobody asked
 * this gateway for; not later than the last one that is known. */
gateway_guard gateway_decline_is_anothers;
gateway_guard gateway_decline_is_old;
gateway_action gateway_decline_keep;

/* When an incomplete view that has just been announced for the n-th time is due again. */
int64_t gateway_backoff_ms(const struct gateway_config *config, int64_t repeat_count);

/* gateway_waits.c: once more announced; or the booking says how long it will wait. */
gateway_action gateway_back_off;
gateway_guard gateway_wait_is_known;
gateway_action gateway_wait_with_booking;

/* gateway_messages.c: owes what the client asked for, the first time or again. */
void gateway_intent_announce(struct gateway_turn *turn);
void gateway_cancel_announce(struct gateway_turn *turn);
void gateway_intent_announce_again(struct gateway_turn *turn);
void gateway_cancel_announce_again(struct gateway_turn *turn);
