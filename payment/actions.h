/* actions.h - what a row of the payment's transition table does to the state, and what it decides.
 * Pure. The state's name is set by payment_decide before. */
#pragma once

#include "payment/payment.h"

#define ACT(name)                                                                                  \
    void name(const struct payment_rules *rules, struct payment *payment,                          \
              const struct input *input, struct decision *decision)

ACT(nothing);
ACT(alert);
ACT(suspect);
ACT(give_own_id);
ACT(keep_conflict);
ACT(conflict_again);
ACT(capture);
ACT(decline);
ACT(capture_again);
ACT(settle);
ACT(expect_demand);
ACT(refund);
ACT(refund_demanded);
ACT(refund_at_capture);
ACT(await_demanded);
ACT(await_at_capture);
ACT(refund_reported_before);
ACT(refund_reported_at_capture);
ACT(remind);
ACT(keep_report);
ACT(keep_report_alert);
ACT(keep_report_settled);
ACT(count_beyond);
ACT(settle_reported);
ACT(finish_by_report);
ACT(finish_by_result);
ACT(stick_by_result);
ACT(stick_out_of_keys);
ACT(wait_on);
ACT(wait_for_pending);
ACT(look_up);
ACT(call_again);
ACT(call_next_key);
ACT(wait_and_ask);
ACT(keep_answer);
ACT(ask_again);
ACT(ask_again_refused);
ACT(ask_again_failed);
ACT(retry_by_hand);
ACT(resolve_by_hand);
ACT(answer_again);
