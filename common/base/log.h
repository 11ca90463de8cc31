/* log.h - JSON lines on stdout (LOG_FORMAT=text for a terminal). Thread-safe.
 * A line is bounded: a message beyond 2048 bytes is cut and ends in "...", an id beyond 128 is cut.
 * Whatever a message holds, a line stays one line of valid JSON. Blocks as long as stdout does.
 * Never a secret, never a card number. Library code logs nothing above debug; daemons do. */
#pragma once

#include "common/base/attributes.h"
#include "common/base/trace_context.h"

#include <stdbool.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

/* Once, at start, before threads. level and format are LOG_LEVEL's and LOG_FORMAT's values. */
void log_start(const char *service, const char *level, const char *format);

/* What a line is about; any member may be NULL. */
struct log_subject {
    const struct trace_context *trace;
    const char *booking_id;
    const char *payment_id;
    const char *message_id;
    const char *decision;
};

void log_write(enum log_level level, const char *format, ...) PRINTF_LIKE(2, 3);
void log_write_about(enum log_level level, const struct log_subject *subject, const char *format,
                     ...) PRINTF_LIKE(3, 4);
