/* engine_rig.h - an engine between a bus, a store and a client that a test holds in its hands, with
 * the participant of tally.h. Included by one test. */
#pragma once

#include "common/saga/document.h"
#include "common/saga/engine.h"
#include "tests/unit/tally.h"

#include <bson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW       1000000
#define PLACES    8
#define BODY_SIZE 16384

/* Everything outside of the engine. */
static struct world {
    struct delivery deliveries[PLACES];
    size_t delivered, given, acked, quarantined, postponed, published, nacked;
    int64_t postponed_since_ms;
    size_t ways[BUS_PUBLISHES_MAX], way_count; /* messages that nobody has answered for, by call */
    bool is_drained, refuses_letters, loses_messages, nacks_messages, confirms_late;
    uint64_t session;
    struct record records[PLACES];
    uint8_t bodies[PLACES][BODY_SIZE];
    size_t stored, saves, save_calls, loads, observed;
    bool is_away, refuses_writes, conflicts, is_in_doubt;
    const char *contended_id; /* another process saves it first, once */
    const char *doubted_id;   /* of a document of which a save says nothing; or NULL */
    bool is_consumer_paused, is_relayed, is_blocked;
    struct request *request;
    char observed_for[IDENT_SIZE]; /* the correlation id of the last decision */
    const char *held_id;           /* of the document that an effect is held of; or NULL */
    struct engine *engine;
} world;

/* ---- the bus ---- */

static void bus_service(void *self, struct bus_status *ret_status)
{
    (void)self;
    *ret_status = (struct bus_status){ .session = world.session,
                                       .can_consume = world.session != 0,
                                       .can_publish = world.session != 0 && !world.is_blocked };
}

static size_t bus_take(void *self, size_t limit, struct delivery **ret_deliveries)
{
    (void)self;
    size_t count = 0;
    while (count < limit && world.given < world.delivered)
        ret_deliveries[count++] = &world.deliveries[world.given++];
    return count;
}

static void bus_publish_begin(void *self, const struct message *const *messages, size_t count)
{
    (void)self, (void)messages;
    assert_true(world.way_count < BUS_PUBLISHES_MAX);
    world.ways[world.way_count++] = count;
}

static bool bus_publish_end(void *self, bool is_waiting, enum publish_result *ret_results)
{
    (void)self;
    assert_int_not_equal(world.way_count, 0);
    if (world.confirms_late && !is_waiting)
        return false;
    for (size_t i = 0; i < world.ways[0]; i++)
        ret_results[i] = world.loses_messages   ? PUBLISH_UNKNOWN
                         : world.nacks_messages ? PUBLISH_NACKED
                                                : PUBLISH_CONFIRMED;
    world.nacked += world.nacks_messages ? world.ways[0] : 0;
    world.published += world.loses_messages || world.nacks_messages ? 0 : world.ways[0];
    memmove(world.ways, world.ways + 1, --world.way_count * sizeof world.ways[0]);
    return true;
}

static bool bus_quarantine(void *self, const struct delivery *delivery, const char *reason,
                           struct error *error)
{
    (void)self, (void)delivery, (void)reason;
    if (world.refuses_letters)
        return error_set(error, ERROR_RETRY, "full");
    world.quarantined++;
    return true;
}

static bool bus_postpone(void *self, const struct delivery *delivery, const char *reason,
                         int64_t since_ms, struct error *error)
{
    (void)self, (void)delivery, (void)reason;
    if (world.refuses_letters)
        return error_set(error, ERROR_RETRY, "full");
    world.postponed++;
    world.postponed_since_ms = since_ms;
    return true;
}

static void bus_ack(void *self, struct delivery *const *deliveries, size_t count)
{
    (void)self, (void)deliveries;
    world.acked += count;
}

static bool bus_is_drained(void *self)
{
    (void)self;
    return world.is_drained;
}

static void bus_pause(void *self)
{
    (void)self;
    world.is_consumer_paused = true;
}

static void bus_resume(void *self)
{
    (void)self;
    world.is_consumer_paused = false;
}

/* ---- the store ---- */

static struct record *record_find(const char *id)
{
    for (size_t i = 0; i < world.stored; i++)
        if (strcmp(world.records[i].id, id) == 0)
            return &world.records[i];
    return NULL;
}

static bool is_there(struct error *error)
{
    return !world.is_away || error_set(error, ERROR_RETRY, "the store is away");
}

static bool takes_writes(struct error *error)
{
    return is_there(error) &&
           (!world.refuses_writes || error_set(error, ERROR_RETRY, "the disk is full"));
}

static bool store_load(void *self, const char *const *ids, size_t count, struct arena *arena,
                       struct record *ret_records, struct error *error)
{
    (void)self;
    world.loads += count;
    for (size_t i = 0; i < count; i++) {
        const struct record *record = record_find(ids[i]);
        ret_records[i] = record != NULL ? *record : (struct record){ .version = 0 };
        snprintf(ret_records[i].id, IDENT_SIZE, "%s", ids[i]);
        if (record != NULL)
            ret_records[i].body = arena_copy(arena, record->body, record->body_length);
    }
    return is_there(error);
}

static bool store_save(void *self, const struct record *records, size_t count,
                       enum save_result *ret_results, struct error *error)
{
    (void)self;
    world.save_calls++;
    for (size_t i = 0; i < count && !world.is_away && !world.refuses_writes; i++) {
        bool is_doubted = world.is_in_doubt || (world.doubted_id != NULL &&
                                                strcmp(records[i].id, world.doubted_id) == 0);
        ret_results[i] = is_doubted ? SAVE_UNKNOWN : SAVE_CONFLICT;
        bool is_contended =
            world.contended_id != NULL && strcmp(records[i].id, world.contended_id) == 0;
        if (is_contended)
            world.contended_id = NULL;
        if (is_doubted || is_contended)
            continue;
        struct record *record = record_find(records[i].id);
        if (world.conflicts || records[i].version != (record != NULL ? record->version : 0))
            continue;
        size_t place = record != NULL ? (size_t)(record - world.records) : world.stored++;
        assert_true(place < PLACES && records[i].body_length <= BODY_SIZE);
        memcpy(world.bodies[place], records[i].body, records[i].body_length);
        world.records[place] = records[i];
        world.records[place].body = world.bodies[place];
        world.records[place].version++;
        ret_results[i] = SAVE_SAVED;
        world.saves++;
    }
    return takes_writes(error);
}

static bool store_clear_owed(void *self, const char *const *ids, const int64_t *versions,
                             size_t count, struct error *error)
{
    (void)self;
    for (size_t i = 0; i < count; i++) {
        struct record *record = record_find(ids[i]);
        if (record != NULL && record->version == versions[i])
            record->owed_at_ms = 0; /* and the body keeps them: good enough here */
    }
    return takes_writes(error);
}

static bool store_due(void *self, const struct store_look *look, char (*ret_ids)[IDENT_SIZE],
                      size_t *ret_count, struct error *error)
{
    (void)self;
    size_t skip = look->skip;
    *ret_count = 0;
    for (size_t i = 0; i < world.stored && *ret_count < look->limit; i++) {
        int64_t due_ms = world.records[i].due_at_ms;
        if (due_ms <= look->after_ms || due_ms > look->before_ms)
            continue;
        if (skip > 0)
            skip--;
        else
            memcpy(ret_ids[(*ret_count)++], world.records[i].id, IDENT_SIZE);
    }
    return is_there(error);
}

static bool store_owed(void *self, const struct store_look *look, char (*ret_ids)[IDENT_SIZE],
                       size_t *ret_count, struct error *error)
{
    (void)self;
    size_t skip = look->skip;
    *ret_count = 0;
    for (size_t i = 0; world.is_relayed && i < world.stored && *ret_count < look->limit; i++) {
        int64_t owed_ms = world.records[i].owed_at_ms;
        if (owed_ms <= look->after_ms || owed_ms > look->before_ms)
            continue;
        if (skip > 0)
            skip--;
        else
            memcpy(ret_ids[(*ret_count)++], world.records[i].id, IDENT_SIZE);
    }
    return is_there(error);
}

static bool store_count_owed(void *self, size_t limit, size_t *ret_count, struct error *error)
{
    (void)self;
    *ret_count = 0;
    for (size_t i = 0; i < world.stored && *ret_count < limit; i++)
        *ret_count += world.records[i].owed_at_ms != 0;
    return is_there(error);
}

static bool store_list(void *self, const struct store_cursor *after, size_t limit,
                       struct arena *arena, struct record *ret_records, size_t *ret_count,
                       struct error *error)
{
    (void)self, (void)after, (void)limit, (void)arena;
    *ret_count = 0;
    for (size_t i = 0; i < world.stored; i++)
        if (*ret_count == 0 || world.records[i].created_at_ms > ret_records[0].created_at_ms) {
            ret_records[0] = world.records[i];
            *ret_count = 1;
        }
    return is_there(error);
}

static bool store_ping(void *self, struct error *error)
{
    (void)self;
    return is_there(error);
}

static bool store_pulse(void *self, struct error *error)
{
    (void)self;
    return takes_writes(error);
}

/* ---- the client ---- */

static size_t request_take(void *self, size_t limit, struct request **ret_requests)
{
    (void)self;
    if (limit == 0 || world.request == NULL)
        return 0;
    ret_requests[0] = world.request;
    world.request = NULL;
    return 1;
}

static void request_answer(void *self, struct request *request)
{
    (void)self;
    assert_int_not_equal(request->reply, REPLY_NONE);
}

/* ---- effects ---- */

static bool effect_holds(void *self, const char *document_id)
{
    (void)self;
    return world.held_id != NULL && strcmp(world.held_id, document_id) == 0;
}

/* ---- who looks on ---- */

static void decided(void *self, const struct decided *decided)
{
    (void)self;
    world.observed++;
    snprintf(world.observed_for, IDENT_SIZE, "%s", decided->input->correlation_id);
}

static const struct observer_port observer = { .decided = decided };

/* ---- what a test does ---- */

static struct engine *engine_make(void)
{
    static struct engine_limits limits;
    limits = engine_limits_default;
    limits.owed_documents_max = 2;
    struct engine_ports ports = {
        .store = { .load = store_load,
                   .save = store_save,
                   .clear_owed = store_clear_owed,
                   .due = store_due,
                   .owed = store_owed,
                   .count_owed = store_count_owed,
                   .list = store_list,
                   .ping = store_ping,
                   .pulse = store_pulse },
        .bus = { .service = bus_service,
                 .take = bus_take,
                 .publish_begin = bus_publish_begin,
                 .publish_end = bus_publish_end,
                 .quarantine = bus_quarantine,
                 .postpone = bus_postpone,
                 .ack = bus_ack,
                 .is_drained = bus_is_drained,
                 .pause = bus_pause,
                 .resume = bus_resume },
        .requests = { .take = request_take, .answer = request_answer },
        .effects = { .holds = effect_holds },
        .observer = &observer,
    };
    return engine_new(&tally_participant, &ports, &limits);
}

static int world_begin(void **test)
{
    (void)test;
    memset(&world, 0, sizeof world);
    world.session = 1;
    world.is_drained = true;
    world.engine = engine_make();
    return 0;
}

static int world_end(void **test)
{
    (void)test;
    world.engine = engine_free(world.engine);
    return 0;
}

static struct delivery *deliver(const char *message_id, const char *document_id, const char *body)
{
    assert_true(world.delivered < PLACES);
    struct delivery *delivery = &world.deliveries[world.delivered++];
    *delivery = (struct delivery){ .tag = world.delivered, .session = world.session };
    snprintf(delivery->message.id, MESSAGE_ID_SIZE, "%s", message_id);
    snprintf(delivery->message.type, MESSAGE_TYPE_SIZE, "told");
    snprintf(delivery->message.correlation_id, IDENT_SIZE, "%s", document_id);
    delivery->message.schema_version = SCHEMA_FIRST;
    delivery->message.body = body;
    delivery->message.body_length = strlen(body);
    return delivery;
}

static enum reply ask_first(const char *document_id, enum tally_input type, bool is_first,
                            int64_t now_ms)
{
    struct request request = { .input = { .source = INPUT_FROM_REQUEST,
                                          .type = (int)type,
                                          .type_name = "told",
                                          .is_first = is_first } };
    snprintf(request.input.document_id, IDENT_SIZE, "%s", document_id);
    snprintf(request.input.correlation_id, IDENT_SIZE, "%s", document_id);
    world.request = &request;
    engine_step(world.engine, now_ms, now_ms);
    return request.reply;
}

static enum reply ask(const char *document_id, int64_t now_ms)
{
    return ask_first(document_id, TALLY_COUNT, false, now_ms);
}
