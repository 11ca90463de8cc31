/* complain.h - tells the user what went wrong, in one line. */
#pragma once

#include "common/base/attributes.h"

/* "roundtrip: " and the message, on stderr. */
void complain(const char *format, ...) PRINTF_LIKE(1, 2);
