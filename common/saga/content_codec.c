/* content_codec.c - payload fields to BSON and back by their table; what is empty is not written.
 * */
#include "common/saga/content_codec.h"
#include "common/bson/bson_form.h"
#include "common/bson/bson_read.h"
#include "common/bson/bson_write.h"

#include <assert.h>
#include <string.h>

#define CONTENT_BYTES_FIRST 256

const struct content_form *content_form_find(const struct content_form *forms,
                                             const char *type_name)
{
    assert(type_name != NULL);
    for (; forms != NULL && forms->type_name != NULL; forms++)
        if (strcmp(forms->type_name, type_name) == 0)
            return forms;
    return NULL;
}

const uint8_t *content_encode(const struct content_form *forms, const struct input *input,
                              struct arena *arena, size_t *ret_length)
{
    assert(input->type_name != NULL);
    *ret_length = 0;
    const struct content_form *form = content_form_find(forms, input->type_name);
    if (form == NULL || form->field_count == 0)
        return NULL;
    struct bson_output content;
    bson_write_begin(&content, arena, CONTENT_BYTES_FIRST);
    stored_fields_write(form->fields, form->field_count, input->payload, &content);
    return bson_write_finish(&content, ret_length);
}

bool content_contradicts(struct bson_fields one, struct bson_fields other)
{
    struct bson_element field;
    struct bson_element same;
    while (bson_read_each(&one, &field))
        if (bson_read_element(&other, field.name, &same) && !bson_elements_equal(&field, &same))
            return true;
    return false;
}

bool content_decode(const struct content_form *form, const uint8_t *bytes, size_t length,
                    struct input *ret_input)
{
    assert(form != NULL && form->type_name != NULL);
    static const uint8_t empty[BSON_FORM_EMPTY_BYTES] = { BSON_FORM_EMPTY_BYTES };
    struct bson_fields content;
    if (!bson_read_open(&content, bytes != NULL ? bytes : empty,
                        bytes != NULL ? length : sizeof empty))
        return false;
    ret_input->type = form->type;
    ret_input->type_name = form->type_name;
    memset(ret_input->payload, 0, sizeof ret_input->payload);
    return stored_fields_read(form->fields, form->field_count, &content, ret_input->payload) ==
           NULL;
}
