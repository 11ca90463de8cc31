/* stored_field.c - writes and reads a member as its row says. */
#include "common/saga/stored_field.h"

#include <assert.h>
#include <string.h>

static int64_t number_get(const unsigned char *at, size_t size)
{
    int64_t number;
    int32_t small;
    assert(size == sizeof number || size == sizeof small || size == 1);
    if (size == 1)
        return *at;
    if (size == sizeof small)
        return memcpy(&small, at, sizeof small), small;
    return memcpy(&number, at, sizeof number), number;
}

static void number_set(unsigned char *at, size_t size, int64_t number)
{
    const int32_t small = (int32_t)number;
    assert(size == sizeof number || (size == sizeof small && small == number));
    if (size == sizeof number)
        memcpy(at, &number, sizeof number);
    else
        memcpy(at, &small, sizeof small);
}

/* ---- writing ---- */

static bool is_empty(const struct stored_field *field, const unsigned char *structure)
{
    if (field->kind == STORED_DOCUMENT || field->kind == STORED_LIST)
        return number_get(structure + field->mark_offset, field->mark_size) == 0;
    const unsigned char *at = structure + field->offset;
    return field->kind == STORED_TEXT ? *at == '\0' : number_get(at, field->size) == 0;
}

static void list_write(const struct stored_field *field, const unsigned char *structure,
                       struct bson_output *output)
{
    int64_t count = number_get(structure + field->mark_offset, field->mark_size);
    assert(count >= 0 && count <= field->maximum);
    bson_write_array_begin(output, field->name);
    for (size_t i = 0; i < (size_t)count; i++) {
        bson_write_element_begin(output, i);
        stored_fields_write(field->fields, field->field_count,
                            structure + field->offset + i * field->size, output);
        bson_write_end(output);
    }
    bson_write_end(output);
}

static void field_write(const struct stored_field *field, const unsigned char *structure,
                        struct bson_output *output)
{
    const unsigned char *at = structure + field->offset;
    switch (field->kind) {
    case STORED_TEXT:
        bson_write_text(output, field->name, (const char *)at);
        return;
    case STORED_INT:
        bson_write_int(output, field->name, number_get(at, field->size));
        return;
    case STORED_BOOL:
        bson_write_bool(output, field->name, *at != 0);
        return;
    case STORED_NAME:
        assert(number_get(at, field->size) >= field->minimum &&
               number_get(at, field->size) <= field->maximum);
        bson_write_text(output, field->name, field->names[number_get(at, field->size)]);
        return;
    case STORED_ANNOUNCEMENT:
        announcement_write(output, field->name, (const void *)at);
        return;
    case STORED_DOCUMENT:
        bson_write_document_begin(output, field->name);
        stored_fields_write(field->fields, field->field_count, at, output);
        bson_write_end(output);
        return;
    case STORED_LIST:
        list_write(field, structure, output);
        return;
    }
}

void stored_fields_write(const struct stored_field *fields, size_t count, const void *structure,
                         struct bson_output *output)
{
    for (const struct stored_field *field = fields; field < fields + count; field++)
        if (field->when != STORED_IF_ANY || !is_empty(field, structure))
            field_write(field, structure, output);
}

/* ---- reading ---- */

static bool int_read(const struct stored_field *field, struct bson_fields *document,
                     unsigned char *at)
{
    int64_t number;
    int64_t maximum = field->size == sizeof(int32_t) ? INT32_MAX : field->maximum;
    if (!bson_read_int(document, field->name, &number) ||
        (maximum != 0 && (number < field->minimum || number > maximum)))
        return false;
    number_set(at, field->size, number);
    return true;
}

static bool name_read(const struct stored_field *field, struct bson_fields *document,
                      unsigned char *at)
{
    const char *name;
    size_t length;
    if (!bson_read_text_bytes(document, field->name, &name, &length))
        return false;
    for (int64_t value = field->minimum; value <= field->maximum; value++)
        if (strcmp(name, field->names[value]) == 0) {
            number_set(at, field->size, value);
            return true;
        }
    return false;
}

static bool list_read(const struct stored_field *field, struct bson_fields *document,
                      unsigned char *structure)
{
    struct bson_fields list;
    struct bson_fields entry;
    unsigned char *at = structure + field->offset;
    int64_t count = 0;
    if (!bson_read_array(document, field->name, &list))
        return false;
    for (; bson_read_has_next(&list); count++, at += field->size)
        if (count == field->maximum || !bson_read_next(&list, &entry) ||
            stored_fields_read(field->fields, field->field_count, &entry, at) != NULL)
            return false;
    number_set(structure + field->mark_offset, field->mark_size, count);
    return true;
}

static bool document_read(const struct stored_field *field, struct bson_fields *document,
                          unsigned char *structure)
{
    struct bson_fields part;
    if (field->is_flag)
        structure[field->mark_offset] = true;
    return bson_read_document(document, field->name, &part) &&
           stored_fields_read(field->fields, field->field_count, &part,
                              structure + field->offset) == NULL;
}

static bool field_read(const struct stored_field *field, struct bson_fields *document,
                       unsigned char *structure)
{
    unsigned char *at = structure + field->offset;
    switch (field->kind) {
    case STORED_TEXT:
        return bson_read_text(document, field->name, (char *)at, field->size);
    case STORED_INT:
        return int_read(field, document, at);
    case STORED_BOOL:
        return bson_read_bool(document, field->name, (bool *)at);
    case STORED_NAME:
        return name_read(field, document, at);
    case STORED_ANNOUNCEMENT:
        return announcement_read(document, field->name, (void *)at);
    case STORED_DOCUMENT:
        return document_read(field, document, structure);
    case STORED_LIST:
        return list_read(field, document, structure);
    }
    return false;
}

/* Goes round once from `first`, since most stand in the order of the rows. `count`: no row. */
static size_t row_find(const struct stored_field *fields, size_t count, const char *name,
                       size_t first)
{
    for (size_t tried = 0, row = first; tried < count; tried++, row++) {
        row = row < count ? row : 0;
        assert(fields[row].name != NULL);
        if (fields[row].name[0] == name[0] && strcmp(fields[row].name, name) == 0)
            return row;
    }
    return count;
}

/* By what the document has, not by the rows: nothing is searched for that is not there. */
const char *stored_fields_read(const struct stored_field *fields, size_t count,
                               struct bson_fields *document, void *ret_structure)
{
    assert(count <= STORED_FIELDS_MAX);
    bool is_read[STORED_FIELDS_MAX] = { false };
    size_t row = 0;
    struct bson_element passed_over;
    bson_read_rewind(document);
    for (const char *name; (name = bson_read_name(document)) != NULL;) {
        size_t found = row_find(fields, count, name, row);
        if (found == count || is_read[found]) {
            if (!bson_read_each(document, &passed_over))
                break;
            continue;
        }
        if (!field_read(&fields[found], document, ret_structure))
            return name;
        is_read[found] = true;
        row = found + 1;
    }
    for (row = 0; row < count; row++)
        if (!is_read[row] && (fields[row].when == STORED_ALWAYS ||
                              (fields[row].when == STORED_TOGETHER && is_read[row - 1])))
            return fields[row].name;
    return NULL;
}
