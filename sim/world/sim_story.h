/* sim_story.h - what happens in a world, told: faults that strike, steps, and what was found wrong.
 */
#pragma once

#include "common/base/attributes.h"
#include "sim/world/sim_faults.h"
#include "sim/world/sim_limits.h"

#include <stdbool.h>

struct sim;

bool sim_fault(struct sim *sim, enum sim_fault fault); /* does it strike now? */
void sim_tell(struct sim *sim, const char *format, ...) PRINTF_LIKE(2, 3);
void sim_fail(struct sim *sim, const char *format, ...)
    PRINTF_LIKE(2, 3); /* the first one counts */
const char *sim_service_text(enum sim_service service);
