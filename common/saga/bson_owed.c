/* bson_owed.c - writes a body again, field by field, without what it owes. */
#include "common/saga/bson_owed.h"

#include <bson/bson.h>
#include <string.h>

static bool fields_append(const bson_t *body, bson_t *changed)
{
    bson_iter_t iter;
    if (!bson_iter_init(&iter, body))
        return false;
    while (bson_iter_next(&iter)) {
        bson_t none = BSON_INITIALIZER;
        bool is_appended = strcmp(bson_iter_key(&iter), "owed") == 0
                               ? BSON_APPEND_ARRAY(changed, "owed", &none)
                               : bson_append_iter(changed, NULL, 0, &iter);
        if (!is_appended)
            return false;
    }
    return iter.err_off == 0;
}

uint8_t *bson_owed_drop(const uint8_t *body, size_t length, size_t *ret_length)
{
    bson_t before;
    bson_t changed = BSON_INITIALIZER;
    if (body == NULL || !bson_init_static(&before, body, length) ||
        !fields_append(&before, &changed)) {
        bson_destroy(&changed);
        return NULL;
    }
    uint32_t changed_length;
    uint8_t *taken = bson_destroy_with_steal(&changed, true, &changed_length);
    *ret_length = changed_length;
    return taken;
}
