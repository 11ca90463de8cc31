/* content_codec.c - payload fields to BSON and back by their table; what is empty is not written.
 * */
#include "common/saga/content_codec.h"
#include "common/bson/bson_form.h"
#include "common/bson/bson_read.h"
#include "common/bson/bson_write.h"

#include <assert.h>
#include <string.h>

#define CHOICE_TEXT_SIZE    32
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

static void field_encode(const struct content_field *field, const unsigned char *payload,
                         struct bson_output *content)
{
    assert(field->offset + field->size <= INPUT_PAYLOAD_BYTES);
    const void *at = payload + field->offset;
    int64_t number = 0;
    int choice = 0;
    bool flag = false;
    switch (field->kind) {
    case CONTENT_TEXT:
        if (*(const char *)at != '\0')
            bson_write_text(content, field->name, at);
        return;
    case CONTENT_INT:
        memcpy(&number, at, sizeof number);
        if (number != 0)
            bson_write_int(content, field->name, number);
        return;
    case CONTENT_BOOL:
        memcpy(&flag, at, sizeof flag);
        if (flag)
            bson_write_bool(content, field->name, flag);
        return;
    case CONTENT_CHOICE:
        memcpy(&choice, at, sizeof choice);
        bson_write_text(content, field->name, field->text_of(choice));
        return;
    }
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
    for (size_t i = 0; i < form->field_count; i++)
        field_encode(&form->fields[i], input->payload, &content);
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

static bool choice_decode(const struct content_field *field, struct bson_fields *content,
                          void *target)
{
    assert(field->text_of != NULL && field->choice_count > 0);
    char text[CHOICE_TEXT_SIZE];
    if (!bson_read_text(content, field->name, text, sizeof text))
        return false;
    for (int choice = 0; choice < field->choice_count; choice++)
        if (strcmp(text, field->text_of(choice)) == 0) {
            memcpy(target, &choice, sizeof choice);
            return true;
        }
    return false;
}

static bool field_decode(const struct content_field *field, struct bson_fields *content,
                         unsigned char *payload)
{
    assert(field->offset + field->size <= INPUT_PAYLOAD_BYTES);
    void *at = payload + field->offset;
    int64_t number = 0;
    bool flag = false;
    if (field->kind == CONTENT_CHOICE)
        return choice_decode(field, content, at);
    if (!bson_read_has(content, field->name))
        return true;
    if (field->kind == CONTENT_TEXT)
        return bson_read_text(content, field->name, at, field->size);
    if (field->kind == CONTENT_BOOL) {
        if (!bson_read_bool(content, field->name, &flag))
            return false;
        memcpy(at, &flag, sizeof flag);
        return true;
    }
    if (!bson_read_int(content, field->name, &number) ||
        (field->maximum > 0 && (number < 0 || number > field->maximum)))
        return false;
    memcpy(at, &number, sizeof number);
    return true;
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
    for (size_t i = 0; i < form->field_count; i++)
        if (!field_decode(&form->fields[i], &content, ret_input->payload))
            return false;
    return true;
}
