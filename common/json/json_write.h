/* json_write.h - writes JSON into a bounded buffer of the caller's.
 * A sticky `failed` (the buffer was too small) is checked once at the end. Commas are put by the
 * writer. Pure; one thread. RFC 8259. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_writer {
    char *buffer;
    size_t size;
    size_t length;
    bool failed;
    bool needs_comma;
};

void json_write_init(struct json_writer *writer, char *buffer, size_t size);
void json_write_object_begin(struct json_writer *writer,
                             const char *key); /* key NULL inside arrays and at the top */
void json_write_object_end(struct json_writer *writer);
void json_write_array_begin(struct json_writer *writer, const char *key);
void json_write_array_end(struct json_writer *writer);
void json_write_string(struct json_writer *writer, const char *key,
                       const char *text); /* text NULL writes null */
void json_write_string_bytes(struct json_writer *writer, const char *key, const char *text,
                             size_t length);
void json_write_int(struct json_writer *writer, const char *key, int64_t value);
void json_write_int_as_string(struct json_writer *writer, const char *key,
                              int64_t value); /* OTLP's 64-bit form */
void json_write_double(struct json_writer *writer, const char *key, double value);
void json_write_bool(struct json_writer *writer, const char *key, bool value);
/* One JSON value as it stands; not empty, and not checked. */
void json_write_raw(struct json_writer *writer, const char *key, const char *json, size_t length);

/* Final NUL; the length, or 0 when the buffer was too small. */
size_t json_write_finish(struct json_writer *writer);
