/* json_write.c - puts values behind commas of its own; bytes that are no UTF-8 become U+FFFD. */
#include "common/json/json_write.h"

#include "common/base/text.h"
#include "common/base/utf8.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define NUMBER_BYTES 32

void json_write_init(struct json_writer *writer, char *buffer, size_t size)
{
    assert(buffer != NULL || size == 0);
    *writer = (struct json_writer){ .buffer = buffer, .size = size, .failed = size == 0 };
}

/* One byte always stays free for the final NUL. */
static void put(struct json_writer *writer, const char *bytes, size_t length)
{
    if (writer->failed || length >= writer->size - writer->length) {
        writer->failed = true;
        return;
    }
    memcpy(writer->buffer + writer->length, bytes, length);
    writer->length += length;
}

static void put_escaped(struct json_writer *writer, char c)
{
    static const char digits[] = "0123456789abcdef";
    static const char shorts[] = "\bb\ff\nn\rr\tt\"\"\\\\";
    for (size_t i = 0; i < sizeof shorts - 1; i += 2) {
        if (shorts[i] == c) {
            put(writer, (const char[]){ '\\', shorts[i + 1] }, 2);
            return;
        }
    }
    unsigned char byte = (unsigned char)c;
    put(writer, (const char[]){ '\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 0xf] }, 6);
}

static bool is_escaped(char c)
{
    return (unsigned char)c < 0x20 || c == '"' || c == '\\' || c == 0x7f;
}

static bool is_plain(char c)
{
    return (unsigned char)c < 0x80 && !is_escaped(c);
}

/* What is no UTF-8 is written as U+FFFD, byte by byte: the output is always valid JSON. */
static void put_text(struct json_writer *writer, const char *text, size_t length)
{
    assert(text != NULL || length == 0);
    size_t start = 0;
    size_t at = 0;
    put(writer, "\"", 1);
    while (at < length) {
        if (is_plain(text[at])) { /* nearly all */
            at++;
            continue;
        }
        size_t bytes = utf8_sequence_bytes(text + at, length - at);
        if (bytes > 0 && !is_escaped(text[at])) {
            at += bytes;
            continue;
        }
        put(writer, text + start, at - start);
        if (bytes == 0)
            put(writer, "\xef\xbf\xbd", 3);
        else
            put_escaped(writer, text[at]);
        start = ++at;
    }
    put(writer, text + start, at - start);
    put(writer, "\"", 1);
}

static void put_before_value(struct json_writer *writer, const char *key)
{
    if (writer->needs_comma)
        put(writer, ",", 1);
    if (key != NULL) {
        put_text(writer, key, strlen(key));
        put(writer, ":", 1);
    }
    writer->needs_comma = true;
}

static void put_value(struct json_writer *writer, const char *key, const char *json, size_t length)
{
    put_before_value(writer, key);
    put(writer, json, length);
}

void json_write_object_begin(struct json_writer *writer, const char *key)
{
    put_value(writer, key, "{", 1);
    writer->needs_comma = false;
}

void json_write_object_end(struct json_writer *writer)
{
    assert(writer->length > 0 || writer->failed); /* one was begun */
    put(writer, "}", 1);
    writer->needs_comma = true;
}

void json_write_array_begin(struct json_writer *writer, const char *key)
{
    put_value(writer, key, "[", 1);
    writer->needs_comma = false;
}

void json_write_array_end(struct json_writer *writer)
{
    assert(writer->length > 0 || writer->failed);
    put(writer, "]", 1);
    writer->needs_comma = true;
}

void json_write_string(struct json_writer *writer, const char *key, const char *text)
{
    if (text == NULL)
        put_value(writer, key, "null", 4);
    else
        json_write_string_bytes(writer, key, text, strlen(text));
}

void json_write_string_bytes(struct json_writer *writer, const char *key, const char *text,
                             size_t length)
{
    assert(text != NULL || length == 0);
    put_before_value(writer, key);
    put_text(writer, length > 0 ? text : "", length);
}

void json_write_int(struct json_writer *writer, const char *key, int64_t value)
{
    char number[TEXT_INT_SIZE];
    size_t length = text_int(number, value);
    put_value(writer, key, number, length);
}

void json_write_int_as_string(struct json_writer *writer, const char *key, int64_t value)
{
    char number[NUMBER_BYTES];
    int length = snprintf(number, sizeof number, "\"%" PRId64 "\"", value);
    assert(length > 0 && length < NUMBER_BYTES);
    put_value(writer, key, number, (size_t)length);
}

void json_write_double(struct json_writer *writer, const char *key, double value)
{
    if (!isfinite(value)) { /* JSON has no word for it */
        put_value(writer, key, "null", 4);
        return;
    }
    char number[NUMBER_BYTES];
    int length = snprintf(number, sizeof number, "%.15g", value);
    double read_back = 0;
    if (sscanf(number, "%lf", &read_back) != 1 || memcmp(&read_back, &value, sizeof value) != 0)
        length = snprintf(number, sizeof number, "%.17g", value);
    assert(length > 0 && length < NUMBER_BYTES);
    char *comma = memchr(number, ',', (size_t)length); /* a locale's decimal point */
    if (comma != NULL)
        *comma = '.';
    put_value(writer, key, number, (size_t)length);
}

void json_write_bool(struct json_writer *writer, const char *key, bool value)
{
    put_value(writer, key, value ? "true" : "false", value ? 4 : 5);
}

void json_write_raw(struct json_writer *writer, const char *key, const char *json, size_t length)
{
    assert(json != NULL && length > 0);
    put_value(writer, key, json, length);
}

size_t json_write_finish(struct json_writer *writer)
{
    assert(writer->length <= writer->size);
    if (writer->size > 0)
        writer->buffer[writer->failed ? 0 : writer->length] = '\0';
    return writer->failed ? 0 : writer->length;
}
