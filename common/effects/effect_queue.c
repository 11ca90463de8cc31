/* effect_queue.c - one array of calls in four states, searched by order; who goes next, also while
 * the breaker is open. */
#include "common/effects/effect_queue.h"
#include "common/base/hash.h"
#include "common/base/memory.h"
#include "common/saga/decision.h"
#include "common/saga/input.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum call_state { CALL_FREE, CALL_WAITS, CALL_UNDER_WAY, CALL_FINISHED };
enum lane { LANE_FIRST_CALLS, LANE_LATER_CALLS };

struct effect_call {
    enum call_state state;
    enum lane lane;
    uint64_t order; /* of entering its state */
    uint64_t id_hash;
    int64_t added_at_ms;
    bool is_probe;
    struct effect effect;
    struct input result;
};

struct effect_queue {
    struct effect_call *calls;
    size_t room, capacity, used; /* used: none beyond it is anything but free */
    int64_t wait_max_ms;
    const struct effect_kind *kind;
    uint64_t order_next;
    size_t counts[CALL_FINISHED + 1];
    bool is_probing;
    uint64_t made, probes, turned_away;
    struct breaker breaker;
};

struct effect_queue *effect_queue_new(const struct effect_kind *kind, size_t capacity)
{
    assert(capacity > 0 && kind->payload_bytes <= EFFECT_PAYLOAD_BYTES);
    struct effect_queue *queue = memory_alloc(1, sizeof *queue);
    queue->calls = memory_alloc(capacity, sizeof *queue->calls);
    queue->room = capacity;
    queue->kind = kind;
    effect_queue_restart(queue, capacity, kind->wait_max_ms);
    return queue;
}

struct effect_queue *effect_queue_free(struct effect_queue *queue)
{
    if (queue != NULL)
        free(queue->calls);
    free(queue);
    return NULL;
}

void effect_queue_restart(struct effect_queue *queue, size_t capacity, int64_t wait_max_ms)
{
    assert(capacity <= queue->room);
    for (size_t i = 0; i < queue->used; i++)
        queue->calls[i].state = CALL_FREE;
    *queue = (struct effect_queue){ .calls = queue->calls,
                                    .room = queue->room,
                                    .capacity = capacity,
                                    .wait_max_ms = wait_max_ms,
                                    .kind = queue->kind };
}

static size_t in_use(const struct effect_queue *queue)
{
    return queue->counts[CALL_WAITS] + queue->counts[CALL_UNDER_WAY] + queue->counts[CALL_FINISHED];
}

static void call_move(struct effect_queue *queue, struct effect_call *call, enum call_state state)
{
    assert(call->state != state && call < queue->calls + queue->room);
    assert(call->state == CALL_FREE || queue->counts[call->state] > 0);
    if (call->state != CALL_FREE)
        queue->counts[call->state]--;
    queue->counts[state]++;
    call->state = state;
    call->order = queue->order_next++;
    while (queue->used > 0 && queue->calls[queue->used - 1].state == CALL_FREE)
        queue->used--;
    assert(queue->used <= queue->capacity && in_use(queue) <= queue->used);
}

/* ---- in ---- */

static uint64_t id_hash(const char *document_id)
{
    return hash_fingerprint(document_id, strlen(document_id));
}

static bool is_of(const struct effect_call *call, uint64_t hash, const char *document_id)
{
    return call->state != CALL_FREE && call->id_hash == hash &&
           strcmp(call->effect.document_id, document_id) == 0;
}

bool effect_queue_holds(const struct effect_queue *queue, const char *document_id)
{
    assert(document_id != NULL);
    if (queue->used == 0)
        return false;
    uint64_t hash = id_hash(document_id);
    for (size_t i = 0; i < queue->used; i++)
        if (is_of(&queue->calls[i], hash, document_id))
            return true;
    return false;
}

static bool waits_already(const struct effect_queue *queue, const struct effect *effect,
                          uint64_t hash)
{
    for (size_t i = 0; i < queue->used; i++) {
        const struct effect_call *call = &queue->calls[i];
        if (is_of(call, hash, effect->document_id) && call->state == CALL_WAITS &&
            call->effect.type == effect->type &&
            memcmp(call->effect.payload, effect->payload, queue->kind->payload_bytes) == 0)
            return true;
    }
    return false;
}

bool effect_queue_add(struct effect_queue *queue, const struct effect *effect, int64_t now_ms)
{
    assert(effect->is_wanted && effect->document_id[0] != '\0');
    uint64_t hash = id_hash(effect->document_id);
    if (waits_already(queue, effect, hash))
        return true;
    size_t at = 0;
    while (at < queue->capacity && queue->calls[at].state != CALL_FREE)
        at++;
    if (at == queue->capacity) {
        queue->turned_away++;
        return false;
    }
    struct effect_call *call = &queue->calls[at];
    if (at == queue->used)
        queue->used++;
    call->effect = *effect;
    call->id_hash = hash;
    call->added_at_ms = now_ms;
    call->is_probe = false;
    bool has_failed = queue->kind->has_failed(effect) ||
                      breaker_knows_failing(&queue->breaker, effect->document_id);
    call->lane = has_failed ? LANE_LATER_CALLS : LANE_FIRST_CALLS;
    call_move(queue, call, CALL_WAITS);
    return true;
}

/* ---- turns ---- */

/* The one that has been in this state longest, or the newest; NULL: none. */
static struct effect_call *find(const struct effect_queue *queue, enum call_state state,
                                enum lane lane, bool is_newest)
{
    struct effect_call *found = NULL;
    for (size_t i = 0; i < queue->used; i++) {
        struct effect_call *call = &queue->calls[i];
        if (call->state != state || (state == CALL_WAITS && call->lane != lane))
            continue;
        if (found == NULL || (call->order > found->order) == is_newest)
            found = call;
    }
    return found;
}

static struct effect_call *oldest_waiting(const struct effect_queue *queue, bool is_for_later_ones)
{
    enum lane first = is_for_later_ones ? LANE_LATER_CALLS : LANE_FIRST_CALLS;
    enum lane second = is_for_later_ones ? LANE_FIRST_CALLS : LANE_LATER_CALLS;
    struct effect_call *call = find(queue, CALL_WAITS, first, false);
    return call != NULL ? call : find(queue, CALL_WAITS, second, false);
}

/* Each probe is for another document, and one that never failed comes before those that did. Two of
 * three are taken from the new end: those that made the breaker open stand beside each other, at
 * the old one. */
static struct effect_call *probe_choose(struct effect_queue *queue, int64_t now_ms)
{
    assert(queue->breaker.is_open);
    if (queue->is_probing || now_ms < queue->breaker.probe_at_ms)
        return NULL;
    bool is_newest = queue->probes % 3 != 2;
    struct effect_call *call = find(queue, CALL_WAITS, LANE_FIRST_CALLS, is_newest);
    if (call == NULL)
        call = find(queue, CALL_WAITS, LANE_LATER_CALLS, false);
    if (call == NULL)
        return NULL;
    queue->is_probing = true;
    queue->probes++;
    call->is_probe = true;
    return call;
}

static void too_old_hand_back(struct effect_queue *queue, int64_t now_ms)
{
    for (size_t i = 0; i < queue->used; i++) {
        struct effect_call *call = &queue->calls[i];
        if (call->state != CALL_WAITS || now_ms - call->added_at_ms <= queue->wait_max_ms)
            continue;
        queue->kind->not_made(&call->effect, &call->result);
        call_move(queue, call, CALL_FINISHED);
    }
}

struct effect_call *effect_queue_next(struct effect_queue *queue, bool is_for_later_ones,
                                      int64_t now_ms)
{
    if (queue->counts[CALL_WAITS] == 0)
        return NULL;
    too_old_hand_back(queue, now_ms);
    struct effect_call *call = queue->breaker.is_open ? probe_choose(queue, now_ms)
                                                      : oldest_waiting(queue, is_for_later_ones);
    if (call != NULL) {
        call_move(queue, call, CALL_UNDER_WAY);
        queue->made++;
    }
    return call;
}

int64_t effect_queue_look_again_ms(const struct effect_queue *queue)
{
    assert(!queue->is_probing || queue->counts[CALL_UNDER_WAY] > 0);
    bool is_held_back =
        queue->breaker.is_open && !queue->is_probing && queue->counts[CALL_WAITS] > 0;
    return is_held_back ? queue->breaker.probe_at_ms : -1;
}

bool effect_call_is_probe(const struct effect_call *call)
{
    assert(call->state == CALL_UNDER_WAY);
    return call->is_probe;
}

const struct effect *effect_call_effect(const struct effect_call *call)
{
    assert(call->state == CALL_UNDER_WAY);
    return &call->effect;
}

/* ---- out ---- */

enum breaker_news effect_queue_finish(struct effect_queue *queue, struct effect_call *call,
                                      const struct effect_end *end, const struct input *result,
                                      int64_t now_ms)
{
    assert(call->state == CALL_UNDER_WAY && (!call->is_probe || queue->is_probing));
    assert(result->source == INPUT_FROM_EFFECT);
    enum breaker_news news =
        breaker_hear(&queue->breaker, call->effect.document_id, end, call->is_probe, now_ms);
    if (call->is_probe)
        queue->is_probing = false;
    call->result = *result;
    call_move(queue, call, CALL_FINISHED);
    return news;
}

void effect_queue_drop(struct effect_queue *queue, struct effect_call *call)
{
    assert(!call->is_probe || queue->is_probing);
    assert(call->state == CALL_UNDER_WAY);
    if (call->is_probe)
        queue->is_probing = false;
    call_move(queue, call, CALL_FREE);
}

size_t effect_queue_take(struct effect_queue *queue, size_t limit, struct input *ret_results)
{
    assert(ret_results != NULL || limit == 0);
    size_t count = 0;
    for (; count < limit && queue->counts[CALL_FINISHED] > 0; count++) {
        struct effect_call *call = find(queue, CALL_FINISHED, LANE_FIRST_CALLS, false);
        assert(call != NULL);
        ret_results[count] = call->result;
        call_move(queue, call, CALL_FREE);
    }
    return count;
}

void effect_queue_status_get(const struct effect_queue *queue,
                             struct effect_queue_status *ret_status)
{
    assert(ret_status != NULL);
    const struct breaker *breaker = &queue->breaker;
    *ret_status = (struct effect_queue_status){
        .waiting = queue->counts[CALL_WAITS],
        .under_way = queue->counts[CALL_UNDER_WAY],
        .finished = queue->counts[CALL_FINISHED],
        .calls = queue->made,
        .probes = queue->probes,
        .turned_away = queue->turned_away,
        .is_open = breaker->is_open,
        .opened_at_ms = breaker->opened_at_ms,
        .openings = breaker->openings,
    };
    memcpy(ret_status->reason, breaker->reason, sizeof ret_status->reason);
}
