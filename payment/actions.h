/* actions.h - what a row of the payment's table does to the state, and what it owes. Pure. */
#pragma once

#include "common/saga/transition.h"
#include "payment/payment.h"

/* Before each action: the state that the row names, and what comes with the first one. */
transition_action payment_turn_begin;

/* Of a capture. */
transition_action payment_keep_conflict;
transition_action payment_capture;
transition_action payment_decline;
transition_action payment_capture_again;
transition_action payment_settle;
/* Of a demand that it goes back; what is back or coming already is not asked for. */
transition_action payment_expect_demand;
transition_action payment_refund_demanded;
transition_action payment_refund_at_capture;
transition_action payment_await_demanded;
transition_action payment_await_at_capture;
transition_action payment_refund_reported_before;
transition_action payment_refund_reported_at_capture;
/* Of a report about a refund. */
transition_action payment_remind;
transition_action payment_keep_report;
transition_action payment_keep_report_settled;
transition_action payment_count_beyond;
transition_action payment_finish_by_report;
/* asking.c: of an answer by the provider, and of a deadline. */
transition_action payment_finish_by_result;
transition_action payment_stick_by_result;
transition_action payment_stick_out_of_keys;
transition_action payment_wait_on;
transition_action payment_wait_for_pending;
transition_action payment_look_up;
transition_action payment_call_again;
transition_action payment_call_next_key;
transition_action payment_wait_and_ask;
transition_action payment_keep_answer;
transition_action payment_ask_again;
transition_action payment_ask_again_refused;
transition_action payment_ask_again_failed;
/* A person has looked at a stuck refund. */
transition_action payment_retry_by_hand;
transition_action payment_resolve_by_hand;
/* Changes nothing; a repeat is answered by what was announced. */
transition_action payment_answer_again;
