#include "common/engine/bson_read.h"
#include "common/engine/decision.h"

#include <string.h>

/* Fields are small and read by name, one by one: to walk their bytes here costs a tenth of setting
 * up an iterator for each. Every length is checked against what is left. */
struct element {
    const uint8_t *value;
    size_t length;
};

#define LENGTH_BYTES sizeof(uint32_t) /* in front of text, documents and arrays */

static size_t length_read(const uint8_t *at)
{
    uint32_t length;
    memcpy(&length, at, sizeof length);
    return BSON_UINT32_FROM_LE(length);
}

/* How many bytes the value takes; more than `left`: it does not fit, or its type is unknown. */
static size_t value_length(uint8_t type, const uint8_t *value, size_t left)
{
    switch (type) {
    case BSON_TYPE_UTF8:
        return left < LENGTH_BYTES ? SIZE_MAX : LENGTH_BYTES + length_read(value);
    case BSON_TYPE_DOCUMENT:
    case BSON_TYPE_ARRAY:
        return left < LENGTH_BYTES ? SIZE_MAX : length_read(value);
    case BSON_TYPE_BOOL:
        return 1;
    case BSON_TYPE_INT32:
        return sizeof(int32_t);
    case BSON_TYPE_INT64:
    case BSON_TYPE_DOUBLE:
    case BSON_TYPE_DATE_TIME:
        return sizeof(int64_t);
    case BSON_TYPE_NULL:
        return 0;
    default:
        return SIZE_MAX;
    }
}

/* The first field of that name. */
static bool field_find(const bson_t *fields, const char *key, uint8_t *ret_type,
                       struct element *ret_element)
{
    const uint8_t *at = bson_get_data(fields) + LENGTH_BYTES;
    size_t left = fields->len - LENGTH_BYTES;
    size_t key_size = strlen(key) + 1;
    while (left > 1) {
        uint8_t type = *at++;
        left--;
        bool is_found = left > key_size && memcmp(at, key, key_size) == 0;
        size_t name_size = is_found ? key_size : strnlen((const char *)at, left) + 1;
        if (name_size >= left)
            return false;
        at += name_size;
        left -= name_size;
        size_t length = value_length(type, at, left);
        if (length >= left) /* the document's own end follows */
            return false;
        if (is_found) {
            *ret_element = (struct element){ at, length };
            *ret_type = type;
            return true;
        }
        at += length;
        left -= length;
    }
    return false;
}

static bool element_find(const bson_t *fields, const char *key, bson_type_t wanted,
                         struct element *ret_element)
{
    uint8_t type;
    return field_find(fields, key, &type, ret_element) && type == wanted;
}

bool bson_read_has(const bson_t *fields, const char *key)
{
    uint8_t type;
    struct element any;
    return field_find(fields, key, &type, &any);
}

bool bson_read_text(const bson_t *fields, const char *key, char *buffer, size_t size)
{
    struct element text;
    if (!element_find(fields, key, BSON_TYPE_UTF8, &text) || text.length == LENGTH_BYTES ||
        text.value[text.length - 1] != '\0' || text.length - LENGTH_BYTES > size)
        return false;
    memcpy(buffer, text.value + LENGTH_BYTES, text.length - LENGTH_BYTES);
    return true;
}

bool bson_read_int(const bson_t *fields, const char *key, int64_t *ret_value)
{
    struct element number;
    if (!element_find(fields, key, BSON_TYPE_INT64, &number))
        return false;
    uint64_t value;
    memcpy(&value, number.value, sizeof value);
    *ret_value = (int64_t)BSON_UINT64_FROM_LE(value);
    return true;
}

bool bson_read_bool(const bson_t *fields, const char *key, bool *ret_value)
{
    struct element flag;
    if (!element_find(fields, key, BSON_TYPE_BOOL, &flag) || *flag.value > 1)
        return false;
    *ret_value = *flag.value == 1;
    return true;
}

bool bson_read_document(const bson_t *fields, const char *key, bson_t *ret_document)
{
    struct element part;
    return element_find(fields, key, BSON_TYPE_DOCUMENT, &part) &&
           bson_init_static(ret_document, part.value, part.length);
}

bool bson_read_array(const bson_t *fields, const char *key, bson_t *ret_array)
{
    struct element part;
    return element_find(fields, key, BSON_TYPE_ARRAY, &part) &&
           bson_init_static(ret_array, part.value, part.length);
}

bool bson_read_element(const bson_iter_t *element, bson_t *ret_document)
{
    if (!BSON_ITER_HOLDS_DOCUMENT(element))
        return false;
    uint32_t length;
    const uint8_t *bytes;
    bson_iter_document(element, &length, &bytes);
    return bson_init_static(ret_document, bytes, length);
}

bool bson_read_announcement(const bson_t *fields, const char *key,
                            struct announcement *ret_announcement)
{
    bson_t part;
    return bson_read_document(fields, key, &part) &&
           bson_read_int(&part, "version", &ret_announcement->version) &&
           bson_read_int(&part, "position", &ret_announcement->position) &&
           ret_announcement->position >= ANNOUNCEMENT_NEVER &&
           ret_announcement->position <= OWED_POSITION_MAX &&
           bson_read_int(&part, "at", &ret_announcement->at_ms);
}
