/* transition_laws.h - what holds for every table, whatever its service. For tests. Pure.
 *
 * - Rows stand in the order of their states, those of one cell together.
 * - Each state and input has its cell. It ends in a row that always holds; none stands after it.
 * - A row without an action leaves the state as it is.
 * - A final state is left by nothing, or only by the input that it names.
 * - A state that waits does something on its deadline.
 * - The texts of states and of inputs are of a-z, _ and ., and differ.
 * - Names and verdicts are no longer than a history keeps them; state, input and reason exist. */
#pragma once

#include "common/base/attributes.h"
#include "common/base/error.h"
#include "common/saga/transition.h"

/* False: ERROR_BUG, which law which row breaks. */
MUST_CHECK bool transition_laws_check(const struct transition_table *table, struct error *error);
