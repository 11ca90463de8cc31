/* replay_codec.h - compares two states, field by field, in the form in which they are stored.
 * Private to replay_decide. Pure. */
#pragma once

#include "replay/replay_decide.h"

/* False: field, stored and replayed of the finding name the first field that differs. */
bool replay_states_equal(const struct participant *participant, const void *stored,
                         const void *replayed, struct replay_finding *ret_finding);
