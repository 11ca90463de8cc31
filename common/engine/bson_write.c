#include "common/engine/bson_write.h"

#include <assert.h>

void bson_write_text(bson_t *fields, const char *key, const char *text)
{
    bool is_appended = BSON_APPEND_UTF8(fields, key, text);
    assert(is_appended);
}

void bson_write_int(bson_t *fields, const char *key, int64_t value)
{
    bool is_appended = BSON_APPEND_INT64(fields, key, value);
    assert(is_appended);
}

void bson_write_bool(bson_t *fields, const char *key, bool value)
{
    bool is_appended = BSON_APPEND_BOOL(fields, key, value);
    assert(is_appended);
}

void bson_write_announcement(bson_t *fields, const char *key,
                             const struct announcement *announcement)
{
    bson_t part;
    bool is_open = BSON_APPEND_DOCUMENT_BEGIN(fields, key, &part);
    assert(is_open);
    bson_write_int(&part, "version", announcement->version);
    bson_write_int(&part, "position", announcement->position);
    bson_write_int(&part, "at", announcement->at_ms);
    bson_append_document_end(fields, &part);
}
