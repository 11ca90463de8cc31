/* log_writer.h - lines on their way to where the log goes, so that nobody who logs waits for it: a
 * bounded buffer and a thread that writes. Private to the log; any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* False: there is no such thread, write it yourself. What does not fit is dropped and counted. */
bool log_writer_put(const char *line, size_t length);
