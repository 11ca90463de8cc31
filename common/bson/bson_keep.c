/* bson_keep.c - compares what is stored with what this code makes of it, and writes the rest back
 * at its place. */
#include "common/bson/bson_keep.h"
#include "common/bson/bson_form.h"

#include <assert.h>
#include <string.h>

struct bson_kept bson_keep(struct bson_fields stored, struct bson_fields known)
{
    assert(stored.bytes != NULL && known.bytes != NULL);
    bool is_same =
        stored.length == known.length && memcmp(stored.bytes, known.bytes, stored.length) == 0;
    return is_same ? (struct bson_kept){ .stored = { .bytes = NULL } }
                   : (struct bson_kept){ .stored = stored, .known = known };
}

static bool has_same_id(const struct bson_element *one, const struct bson_element *other)
{
    struct bson_fields fields = one->nested;
    struct bson_fields others = other->nested;
    struct bson_element id;
    struct bson_element other_id;
    return fields.bytes != NULL && others.bytes != NULL && bson_read_each(&fields, &id) &&
           bson_read_each(&others, &other_id) && bson_elements_equal(&id, &other_id);
}

/* The element of an array that is this one: at its place, else wherever it is. */
static bool member_find(struct bson_fields array, const struct bson_element *wanted,
                        struct bson_element *ret_found)
{
    struct bson_fields there = array;
    if (bson_read_element(&there, wanted->name, ret_found) && has_same_id(wanted, ret_found))
        return true;
    while (bson_read_each(&array, ret_found))
        if (has_same_id(wanted, ret_found))
            return true;
    return false;
}

static bool counterpart_find(struct bson_fields fields, bool is_array,
                             const struct bson_element *wanted, struct bson_element *ret_found)
{
    bool is_found = is_array ? member_find(fields, wanted, ret_found)
                             : bson_read_element(&fields, wanted->name, ret_found);
    return is_found && ret_found->type == wanted->type && ret_found->nested.bytes != NULL;
}

/* A field of this code, with what is unknown within it. */
static void field_write(struct bson_output *output, const struct bson_element *field,
                        const struct bson_kept *kept, bool is_array)
{
    struct bson_element stored;
    struct bson_element known;
    bool is_nested = field->nested.bytes != NULL &&
                     counterpart_find(kept->stored, is_array, field, &stored) &&
                     counterpart_find(kept->known, is_array, &stored, &known);
    struct bson_kept inner = { .stored = { .bytes = NULL } };
    if (is_nested)
        inner = bson_keep(stored.nested, known.nested);
    if (inner.stored.bytes == NULL) {
        bson_write_element(output, field);
        return;
    }
    if (field->type == BSON_FORM_ARRAY)
        bson_write_array_begin(output, field->name);
    else
        bson_write_document_begin(output, field->name);
    bson_keep_write(output, field->nested, inner, field->type == BSON_FORM_ARRAY);
    bson_write_end(output);
}

/* As deep as what this code writes itself: what is unknown is copied whole. */
void bson_keep_write(struct bson_output *output, struct bson_fields fresh, struct bson_kept kept,
                     bool is_array)
{
    assert(output->depth > 0 && fresh.next != NULL);
    struct bson_fields fields = fresh;
    struct bson_element field;
    while (bson_read_each(&fields, &field))
        field_write(output, &field, &kept, is_array);
    while (bson_read_each(&kept.stored, &field))
        if (!bson_read_has(&kept.known, field.name) && !bson_read_has(&fresh, field.name))
            bson_write_element(output, &field);
}
