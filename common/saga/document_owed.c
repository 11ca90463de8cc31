/* document_owed.c - writes a body again, field by field, without what it owes. */
#include "common/saga/document_owed.h"
#include "common/base/memory.h"
#include "common/bson/bson_read.h"
#include "common/bson/bson_write.h"

#include <assert.h>
#include <string.h>

static void fields_write(struct bson_output *output, struct bson_fields *body)
{
    struct bson_element field;
    while (bson_read_each(body, &field)) {
        if (strcmp(field.name, "owed") != 0) {
            bson_write_element(output, &field);
            continue;
        }
        bson_write_array_begin(output, "owed");
        bson_write_end(output);
    }
}

uint8_t *document_owed_drop(const uint8_t *body, size_t length, size_t *ret_length)
{
    assert(ret_length != NULL);
    struct bson_fields fields;
    if (body == NULL || !bson_read_open(&fields, body, length))
        return NULL;
    struct arena arena = { 0 };
    struct bson_output output;
    bson_write_begin(&output, &arena, length);
    fields_write(&output, &fields);
    bool is_whole = !bson_read_has_next(&fields);
    const uint8_t *changed = bson_write_finish(&output, ret_length);
    uint8_t *taken = is_whole ? memory_room(*ret_length) : NULL;
    if (is_whole)
        memcpy(taken, changed, *ret_length);
    arena_done(&arena);
    return taken;
}
