/* count_engine.c - one service's engine on a bus and a store in memory, for callgrind: no threads,
 * no clock, no network, so that the same build executes the same instructions again.
 *
 *   count_engine SERVICE SAGAS
 *
 * Each good saga gives every service its two inputs, in waves of WAVE sagas: first all first ones,
 * then all second ones. What counts is engine_step. */
#include "bench/events.h"
#include "common/base/exit_status.h"
#include "common/base/memory.h"
#include "common/memory/memory_bus.h"
#include "common/memory/memory_store.h"
#include "common/saga/engine.h"
#include "gateway/gateway.h"
#include "payment/payment.h"
#include "services/registry.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAVE         64 /* what a wave has settled is forgotten */
#define BINDINGS_MAX 32
#define BEGIN_MS     INT64_C(1795266565934)
#define DAY_MS       INT64_C(86400000)

struct world {
    struct arena kept; /* what a wave has stored and published */
    struct memory_document documents[WAVE];
    struct memory_store store;
    struct memory_queue queues[2]; /* its own, and that of all who listen */
    struct topology_binding bindings[BINDINGS_MAX];
    struct memory_entry waiting[WAVE], heard[WAVE];
    struct memory_held hand[WAVE];
    struct memory_broker broker;
    struct memory_bus bus;
    struct message messages[WAVE];
    char bodies[WAVE][EVENT_BODY_SIZE];
    struct request requests[WAVE];
    size_t request_count;
    uint64_t settled, published;
};

/* ---- store and bus, where what a service owes goes to one queue ---- */

static bool store_find_none(void *self, const struct store_look *look, char (*ret_ids)[IDENT_SIZE],
                            size_t *ret_count, struct error *error)
{
    (void)self, (void)look, (void)ret_ids, (void)error;
    *ret_count = 0;
    return true;
}

/* The second input's save drops what the first one owed; the rest is as it was in a real store. */
static bool store_clear_none(void *self, const char *const *ids, const int64_t *versions,
                             size_t count, struct error *error)
{
    (void)self, (void)ids, (void)versions, (void)count, (void)error;
    return true;
}

/* Sweeps find nothing: a wave is over before anything is due, and nothing is lost. */
static struct store_port store_open(struct world *world)
{
    world->store = memory_store_of(world->documents, WAVE, memory_keeper_arena(&world->kept));
    struct store_port port = memory_store_port(&world->store);
    port.clear_owed = store_clear_none;
    port.due = port.owed = store_find_none;
    return port;
}

static bool bus_quarantine(void *self, const struct delivery *delivery, const char *reason,
                           struct error *error)
{
    (void)self, (void)error;
    fprintf(stderr, "count_engine: %s: %s\n", delivery->message.id, reason);
    exit(1);
}

/* Nobody listens: what was heard is counted and forgotten. */
static void heard_count(struct world *world)
{
    world->published += world->queues[1].count;
    world->queues[1].count = 0;
}

/* Every type of message once, into one queue. */
static size_t bindings_make(struct topology_binding *ret_bindings, const char *queue)
{
    size_t count = 0;
    for (size_t i = 0; i < event_binding_count; i++) {
        const char *key = event_bindings[i].routing_key;
        size_t known = 0;
        while (known < count && strcmp(ret_bindings[known].routing_key, key) != 0)
            known++;
        assert(known < BINDINGS_MAX);
        ret_bindings[known] = (struct topology_binding){ queue, key };
        count += known == count;
    }
    return count;
}

static struct bus_port bus_open(struct world *world)
{
    static const char own[] = "own", heard[] = "heard";
    size_t bindings = bindings_make(world->bindings, heard);
    world->queues[0] = memory_queue_of(own, world->waiting, WAVE, NULL, 0);
    world->queues[1] = memory_queue_of(heard, world->heard, WAVE, NULL, 0);
    world->broker = memory_broker_of(world->queues, 2, world->bindings, bindings,
                                     memory_keeper_arena(&world->kept));
    memory_broker_declare(&world->broker);
    memory_bus_init(&world->bus, &world->broker, &world->queues[0], 0, world->hand, WAVE);
    struct bus_port port = memory_bus_port(&world->bus);
    port.quarantine = bus_quarantine;
    return port;
}

/* ---- requests ---- */

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
    struct message *message = &world->messages[world->queues[0].count];
    bench_event_write(event, 1, saga, message, world->bodies[world->queues[0].count]);
    struct memory_entry *entry = memory_queue_put(&world->queues[0], message);
    assert(entry != NULL);
    (void)entry;
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
    world->store.count = 0;
    arena_clear(&world->kept);
    for (uint64_t i = 0; i < count; i++)
        if (is_booking)
            delivery_add(world, BENCH_INTENT, first + i);
        else
            request_add(world, strcmp(service, "gateway") == 0, first + i);
    (void)engine_step(engine, now_ms, now_ms);
    world->settled += is_booking ? count - world->queues[0].count : 0;
    heard_count(world);
    for (uint64_t i = 0; i < count; i++)
        delivery_add(world, is_booking ? BENCH_CAPTURED : BENCH_CONFIRMED, first + i);
    (void)engine_step(engine, now_ms + 10, now_ms + 10);
    world->settled += count - world->queues[0].count;
    heard_count(world);
}

int main(int argc, char **argv)
{
    const struct service_description *description = argc == 3 ? service_find(argv[1]) : NULL;
    uint64_t sagas = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    if (description == NULL || description->participant == NULL || sagas == 0) {
        fputs("usage: count_engine SERVICE SAGAS; roundtrip services names them\n", stderr);
        return EXIT_USAGE;
    }
    CLEANUP(arena_done) struct arena arena = { NULL, NULL };
    const struct participant participant =
        description->participant(service_default_rules(description, &arena));
    struct world *world = memory_alloc(1, sizeof *world);
    const struct engine_ports ports = {
        .store = store_open(world),
        .bus = bus_open(world),
        .requests = { .self = world, .take = requests_take, .answer = requests_answer },
    };
    struct engine *engine = engine_new(&participant, &ports, &engine_limits_default);
    for (uint64_t first = 0; first < sagas; first += WAVE)
        wave_run(world, engine, description->name, first,
                 sagas - first < WAVE ? sagas - first : WAVE);
    bool is_whole = world->settled == 2 * sagas && world->published == sagas;
    if (!is_whole)
        fprintf(stderr,
                "count_engine: %" PRIu64 " inputs settled, %" PRIu64 " messages published\n",
                world->settled, world->published);
    engine_free(engine);
    arena_done(&world->kept);
    free(world);
    return is_whole ? 0 : 1;
}
