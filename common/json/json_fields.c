/* json_fields.c - json_read.h's second half: reads the members that the scan found, by a table, and
 * says how each must look. */
#include "common/base/attributes.h"
#include "common/base/rfc3339.h"
#include "common/json/json_text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define AMOUNT_TEXT_SIZE 16 /* 15 digits */
#define REMARK_BYTES_MAX 256

/* The whole way out, since it is all that a caller is told. */
static void requirement_write(const struct json_field *field, char *detail, size_t size)
{
    switch (field->type) {
    case JSON_FIELD_IDENT:
        snprintf(detail, size, "must be a string of 1 to %d of the characters A-Z a-z 0-9 _ . : -",
                 IDENT_BYTES_MAX);
        return;
    case JSON_FIELD_USER:
        snprintf(detail, size,
                 "must be a string of 1 to %d of the characters A-Z a-z 0-9 _ . : @ + | / -",
                 USER_BYTES_MAX);
        return;
    case JSON_FIELD_AMOUNT:
        snprintf(detail, size,
                 "must be an integer in minor units, 1 to %lld, as a number or a string of digits",
                 (long long)MONEY_AMOUNT_MAX);
        return;
    case JSON_FIELD_CURRENCY:
        snprintf(detail, size, "must be a currency's three capital letters (ISO 4217)");
        return;
    case JSON_FIELD_TEXT:
    case JSON_FIELD_REMARK:
        snprintf(detail, size, "must be a string of 1 to %zu bytes without control characters",
                 field->size - 1);
        return;
    case JSON_FIELD_INT:
    case JSON_FIELD_REMARK_INT:
        snprintf(detail, size, "must be an integer of at most 64 bits, without point or exponent");
        return;
    case JSON_FIELD_TIME:
        snprintf(detail, size,
                 "must be a time: milliseconds since 1970, or a string like "
                 "2026-11-21T10:30:00.123Z");
        return;
    case JSON_FIELD_BOOL:
        snprintf(detail, size, "must be true or false");
        return;
    case JSON_FIELD_SPAN:
        snprintf(detail, size, "must be a JSON value");
        return;
    }
}

bool json_string_copy(const struct json_span *value, char *buffer, size_t size)
{
    assert(size > 0);
    buffer[0] = '\0';
    if (value->kind != JSON_STRING)
        return false;
    if (memchr(value->at, '\\', value->length) == NULL) { /* nearly all */
        if (value->length >= size)
            return false;
        memcpy(buffer, value->at, value->length);
        buffer[value->length] = '\0';
        return true;
    }
    struct json_unescape walk = json_unescape_start(value);
    size_t length = 0;
    for (int byte; (byte = json_unescape_next(&walk)) >= 0;) {
        if (length + 1 == size) {
            buffer[0] = '\0';
            return false;
        }
        buffer[length++] = (char)byte;
    }
    buffer[length] = '\0';
    return true;
}

static bool is_without_control(const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        unsigned char byte = (unsigned char)*at;
        unsigned char next = (unsigned char)at[1];
        if (byte < 0x20 || byte == 0x7f || (byte == 0xc2 && next < 0xa0)) /* C0, DEL, C1 */
            return false;
    }
    return true;
}

static bool text_read(const struct json_span *value, char *target, size_t size)
{
    return json_string_copy(value, target, size) && target[0] != '\0' && is_without_control(target);
}

/* Whole characters of UTF-8, as many as fit. */
static void remark_read(const struct json_span *value, char *target, size_t size)
{
    char text[REMARK_BYTES_MAX];
    assert(size > 1 && size <= sizeof text);
    if (value->kind != JSON_STRING)
        return;
    struct json_unescape walk = json_unescape_start(value);
    size_t length = 0;
    int byte;
    while ((byte = json_unescape_next(&walk)) >= 0 && length + 1 < size)
        text[length++] = (char)byte;
    while (byte >= 0 && (byte & 0xc0) == 0x80 && length > 0)
        byte = (unsigned char)text[--length];
    text[length] = '\0';
    if (length > 0 && is_without_control(text))
        memcpy(target, text, length + 1);
}

static bool ident_read(const struct json_span *value, char target[IDENT_SIZE])
{
    return json_string_copy(value, target, IDENT_SIZE) && ident_is_valid(target, strlen(target));
}

static bool user_read(const struct json_span *value, char target[USER_SIZE])
{
    return json_string_copy(value, target, USER_SIZE) && user_is_valid(target, strlen(target));
}

static bool currency_read(const struct json_span *value, char target[CURRENCY_SIZE])
{
    return json_string_copy(value, target, CURRENCY_SIZE) &&
           money_currency_is_valid(target, strlen(target));
}

static bool amount_read(const struct json_span *value, int64_t *ret_amount)
{
    if (value->kind == JSON_NUMBER)
        return money_amount_parse(value->at, value->length, ret_amount);
    char digits[AMOUNT_TEXT_SIZE];
    return json_string_copy(value, digits, sizeof digits) &&
           money_amount_parse(digits, strlen(digits), ret_amount);
}

/* Counts downwards from zero, because the least int64_t has no positive counterpart. */
static bool int_read(const struct json_span *value, int64_t *ret_value)
{
    if (value->kind != JSON_NUMBER)
        return false;
    bool is_negative = value->at[0] == '-';
    int64_t number = 0;
    for (size_t i = is_negative ? 1 : 0; i < value->length; i++) {
        char c = value->at[i];
        if (c < '0' || c > '9' || __builtin_mul_overflow(number, 10, &number) ||
            __builtin_sub_overflow(number, c - '0', &number))
            return false;
    }
    if (!is_negative && number == INT64_MIN)
        return false;
    *ret_value = is_negative ? number : -number;
    return true;
}

static bool time_read(const struct json_span *value, int64_t *ret_at_ms)
{
    int64_t at_ms;
    if (value->kind == JSON_STRING) /* one with an escape is none */
        return rfc3339_read_ms(value->at, value->length, ret_at_ms);
    if (!int_read(value, &at_ms) || at_ms < 0 || at_ms > RFC3339_MS_MAX)
        return false;
    *ret_at_ms = at_ms;
    return true;
}

static bool bool_read(const struct json_span *value, bool *ret_value)
{
    if (value->kind != JSON_BOOL)
        return false;
    *ret_value = value->at[0] == 't';
    return true;
}

static bool value_read(const struct json_field *field, const struct json_span *value, void *target)
{
    void *at = (char *)target + field->offset;
    switch (field->type) {
    case JSON_FIELD_IDENT:
        return ident_read(value, at);
    case JSON_FIELD_USER:
        return user_read(value, at);
    case JSON_FIELD_AMOUNT:
        return amount_read(value, at);
    case JSON_FIELD_CURRENCY:
        return currency_read(value, at);
    case JSON_FIELD_TEXT:
        assert(field->size > 1);
        return text_read(value, at, field->size);
    case JSON_FIELD_REMARK:
        remark_read(value, at, field->size);
        return true;
    case JSON_FIELD_INT:
        return int_read(value, at);
    case JSON_FIELD_REMARK_INT:
        (void)int_read(value, at);
        return true;
    case JSON_FIELD_TIME:
        return time_read(value, at);
    case JSON_FIELD_BOOL:
        return bool_read(value, at);
    case JSON_FIELD_SPAN:
        *(struct json_span *)at = *value;
        return true;
    }
    return false;
}

/* Goes round once from *next: most fields are read in the order in which they were written. */
static const struct json_span *value_find(const struct json_object *object, const char *name,
                                          size_t *next)
{
    for (size_t tried = 0; tried < object->count; tried++) {
        size_t i = *next < object->count ? *next : 0;
        *next = i + 1;
        if (json_text_equals(&object->members[i].key, name))
            return &object->members[i].value;
    }
    return NULL;
}

const struct json_span *json_object_find(const struct json_object *object, const char *name)
{
    assert(object->count <= JSON_MEMBERS_MAX && name != NULL);
    size_t next = 0;
    return value_find(object, name, &next);
}

static const struct json_field *field_find(const struct json_field *fields, size_t field_count,
                                           const struct json_span *key)
{
    for (size_t i = 0; i < field_count; i++)
        if (json_text_equals(key, fields[i].name))
            return &fields[i];
    return NULL;
}

static bool unknown_refuse(const struct json_object *object, const struct json_field *fields,
                           size_t field_count, struct json_problem *problem)
{
    for (size_t i = 0; i < object->count; i++) {
        const struct json_span *key = &object->members[i].key;
        if (field_find(fields, field_count, key) != NULL)
            continue;
        memset(problem, 0, sizeof *problem);
        problem->is_unknown_field = true;
        json_text_point_to(key, problem->pointer);
        snprintf(problem->detail, sizeof problem->detail, "is not a field of this request");
        return false;
    }
    return true;
}

static bool field_refuse(const struct json_field *field, bool is_missing,
                         struct json_problem *problem)
{
    memset(problem, 0, sizeof *problem);
    snprintf(problem->pointer, sizeof problem->pointer, "/%s", field->name);
    size_t length = 0;
    if (is_missing)
        length = (size_t)snprintf(problem->detail, sizeof problem->detail, "is missing; ");
    assert(length < sizeof problem->detail);
    requirement_write(field, problem->detail + length, sizeof problem->detail - length);
    return false;
}

bool json_field_read(const struct json_object *object, const struct json_field *field, size_t *next,
                     void *target, struct json_problem *problem)
{
    assert(field->name != NULL && *next <= object->count);
    const struct json_span *value = value_find(object, field->name, next);
    if (value == NULL && !field->required)
        return true;
    if (value == NULL || !value_read(field, value, target))
        return field_refuse(field, value == NULL, problem);
    return true;
}

bool json_fields_read(const struct json_object *object, const struct json_field *fields,
                      size_t field_count, enum json_unknown unknown, void *target,
                      struct json_problem *problem)
{
    assert(object->count <= JSON_MEMBERS_MAX);
    assert(fields != NULL || field_count == 0);
    if (unknown == JSON_UNKNOWN_REFUSED && !unknown_refuse(object, fields, field_count, problem))
        return false;
    size_t next = 0;
    for (size_t i = 0; i < field_count; i++)
        if (!json_field_read(object, &fields[i], &next, target, problem))
            return false;
    return true;
}

/* The scan knows that 0100 is no number; only the table knows what should stand there. */
static void bad_number_explain(const struct json_field *fields, size_t field_count,
                               struct json_problem *problem)
{
    for (size_t i = 0; i < field_count; i++) {
        if (strcmp(problem->pointer + 1, fields[i].name) == 0) {
            field_refuse(&fields[i], false, problem);
            return;
        }
    }
}

bool json_read(const char *text, size_t length, const struct json_field *fields, size_t field_count,
               enum json_unknown unknown, void *target, struct json_problem *problem)
{
    assert(text != NULL && problem != NULL);
    SCRATCH struct json_object object;
    if (json_object_scan(text, length, &object, problem))
        return json_fields_read(&object, fields, field_count, unknown, target, problem);
    if (!problem->is_syntax)
        bad_number_explain(fields, field_count, problem);
    return false;
}

/* What follows walks text that the scan has passed, so only the borders matter. */

static const char *string_skip(const char *at, const char *end)
{
    while (at < end && *at != '"')
        at += *at == '\\' ? 2 : 1;
    return at;
}

static const char *container_skip(const char *at, const char *end)
{
    size_t depth = 0;
    for (; at < end; at++)
        if (*at == '"')
            at = string_skip(at + 1, end);
        else if (*at == '{' || *at == '[')
            depth++;
        else if ((*at == '}' || *at == ']') && --depth == 0)
            return at + 1;
    return end;
}

static bool is_between_elements(char c)
{
    return c == ',' || c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static const char *scalar_skip(const char *at, const char *end)
{
    while (at < end && !is_between_elements(*at))
        at++;
    return at;
}

static enum json_kind kind_of(char first)
{
    switch (first) {
    case '"':
        return JSON_STRING;
    case '{':
        return JSON_OBJECT;
    case '[':
        return JSON_ARRAY;
    case 't':
    case 'f':
        return JSON_BOOL;
    case 'n':
        return JSON_NULL;
    default:
        return JSON_NUMBER;
    }
}

bool json_array_next(const struct json_span *array, const char **cursor,
                     struct json_span *ret_element)
{
    assert(array->at != NULL && cursor != NULL && ret_element != NULL);
    if (array->kind != JSON_ARRAY)
        return false;
    const char *end = array->at + array->length - 1; /* the closing bracket */
    const char *at = *cursor != NULL ? *cursor : array->at + 1;
    while (at < end && is_between_elements(*at))
        at++;
    if (at >= end)
        return false;
    enum json_kind kind = kind_of(*at);
    const char *start = kind == JSON_STRING ? at + 1 : at;
    const char *stop = kind == JSON_STRING                         ? string_skip(start, end)
                       : kind == JSON_ARRAY || kind == JSON_OBJECT ? container_skip(start, end)
                                                                   : scalar_skip(start, end);
    *ret_element =
        (struct json_span){ .at = start, .length = (size_t)(stop - start), .kind = kind };
    *cursor = kind == JSON_STRING ? stop + 1 : stop;
    return true;
}
