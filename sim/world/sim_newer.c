/* sim_newer.c - the newer release: the code that ships, and beside that it knows one form of
 * documents and messages more, and stores one field more in everything that has names. */
#include "sim/world/sim_newer.h"
#include "sim/world/sim.h"
#include "sim/world/sim_story.h"

#include "common/base/hash.h"
#include "services/registry.h"

#include <assert.h>
#include <bson.h>
#include <string.h>

#define NEWER_FIELD  "newer"
#define NEWER_SCHEMA (SCHEMA_FIRST + 1)

/* ---- what the newer release is ---- */

/* Half of the documents get a form that the older one does not know. */
static int64_t schema_of_id(const char *id)
{
    return hash_text(id) % 2 == 0 ? NEWER_SCHEMA : SCHEMA_FIRST;
}

static int64_t booking_schema(const void *state)
{
    return schema_of_id(((const struct booking *)state)->id);
}

static int64_t payment_schema(const void *state)
{
    return schema_of_id(((const struct payment *)state)->id);
}

static int64_t view_schema(const void *state)
{
    return schema_of_id(((const struct gateway_view *)state)->booking_id);
}

/* Of a further participant, whose state has its id nobody knows where. */
static int64_t always_newer_schema(const void *state)
{
    (void)state;
    return NEWER_SCHEMA;
}

/* So do the events of these documents. */
static void events_mark(struct decision *decision, const struct input *input)
{
    for (int i = 0; i < decision->message_count; i++)
        decision->messages[i].schema_version = schema_of_id(input->document_id);
}

static bool newer_parse(const void *self, const struct message *message, struct input *ret_inputs,
                        size_t *ret_count, struct error *error)
{
    const struct participant *shipped = self;
    return shipped->parse(shipped->self, message, ret_inputs, ret_count, error);
}

static void newer_decide(const void *self, void *state, const struct input *input,
                         struct decision *decision)
{
    participant_decide(self, state, input, decision);
    events_mark(decision, input);
}

void sim_participants_make(struct sim *sim)
{
    for (size_t service = 0; service < sim->service_count; service++) {
        struct participant *newer = &sim->newer[service];
        sim->participants[service] = services[service]->participant(sim->rules[service]);
        *newer = sim->participants[service];
        newer->self = &sim->participants[service];
        newer->schema_version = NEWER_SCHEMA;
        newer->parse = newer_parse;
        newer->decide = newer_decide;
        if (service >= SIM_ROLE_COUNT && sim_random_chance(&sim->random, 500))
            newer->schema_of = always_newer_schema;
    }
    sim->newer[SIM_BOOKING].schema_of = booking_schema;
    sim->newer[SIM_PAYMENT].schema_of = payment_schema;
    sim->newer[SIM_GATEWAY].schema_of = view_schema;
}

/* ---- what it stores ---- */

static bool is_nested(const bson_iter_t *iter)
{
    return BSON_ITER_HOLDS_DOCUMENT(iter) || BSON_ITER_HOLDS_ARRAY(iter);
}

/* The value tells where it belongs: by the first field of its document, which is its id. */
static void fields_add(bson_iter_t *from, bool is_array, bson_t *to)
{
    uint32_t first = 0;
    bool is_there = false;
    while (bson_iter_next(from)) {
        bson_iter_t nested;
        bson_t part;
        is_there |= strcmp(bson_iter_key(from), NEWER_FIELD) == 0;
        if (!is_nested(from)) {
            if (first == 0 && BSON_ITER_HOLDS_UTF8(from))
                first = (uint32_t)(hash_text(bson_iter_utf8(from, NULL)) | 1);
            bson_append_iter(to, NULL, 0, from);
            continue;
        }
        bson_iter_recurse(from, &nested);
        bool is_list = BSON_ITER_HOLDS_ARRAY(from);
        if (is_list)
            bson_append_array_begin(to, bson_iter_key(from), -1, &part);
        else
            bson_append_document_begin(to, bson_iter_key(from), -1, &part);
        fields_add(&nested, is_list, &part);
        if (is_list)
            bson_append_array_end(to, &part);
        else
            bson_append_document_end(to, &part);
    }
    if (!is_array && !is_there)
        BSON_APPEND_INT64(to, NEWER_FIELD, first);
}

void sim_newer_store(struct sim_worker *worker, struct memory_document *document)
{
    bson_t body;
    bson_iter_t from;
    if (!worker->is_newer)
        return;
    bool is_bson = bson_init_static(&body, document->body, document->body_length) &&
                   bson_iter_init(&from, &body);
    assert(is_bson);
    bson_t changed = BSON_INITIALIZER;
    fields_add(&from, false, &changed);
    document->body = arena_copy(&worker->sim->arena, bson_get_data(&changed), changed.len);
    document->body_length = changed.len;
    bson_destroy(&changed);
}

/* ---- what must become of it ---- */

static bool value_is_equal(const bson_iter_t *one, const bson_iter_t *other)
{
    if (BSON_ITER_HOLDS_UTF8(one) && BSON_ITER_HOLDS_UTF8(other))
        return strcmp(bson_iter_utf8(one, NULL), bson_iter_utf8(other, NULL)) == 0;
    return BSON_ITER_HOLDS_INT64(one) && BSON_ITER_HOLDS_INT64(other) &&
           bson_iter_int64(one) == bson_iter_int64(other);
}

static bool has_same_id(const bson_iter_t *one, const bson_iter_t *other)
{
    bson_iter_t id;
    bson_iter_t other_id;
    return BSON_ITER_HOLDS_DOCUMENT(one) && BSON_ITER_HOLDS_DOCUMENT(other) &&
           bson_iter_recurse(one, &id) && bson_iter_recurse(other, &other_id) &&
           bson_iter_next(&id) && bson_iter_next(&other_id) && value_is_equal(&id, &other_id);
}

/* The element of an array that has the id of `wanted`: at its place, else anywhere. */
static bool member_find(bson_iter_t within, const bson_iter_t *wanted, bson_iter_t *ret_found)
{
    bson_iter_t each = within;
    if (bson_iter_find(&each, bson_iter_key(wanted)) && has_same_id(wanted, &each)) {
        *ret_found = each;
        return true;
    }
    for (each = within; bson_iter_next(&each);)
        if (has_same_id(wanted, &each)) {
            *ret_found = each;
            return true;
        }
    return false;
}

/* What was there before the save, against what is there after it. */
static bool level_is_kept(bson_iter_t before, bson_iter_t after, bool is_array)
{
    bson_iter_t within = after;
    while (bson_iter_next(&before)) {
        bson_iter_t found = within;
        bool is_found = is_array ? member_find(within, &before, &found)
                                 : bson_iter_find(&found, bson_iter_key(&before));
        if (strcmp(bson_iter_key(&before), NEWER_FIELD) == 0) {
            if (!is_found || !value_is_equal(&before, &found))
                return false;
            continue;
        }
        bson_iter_t inner;
        bson_iter_t inner_after;
        if (!is_found || !is_nested(&before) || !is_nested(&found))
            continue; /* gone with what it belonged to */
        bson_iter_recurse(&before, &inner);
        bson_iter_recurse(&found, &inner_after);
        if (!level_is_kept(inner, inner_after, BSON_ITER_HOLDS_ARRAY(&before)))
            return false;
    }
    return true;
}

void sim_newer_check(struct sim_worker *worker, const struct memory_document *document,
                     const struct record *record)
{
    bson_t before;
    bson_t after;
    bson_iter_t from;
    bson_iter_t to;
    if (!worker->sim->has_rolled)
        return;
    bool is_bson = bson_init_static(&before, document->body, document->body_length) &&
                   bson_init_static(&after, record->body, record->body_length) &&
                   bson_iter_init(&from, &before) && bson_iter_init(&to, &after);
    assert(is_bson);
    if (!level_is_kept(from, to, false))
        sim_fail(worker->sim, "F12: %s drops of %s what a newer release has stored", worker->name,
                 document->id);
    if (!worker->is_newer && sim_is_newer(document))
        sim_fail(worker->sim, "F12: %s saves %s, which is of a newer release", worker->name,
                 document->id);
    if (!worker->is_newer && bson_has_field(&before, NEWER_FIELD))
        anomaly_reached(worker->sim, ANOMALY_F12);
}

bool sim_is_newer(const struct memory_document *document)
{
    bson_t body;
    bson_iter_t iter;
    return bson_init_static(&body, document->body, document->body_length) &&
           bson_iter_init_find(&iter, &body, "schema") && bson_iter_as_int64(&iter) > SCHEMA_FIRST;
}
