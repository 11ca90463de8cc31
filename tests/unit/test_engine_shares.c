/* Every side of the engine gets on within a few steps while any other is flooded: the flood is kept
 * full while the steps are counted. */
#include "common/memory/memory_bus.h"
#include "common/memory/memory_store.h"
#include "common/saga/document.h"
#include "common/saga/engine.h"
#include "tests/unit/tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define NOW       1000000
#define STEPS_MAX 3 /* of the turns that sides may have to take */
#define STUCK_MAX 512
#define HEARD     1024

enum side { DELIVERIES, REDELIVERED, REQUESTS, RESULTS, DEADLINES, RELAY, SIDE_COUNT };
static const char *const side_texts[] = { "deliveries", "redelivered", "requests",
                                          "results",    "deadlines",   "relay" };

static struct world {
    enum side flooded, probed;
    bool is_probed; /* the one item of the probed side was given out */
    bool is_done;
    struct request requests[STORE_CALL_MAX], request;
    struct arena kept;
    struct memory_queue queues[2]; /* its own, and that of those who listen to it */
    struct memory_broker broker;
    struct memory_bus bus;
    struct memory_entry waiting[BUS_PREFETCH_MAX], heard[HEARD];
    struct memory_held hand[BUS_PREFETCH_MAX];
    struct memory_document documents[STUCK_MAX + 1];
    struct memory_store store;
} world;

static bool probe_take(enum side side)
{
    bool is_there = world.probed == side && !world.is_probed;
    world.is_probed |= is_there;
    return is_there;
}

/* ---- the bus ---- */

static const struct message told = { .id = "m",
                                     .type = "told",
                                     .correlation_id = "A",
                                     .schema_version = SCHEMA_FIRST,
                                     .body = "{}",
                                     .body_length = 2 };
static const struct message flood = { .id = "m",
                                      .type = "told",
                                      .correlation_id = "flood",
                                      .schema_version = SCHEMA_FIRST,
                                      .body = "~",
                                      .body_length = 1 };

/* Filled up before each look into it. */
static size_t bus_take(void *self, size_t limit, struct delivery **ret_deliveries)
{
    bool is_flooded = world.flooded == DELIVERIES || world.flooded == REDELIVERED;
    if (probe_take(DELIVERIES))
        (void)memory_queue_put(&world.queues[0], &told);
    for (struct memory_entry *entry = NULL;
         is_flooded && (entry = memory_queue_put(&world.queues[0], &flood)) != NULL;)
        entry->delivery_count = world.flooded == REDELIVERED;
    return memory_bus_port(self).take(self, limit, ret_deliveries);
}

static void bus_publish_begin(void *self, const struct message *const *messages, size_t count)
{
    for (size_t i = 0; i < count; i++)
        world.is_done |= world.probed == RELAY && strstr(messages[i]->id, ":A:") != NULL;
    memory_bus_port(self).publish_begin(self, messages, count);
    memory_queue_purge(&world.queues[1]);
}

static bool bus_quarantine(void *self, const struct delivery *delivery, const char *reason,
                           struct error *error)
{
    (void)self, (void)delivery, (void)error;
    fail_msg("quarantined: %s", reason);
    return false;
}

static void bus_ack(void *self, struct delivery *const *deliveries, size_t count)
{
    for (size_t i = 0; i < count; i++)
        world.is_done |= strcmp(deliveries[i]->message.correlation_id, "A") == 0;
    memory_bus_port(self).ack(self, deliveries, count);
}

static bool bus_is_drained(void *self)
{
    (void)self;
    return true;
}

static struct bus_port bus_open(void)
{
    static const struct topology_binding bindings[] = { { "theirs", "counted" } };
    world.queues[0] = memory_queue_of("own", world.waiting, BUS_PREFETCH_MAX, NULL, 0);
    world.queues[1] = memory_queue_of("theirs", world.heard, HEARD, NULL, 0);
    world.broker = memory_broker_of(world.queues, 2, bindings, 1, memory_keeper_arena(&world.kept));
    memory_broker_declare(&world.broker);
    memory_bus_init(&world.bus, &world.broker, &world.queues[0], 0, world.hand, BUS_PREFETCH_MAX);
    struct bus_port port = memory_bus_port(&world.bus);
    port.take = bus_take;
    port.publish_begin = bus_publish_begin;
    port.quarantine = bus_quarantine;
    port.ack = bus_ack;
    port.is_drained = bus_is_drained;
    return port;
}

/* ---- the store: one document, A, behind those that cannot be read; the flood's do not exist ----
 */

static bool store_save(void *self, const struct record *records, size_t count,
                       enum save_result *ret_results, struct error *error)
{
    for (size_t i = 0; i < count; i++)
        assert_string_equal(records[i].id, "A");
    world.is_done |= count > 0 && (world.probed == DEADLINES || world.probed == RESULTS);
    return memory_store_port(self).save(self, records, count, ret_results, error);
}

/* Nothing is cleared, so that a relay finds what is owed. */
static bool store_clear_owed(void *self, const char *const *ids, const int64_t *versions,
                             size_t count, struct error *error)
{
    (void)self, (void)ids, (void)versions, (void)count, (void)error;
    return true;
}

/* Only what is asked about now, once, and the flood behind it. */
static size_t found(enum side side, const struct store_look *look, char (*ret_ids)[IDENT_SIZE])
{
    struct store_look past = *look;
    size_t count = memory_store_look(&world.store, side == DEADLINES ? MEMORY_DUE : MEMORY_OWED,
                                     &past, ret_ids);
    if (count > 0 && strcmp(ret_ids[count - 1], "A") == 0 && !probe_take(side))
        count--;
    for (; world.flooded == side && count < look->limit; count++)
        snprintf(ret_ids[count], IDENT_SIZE, "none%zu", count);
    return count;
}

static bool store_due(void *self, const struct store_look *look, char (*ret_ids)[IDENT_SIZE],
                      size_t *ret_count, struct error *error)
{
    (void)self, (void)error;
    *ret_count = found(DEADLINES, look, ret_ids);
    return true;
}

static bool store_owed(void *self, const struct store_look *look, char (*ret_ids)[IDENT_SIZE],
                       size_t *ret_count, struct error *error)
{
    (void)self, (void)error;
    *ret_count = found(RELAY, look, ret_ids);
    return true;
}

static bool store_count_owed(void *self, size_t limit, size_t *ret_count, struct error *error)
{
    (void)self, (void)limit, (void)error;
    *ret_count = 0;
    return true;
}

static struct store_port store_open(void)
{
    world.store = memory_store_of(world.documents, STUCK_MAX + 1, memory_keeper_arena(&world.kept));
    struct store_port port = memory_store_port(&world.store);
    port.save = store_save;
    port.clear_owed = store_clear_owed;
    port.due = store_due;
    port.owed = store_owed;
    port.count_owed = store_count_owed;
    return port;
}

/* Documents that cannot be read, and are due and owing before the one that can. */
static void stuck_put(size_t count)
{
    static const uint8_t empty[] = { 5, 0, 0, 0, 0 };
    struct record record = { .due_at_ms = 1, .owed_at_ms = 1 };
    record.body = empty;
    record.body_length = sizeof empty;
    for (size_t i = 0; i < count; i++) {
        snprintf(record.id, IDENT_SIZE, "stuck%03zu", i);
        assert_int_equal(memory_store_save(&world.store, &record), SAVE_SAVED);
        memory_store_find(&world.store, record.id)->body = NULL;
    }
}

/* ---- clients and effects ---- */

static void input_make(struct input *input, enum input_source source, const char *document_id,
                       enum tally_input type)
{
    *input = (struct input){ .source = source, .type = (int)type, .type_name = "told" };
    snprintf(input->document_id, IDENT_SIZE, "%s", document_id);
}

static size_t request_take(void *self, size_t limit, struct request **ret_requests)
{
    (void)self;
    size_t count = 0;
    if (limit > 0 && probe_take(REQUESTS)) {
        input_make(&world.request.input, INPUT_FROM_REQUEST, "A", TALLY_COUNT);
        ret_requests[count++] = &world.request;
    }
    for (; world.flooded == REQUESTS && count < limit; count++) {
        input_make(&world.requests[count].input, INPUT_FROM_REQUEST, "flood", TALLY_LOOK);
        ret_requests[count] = &world.requests[count];
    }
    return count;
}

static void request_answer(void *self, struct request *request)
{
    (void)self;
    world.is_done |= request == &world.request && request->reply == REPLY_ACCEPTED;
}

static size_t result_take(void *self, size_t limit, struct input *ret_results)
{
    (void)self;
    size_t count = 0;
    if (limit > 0 && probe_take(RESULTS))
        input_make(&ret_results[count++], INPUT_FROM_EFFECT, "A", TALLY_COUNT);
    for (; world.flooded == RESULTS && count < limit; count++)
        input_make(&ret_results[count], INPUT_FROM_EFFECT, "flood", TALLY_LOOK);
    return count;
}

static struct engine *engine_make(const struct engine_limits *limits)
{
    memset(&world, 0, sizeof world);
    const struct engine_ports ports = {
        .store = store_open(),
        .bus = bus_open(),
        .requests = { .take = request_take, .answer = request_answer },
        .effects = { .take = result_take },
    };
    return engine_new(&tally_participant, &ports, limits);
}

static void engine_end(struct engine *engine)
{
    engine = engine_free(engine);
    arena_done(&world.kept);
}

/* ---- what is shown ---- */

/* A document that waits for its deadline and owes the message of its first decision. */
static void document_make(struct engine *engine)
{
    world.flooded = SIDE_COUNT;
    world.probed = REQUESTS;
    engine_step(engine, NOW, NOW);
    assert_int_equal(world.documents[0].version, 1);
    world.probed = SIDE_COUNT;
    engine_step(engine, NOW + 1, NOW + 1);
    world.is_probed = world.is_done = false;
}

static int steps_taken(enum side flooded, enum side probed, size_t batch_max)
{
    struct engine_limits limits = engine_limits_default;
    limits.batch_max = batch_max;
    limits.clear_interval_ms = 0; /* so that what it owes is not known as confirmed */
    struct engine *engine = engine_make(&limits);
    document_make(engine);
    world.flooded = flooded;
    world.probed = probed;
    int steps = 0;
    /* Sweeps have their own pace: each step comes when the next one is due. */
    for (int64_t now_ms = NOW + 10 * limits.relay_age_ms; !world.is_done && steps < 20;
         now_ms += limits.relay_age_ms / 2, steps++)
        engine_step(engine, now_ms, now_ms);
    engine_end(engine);
    return steps;
}

static void each_side_gets_on_while_any_other_is_flooded(void **test)
{
    (void)test;
    static const size_t batches[] = { 1, 2, 7, 32, ENGINE_BATCH_MAX };
    for (size_t i = 0; i < sizeof batches / sizeof batches[0]; i++)
        for (int flooded = 0; flooded < SIDE_COUNT; flooded++)
            for (int probed = 0; probed < SIDE_COUNT; probed++) {
                bool is_bus = probed == REDELIVERED || (probed == DELIVERIES && flooded < REQUESTS);
                if (probed == flooded || is_bus)
                    continue; /* the broker decides what comes first */
                int steps = steps_taken((enum side)flooded, (enum side)probed, batches[i]);
                if (steps > STEPS_MAX)
                    fail_msg("with batches of %zu and a flood of %s, %s take %d steps", batches[i],
                             side_texts[flooded], side_texts[probed], steps);
            }
}

/* How many steps it takes, and what the status says then. */
static int steps_past(enum side probed, size_t stuck, size_t batch_max,
                      struct engine_status *ret_status)
{
    struct engine_limits limits = engine_limits_default;
    limits.batch_max = batch_max;
    limits.clear_interval_ms = 0;
    struct engine *engine = engine_make(&limits);
    document_make(engine);
    stuck_put(stuck);
    world.probed = probed;
    int steps = 0;
    for (int64_t now_ms = NOW + 10 * limits.relay_age_ms; !world.is_done && steps < 5000;
         now_ms++, steps++)
        engine_step(engine, now_ms, now_ms);
    engine_status_get(engine, ret_status);
    engine_end(engine);
    return steps;
}

static void sweeps_go_past_what_cannot_be_read_and_name_it(void **test)
{
    (void)test;
    static const size_t batches[] = { 1, 32, ENGINE_BATCH_MAX };
    for (size_t i = 0; i < sizeof batches / sizeof batches[0]; i++)
        for (int probed = DEADLINES; probed <= RELAY; probed++) {
            struct engine_status status;
            int steps = steps_past((enum side)probed, 300, batches[i], &status);
            if (steps > 10 + (int)(8 * 300 / batches[i]))
                fail_msg("with batches of %zu, %s take %d steps", batches[i], side_texts[probed],
                         steps);
            assert_true(status.passed_over >= 300);
            assert_true(status.unreadable >= 300);
            assert_non_null(strstr(status.unreadable_reason, "tallies stuck"));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_side_gets_on_while_any_other_is_flooded),
        cmocka_unit_test(sweeps_go_past_what_cannot_be_read_and_name_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
