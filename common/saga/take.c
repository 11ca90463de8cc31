/* take.c - the first stage: what is ready, from all sides, up to the bounds.
 *
 * Deliveries may fill a batch by themselves. The other sides use what they leave, and have their
 * share on top of a full batch, so that no side waits for another's flood to end. */
#include "common/base/hash.h"
#include "common/base/text.h"
#include "common/saga/engine_private.h"

#include <assert.h>
#include <string.h>

/* The part of batch_max that a side has for itself. */
#define REQUESTS_SHARE  2
#define RESULTS_SHARE   8
#define DEADLINES_SHARE 8
#define RELAY_SHARE     8
_Static_assert(ENGINE_BATCH_MAX + INPUTS_PER_DELIVERY_MAX - 1 + ENGINE_BATCH_MAX / REQUESTS_SHARE +
                       ENGINE_BATCH_MAX / RESULTS_SHARE + ENGINE_BATCH_MAX / DEADLINES_SHARE +
                       ENGINE_BATCH_MAX / RELAY_SHARE <=
                   STORE_CALL_MAX,
               "a full batch and all shares are one round trip");

bool engine_can_deliver(const struct engine *engine)
{
    return engine->bus.can_publish && engine->steady_ms >= engine->bus_wait_ms;
}

static void answer_unavailable(struct engine *engine, struct request *request)
{
    assert(request->input.source == INPUT_FROM_REQUEST);
    request->reply = REPLY_UNAVAILABLE;
    request->verdict = NULL;
    engine->ports.requests.answer(engine->ports.requests.self, request);
}

void engine_answer_unavailable(struct engine *engine)
{
    struct request *requests[64];
    size_t count;
    if (engine->ports.requests.take == NULL)
        return;
    do {
        count = engine->ports.requests.take(engine->ports.requests.self, 64, requests);
        for (size_t i = 0; i < count; i++)
            answer_unavailable(engine, requests[i]);
    } while (count == 64);
}

/* How much more a side may bring that has this part of batch_max for itself: what the others leave,
 * and its share in any case. */
static size_t side_room(const struct engine *engine, size_t share_divisor)
{
    assert(share_divisor > 0);
    size_t most = engine->limits.batch_max;
    size_t used = engine->batch->item_count > engine->batch->draft_count
                      ? engine->batch->item_count
                      : engine->batch->draft_count;
    size_t left = used < most ? most - used : 0;
    size_t share = (most + share_divisor - 1) / share_divisor;
    return left > share ? left : share;
}

/* Counted along, and by the store at the start and before anybody is turned away: a document that
 * was saved twice while the broker is away was counted twice. */
bool engine_outbox_is_full(struct engine *engine)
{
    assert(engine->limits.owed_documents_max > 0);
    size_t bound = engine->limits.owed_documents_max;
    bool is_first = engine->outbox_count_ms == 0;
    if (!is_first && (engine->unpublished < bound || engine->steady_ms < engine->outbox_count_ms))
        return engine->unpublished >= bound;
    struct error error;
    size_t count;
    size_t past = engine->relay.skip; /* what cannot be read is not ours to publish */
    if (engine->ports.store.count_owed(engine->ports.store.self, bound + past, &count, &error)) {
        engine->unpublished = count > past ? count - past : 0;
        engine->outbox_count_ms = engine->steady_ms + engine->limits.relay_age_ms;
    }
    return engine->unpublished >= bound;
}

static void take_requests(struct engine *engine)
{
    if (engine->ports.requests.take == NULL)
        return;
    bool is_outbox_full = engine_outbox_is_full(engine);
    size_t room = side_room(engine, REQUESTS_SHARE);
    struct request **requests = arena_room(&engine->batch->arena, room * sizeof(void *));
    size_t count = engine->ports.requests.take(engine->ports.requests.self, room, requests);
    for (size_t i = 0; i < count; i++) {
        struct item *item = is_outbox_full ? NULL
                                           : batch_item_add(engine->batch, engine->participant,
                                                            &requests[i]->input);
        if (item == NULL)
            answer_unavailable(engine, requests[i]);
        else
            item->request = requests[i];
    }
}

static void quarantine(struct batch_delivery *entry, const char *reason)
{
    assert(reason[0] != '\0' && !entry->is_later);
    entry->is_quarantined = true;
    entry->outcome = OUTCOME_QUARANTINED;
    text_copy(entry->reason, sizeof entry->reason, reason);
}

static void leave_to_newer(struct engine *engine, struct batch_delivery *entry, const char *reason)
{
    assert(!entry->is_quarantined);
    entry->is_later = true;
    entry->outcome = OUTCOME_LATER;
    text_copy(entry->reason, sizeof entry->reason, reason);
    engine_newer_met(engine, reason);
}

/* What of a message can be told without its document. */
static size_t inputs_read(struct engine *engine, const struct delivery *delivery,
                          struct batch_delivery *entry)
{
    const struct participant *participant = engine->participant;
    const struct message *message = &delivery->message;
    size_t count = 0;
    struct error error;
    if (delivery->malformed[0] != '\0') {
        quarantine(entry, delivery->malformed);
    } else if (message->schema_version < SCHEMA_FIRST) {
        quarantine(entry, "unknown schema version");
    } else if (message->schema_version > participant->schema_version) {
        error_set(&error, ERROR_NEWER, "%s of schema %lld, %lld is known here", message->type,
                  (long long)message->schema_version, (long long)participant->schema_version);
        leave_to_newer(engine, entry, error.message);
    } else if (participant->parse(participant->self, message, engine->parsed, &count, &error)) {
        return count;
    } else if (error.code == ERROR_NEWER) {
        leave_to_newer(engine, entry, error.message);
    } else {
        quarantine(entry, error.message);
    }
    return 0;
}

/* A delivery's inputs; false when the batch has no room for all of them. */
static bool delivery_parse(struct engine *engine, struct delivery *delivery)
{
    struct batch *batch = engine->batch;
    struct batch_delivery *entry = &batch->deliveries[batch->delivery_count];
    memset(entry, 0, sizeof *entry);
    entry->delivery = delivery;
    entry->items_first = batch->item_count;
    entry->outcome = OUTCOME_DUPLICATE;

    struct input *inputs = engine->parsed;
    const struct message *message = &delivery->message;
    size_t count = inputs_read(engine, delivery, entry);
    assert(count <= INPUTS_PER_DELIVERY_MAX);
    if (batch->item_count + count > ITEMS_MAX || batch->draft_count + count > DRAFTS_MAX)
        return false;
    uint64_t fingerprint = count > 0 ? hash_fingerprint(message->body, message->body_length) : 0;
    for (size_t i = 0; i < count; i++) {
        struct input *input = &inputs[i];
        input->source = INPUT_FROM_DELIVERY;
        text_copy(input->id, sizeof input->id, message->id);
        input->fingerprint = fingerprint;
        input->is_repeat = message->is_repeat;
        input->sent_at_ms = message->timestamp_ms;
        memcpy(input->traceparent, message->traceparent, sizeof input->traceparent);
        memcpy(input->tracestate, message->tracestate, sizeof input->tracestate);
        struct item *item = batch_item_add(engine->batch, engine->participant, input);
        assert(item != NULL);
        item->delivery = entry;
    }
    entry->items_count = count;
    batch->delivery_count++;
    return true;
}

/* Moves the next deliveries in hand into the batch. */
static void deliveries_add(struct engine *engine, size_t limit)
{
    assert(engine->held_count <= BUS_PREFETCH_MAX);
    size_t count = 0;
    while (count < limit && count < engine->held_count &&
           delivery_parse(engine, engine->held[count])) {
        count++;
        if (engine->batch->item_count >= engine->limits.batch_max)
            break;
    }
    assert(count <= engine->held_count);
    engine->held_count -= count;
    memmove(engine->held, engine->held + count, engine->held_count * sizeof engine->held[0]);
}

void engine_give_back(struct engine *engine, struct batch *batch)
{
    size_t count = batch->delivery_count;
    assert(engine->held_count + count <= BUS_PREFETCH_MAX);
    memmove(engine->held + count, engine->held, engine->held_count * sizeof engine->held[0]);
    for (size_t i = 0; i < count; i++)
        engine->held[i] = batch->deliveries[i].delivery;
    engine->held_count += count;
    batch->delivery_count = 0;
}

/* How many come before one that came back before. */
static size_t uncounted_deliveries(const struct engine *engine)
{
    size_t count = 0;
    while (count < engine->held_count && engine->held[count]->delivery_count == 0)
        count++;
    return count;
}

/* Deliveries in hand first, then new ones. True: the next in hand came back before. It may have
 * killed the process, so it is taken when nothing else is in a batch: it cannot take others with
 * it. */
static bool take_deliveries(struct engine *engine)
{
    if (!engine_can_deliver(engine))
        return false;
    size_t wanted = engine->is_draining ? 0 : engine->limits.batch_max;
    if (wanted > engine->held_count && engine->bus.can_consume)
        engine->held_count += engine->ports.bus.take(
            engine->ports.bus.self, wanted - engine->held_count, engine->held + engine->held_count);
    size_t uncounted = uncounted_deliveries(engine);
    deliveries_add(engine, uncounted);
    return uncounted == 0 && engine->held_count > 0;
}

static void take_alone(struct engine *engine)
{
    assert(engine->held_count > 0 && engine->batch->delivery_count == 0);
    engine_publish_wait(engine);
    deliveries_add(engine, 1);
    engine->was_alone = true;
}

static void take_results(struct engine *engine)
{
    if (engine->ports.effects.take == NULL)
        return;
    struct input *results = engine->parsed;
    size_t room = side_room(engine, RESULTS_SHARE);
    if (room > INPUTS_PER_DELIVERY_MAX)
        room = INPUTS_PER_DELIVERY_MAX;
    size_t count = engine->ports.effects.take(engine->ports.effects.self, room, results);
    for (size_t i = 0; i < count; i++) {
        struct item *item = batch_item_add(engine->batch, engine->participant, &results[i]);
        (void)item; /* one that finds no room is asked for again by its document's deadline */
    }
}

/* What goes alone takes turns with the other sides, if there is anything of theirs. */
void engine_take(struct engine *engine)
{
    assert(engine->batch->item_count == 0 && engine->batch->draft_count == 0);
    bool goes_alone = take_deliveries(engine);
    if (goes_alone && !engine->was_alone) {
        take_alone(engine);
        return;
    }
    engine->was_alone = false;
    take_requests(engine);
    take_results(engine);
    if (!engine->is_draining) {
        engine_take_deadlines(engine, side_room(engine, DEADLINES_SHARE));
        engine_take_owed(engine, side_room(engine, RELAY_SHARE));
    }
    if (goes_alone && engine->batch->draft_count == 0)
        take_alone(engine);
}
