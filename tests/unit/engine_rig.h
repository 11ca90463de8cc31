/* engine_rig.h - an engine on the bus and the store of common/memory, with a client that a test
 * holds in its hands and the faults that it wants around them, and the participant of tally.h.
 * Included by one test. */
#pragma once

#include "common/memory/memory_bus.h"
#include "common/memory/memory_store.h"
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

#define NOW    1000000
#define PLACES 8
#define HEARD  64

struct arrival { /* what deliver() has put into the queue */
    struct message message;
    int64_t delivery_count, later_since_ms;
};

/* Everything outside of the engine. */
static struct world {
    struct arena kept;
    struct memory_queue queues[2]; /* its own, and that of those who listen to it */
    struct memory_broker broker;
    struct memory_bus bus;
    struct memory_document documents[PLACES];
    struct memory_store store;
    struct bus_port bus_port;
    struct store_port store_port;
    struct memory_entry arrived[PLACES], heard[HEARD];
    struct memory_letter letters[PLACES];
    struct memory_held hand[PLACES];
    struct arrival arrivals[PLACES];
    size_t delivered, acked, quarantined, postponed, published, nacked;
    int64_t postponed_since_ms;
    bool is_undrained, refuses_letters, loses_messages, nacks_messages, confirms_late;
    size_t saves, save_calls, loads, observed, unconcerned;
    bool is_away, refuses_writes, conflicts, is_in_doubt;
    const char *contended_id; /* another process saves it first, once */
    const char *doubted_id;   /* of a document of which a save says nothing; or NULL */
    bool is_relayed;
    struct request *request;
    char observed_for[IDENT_SIZE]; /* the correlation id of the last decision */
    const char *held_id;           /* of the document that an effect is held of; or NULL */
    struct engine *engine;
} world;

/* ---- the bus ---- */

static size_t bus_take(void *self, size_t limit, struct delivery **ret_deliveries)
{
    for (size_t i = 0; i < world.queues[0].count; i++) {
        struct memory_entry *entry = &world.queues[0].entries[i];
        struct arrival *arrival = &world.arrivals[0];
        while (&arrival->message != entry->message)
            arrival++;
        entry->later_since_ms = arrival->later_since_ms;
        entry->delivery_count += (int32_t)arrival->delivery_count;
        arrival->delivery_count = 0;
    }
    return memory_bus_port(self).take(self, limit, ret_deliveries);
}

static bool bus_publish_end(void *self, bool is_waiting, enum publish_result *ret_results)
{
    size_t count = world.bus.publishes[0].count;
    if (world.confirms_late && !is_waiting)
        return false;
    assert_true(memory_bus_port(self).publish_end(self, is_waiting, ret_results));
    memory_queue_purge(&world.queues[1]);
    for (size_t i = 0; i < count; i++) {
        if (world.loses_messages || world.nacks_messages)
            ret_results[i] = world.loses_messages ? PUBLISH_UNKNOWN : PUBLISH_NACKED;
        world.nacked += ret_results[i] == PUBLISH_NACKED;
        world.published += ret_results[i] == PUBLISH_CONFIRMED;
    }
    return true;
}

static bool bus_quarantine(void *self, const struct delivery *delivery, const char *reason,
                           struct error *error)
{
    world.queues[0].full = world.refuses_letters ? MEMORY_DEAD : 0;
    bool is_put = memory_bus_port(self).quarantine(self, delivery, reason, error);
    world.quarantined += is_put;
    return is_put;
}

static bool bus_postpone(void *self, const struct delivery *delivery, const char *reason,
                         int64_t since_ms, struct error *error)
{
    world.queues[0].full = world.refuses_letters ? MEMORY_LATER : 0;
    bool is_put = memory_bus_port(self).postpone(self, delivery, reason, since_ms, error);
    world.postponed += is_put;
    world.postponed_since_ms = since_ms;
    return is_put;
}

static void bus_ack(void *self, struct delivery *const *deliveries, size_t count)
{
    memory_bus_port(self).ack(self, deliveries, count);
    world.acked += count;
}

static bool bus_is_drained(void *self)
{
    return !world.is_undrained && memory_bus_port(self).is_drained(self);
}

static struct bus_port bus_open(void)
{
    static const struct topology_binding bindings[] = { { "theirs", "counted" } };
    world.queues[0] = memory_queue_of("own", world.arrived, PLACES, world.letters, PLACES);
    world.queues[1] = memory_queue_of("theirs", world.heard, HEARD, NULL, 0);
    world.broker = memory_broker_of(world.queues, 2, bindings, 1, memory_keeper_arena(&world.kept));
    memory_broker_declare(&world.broker);
    memory_bus_init(&world.bus, &world.broker, &world.queues[0], 0, world.hand, PLACES);
    struct bus_port port = memory_bus_port(&world.bus);
    port.take = bus_take;
    port.publish_end = bus_publish_end;
    port.quarantine = bus_quarantine;
    port.postpone = bus_postpone;
    port.ack = bus_ack;
    port.is_drained = bus_is_drained;
    return port;
}

/* ---- the store ---- */

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
    world.loads += count;
    return is_there(error) &&
           memory_store_port(self).load(self, ids, count, arena, ret_records, error);
}

static bool is_named(const char *id, const struct record *record)
{
    return id != NULL && strcmp(record->id, id) == 0;
}

static bool store_save(void *self, const struct record *records, size_t count,
                       enum save_result *ret_results, struct error *error)
{
    world.save_calls++;
    if (!takes_writes(error))
        return false;
    for (size_t i = 0; i < count; i++) {
        bool is_doubted = world.is_in_doubt || is_named(world.doubted_id, &records[i]);
        bool is_contended = is_named(world.contended_id, &records[i]);
        if (is_contended)
            world.contended_id = NULL;
        ret_results[i] = is_doubted                        ? SAVE_UNKNOWN
                         : is_contended || world.conflicts ? SAVE_CONFLICT
                                                           : memory_store_save(self, &records[i]);
        world.saves += ret_results[i] == SAVE_SAVED;
    }
    return true;
}

static bool store_clear_owed(void *self, const char *const *ids, const int64_t *versions,
                             size_t count, struct error *error)
{
    return takes_writes(error) &&
           memory_store_port(self).clear_owed(self, ids, versions, count, error);
}

static bool store_due(void *self, const struct store_look *look, char (*ret_ids)[IDENT_SIZE],
                      size_t *ret_count, struct error *error)
{
    return is_there(error) && memory_store_port(self).due(self, look, ret_ids, ret_count, error);
}

static bool store_owed(void *self, const struct store_look *look, char (*ret_ids)[IDENT_SIZE],
                       size_t *ret_count, struct error *error)
{
    *ret_count = 0;
    return is_there(error) && (!world.is_relayed ||
                               memory_store_port(self).owed(self, look, ret_ids, ret_count, error));
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

static struct store_port store_open(void)
{
    world.store = memory_store_of(world.documents, PLACES, memory_keeper_arena(&world.kept));
    struct store_port port = memory_store_port(&world.store);
    port.load = store_load;
    port.save = store_save;
    port.clear_owed = store_clear_owed;
    port.due = store_due;
    port.owed = store_owed;
    port.ping = store_ping;
    port.pulse = store_pulse;
    return port;
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

static void unconcerned(void *self, const struct delivery *delivery)
{
    (void)self;
    (void)delivery;
    world.unconcerned++;
}

static const struct observer_port observer = { .decided = decided, .unconcerned = unconcerned };

/* ---- what a test does ---- */

/* As a process that starts: beside another one, or after it. */
static struct engine *engine_make(void)
{
    static struct engine_limits limits;
    limits = engine_limits_default;
    limits.owed_documents_max = 2;
    struct engine_ports ports = {
        .store = world.store_port,
        .bus = world.bus_port,
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
    world.bus_port = bus_open();
    world.store_port = store_open();
    world.engine = engine_make();
    return 0;
}

static int world_end(void **test)
{
    (void)test;
    world.engine = engine_free(world.engine);
    arena_done(&world.kept);
    return 0;
}

static struct arrival *deliver(const char *message_id, const char *document_id, const char *body)
{
    assert_true(world.delivered < PLACES);
    struct arrival *arrival = &world.arrivals[world.delivered++];
    struct message *message = &arrival->message;
    snprintf(message->id, MESSAGE_ID_SIZE, "%s", message_id);
    snprintf(message->type, MESSAGE_TYPE_SIZE, "told");
    snprintf(message->correlation_id, IDENT_SIZE, "%s", document_id);
    message->schema_version = SCHEMA_FIRST;
    message->body = body;
    message->body_length = strlen(body);
    assert_non_null(memory_queue_put(&world.queues[0], message));
    return arrival;
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
