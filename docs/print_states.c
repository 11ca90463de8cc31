/* print_states.c - prints docs/states.md from the transition tables themselves, so that the
 * document cannot differ from the code: a lint test compares them. */
#include "booking/booking.h"
#include "gateway/gateway_table.h"
#include "payment/payment.h"

#include <stdio.h>
#include <string.h>

/* `payment_always` and `gateway_always` are the same word to a reader. */
static const char *guard_text(const char *name)
{
    const char *always = strstr(name, "always");
    if (always != NULL)
        return "otherwise";
    return strncmp(name, "gateway_", 8) == 0   ? name + 8
           : strncmp(name, "payment_", 8) == 0 ? name + 8
                                               : name;
}

static const char *gateway_input_text(enum gateway_input input)
{
    static const char *const texts[GATEWAY_INPUT_COUNT] = {
        [GATEWAY_DEADLINE] = "deadline",
        [GATEWAY_REQUEST_INTENT] = GATEWAY_REQUEST_INTENT_NAME,
        [GATEWAY_REQUEST_CANCEL] = GATEWAY_REQUEST_CANCEL_NAME,
        [GATEWAY_BOOKING_CONFIRMED] = EVENT_BOOKING_CONFIRMED,
        [GATEWAY_BOOKING_FAILED] = EVENT_BOOKING_FAILED,
        [GATEWAY_BOOKING_CANCELLED] = EVENT_BOOKING_CANCELLED,
        [GATEWAY_PAYMENT_REFUNDED] = EVENT_PAYMENT_REFUNDED,
        [GATEWAY_REFUND_STUCK] = EVENT_REFUND_STUCK,
        [GATEWAY_PAYMENT_DECLINED] = EVENT_PAYMENT_DECLINED,
        [GATEWAY_BOOKING_PENDING] = EVENT_BOOKING_PENDING,
    };
    return texts[input];
}

static void head_print(const char *title, const char *text)
{
    printf("\n## %s\n\n%s\n\n", title, text);
    printf("| in state | on input | if | verdict | then in state |\n|---|---|---|---|---|\n");
}

static void row_print(const char *from, const char *input, const char *guard, const char *verdict,
                      const char *to)
{
    printf("| %s | %s | %s | %s | %s |\n", from, input, guard_text(guard), verdict,
           strcmp(from, to) == 0 ? "" : to);
}

int main(void)
{
    printf("# The state machines\n\n"
           "Printed by `docs/print_states.c` from the tables that run: `booking/transitions.c`,\n"
           "`payment/transitions.c`, `gateway/gateway_table.c`. Of the rows for one state and "
           "input the first\n"
           "whose condition holds is taken. An empty last column means that the state stays.\n");
    head_print(
        "Booking",
        "Reconciles one intent with the payments for it. `failed` and `cancelled` keep every\n"
        "booking for ever, `confirmed` lets go only by an explicit cancel.");
    for (size_t i = 0; i < booking_transition_count; i++) {
        const struct transition *row = &booking_transitions[i];
        row_print(booking_state_text(row->from), booking_input_text(row->input), row->guard_name,
                  row->verdict, booking_state_text(row->to));
    }
    head_print("Payment", "One captured payment: settled by its booking, or given back.");
    for (size_t i = 0; i < payment_transition_count; i++) {
        const struct payment_transition *row = &payment_transitions[i];
        row_print(payment_state_text(row->from), payment_input_text(row->input), row->guard_name,
                  row->verdict, payment_state_text(row->to));
    }
    head_print("Gateway", "What clients see of a booking: the intent as it was accepted, and the "
                          "last outcome heard.");
    for (size_t i = 0; i < gateway_table_count; i++) {
        const struct gateway_row *row = &gateway_table[i];
        row_print(gateway_state_text(row->state), gateway_input_text(row->input), row->guard_name,
                  row->verdict, gateway_state_text(row->next));
    }
    return 0;
}
