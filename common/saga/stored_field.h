/* stored_field.h - members of plain structs to BSON fields and back, by a table with a row for
 * each: of a participant's state, and of what its history keeps of an input. The rows stand in the
 * order in which they are written; read they are wherever they stand, and what no row names is
 * passed over. Pure. */
#pragma once

#include "common/base/attributes.h"
#include "common/bson/bson_read.h"
#include "common/bson/bson_write.h"
#include "common/saga/announcement.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORED_FIELDS_MAX 32 /* of one table */

enum stored_kind {
    STORED_TEXT, /* char[size] */
    STORED_INT,  /* int64_t, or int32_t, which is never negative */
    STORED_BOOL,
    STORED_NAME, /* an enum, by the names of its values */
    STORED_ANNOUNCEMENT,
    STORED_DOCUMENT, /* of `fields` */
    STORED_LIST,     /* of documents */
};

enum stored_when {
    STORED_ALWAYS,
    STORED_IF_ANY,   /* what is empty or 0 is left out */
    STORED_SINCE,    /* always; documents of earlier releases do not have it */
    STORED_TOGETHER, /* always; documents have it that have the field of the row before */
};

struct stored_field {
    const char *name;
    enum stored_kind kind;
    enum stored_when when;
    size_t offset, size; /* within the struct; of a document: where its fields count from */
    /* A number that is read must be within them, where maximum is not 0. Of names the first and the
     * last value, of a list how long it may be. */
    int64_t minimum, maximum;
    const char *const *names;
    const struct stored_field *fields;
    size_t field_count;
    /* What is not 0 while there is a document (is_flag: a bool that says only this), or the length
     * of a list; within the struct. */
    size_t mark_offset, mark_size;
    bool is_flag;
};

/* clang-format off */
#define STORED_COUNT(table) (sizeof(table) / sizeof(table)[0])
#define STORED_MEMBER(structure, member) (((struct structure *)0)->member)
#define STORED_TABLE(table)              .fields = (table), .field_count = STORED_COUNT(table)
#define STORED_AT(structure, key, member)                                                          \
    .name = (key), .offset = offsetof(struct structure, member),                                   \
    .size = sizeof STORED_MEMBER(structure, member)
#define STORED_MARK(structure, member)                                                             \
    .mark_offset = offsetof(struct structure, member),                                             \
    .mark_size = _Generic(STORED_MEMBER(structure, member), char *: 1,                             \
                          default: sizeof STORED_MEMBER(structure, member)),                       \
    .is_flag = _Generic(STORED_MEMBER(structure, member), bool: true, default: false)

/* The kind follows from the member's type. Behind it may stand when it is stored, and its bounds. */
#define STORED_FIELD(structure, key, member, ...)                                                  \
    { STORED_AT(structure, key, member),                                                           \
      .kind = _Generic(STORED_MEMBER(structure, member), char *: STORED_TEXT, bool: STORED_BOOL,   \
                       int64_t: STORED_INT, int32_t: STORED_INT,                                   \
                       struct announcement: STORED_ANNOUNCEMENT), __VA_ARGS__ }
#define STORED_ENUM(structure, key, member, texts, first)                                          \
    { STORED_AT(structure, key, member), .kind = STORED_NAME, .names = (texts),                    \
      .minimum = (first), .maximum = STORED_COUNT(texts) - 1 }
/* A member that is a struct, as a document; and one that is left out while `mark` is 0. */
#define STORED_NESTED(structure, key, member, table)                                               \
    { STORED_AT(structure, key, member), .kind = STORED_DOCUMENT, STORED_TABLE(table) }
#define STORED_PART(structure, key, member, table, mark)                                           \
    { STORED_AT(structure, key, member), .kind = STORED_DOCUMENT, .when = STORED_IF_ANY,           \
      STORED_TABLE(table), STORED_MARK(structure, mark) }
/* So are some members of the struct itself. */
#define STORED_GROUP(structure, key, table, mark)                                                  \
    { .name = (key), .kind = STORED_DOCUMENT, .when = STORED_IF_ANY, STORED_TABLE(table),          \
      STORED_MARK(structure, mark) }
#define STORED_ARRAY(structure, key, member, count, table, ...)                                    \
    { .name = (key), .kind = STORED_LIST, .offset = offsetof(struct structure, member),            \
      .size = sizeof STORED_MEMBER(structure, member)[0],                                          \
      .maximum = STORED_COUNT(STORED_MEMBER(structure, member)),                                   \
      STORED_TABLE(table), STORED_MARK(structure, count), __VA_ARGS__ }
/* clang-format on */

void stored_fields_write(const struct stored_field *fields, size_t count, const void *structure,
                         struct bson_output *output);
/* Into a struct that is all 0. The name of the first field that is missing, of another type or out
 * of its bounds; NULL: none is. */
MUST_CHECK const char *stored_fields_read(const struct stored_field *fields, size_t count,
                                          struct bson_fields *document, void *ret_structure);
