/* count_engine.c - one service's engine on a bus and a store in memory, for callgrind: no threads,
 * no clock, no network, so that the same build executes the same instructions again.
 *
 *   count_engine gateway|booking|payment SAGAS
 *
 * Each good saga gives every service its two inputs, in waves of WAVE sagas: first all first ones,
 * then all second ones. What counts is engine_step; the ports here do as little as they can. */
#include "bench/events.h"
#include "booking/participant.h"
#include "common/base/exit_status.h"
#include "common/base/memory.h"
#include "common/saga/engine.h"
#include "gateway/gateway.h"
#include "payment/participant.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAVE     64
#define SLOTS    (4 * WAVE) /* a power of two; what a wave has settled is forgotten */
#define BEGIN_MS INT64_C(1795266565934)
#define DAY_MS   INT64_C(86400000)

struct kept {
    struct record record;
    uint8_t body[4096];
};

struct world {
    struct kept documents[SLOTS];
    struct delivery deliveries[WAVE];
    char bodies[WAVE][EVENT_BODY_SIZE];
    size_t delivery_count;
    struct request requests[WAVE];
    size_t request_count;
    uint64_t session, settled, published;
    size_t on_its_way;
};

/* ---- store ---- */

static struct kept *document_find(struct world *world, const char *id)
{
    for (size_t i = 0; i < SLOTS; i++)
        if (world->documents[i].record.version == 0 ||
            strcmp(world->documents[i].record.id, id) == 0)
            return &world->documents[i];
    abort();
}

static bool store_load(void *self, const char *const *ids, size_t count, struct arena *arena,
                       struct record *ret_records, struct error *error)
{
    (void)error;
    for (size_t i = 0; i < count; i++) {
        const struct kept *kept = document_find(self, ids[i]);
        ret_records[i] = kept->record;
        memcpy(ret_records[i].id, ids[i], strlen(ids[i]) + 1);
        if (kept->record.version > 0)
            ret_records[i].body = arena_copy(arena, kept->body, kept->record.body_length);
    }
    return true;
}

static bool store_save(void *self, const struct record *records, size_t count,
                       enum save_result *ret_results, struct error *error)
{
    (void)error;
    for (size_t i = 0; i < count; i++) {
        struct kept *kept = document_find(self, records[i].id);
        assert(kept->record.version == records[i].version &&
               records[i].body_length <= sizeof kept->body);
        kept->record = records[i];
        kept->record.version++;
        memcpy(kept->body, records[i].body, records[i].body_length);
        ret_results[i] = SAVE_SAVED;
    }
    return true;
}

/* The second input's save drops what the first one owed; the rest is as it was in a real store. */
static bool store_clear(void *self, const char *const *ids, const int64_t *versions, size_t count,
                        struct error *error)
{
    (void)self, (void)ids, (void)versions, (void)count, (void)error;
    return true;
}

static bool store_find_none(void *self, const struct store_look *look, char (*ret_ids)[IDENT_SIZE],
                            size_t *ret_count, struct error *error)
{
    (void)self, (void)look, (void)ret_ids, (void)error;
    *ret_count = 0;
    return true;
}

static bool store_count_none(void *self, size_t limit, size_t *ret_count, struct error *error)
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

/* ---- bus and requests ---- */

static void bus_service(void *self, struct bus_status *ret_status)
{
    const struct world *world = self;
    *ret_status = (struct bus_status){ world->session, true, true, NULL };
}

static size_t bus_take(void *self, size_t limit, struct delivery **ret_deliveries)
{
    struct world *world = self;
    size_t count = world->delivery_count < limit ? world->delivery_count : limit;
    for (size_t i = 0; i < count; i++)
        ret_deliveries[i] = &world->deliveries[i];
    world->delivery_count = 0;
    return count;
}

static void bus_publish_begin(void *self, const struct message *const *messages, size_t count)
{
    struct world *world = self;
    (void)messages;
    world->on_its_way = count;
}

static bool bus_publish_end(void *self, bool is_waiting, enum publish_result *ret_results)
{
    struct world *world = self;
    (void)is_waiting;
    for (size_t i = 0; i < world->on_its_way; i++)
        ret_results[i] = PUBLISH_CONFIRMED;
    world->published += world->on_its_way;
    return true;
}

static bool bus_quarantine(void *self, const struct delivery *delivery, const char *reason,
                           struct error *error)
{
    (void)self, (void)error;
    fprintf(stderr, "count_engine: %s: %s\n", delivery->message.id, reason);
    exit(1);
}

static void bus_ack(void *self, struct delivery *const *deliveries, size_t count)
{
    (void)deliveries;
    ((struct world *)self)->settled += count;
}

static bool bus_is_drained(void *self)
{
    return ((const struct world *)self)->delivery_count == 0;
}

static void bus_nothing(void *self)
{
    (void)self;
}

static size_t requests_take(void *self, size_t limit, struct request **ret_requests)
{
    struct world *world = self;
    size_t count = world->request_count < limit ? world->request_count : limit;
    for (size_t i = 0; i < count; i++)
        ret_requests[i] = &world->requests[i];
    world->request_count = 0;
    return count;
}

static void requests_answer(void *self, struct request *request)
{
    assert(request->reply == REPLY_ACCEPTED || request->reply == REPLY_OK);
    ((struct world *)self)->settled++;
}

/* ---- the inputs ---- */

static void delivery_add(struct world *world, enum bench_event event, uint64_t saga)
{
    struct delivery *delivery = &world->deliveries[world->delivery_count];
    *delivery = (struct delivery){ .tag = saga + 1, .session = world->session };
    bench_event_write(event, 1, saga, &delivery->message, world->bodies[world->delivery_count++]);
}

/* As the HTTP shells build them from a body. */
static void request_add(struct world *world, bool is_gateway, uint64_t saga)
{
    struct message message;
    char body[EVENT_BODY_SIZE];
    struct request *request = &world->requests[world->request_count++];
    struct input *input = &request->input;
    *request = (struct request){ .input.source = INPUT_FROM_REQUEST };
    bench_event_write(is_gateway ? BENCH_INTENT : BENCH_CAPTURED, 1, saga, &message, body);
    memcpy(input->correlation_id, message.correlation_id, sizeof input->correlation_id);
    (void)snprintf(input->id, sizeof input->id, "request:%" PRIu64, saga);
    if (is_gateway) {
        const struct gateway_intent_request intent = { "alice", "EUR", 1000 };
        memcpy(input->document_id, message.correlation_id, sizeof input->document_id);
        input->type = GATEWAY_REQUEST_INTENT;
        input->type_name = GATEWAY_REQUEST_INTENT_NAME;
        memcpy(input->payload, &intent, sizeof intent);
        return;
    }
    struct payment_payload payload = { .user_id = "alice", .amount = 1000, .currency = "EUR" };
    memcpy(payload.intent_id, message.correlation_id, sizeof payload.intent_id);
    bench_event_payment_id(1, saga, input->document_id);
    input->type = INPUT_CAPTURED;
    input->type_name = payment_input_text(INPUT_CAPTURED);
    memcpy(input->payload, &payload, sizeof payload);
}

/* ---- all ---- */

static void wave_run(struct world *world, struct engine *engine, const char *service,
                     uint64_t first, uint64_t count)
{
    bool is_booking = strcmp(service, "booking") == 0;
    int64_t now_ms = BEGIN_MS + (int64_t)first;
    memset(world->documents, 0, sizeof world->documents);
    for (uint64_t i = 0; i < count; i++)
        if (is_booking)
            delivery_add(world, BENCH_INTENT, first + i);
        else
            request_add(world, strcmp(service, "gateway") == 0, first + i);
    (void)engine_step(engine, now_ms, now_ms);
    for (uint64_t i = 0; i < count; i++)
        delivery_add(world, is_booking ? BENCH_CAPTURED : BENCH_CONFIRMED, first + i);
    (void)engine_step(engine, now_ms + 10, now_ms + 10);
}

int main(int argc, char **argv)
{
    const struct booking_rules booking_rules = { DAY_MS, DAY_MS };
    const struct gateway_config gateway_config = { DAY_MS, DAY_MS };
    const struct payment_rules payment_rules = { DAY_MS, DAY_MS, DAY_MS, DAY_MS, DAY_MS, 8 };
    const char *service = argc == 3 ? argv[1] : "";
    uint64_t sagas = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    struct participant participant;
    if (strcmp(service, "gateway") == 0)
        participant = gateway_participant(&gateway_config);
    else if (strcmp(service, "booking") == 0)
        participant = booking_participant(&booking_rules);
    else if (strcmp(service, "payment") == 0)
        participant = payment_participant(&payment_rules);
    else
        sagas = 0;
    if (sagas == 0) {
        fputs("usage: count_engine gateway|booking|payment SAGAS\n", stderr);
        return EXIT_USAGE;
    }
    struct world *world = memory_alloc(1, sizeof *world);
    world->session = 1;
    const struct engine_ports ports = {
        .store = { .self = world,
                   .load = store_load,
                   .save = store_save,
                   .clear_owed = store_clear,
                   .due = store_find_none,
                   .owed = store_find_none,
                   .count_owed = store_count_none,
                   .ping = store_ping,
                   .pulse = store_ping },
        .bus = { .self = world,
                 .service = bus_service,
                 .take = bus_take,
                 .publish_begin = bus_publish_begin,
                 .publish_end = bus_publish_end,
                 .quarantine = bus_quarantine,
                 .ack = bus_ack,
                 .is_drained = bus_is_drained,
                 .pause = bus_nothing,
                 .resume = bus_nothing },
        .requests = { .self = world, .take = requests_take, .answer = requests_answer },
    };
    struct engine *engine = engine_new(&participant, &ports, &engine_limits_default);
    for (uint64_t first = 0; first < sagas; first += WAVE)
        wave_run(world, engine, service, first, sagas - first < WAVE ? sagas - first : WAVE);
    bool is_whole = world->settled == 2 * sagas && world->published == sagas;
    if (!is_whole)
        fprintf(stderr,
                "count_engine: %" PRIu64 " inputs settled, %" PRIu64 " messages published\n",
                world->settled, world->published);
    engine_free(engine);
    free(world);
    return is_whole ? 0 : 1;
}
