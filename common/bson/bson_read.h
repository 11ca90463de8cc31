/* bson_read.h - reads checked fields out of a stored BSON document. What a store returns may be
 * damaged or come from another release, so every read answers false instead of trusting. Pure.
 *
 * A field may be anywhere in its document. Since most are read in the order in which they were
 * written, each search begins where the last one ended and goes round once. */
#pragma once

#include "common/base/attributes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bson_fields { /* of a document or array; its bytes are borrowed */
    const uint8_t *bytes;
    size_t length;
    const uint8_t *next; /* the element where the next search begins */
};

/* False: these bytes are no BSON document. */
MUST_CHECK bool bson_read_open(struct bson_fields *ret_fields, const uint8_t *bytes, size_t length);

/* From here on `fields` is one that bson_read_open, or a read below, has filled with true. A field
 * of that name, of any type. */
bool bson_read_has(struct bson_fields *fields, const char *key);
/* Absent, of another type, or longer than size - 1: false, buffer as it was. */
bool bson_read_text(struct bson_fields *fields, const char *key, char *buffer, size_t size);
/* The same, borrowed and of any length, with a final NUL. */
bool bson_read_text_bytes(struct bson_fields *fields, const char *key, const char **ret_text,
                          size_t *ret_length);
/* Absent or of another type: false, and *ret_value as it was. Only BSON's int64 is an int. */
bool bson_read_int(struct bson_fields *fields, const char *key, int64_t *ret_value);
bool bson_read_bool(struct bson_fields *fields, const char *key, bool *ret_value);
/* A sub-document or array, borrowed from fields. */
bool bson_read_document(struct bson_fields *fields, const char *key,
                        struct bson_fields *ret_document);
bool bson_read_array(struct bson_fields *fields, const char *key, struct bson_fields *ret_array);

/* A field of any type, as it stands there. */
struct bson_element {
    const char *name;
    const uint8_t *bytes; /* type, name and value */
    size_t size;
    uint8_t type;
    struct bson_fields nested; /* of a document or array; else its bytes are NULL */
};
/* Borrowed from fields, like all that is read. */
bool bson_read_element(struct bson_fields *fields, const char *key,
                       struct bson_element *ret_element);
/* Where the next search or walk begins: at the first field; and the name there, NULL at the end. */
void bson_read_rewind(struct bson_fields *fields);
const char *bson_read_name(const struct bson_fields *fields);
/* The next one. False: there is none, or it is damaged. */
bool bson_read_each(struct bson_fields *fields, struct bson_element *ret_element);
bool bson_elements_equal(const struct bson_element *one, const struct bson_element *other);

/* An array of documents, one after the other. False: it is at its end, or it is damaged. */
bool bson_read_has_next(const struct bson_fields *array);
MUST_CHECK bool bson_read_next(struct bson_fields *array, struct bson_fields *ret_document);
