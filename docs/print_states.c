/* print_states.c - prints docs/states.md from the transition tables themselves, so that the
 * document cannot differ from the code: a lint test compares them. */
#include "booking/booking.h"
#include "gateway/gateway.h"
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

static void table_print(const struct transition_table *table)
{
    for (size_t i = 0; i < table->row_count; i++) {
        const struct transition *row = &table->rows[i];
        row_print(table->states[row->state].name, table->inputs[row->input], row->guard_name,
                  row->verdict, table->states[row->next].name);
    }
}

int main(void)
{
    printf("# The state machines\n\n"
           "Printed by `docs/print_states.c` from the tables that run: `booking/table.c`,\n"
           "`payment/table.c`, `gateway/table.c`. Of the rows for one state and "
           "input the first\n"
           "whose condition holds is taken. An empty last column means that the state stays.\n");
    head_print(
        "Booking",
        "Reconciles one intent with the payments for it. `failed` and `cancelled` keep every\n"
        "booking for ever, `confirmed` lets go only by an explicit cancel.");
    table_print(&booking_table);
    head_print("Payment", "One captured payment: settled by its booking, or given back.");
    table_print(&payment_table);
    head_print("Gateway", "What clients see of a booking: the intent as it was accepted, and the "
                          "last outcome heard.");
    table_print(&gateway_table);
    return 0;
}
