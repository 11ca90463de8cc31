/* observer.c - the engine's observer: places each input in its booking's trace, keeps what the
 * batch did, and turns it into spans at its end. */
#include "tracing/observer_state.h"

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/base/text.h"
#include "common/saga/document.h"
#include "tracing/url_clean.h"
#include "tracing/w3c.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t no_id[8];

void observer_random_id(struct tracing_observer *observer, uint8_t ret_span_id[8])
{
    assert(observer->random_used <= OBSERVER_RANDOM);
    do {
        if (observer->random_used + 8 > OBSERVER_RANDOM) {
            uuid_random_bytes(observer->random, sizeof observer->random);
            observer->random_used = 0;
        }
        memcpy(ret_span_id, observer->random + observer->random_used, 8);
        observer->random_used += 8;
    } while (memcmp(ret_span_id, no_id, sizeof no_id) == 0);
}

void observer_place(struct tracing_observer *observer, struct open_input *open)
{
    assert(open->input != NULL);
    if (open->is_placed)
        return;
    const struct input *input = open->input;
    lineage_find(observer->tracing, input->correlation_id, open->carried, input->id,
                 input->source == INPUT_FROM_DELIVERY, &open->lineage);
    memcpy(open->lineage.place.span_id, input->span_id, sizeof input->span_id);
    open->is_placed = true;
}

struct open_batch *observer_made(struct tracing_observer *observer)
{
    assert(observer->ring.count <= BATCH_RING);
    return &observer->batches[batch_ring_newest(&observer->ring)];
}

struct open_batch *observer_published(struct tracing_observer *observer)
{
    assert(observer->ring.oldest < BATCH_RING);
    return &observer->batches[batch_ring_oldest(&observer->ring)];
}

struct open_input *observer_find(struct open_batch *batch, const struct input *input)
{
    assert(input != NULL);
    for (size_t i = 0; i < batch->input_count; i++) {
        size_t at = (batch->input_hint + i) % batch->input_count;
        if (batch->inputs[at].input == input) {
            batch->input_hint = at; /* the engine asks in the inputs' order */
            return &batch->inputs[at];
        }
    }
    return NULL;
}

/* From here on the input's traceparent is its own span's, so that what it causes (an effect, a
 * message) hangs under it. Its tracestate goes on only where its trace does. */
static void context_stamp(struct input *input, const struct lineage *lineage)
{
    char cleaned[TRACESTATE_SIZE];
    struct trace_context own = lineage_context(lineage, input->span_id);
    bool goes_on = lineage->carried.is_set &&
                   memcmp(lineage->carried.trace_id, own.trace_id, sizeof own.trace_id) == 0;
    if (input->tracestate[0] != '\0') {
        w3c_tracestate_clean(goes_on ? input->tracestate : "",
                             goes_on ? strnlen(input->tracestate, sizeof input->tracestate) : 0,
                             cleaned);
        memcpy(input->tracestate, cleaned, sizeof input->tracestate);
    }
    w3c_traceparent_format(&own, input->traceparent);
}

static void input_open(struct tracing_observer *observer, struct open_batch *batch,
                       struct input *input, int64_t now_ns)
{
    assert(batch->input_count < OBSERVER_INPUTS_MAX);
    struct open_input *open = &batch->inputs[batch->input_count++];
    memset(open, 0, sizeof *open);
    open->input = input;
    open->started_ns = now_ns;
    open->is_request =
        input->source == INPUT_FROM_REQUEST && memcmp(input->span_id, no_id, sizeof no_id) != 0;
    if (!open->is_request)
        observer_random_id(observer, input->span_id);
    text_copy(open->carried, sizeof open->carried, input->traceparent);
    if (input->correlation_id[0] == '\0')
        return;
    observer_place(observer, open);
    if (!open->is_request)
        context_stamp(input, &open->lineage);
}

/* The spans begin where the step did: what it decides carries that time. */
static void batch_begin(void *self, struct input *const *inputs, size_t count, int64_t now_ms)
{
    struct tracing_observer *observer = self;
    int64_t now_ns = clock_wall_ns();
    if (now_ms * CLOCK_NS_PER_MS < now_ns)
        now_ns = now_ms * CLOCK_NS_PER_MS;
    struct open_batch *batch = &observer->batches[batch_ring_begin(&observer->ring)];
    batch->input_count = 0;
    batch->input_hint = 0;
    batch->stage_count = 0;
    batch->now_ms = now_ms;
    for (size_t i = 0; i < count && i < OBSERVER_INPUTS_MAX; i++)
        input_open(observer, batch, inputs[i], now_ns);
}

static bool is_off(const struct tracing_observer *observer)
{
    return observer->tracing->exporter == NULL;
}

static void stage_begin(void *self, enum engine_stage stage)
{
    struct tracing_observer *observer = self;
    if (is_off(observer))
        return;
    int64_t now_ns = clock_wall_ns();
    if (stage == STAGE_PUBLISH) { /* goes on while others begin and end */
        observer_made(observer)->publish_started_ns = now_ns;
        observer_made(observer)->published_ns = 0;
    } else {
        observer->stage_started_ns = now_ns;
    }
}

static void stage_end(void *self, enum engine_stage stage, size_t items, const char *result)
{
    struct tracing_observer *observer = self;
    struct open_batch *batch =
        stage == STAGE_ACK ? observer_published(observer) : observer_made(observer);
    if (is_off(observer) || batch->input_count == 0 || stage == STAGE_PUBLISH ||
        stage == STAGE_CLEAR || batch->stage_count == OBSERVER_STAGES_MAX)
        return;
    assert(batch->stage_count < OBSERVER_STAGES_MAX);
    struct stage_record *record = &batch->stages[batch->stage_count++];
    *record = (struct stage_record){ .stage = stage,
                                     .started_ns = observer->stage_started_ns,
                                     .ended_ns = clock_wall_ns(),
                                     .items = items };
    text_copy(record->result, sizeof record->result, result != NULL ? result : "");
}

/* A deadline has ended the wait that began when it was set. */
static void facts_take(struct tracing_observer *observer, struct open_input *open,
                       const struct decided *decided)
{
    if (observer->tell == NULL)
        return;
    const struct tracing_story story = { decided->input,  decided->state,      decided->verdict,
                                         decided->reason, decided->state_from, decided->state_to };
    observer->tell(&story, &open->facts);
    if (open->facts.wait == NULL)
        return;
    const struct note wait = { .span_name = open->facts.wait,
                               .since_ms = document_due_since_ms(decided->document) };
    observer_export_wait(observer, decided->input->correlation_id, &wait,
                         observer_made(observer)->now_ms);
}

static void decided(void *self, const struct decided *decided)
{
    struct tracing_observer *observer = self;
    if (is_off(observer))
        return;
    if (decided->is_first_outcome)
        tracing_root_export(observer, decided->document);
    struct open_batch *batch = observer_made(observer);
    struct open_input *open = observer_find(batch, decided->input);
    if (open == NULL)
        return;
    observer_place(observer, open);
    open->is_decided = true;
    open->is_idle = observer_repeat_fold(observer, open, decided);
    if (open->is_idle)
        return;
    open->is_quarantined = decided->outcome == OUTCOME_QUARANTINED;
    open->decided_ns = clock_wall_ns();
    open->verdict = decided->verdict;
    open->state_from = decided->state_from;
    open->state_to = decided->state_to;
    text_copy(open->reason, sizeof open->reason, decided->reason != NULL ? decided->reason : "");
    facts_take(observer, open, decided);
    for (int i = 0; i < decided->note_count && i < DECISION_NOTES_MAX; i++) {
        const struct note *note = &decided->notes[i];
        open->notes[open->note_count++] = *note;
        if (note->span_name != NULL && decided->input->correlation_id[0] != '\0')
            observer_export_wait(observer, decided->input->correlation_id, note, batch->now_ms);
    }
    if (decided->delivery != NULL) {
        open->delivery_tag = decided->delivery->tag;
        memcpy(open->routing_key, decided->delivery->message.type, sizeof open->routing_key);
    }
}

/* False: it never became an input. */
static bool set_aside(struct tracing_observer *observer, const struct delivery *delivery,
                      const char *verdict, const char *reason)
{
    struct open_batch *batch = observer_published(observer);
    bool has_input = false;
    for (size_t i = 0; i < batch->input_count; i++) {
        struct open_input *open = &batch->inputs[i];
        if (open->input->source != INPUT_FROM_DELIVERY || open->is_decided ||
            strcmp(open->input->id, delivery->message.id) != 0)
            continue;
        open->is_decided = true;
        open->is_quarantined = strcmp(verdict, "quarantine") == 0;
        open->verdict = verdict;
        open->delivery_tag = delivery->tag;
        memcpy(open->routing_key, delivery->message.type, sizeof open->routing_key);
        text_copy(open->reason, sizeof open->reason, reason);
        has_input = true;
    }
    return has_input;
}

static void quarantined(void *self, const struct delivery *delivery, const char *reason)
{
    struct tracing_observer *observer = self;
    if (!is_off(observer) && !set_aside(observer, delivery, "quarantine", reason))
        observer_export_quarantine(observer, delivery, reason);
}

/* Its sender's trace shows that it arrived; what only repeats has no spans. */
static void unconcerned(void *self, const struct delivery *delivery)
{
    struct tracing_observer *observer = self;
    if (!is_off(observer) && !delivery->message.is_repeat)
        observer_export_unconcerned(observer, delivery);
}

/* It comes again: what cannot be read here is traced by the release that can. */
static void postponed(void *self, const struct delivery *delivery, const char *reason)
{
    struct tracing_observer *observer = self;
    if (!is_off(observer))
        (void)set_aside(observer, delivery, "later", reason);
}

/* The first input of the same trace in this batch; the input itself if there is none before it. */
static size_t first_of_trace(struct tracing_observer *observer, const struct open_batch *batch,
                             size_t at)
{
    assert(at < OBSERVER_INPUTS_MAX && batch->inputs[at].is_placed);
    const uint8_t *trace_id = batch->inputs[at].lineage.place.trace_id;
    uint64_t hash;
    memcpy(&hash, trace_id + 8, sizeof hash);
    size_t slot = (size_t)((hash * UINT64_C(0x9e3779b97f4a7c15)) >> 32) % OBSERVER_INDEX_SIZE;
    for (; observer->trace_index[slot] != 0; slot = (slot + 1) % OBSERVER_INDEX_SIZE) {
        size_t found = observer->trace_index[slot] - 1U;
        if (memcmp(batch->inputs[found].lineage.place.trace_id, trace_id, 16) == 0)
            return found;
    }
    observer->trace_index[slot] = (uint16_t)(at + 1);
    return at;
}

/* load and save once for each trace, ack once for each trace with a delivery in it. */
static void stages_export(struct tracing_observer *observer, struct open_batch *batch, size_t at,
                          size_t first_at)
{
    const struct open_input *open = &batch->inputs[at];
    struct open_input *first = &batch->inputs[first_at];
    bool is_first = first == open;
    bool wants_ack = open->input->source == INPUT_FROM_DELIVERY && open->is_decided &&
                     !open->is_unconfirmed && !first->has_ack_span;
    for (size_t i = 0; i < batch->stage_count; i++) {
        const struct stage_record *record = &batch->stages[i];
        if (record->stage == STAGE_ACK ? wants_ack : is_first)
            observer_export_stage(observer, open, record);
    }
    first->has_ack_span |= wants_ack;
}

/* Why inputs of this batch have no decision; NULL if the batch went through. */
static const char *batch_failure(const struct open_batch *batch)
{
    for (size_t i = batch->stage_count; i > 0; i--) {
        const struct stage_record *record = &batch->stages[i - 1];
        if (record->result[0] != '\0' && strcmp(record->result, "conflict") != 0)
            return record->result;
    }
    return NULL;
}

static void batch_end(void *self)
{
    struct tracing_observer *observer = self;
    struct open_batch *batch = observer_published(observer);
    size_t count = batch->input_count;
    batch->input_count = 0;
    batch_ring_end(&observer->ring);
    if (is_off(observer) || count == 0)
        return;
    int64_t now_ns = clock_wall_ns();
    const char *failure = batch_failure(batch);
    memset(observer->trace_index, 0, sizeof observer->trace_index);
    for (size_t i = 0; i < count; i++) {
        struct open_input *open = &batch->inputs[i];
        observer_place(observer, open);
        /* What was only put off has no span: it comes again with the next batch. */
        bool is_put_off = !open->is_decided && !open->is_request && failure == NULL;
        if (!open->lineage.is_recorded || is_put_off || open->is_idle)
            continue;
        if (!open->is_request)
            observer_export_input(observer, open, open->is_decided ? NULL : failure, now_ns);
        stages_export(observer, batch, i, first_of_trace(observer, batch, i));
    }
}

static void broker_set(struct tracing_observer *observer, const char *url)
{
    char host[URL_HOST_SIZE] = "";
    if (url != NULL && !url_authority(url, host, &observer->broker_port))
        host[0] = '\0';
    observer->broker_host = tracing_intern(observer->tracing, host);
}

struct tracing_observer *tracing_observer_new(const struct tracing_setup *setup)
{
    assert(setup->tracing != NULL);
    struct tracing_observer *observer = memory_alloc(1, sizeof *observer);
    struct tracing *tracing = setup->tracing;
    observer->tracing = tracing;
    observer->service = tracing_intern(tracing, setup->service);
    observer->queue = tracing_intern(tracing, setup->queue);
    observer->collection = tracing_intern(tracing, setup->collection);
    observer->store_system = tracing_intern(tracing, setup->store_system);
    observer->store_namespace = tracing_intern(tracing, setup->store_namespace);
    broker_set(observer, setup->broker_url);
    observer->client_id = tracing_intern(tracing, tracing->instance_id);
    observer->http_port = setup->http_port;
    observer->root = setup->root;
    observer->tell = setup->tell;
    observer->random_used = OBSERVER_RANDOM;
    observer->engine_port = (struct observer_port){
        .self = observer,
        .batch_begin = batch_begin,
        .stage_begin = stage_begin,
        .stage_end = stage_end,
        .message_owed = observer_message_owed,
        .message_published = observer_message_published,
        .decided = decided,
        .quarantined = quarantined,
        .postponed = postponed,
        .unconcerned = unconcerned,
        .batch_end = batch_end,
    };
    observer->http_port_table =
        (struct http_observer){ .self = observer, .answered = observer_http_answered };
    return observer;
}

struct tracing_observer *tracing_observer_free(struct tracing_observer *observer)
{
    free(observer);
    return NULL;
}
