/* bson_read.c - walks the bytes of a document, and checks every length before it believes it. */
#include "common/bson/bson_read.h"
#include "common/bson/bson_form.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

/* The bytes are walked here, not by libbson: to set up an iterator for each field takes ten times
 * as long. Every length is checked against what is left. */
struct element {
    enum bson_form_type type;
    const uint8_t *value;
    size_t length;
};

static size_t length_get(const uint8_t *at)
{
    uint32_t length;
    memcpy(&length, at, sizeof length);
    return le32toh(length);
}

/* How many bytes the value takes; more than `left`: it does not fit, or its type is unknown. */
static size_t value_length(uint8_t type, const uint8_t *value, size_t left)
{
    switch (type) {
    case BSON_FORM_TEXT:
        return left < BSON_FORM_LENGTH_BYTES ? SIZE_MAX
                                             : BSON_FORM_LENGTH_BYTES + length_get(value);
    case BSON_FORM_BINARY:
        return left < BSON_FORM_LENGTH_BYTES ? SIZE_MAX
                                             : BSON_FORM_LENGTH_BYTES + 1 + length_get(value);
    case BSON_FORM_DOCUMENT:
    case BSON_FORM_ARRAY:
        return left < BSON_FORM_LENGTH_BYTES ? SIZE_MAX : length_get(value);
    case BSON_FORM_BOOL:
        return 1;
    case BSON_FORM_INT32:
        return sizeof(int32_t);
    case BSON_FORM_INT64:
    case BSON_FORM_DOUBLE:
    case BSON_FORM_DATE_TIME:
    case BSON_FORM_TIMESTAMP:
        return sizeof(int64_t);
    case BSON_FORM_OBJECT_ID:
        return BSON_FORM_OBJECT_ID_BYTES;
    case BSON_FORM_DECIMAL:
        return BSON_FORM_DECIMAL_BYTES;
    case BSON_FORM_NULL:
        return 0;
    default:
        return SIZE_MAX;
    }
}

static const uint8_t *first_of(const struct bson_fields *fields)
{
    return fields->bytes + BSON_FORM_LENGTH_BYTES;
}

/* The document's own final NUL. */
static const uint8_t *end_of(const struct bson_fields *fields)
{
    return fields->bytes + fields->length - 1;
}

/* The value of an element whose name ends before `at`; false: it does not fit. */
static bool value_read(const struct bson_fields *fields, uint8_t type, const uint8_t *at,
                       struct element *ret_element)
{
    size_t left = (size_t)(end_of(fields) - at);
    size_t length = value_length(type, at, left);
    *ret_element = (struct element){ (enum bson_form_type)type, at, length };
    return length <= left;
}

/* The first field of that name from `at` on and before `stop`. */
static bool find_between(const struct bson_fields *fields, const uint8_t *at, const uint8_t *stop,
                         const char *key, size_t key_size, const uint8_t **ret_at,
                         struct element *ret_element)
{
    const uint8_t *end = end_of(fields);
    while (at < stop) {
        const uint8_t *name = at + 1;
        size_t left = (size_t)(end - name);
        bool is_found = left >= key_size && *name == (uint8_t)*key && /* most differ at once */
                        memcmp(name, key, key_size) == 0;
        size_t name_size = is_found ? key_size : strnlen((const char *)name, left) + 1;
        if (name_size > left || !value_read(fields, *at, name + name_size, ret_element))
            return false;
        *ret_at = at;
        if (is_found)
            return true;
        at = ret_element->value + ret_element->length;
    }
    return false;
}

static bool field_find(struct bson_fields *fields, const char *key, struct element *ret_element)
{
    const uint8_t *at;
    size_t key_size = strlen(key) + 1;
    if (!find_between(fields, fields->next, end_of(fields), key, key_size, &at, ret_element) &&
        !find_between(fields, first_of(fields), fields->next, key, key_size, &at, ret_element))
        return false;
    fields->next = at;
    return true;
}

static bool element_find(struct bson_fields *fields, const char *key, enum bson_form_type wanted,
                         struct element *ret_element)
{
    if (!field_find(fields, key, ret_element) || ret_element->type != wanted)
        return false;
    fields->next = ret_element->value + ret_element->length;
    return true;
}

bool bson_read_open(struct bson_fields *ret_fields, const uint8_t *bytes, size_t length)
{
    *ret_fields = (struct bson_fields){ .bytes = bytes, .length = length };
    if (length < BSON_FORM_EMPTY_BYTES || length_get(bytes) != length || bytes[length - 1] != 0)
        return false;
    ret_fields->next = first_of(ret_fields);
    return true;
}

bool bson_read_has(struct bson_fields *fields, const char *key)
{
    struct element any;
    return field_find(fields, key, &any);
}

bool bson_read_text_bytes(struct bson_fields *fields, const char *key, const char **ret_text,
                          size_t *ret_length)
{
    struct element text;
    if (!element_find(fields, key, BSON_FORM_TEXT, &text) ||
        text.length == BSON_FORM_LENGTH_BYTES || text.value[text.length - 1] != '\0')
        return false;
    *ret_text = (const char *)text.value + BSON_FORM_LENGTH_BYTES;
    *ret_length = text.length - BSON_FORM_LENGTH_BYTES - 1;
    return true;
}

bool bson_read_text(struct bson_fields *fields, const char *key, char *buffer, size_t size)
{
    const char *text;
    size_t length;
    if (!bson_read_text_bytes(fields, key, &text, &length) || length >= size)
        return false;
    memcpy(buffer, text, length + 1);
    return true;
}

bool bson_read_int(struct bson_fields *fields, const char *key, int64_t *ret_value)
{
    struct element number;
    if (!element_find(fields, key, BSON_FORM_INT64, &number))
        return false;
    uint64_t value;
    memcpy(&value, number.value, sizeof value);
    *ret_value = (int64_t)le64toh(value);
    return true;
}

bool bson_read_bool(struct bson_fields *fields, const char *key, bool *ret_value)
{
    struct element flag;
    if (!element_find(fields, key, BSON_FORM_BOOL, &flag) || *flag.value > 1)
        return false;
    *ret_value = *flag.value == 1;
    return true;
}

bool bson_read_document(struct bson_fields *fields, const char *key,
                        struct bson_fields *ret_document)
{
    struct element part;
    return element_find(fields, key, BSON_FORM_DOCUMENT, &part) &&
           bson_read_open(ret_document, part.value, part.length);
}

bool bson_read_array(struct bson_fields *fields, const char *key, struct bson_fields *ret_array)
{
    struct element part;
    return element_find(fields, key, BSON_FORM_ARRAY, &part) &&
           bson_read_open(ret_array, part.value, part.length);
}

/* The element at `at`, whose value has been found. */
static bool element_fill(const uint8_t *at, const struct element *found,
                         struct bson_element *ret_element)
{
    *ret_element = (struct bson_element){
        .name = (const char *)at + 1,
        .bytes = at,
        .size = (size_t)(found->value + found->length - at),
        .type = (uint8_t)found->type,
    };
    bool is_nested = found->type == BSON_FORM_DOCUMENT || found->type == BSON_FORM_ARRAY;
    return !is_nested || bson_read_open(&ret_element->nested, found->value, found->length);
}

bool bson_read_element(struct bson_fields *fields, const char *key,
                       struct bson_element *ret_element)
{
    struct element found;
    return field_find(fields, key, &found) && element_fill(fields->next, &found, ret_element);
}

void bson_read_rewind(struct bson_fields *fields)
{
    fields->next = first_of(fields);
}

const char *bson_read_name(const struct bson_fields *fields)
{
    return fields->next < end_of(fields) ? (const char *)fields->next + 1 : NULL;
}

bool bson_read_each(struct bson_fields *fields, struct bson_element *ret_element)
{
    const uint8_t *at = fields->next;
    const uint8_t *name = at + 1;
    struct element found;
    if (at >= end_of(fields))
        return false;
    size_t left = (size_t)(end_of(fields) - name);
    size_t name_size = strnlen((const char *)name, left) + 1;
    if (name_size > left || !value_read(fields, *at, name + name_size, &found))
        return false;
    fields->next = found.value + found.length;
    return element_fill(at, &found, ret_element);
}

bool bson_elements_equal(const struct bson_element *one, const struct bson_element *other)
{
    assert(one->size > 0 && other->size > 0);
    return one->size == other->size && memcmp(one->bytes, other->bytes, one->size) == 0;
}

bool bson_read_has_next(const struct bson_fields *array)
{
    return array->next < end_of(array);
}

bool bson_read_next(struct bson_fields *array, struct bson_fields *ret_document)
{
    struct element part;
    if (!bson_read_has_next(array) || *array->next != BSON_FORM_DOCUMENT)
        return false;
    const uint8_t *name = array->next + 1;
    size_t left = (size_t)(end_of(array) - name);
    size_t name_size = strnlen((const char *)name, left) + 1;
    if (name_size > left || !value_read(array, BSON_FORM_DOCUMENT, name + name_size, &part))
        return false;
    array->next = part.value + part.length;
    return bson_read_open(ret_document, part.value, part.length);
}
