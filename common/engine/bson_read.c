#include "common/engine/bson_read.h"
#include "common/engine/decision.h"

#include <string.h>

bool bson_read_text(const bson_t *fields, const char *key, char *buffer, size_t size)
{
    bson_iter_t at;
    if (!bson_iter_init_find(&at, fields, key) || !BSON_ITER_HOLDS_UTF8(&at))
        return false;
    uint32_t length;
    const char *text = bson_iter_utf8(&at, &length);
    if (length >= size)
        return false;
    memcpy(buffer, text, length);
    buffer[length] = '\0';
    return true;
}

bool bson_read_int(const bson_t *fields, const char *key, int64_t *ret_value)
{
    bson_iter_t at;
    if (!bson_iter_init_find(&at, fields, key) || !BSON_ITER_HOLDS_INT64(&at))
        return false;
    *ret_value = bson_iter_int64(&at);
    return true;
}

bool bson_read_bool(const bson_t *fields, const char *key, bool *ret_value)
{
    bson_iter_t at;
    if (!bson_iter_init_find(&at, fields, key) || !BSON_ITER_HOLDS_BOOL(&at))
        return false;
    *ret_value = bson_iter_bool(&at);
    return true;
}

bool bson_read_document(const bson_t *fields, const char *key, bson_t *ret_document)
{
    bson_iter_t at;
    return bson_iter_init_find(&at, fields, key) && bson_read_element(&at, ret_document);
}

bool bson_read_array(const bson_t *fields, const char *key, bson_t *ret_array)
{
    bson_iter_t at;
    if (!bson_iter_init_find(&at, fields, key) || !BSON_ITER_HOLDS_ARRAY(&at))
        return false;
    uint32_t length;
    const uint8_t *bytes;
    bson_iter_array(&at, &length, &bytes);
    return bson_init_static(ret_array, bytes, length);
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
