/* log.h - JSON lines on stdout (LOG_FORMAT=text for a terminal). Thread-safe.
 * A line is bounded: a message beyond 2048 bytes is cut and ends in "...", an id beyond 128 is cut.
 * Whatever a message holds, a line stays one line of valid JSON. Blocks as long as stdout does,
 * unless the log has a writer.
 * Never a secret, never a card number. Library code logs nothing above debug; daemons do. */
#pragma once

#include "common/base/attributes.h"
#include "common/base/trace_context.h"

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

/* Once, at start, before threads. level and format are LOG_LEVEL's and LOG_FORMAT's values. */
void log_start(const char *service, const char *level, const char *format);

/* From now on lines wait in a bounded buffer for a thread that writes them, and those who log wait
 * for nobody: a log that nobody reads costs lines, which are counted, and nothing else. False: no
 * thread was to be had, all is as before. */
bool log_writer_start(void);
/* Once, at the end: writes what waits, for so long at most. Where nobody takes it, lines are
 * dropped from now on. */
void log_writer_stop(int64_t timeout_ms);

struct log_status {
    uint64_t dropped;      /* lines, since the start */
    int64_t since_drop_ms; /* INT64_MAX = none was dropped */
    int64_t unread_ms;     /* for so long nobody has taken anything, though something waits */
};
void log_status_get(struct log_status *ret_status);

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
