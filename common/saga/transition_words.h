/* transition_words.h - the words of a state's and a row's last columns. Macros with short names:
 * only for the file that holds a service's table. */
#pragma once

#include "common/base/enum_list.h"
#include "common/saga/transition.h"

/* Of a state. */
#define PASSES               .waits = false
#define WAITS                .waits = true
#define FINAL                .is_final = true
#define FINAL_BUT_FOR(input) .is_final = true, .left_by = (input)
#define TRANSITION_STATE(value, text, is_true, ...)                                                \
    [value] = { .name = text, .truth = is_true, __VA_ARGS__ },

/* Of a row: what its turn counts as, what a request is told, and who is to look. */
#define APPLIED     .outcome = OUTCOME_APPLIED
#define DUPLICATE   .outcome = OUTCOME_DUPLICATE
#define REJECTED    .outcome = OUTCOME_REJECTED
#define DEFERRED    .outcome = OUTCOME_DEFERRED
#define REPLY(word) .reply = REPLY_##word
#define ALERT       .is_alert = true
#define SECURITY    .is_security_event = true

#define COUNT_OF(list) (sizeof(list) / sizeof(list)[0])
