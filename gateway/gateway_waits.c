/* gateway_waits.c - how long the gateway waits before it announces again. */
#include "gateway/gateway_table.h"

#include <string.h>

#define REPEAT_DOUBLINGS_MAX 20

int64_t gateway_backoff_ms(const struct gateway_config *config, int64_t repeat_count)
{
    int64_t doublings = repeat_count < REPEAT_DOUBLINGS_MAX ? repeat_count : REPEAT_DOUBLINGS_MAX;
    int64_t wait_ms = config->repeat_after_ms;
    while (doublings-- > 0 && wait_ms < config->repeat_max_ms)
        wait_ms *= 2;
    return wait_ms < config->repeat_max_ms ? wait_ms : config->repeat_max_ms;
}

void gateway_back_off(struct gateway_turn *turn)
{
    struct gateway_view *view = turn->view;
    if (view->repeat_count < REPEAT_DOUBLINGS_MAX)
        view->repeat_count++;
    view->due_at_ms = turn->decision->now_ms + gateway_backoff_ms(turn->config, view->repeat_count);
}

bool gateway_wait_is_known(const struct gateway_turn *turn)
{
    struct gateway_pending_report report;
    memcpy(&report, turn->input->payload, sizeof report);
    return report.until_ms <= turn->view->waits_until_ms;
}

/* Whatever becomes of the booking is announced by itself; should that be lost, it is asked for soon
 * after. */
void gateway_wait_with_booking(struct gateway_turn *turn)
{
    struct gateway_pending_report report;
    memcpy(&report, turn->input->payload, sizeof report);
    turn->view->waits_until_ms = report.until_ms;
    int64_t due_at_ms =
        turn->decision->now_ms + report.remaining_ms + turn->config->repeat_after_ms;
    if (due_at_ms > turn->view->due_at_ms)
        turn->view->due_at_ms = due_at_ms;
}
