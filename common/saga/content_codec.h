/* content_codec.h - what an input said, as its history entry keeps it, so that it can be decided
 * once more. Each participant describes the payloads of its inputs by a table of fields; only those
 * are kept, never what a message carried beside them. Pure; bytes are borrowed from the arena. */
#pragma once

#include "common/base/arena.h"
#include "common/base/attributes.h"
#include "common/bson/bson_read.h"
#include "common/saga/input.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum content_kind {
    CONTENT_TEXT,   /* char[size] */
    CONTENT_INT,    /* int64_t */
    CONTENT_BOOL,   /* bool */
    CONTENT_CHOICE, /* an enum of `choice_count` values, kept as its text */
};

struct content_field {
    const char *name;
    enum content_kind kind;
    size_t offset, size;             /* within the payload */
    const char *(*text_of)(int64_t); /* CONTENT_CHOICE */
    int choice_count;
    int64_t maximum; /* CONTENT_INT; 0 = none */
};

struct content_form { /* of one type of input; a table of them ends with type_name NULL */
    int type;
    const char *type_name;
    const struct content_field *fields;
    size_t field_count;
};

/* clang-format off */
#define CONTENT_MEMBER(structure, member) (((struct structure *)0)->member)
#define CONTENT_PLACE(structure, field, member)                                                    \
    .name = field, .offset = offsetof(struct structure, member),                                   \
    .size = sizeof CONTENT_MEMBER(structure, member)
/* The kind follows from the member's type. */
#define CONTENT_FIELD(structure, field, member)                                                    \
    { CONTENT_PLACE(structure, field, member),                                                     \
      .kind = _Generic(CONTENT_MEMBER(structure, member),                                          \
                       char *: CONTENT_TEXT, int64_t: CONTENT_INT, bool: CONTENT_BOOL) }
#define CONTENT_COUNT(structure, field, member, most)                                              \
    { CONTENT_PLACE(structure, field, member), .kind = CONTENT_INT, .maximum = (most) }
#define CONTENT_ENUM(structure, field, member, texts, count)                                       \
    { CONTENT_PLACE(structure, field, member), .kind = CONTENT_CHOICE, .text_of = (texts),         \
      .choice_count = (count) }
/* clang-format on */
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
