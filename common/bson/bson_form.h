/* bson_form.h - what of BSON (bsonspec.org, version 1.1) stored documents use: a length of four
 * bytes, elements of type, name and value, a final NUL. All numbers are little-endian. */
#pragma once

#include <stdint.h>

enum bson_form_type {
    BSON_FORM_DOUBLE = 0x01,
    BSON_FORM_TEXT = 0x02, /* a length, the bytes, a NUL that the length counts */
    BSON_FORM_DOCUMENT = 0x03,
    BSON_FORM_ARRAY = 0x04,     /* a document whose names are "0", "1", … */
    BSON_FORM_BINARY = 0x05,    /* a length, a subtype, the bytes; only read over */
    BSON_FORM_OBJECT_ID = 0x07, /* so */
    BSON_FORM_BOOL = 0x08,
    BSON_FORM_DATE_TIME = 0x09,
    BSON_FORM_NULL = 0x0a,
    BSON_FORM_INT32 = 0x10,
    BSON_FORM_TIMESTAMP = 0x11, /* so */
    BSON_FORM_INT64 = 0x12,
    BSON_FORM_DECIMAL = 0x13, /* so */
};

#define BSON_FORM_LENGTH_BYTES    sizeof(uint32_t) /* in front of text, documents and arrays */
#define BSON_FORM_OBJECT_ID_BYTES 12
#define BSON_FORM_DECIMAL_BYTES   16
#define BSON_FORM_EMPTY_BYTES     (BSON_FORM_LENGTH_BYTES + 1)
