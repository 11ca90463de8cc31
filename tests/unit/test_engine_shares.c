/* Every side of the engine gets on within a few steps while any other is flooded: the flood is kept
 * full while the steps are counted. */
#include "common/saga/document.h"
#include "common/saga/engine.h"
#include "tests/unit/tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define NOW       1000000
#define STEPS_MAX 3 /* of the turns that sides may have to take */
#define PLACES    8
#define BODY_SIZE 4096

enum side { DELIVERIES, REDELIVERED, REQUESTS, RESULTS, DEADLINES, RELAY, SIDE_COUNT };
static const char *const side_texts[] = { "deliveries", "redelivered", "requests",
                                          "results",    "deadlines",   "relay" };

static struct world {
    enum side flooded, probed;
    bool is_probed; /* the one item of the probed side was given out */
    bool is_done;
    size_t stuck; /* documents that cannot be read and come before the probed one */
    struct delivery flood[BUS_PREFETCH_MAX], probe;
    bool is_held[BUS_PREFETCH_MAX];
    struct request requests[STORE_CALL_MAX], request;
    struct record record; /* of the document that waits, or owes */
    uint8_t body[BODY_SIZE];
    size_t ways[BUS_PUBLISHES_MAX], way_count;
} world;

static bool probe_take(enum side side)
{
    bool is_there = world.probed == side && !world.is_probed;
    world.is_probed |= is_there;
    return is_there;
}

/* ---- the bus ---- */

static void bus_service(void *self, struct bus_status *ret_status)
{
    (void)self;
    *ret_status = (struct bus_status){ .session = 1, .can_consume = true, .can_publish = true };
}

static void delivery_make(struct delivery *delivery, const char *document_id, const char *body)
{
    *delivery = (struct delivery){ .tag = 1, .session = 1 };
    snprintf(delivery->message.id, MESSAGE_ID_SIZE, "m");
    snprintf(delivery->message.type, MESSAGE_TYPE_SIZE, "told");
    snprintf(delivery->message.correlation_id, IDENT_SIZE, "%s", document_id);
    delivery->message.schema_version = SCHEMA_FIRST;
    delivery->message.body = body;
    delivery->message.body_length = strlen(body);
}

static size_t bus_take(void *self, size_t limit, struct delivery **ret_deliveries)
{
    (void)self;
    size_t count = 0;
    bool is_flooded = world.flooded == DELIVERIES || world.flooded == REDELIVERED;
    if (limit > 0 && probe_take(DELIVERIES)) {
        delivery_make(&world.probe, "A", "{}");
        ret_deliveries[count++] = &world.probe;
    }
    for (size_t i = 0; is_flooded && count < limit && i < BUS_PREFETCH_MAX; i++) {
        if (world.is_held[i])
            continue;
        world.is_held[i] = true;
        delivery_make(&world.flood[i], "flood", "~");
        world.flood[i].delivery_count = world.flooded == REDELIVERED;
        ret_deliveries[count++] = &world.flood[i];
    }
    return count;
}

static void bus_publish_begin(void *self, const struct message *const *messages, size_t count)
{
    (void)self;
    for (size_t i = 0; i < count; i++)
        world.is_done |= world.probed == RELAY && strstr(messages[i]->id, ":A:") != NULL;
    world.ways[world.way_count++] = count;
}

static bool bus_publish_end(void *self, bool is_waiting, enum publish_result *ret_results)
{
    (void)self, (void)is_waiting;
    for (size_t i = 0; i < world.ways[0]; i++)
        ret_results[i] = PUBLISH_CONFIRMED;
    memmove(world.ways, world.ways + 1, --world.way_count * sizeof world.ways[0]);
    return true;
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
    (void)self;
    for (size_t i = 0; i < count; i++) {
        world.is_done |= deliveries[i] == &world.probe;
        if (deliveries[i] != &world.probe)
            world.is_held[deliveries[i] - world.flood] = false;
    }
}

static bool bus_is_drained(void *self)
{
    (void)self;
    return true;
}

static void bus_nothing(void *self)
{
    (void)self;
}

/* ---- the store: one document, A; the flood's do not exist ---- */

static bool store_load(void *self, const char *const *ids, size_t count, struct arena *arena,
                       struct record *ret_records, struct error *error)
{
    (void)self, (void)error, (void)arena;
    assert_true(count <= STORE_CALL_MAX);
    for (size_t i = 0; i < count; i++) {
        ret_records[i] = strcmp(ids[i], "A") == 0 ? world.record : (struct record){ 0 };
        if (strncmp(ids[i], "stuck", 5) == 0)
            ret_records[i].version = 1; /* and no body */
        snprintf(ret_records[i].id, IDENT_SIZE, "%s", ids[i]);
    }
    return true;
}

static bool store_save(void *self, const struct record *records, size_t count,
                       enum save_result *ret_results, struct error *error)
{
    (void)self, (void)error;
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(records[i].id, "A");
        assert_true(records[i].body_length <= BODY_SIZE);
        memcpy(world.body, records[i].body, records[i].body_length);
        world.record = records[i];
        world.record.body = world.body;
        world.record.version++;
        ret_results[i] = SAVE_SAVED;
        world.is_done |= world.probed == DEADLINES || world.probed == RESULTS;
    }
    return true;
}

static bool store_clear_owed(void *self, const char *const *ids, const int64_t *versions,
                             size_t count, struct error *error)
{
    (void)self, (void)ids, (void)versions, (void)count, (void)error;
    return true;
}

static size_t found(enum side side, const struct store_look *look, char (*ret_ids)[IDENT_SIZE])
{
    size_t count = 0;
    for (size_t i = look->skip; i < world.stuck && count < look->limit; i++)
        snprintf(ret_ids[count++], IDENT_SIZE, "stuck%zu", i);
    if (count < look->limit && probe_take(side))
        snprintf(ret_ids[count++], IDENT_SIZE, "A");
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

static bool store_ping(void *self, struct error *error)
{
    (void)self, (void)error;
    return true;
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

static const struct engine_ports ports = {
    .store = { .load = store_load,
               .save = store_save,
               .clear_owed = store_clear_owed,
               .due = store_due,
               .owed = store_owed,
               .count_owed = store_count_owed,
               .ping = store_ping,
               .pulse = store_ping },
    .bus = { .service = bus_service,
             .take = bus_take,
             .publish_begin = bus_publish_begin,
             .publish_end = bus_publish_end,
             .quarantine = bus_quarantine,
             .ack = bus_ack,
             .is_drained = bus_is_drained,
             .pause = bus_nothing,
             .resume = bus_nothing },
    .requests = { .take = request_take, .answer = request_answer },
    .effects = { .take = result_take },
};

/* ---- what is shown ---- */

/* A document that waits for its deadline and owes the message of its first decision. */
static void document_make(struct engine *engine)
{
    world.flooded = SIDE_COUNT;
    world.probed = REQUESTS;
    engine_step(engine, NOW, NOW);
    assert_int_equal(world.record.version, 1);
    world.probed = SIDE_COUNT;
    engine_step(engine, NOW + 1, NOW + 1);
    world.is_probed = world.is_done = false;
}

static int steps_taken(enum side flooded, enum side probed, size_t batch_max)
{
    struct engine_limits limits = engine_limits_default;
    limits.batch_max = batch_max;
    limits.clear_interval_ms = 0; /* so that what it owes is not known as confirmed */
    memset(&world, 0, sizeof world);
    struct engine *engine = engine_new(&tally_participant, &ports, &limits);
    document_make(engine);
    world.flooded = flooded;
    world.probed = probed;
    int steps = 0;
    /* Sweeps have their own pace: each step comes when the next one is due. */
    for (int64_t now_ms = NOW + 10 * limits.relay_age_ms; !world.is_done && steps < 20;
         now_ms += limits.relay_age_ms / 2, steps++)
        engine_step(engine, now_ms, now_ms);
    engine = engine_free(engine);
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
    memset(&world, 0, sizeof world);
    struct engine *engine = engine_new(&tally_participant, &ports, &limits);
    document_make(engine);
    world.stuck = stuck;
    world.probed = probed;
    int steps = 0;
    for (int64_t now_ms = NOW + 10 * limits.relay_age_ms; !world.is_done && steps < 5000;
         now_ms++, steps++)
        engine_step(engine, now_ms, now_ms);
    engine_status_get(engine, ret_status);
    engine = engine_free(engine);
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
