/* config_nearest.h - a variable that nobody knows is most often one misspelt. Private to config.c.
 */
#pragma once

#include "common/base/config.h"

/* One line to messages for each ROUNDTRIP_* variable of the environment that no table has. */
void config_warn_unknown(const struct config_option *const *tables, FILE *messages);
