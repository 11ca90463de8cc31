/* bson_case.h - a document that a codec has written, to be read back. */
#pragma once

#include "common/bson/bson_read.h"
#include "common/bson/bson_write.h"

#include <assert.h>

#define CASE_ROOM 64 /* little, so that documents outgrow it */

/* Ends the document; its fields from the first on. */
static inline struct bson_fields case_written(struct bson_output *output)
{
    struct bson_fields fields;
    size_t length;
    const uint8_t *bytes = bson_write_finish(output, &length);
    bool is_read = bson_read_open(&fields, bytes, length);
    assert(is_read);
    return fields;
}
