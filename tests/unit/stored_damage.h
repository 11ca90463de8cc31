/* stored_damage.h - a stored document, damaged in one field after the other. Included by one test
 * each. What is not there, or is of another type, is never made up. */
#pragma once

#include "common/saga/participant.h"
#include "tests/unit/bson_case.h"

#include <bson.h>

struct damage {
    int at;           /* the field, counted through all parts */
    bool is_left_out; /* otherwise it is of another type; an element of an array always is */
    int seen;
    char path[64]; /* "refunds.0.amount" */
};

static void damaged_copy(bson_t *to, bson_iter_t *from, struct damage *damage, const char *parent,
                         bool is_array)
{
    while (bson_iter_next(from)) {
        const char *key = bson_iter_key(from);
        char path[64];
        snprintf(path, sizeof path, "%s%s%s", parent, parent[0] != '\0' ? "." : "", key);
        bson_iter_t inner;
        bson_t part;
        if (damage->seen++ == damage->at) {
            memcpy(damage->path, path, sizeof path);
            if (is_array || !damage->is_left_out)
                BSON_APPEND_NULL(to, key);
        } else if (BSON_ITER_HOLDS_DOCUMENT(from)) {
            assert_true(bson_iter_recurse(from, &inner));
            BSON_APPEND_DOCUMENT_BEGIN(to, key, &part);
            damaged_copy(&part, &inner, damage, path, false);
            bson_append_document_end(to, &part);
        } else if (BSON_ITER_HOLDS_ARRAY(from)) {
            assert_true(bson_iter_recurse(from, &inner));
            BSON_APPEND_ARRAY_BEGIN(to, key, &part);
            damaged_copy(&part, &inner, damage, path, true);
            bson_append_array_end(to, &part);
        } else {
            assert_true(bson_append_iter(to, key, -1, from));
        }
    }
}

/* Whether a state comes back from the document with that damage. *ret_is_there: it has the field.
 */
static inline bool is_taken_damaged(const struct participant *participant,
                                    const struct bson_fields *whole, struct damage *damage,
                                    bool *ret_is_there)
{
    bson_t original;
    bson_t damaged = BSON_INITIALIZER;
    bson_iter_t from;
    struct bson_fields fields;
    struct error error = { 0 };
    assert_true(bson_init_static(&original, whole->bytes, whole->length));
    assert_true(bson_iter_init(&from, &original));
    damaged_copy(&damaged, &from, damage, "", false);
    assert_true(bson_read_open(&fields, bson_get_data(&damaged), damaged.len));
    void *state = calloc(1, participant->state_size);
    assert_non_null(state);
    bool is_taken = participant->decode(&fields, state, &error);
    if (!is_taken) {
        assert_int_equal(error.code, ERROR_BUG);
        assert_true(error.message[0] != '\0');
    }
    free(state);
    bson_destroy(&damaged);
    *ret_is_there = damage->seen > damage->at;
    return is_taken;
}

/* may_lack: the paths of fields that a good document may be without, up to a NULL. */
static inline void assert_no_damage_is_taken(const struct participant *participant,
                                             const void *state, const char *const *may_lack)
{
    struct error error;
    struct arena arena = { 0 };
    struct bson_output output;
    bson_write_begin(&output, &arena, CASE_ROOM);
    assert_true(participant->encode(state, &output, &error));
    struct bson_fields whole = case_written(&output);
    bool is_there = true;
    for (int i = 0; is_there; i++) {
        struct damage damage = { .at = i / 2, .is_left_out = i % 2 == 0 };
        bool is_taken = is_taken_damaged(participant, &whole, &damage, &is_there);
        bool may_be = !is_there;
        for (const char *const *name = may_lack; damage.is_left_out && *name != NULL; name++)
            may_be = may_be || strcmp(damage.path, *name) == 0;
        if (is_taken && !may_be)
            fail_msg("\"%s\" is %s, and nobody minds", damage.path,
                     damage.is_left_out ? "not there" : "of another type");
    }
    arena_done(&arena);
}
