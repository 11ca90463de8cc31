/* booking.c - names of states, inputs and reasons, and what is looked up among the payments. */
#include "booking/booking.h"
#include "common/base/enum_list.h"

#include <assert.h>
#include <string.h>

const char *booking_state_text(enum booking_state state)
{
    assert(state < BOOKING_STATE_COUNT);
    return booking_table.states[state].name;
}

const char *booking_disposition_text(enum disposition disposition)
{
    static const char *const texts[] = { BOOKING_DISPOSITIONS(ENUM_TEXT) };
    assert(disposition < DISPOSITION_COUNT);
    return texts[disposition];
}

const char *booking_input_text(enum booking_input_type type)
{
    assert(type < BOOKING_INPUT_COUNT);
    return booking_table.inputs[type];
}

const char *booking_reason_text(enum booking_reason reason)
{
    assert(reason < BOOKING_REASON_COUNT);
    return booking_table.reasons[reason];
}

const struct booking_payment *booking_payment_find(const struct booking *booking,
                                                   const char *payment_id)
{
    for (int32_t i = 0; i < booking->payment_count; i++)
        if (strcmp(booking->payments[i].payment_id, payment_id) == 0)
            return &booking->payments[i];
    return NULL;
}

int booking_payment_first_of(const struct booking *booking, const char *user_id)
{
    for (int32_t i = 0; i < booking->payment_count; i++)
        if (booking->payments[i].disposition == PAYMENT_HELD &&
            strcmp(booking->payments[i].user_id, user_id) == 0)
            return i;
    return -1;
}
