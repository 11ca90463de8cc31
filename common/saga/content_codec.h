/* content_codec.h - what an input said, as its history entry keeps it, so that it can be decided
 * once more. Each participant describes the payloads of its inputs by a table of fields; only those
 * are kept, never what a message carried beside them. Pure; bytes are borrowed from the arena. */
#pragma once

#include "common/base/arena.h"
#include "common/base/attributes.h"
#include "common/bson/bson_read.h"
#include "common/saga/input.h"
#include "common/saga/stored_field.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct content_form { /* of one type of input; a table of them ends with type_name NULL */
    int type;
    const char *type_name;
    const struct stored_field *fields;
    size_t field_count;
};

/* Of a payload; what is empty or 0 is left out. */
#define CONTENT_FIELD(structure, key, member)                                                      \
    STORED_FIELD(structure, key, member, .when = STORED_IF_ANY)
#define CONTENT_COUNT(structure, key, member, most)                                                \
    STORED_FIELD(structure, key, member, .when = STORED_IF_ANY, .maximum = (most))
#define CONTENT_FORM(input_type, name, table)                                                      \
    {                                                                                              \
        .type = (int)(input_type), .type_name = name, .fields = table,                             \
        .field_count = sizeof(table) / sizeof(table)[0]                                            \
    }

/* NULL: no form of this table. */
const struct content_form *content_form_find(const struct content_form *forms,
                                             const char *type_name);
/* A BSON document; NULL where there is nothing to keep. Fields that are empty or 0 are left out. */
const uint8_t *content_encode(const struct content_form *forms, const struct input *input,
                              struct arena *arena, size_t *ret_length);
/* A field that both have differs. One that only one of them has is none: releases side by side know
 * more and fewer fields of the same message. */
bool content_contradicts(struct bson_fields one, struct bson_fields other);
/* Fills type, type_name and payload. Without bytes every field is empty. False: the bytes are
 * damaged, or say what the form does not allow. */
MUST_CHECK bool content_decode(const struct content_form *form, const uint8_t *bytes, size_t length,
                               struct input *ret_input);
