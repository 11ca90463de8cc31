/* log.c - makes a line of JSON or text, bounded and escaped, and hands it to the writer's thread,
 * or writes it itself. */
#include "common/log/log.h"

#include "common/base/clock.h"
#include "common/base/hex.h"
#include "common/base/rfc3339.h"
#include "common/base/utf8.h"
#include "common/json/json_write.h"
#include "common/log/log_writer.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MESSAGE_BYTES 2048 /* a longer message is cut */
#define CUT_MARK      "..."
#define VALUE_BYTES   128 /* a longer id is cut */
#define SERVICE_SIZE  32
/* Six bytes for each one that is escaped, and room for the names around the values. */
#define LINE_BYTES      (6 * (MESSAGE_BYTES + 5 * VALUE_BYTES) + 512)
#define TRACE_TEXT_SIZE 33

/* The one state of this file: set at start, read by all threads, written before there are any.
 * The mutex keeps lines whole. */
static struct {
    pthread_mutex_t mutex;
    char service[SERVICE_SIZE];
    enum log_level least_level;
    bool is_text;
} log_state = { .mutex = PTHREAD_MUTEX_INITIALIZER, .least_level = LOG_INFO };

static const char *const level_names[] = { "debug", "info", "warning", "error" };

void log_start(const char *service, const char *level, const char *format)
{
    assert(service != NULL && level != NULL && format != NULL);
    snprintf(log_state.service, sizeof log_state.service, "%s", service);
    log_state.is_text = strcmp(format, "text") == 0;
    for (size_t i = 0; i < sizeof level_names / sizeof level_names[0]; i++)
        if (strcmp(level, level_names[i]) == 0)
            log_state.least_level = (enum log_level)i;
}

struct line {
    enum log_level level;
    const struct log_subject *subject;
    char timestamp[RFC3339_SIZE];
    char message[MESSAGE_BYTES + 1];
    size_t message_length;
};

static size_t value_length(const char *text)
{
    size_t length = strnlen(text, VALUE_BYTES + 1);
    return utf8_cut(text, length, VALUE_BYTES);
}

/* The values of a subject that are text; NULL where there is none. */
#define SUBJECT_VALUES(X)                                                                          \
    X(booking_id)                                                                                  \
    X(payment_id)                                                                                  \
    X(message_id)                                                                                  \
    X(decision)

static void json_write_value(struct json_writer *writer, const char *key, const char *text)
{
    if (text != NULL)
        json_write_string_bytes(writer, key, text, value_length(text));
}

static void trace_write(struct json_writer *writer, const struct trace_context *trace)
{
    char text[TRACE_TEXT_SIZE];
    if (trace == NULL || !trace->is_set)
        return;
    hex_write(trace->trace_id, sizeof trace->trace_id, text);
    json_write_string(writer, "trace_id", text);
    hex_write(trace->span_id, sizeof trace->span_id, text);
    json_write_string(writer, "span_id", text);
    hex_write(&trace->flags, sizeof trace->flags, text);
    json_write_string(writer, "trace_flags", text);
}

static size_t line_write_json(const struct line *line, char *buffer, size_t size)
{
    struct json_writer writer;
    json_write_init(&writer, buffer, size - 1);
    json_write_object_begin(&writer, NULL);
    json_write_string(&writer, "ts", line->timestamp);
    json_write_string(&writer, "level", level_names[line->level]);
    json_write_string_bytes(&writer, "msg", line->message, line->message_length);
    json_write_string(&writer, "service", log_state.service);
    trace_write(&writer, line->subject->trace);
#define X(name) json_write_value(&writer, #name, line->subject->name);
    SUBJECT_VALUES(X)
#undef X
    json_write_object_end(&writer);
    size_t length = json_write_finish(&writer);
    assert(length > 0);
    buffer[length++] = '\n';
    return length;
}

/* Escaped like JSON, without its quotes: a terminal must obey nobody's control characters. */
static size_t text_append(char *buffer, size_t length, size_t size, const char *name,
                          const char *text, size_t text_length)
{
    length +=
        (size_t)snprintf(buffer + length, size - length, name[0] != '\0' ? " %s=" : " %s", name);
    struct json_writer writer;
    json_write_init(&writer, buffer + length - 1, size - length);
    char before = buffer[length - 1];
    json_write_string_bytes(&writer, NULL, text, text_length);
    size_t written = json_write_finish(&writer);
    assert(written >= 2);
    buffer[length - 1] = before;
    return length + written - 2;
}

static size_t line_write_text(const struct line *line, char *buffer, size_t size)
{
    size_t length = (size_t)snprintf(buffer, size, "%s %-7s %s:", line->timestamp,
                                     level_names[line->level], log_state.service);
    length = text_append(buffer, length, size, "", line->message, line->message_length);
#define X(name)                                                                                    \
    if (line->subject->name != NULL)                                                               \
        length = text_append(buffer, length, size, #name, line->subject->name,                     \
                             value_length(line->subject->name));
    SUBJECT_VALUES(X)
#undef X
    const struct trace_context *trace = line->subject->trace;
    if (trace != NULL && trace->is_set) {
        char text[TRACE_TEXT_SIZE];
        hex_write(trace->trace_id, sizeof trace->trace_id, text);
        length = text_append(buffer, length, size, "trace_id", text, sizeof text - 1);
    }
    buffer[length++] = '\n';
    return length;
}

/* A log that cannot be written is given up: there is no other place to say so. */
static void bytes_put(const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(STDOUT_FILENO, bytes, length);
        if (written < 0 &&
            errno == EAGAIN) { /* somebody made stdout non-blocking: wait as if not */
            struct pollfd ready = { .fd = STDOUT_FILENO, .events = POLLOUT };
            (void)poll(&ready, 1, -1);
            continue;
        }
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return;
        bytes += written;
        length -= (size_t)written;
    }
}

static PRINTF_LIKE(3, 0) void write_values(enum log_level level, const struct log_subject *subject,
                                           const char *format, va_list values)
{
    if (level < log_state.least_level)
        return;
    int saved_errno = errno;
    struct line line = { .level = level, .subject = subject };
    rfc3339_write_ns(clock_wall_ns(), line.timestamp);
    int length = vsnprintf(line.message, sizeof line.message, format, values);
    line.message_length = strlen(line.message);
    if (length > MESSAGE_BYTES) {
        size_t cut = utf8_cut(line.message, MESSAGE_BYTES, MESSAGE_BYTES - strlen(CUT_MARK));
        memcpy(line.message + cut, CUT_MARK, sizeof CUT_MARK);
        line.message_length = cut + strlen(CUT_MARK);
    }
    char bytes[LINE_BYTES];
    size_t bytes_length = log_state.is_text ? line_write_text(&line, bytes, sizeof bytes)
                                            : line_write_json(&line, bytes, sizeof bytes);
    if (!log_writer_put(bytes, bytes_length)) {
        pthread_mutex_lock(&log_state.mutex);
        bytes_put(bytes, bytes_length);
        pthread_mutex_unlock(&log_state.mutex);
    }
    errno = saved_errno;
}

void log_write(enum log_level level, const char *format, ...)
{
    assert(level <= LOG_ERROR && format != NULL);
    va_list values;
    va_start(values, format);
    write_values(level, &(struct log_subject){ 0 }, format, values);
    va_end(values);
}

void log_write_about(enum log_level level, const struct log_subject *subject, const char *format,
                     ...)
{
    assert(level <= LOG_ERROR && subject != NULL && format != NULL);
    va_list values;
    va_start(values, format);
    write_values(level, subject, format, values);
    va_end(values);
}
