/* json_read.h - reads one JSON object from bytes that a stranger sent.
 *
 * A strict, iterative scan of the whole text (RFC 8259): one object and nothing after it, depth
 * up to 16, up to 64 members in one object, keys unique (also when only their case differs),
 * valid UTF-8, no NUL, no byte order mark, numbers as the RFC writes them. No recursion, no
 * allocation. Then fields are read by a table; integers come from the token's own text, so no
 * double ever touches an amount. Pure. */
#pragma once

#include "common/base/attributes.h"
#include "common/base/error.h"
#include "common/base/ident.h"
#include "common/base/money.h"

#include <stddef.h>
#include <stdint.h>

#define JSON_DEPTH_MAX    16
#define JSON_MEMBERS_MAX  64
#define JSON_POINTER_SIZE 96

enum json_kind { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json_span { /* borrowed from the text that was scanned; a string's span excludes its quotes
                    */
    const char *at;
    size_t length;
    enum json_kind kind;
};

struct json_member {
    struct json_span key;
    struct json_span value;
};

struct json_object {
    struct json_member members[JSON_MEMBERS_MAX];
    size_t count;
};

/* Why an object was refused. `pointer` is an RFC 6901 JSON Pointer, "" for the whole body.
 * is_syntax: the text is no JSON (HTTP 400); otherwise a value is not allowed (HTTP 422);
 * is_unknown_field: a field that nobody asked for (HTTP 400, named by the pointer).
 * A member of the outermost object that tries to be a number (0100, 1., +5) is a value that is not
 * allowed; a broken number anywhere else is syntax. `detail` says the way out. */
struct json_problem {
    bool is_syntax;
    bool is_unknown_field;
    char pointer[JSON_POINTER_SIZE];
    char detail[128];
};

/* The text stays the caller's, and must outlive the object, which points into it. `problem` is set
 * where false is returned. */
MUST_CHECK bool json_object_scan(const char *text, size_t length, struct json_object *ret,
                                 struct json_problem *problem);

/* The value of the member of that name; NULL: there is none. Borrowed from the object. */
const struct json_span *json_object_find(const struct json_object *object, const char *name);

/* Elements of an array value that was scanned: call with cursor NULL at first; false at the end. */
bool json_array_next(const struct json_span *array, const char **cursor,
                     struct json_span *ret_element);

/* Unescapes a string value into buffer with final NUL; false when it does not fit. */
bool json_string_copy(const struct json_span *value, char *buffer, size_t size);

enum json_field_type {
    JSON_FIELD_IDENT,    /* char[IDENT_SIZE], ident.h */
    JSON_FIELD_USER,     /* char[USER_SIZE], ident.h */
    JSON_FIELD_AMOUNT,   /* int64_t; a JSON integer or a string of digits, money.h */
    JSON_FIELD_CURRENCY, /* char[CURRENCY_SIZE] */
    JSON_FIELD_TEXT,     /* char[size]; valid UTF-8 without control characters; 1 .. size-1 bytes */
    JSON_FIELD_REMARK,   /* char[size]; like TEXT, but never a problem: what is too long is cut, and
                            anything else leaves the target as it was */
    JSON_FIELD_REMARK_INT, /* int64_t, like INT, but anything else leaves the target as it was */
    JSON_FIELD_INT,        /* int64_t, any integer that fits */
    JSON_FIELD_TIME, /* int64_t, Unix time in ms up to the year 9999; that integer, or a string
                        of RFC 3339 */
    JSON_FIELD_BOOL, /* bool */
    JSON_FIELD_SPAN, /* struct json_span, any kind, for nested values */
};

struct json_field {
    const char *name;
    enum json_field_type type;
    bool required; /* an absent optional field leaves the target as it was */
    size_t offset;
    size_t size; /* JSON_FIELD_TEXT and JSON_FIELD_REMARK only */
};

enum json_unknown {
    JSON_UNKNOWN_IGNORED, /* events, webhooks, answers: who sends them may know more */
    JSON_UNKNOWN_REFUSED, /* requests to interfaces of ours */
};

MUST_CHECK bool json_fields_read(const struct json_object *object, const struct json_field *fields,
                                 size_t field_count, enum json_unknown unknown, void *target,
                                 struct json_problem *problem);

/* One field; JSON_FIELD_REMARK and REMARK_INT are never a problem. *next is 0 at first, then where
 * the one after it most likely is. */
MUST_CHECK bool json_field_read(const struct json_object *object, const struct json_field *field,
                                size_t *next, void *target, struct json_problem *problem);

/* Scan and read in one call. */
MUST_CHECK bool json_read(const char *text, size_t length, const struct json_field *fields,
                          size_t field_count, enum json_unknown unknown, void *target,
                          struct json_problem *problem);
