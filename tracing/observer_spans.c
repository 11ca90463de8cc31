/* observer_spans.c - the spans of inputs and of a batch's round trips. */
#include "tracing/observer_state.h"

#include "common/base/clock.h"
#include "tracing/span_facts.h"

#include <assert.h>
#include <string.h>

#define MOMENT_NS                                                                                  \
    1000 /* Jaeger takes a span that lasts no time for one that ends before it begins */

static void submit(struct tracing_observer *observer, int64_t ended_ns)
{
    span_end(&observer->span, ended_ns);
    exporter_submit(observer->tracing->exporter, &observer->span);
}

static const char *routing_key_of(const struct open_input *open)
{
    return open->routing_key[0] != '\0' ? open->routing_key : open->input->type_name;
}

static void consumer_begin(struct tracing_observer *observer, const struct open_input *open)
{
    struct span *span = &observer->span;
    const struct input *input = open->input;
    span_begin(span, &open->lineage.place, SPAN_CONSUMER, open->started_ns);
    span_name_add(span, "process ");
    observer_destination_add(span, routing_key_of(open), observer->queue);
    observer_messaging_add(observer, span, "process", "process", strlen("process "));
    span_text(span, KEY_MESSAGING_ROUTING_KEY, routing_key_of(open));
    span_text(span, KEY_MESSAGING_MESSAGE_ID, input->id);
    span_text(span, KEY_MESSAGING_CONVERSATION_ID, input->correlation_id);
    if (input->sent_at_ms > 0)
        span_int(span, KEY_MESSAGE_AGE, span_wait_ms(open->started_ns, input->sent_at_ms));
    if (open->delivery_tag > 0 && open->delivery_tag <= INT64_MAX)
        span_int(span, KEY_MESSAGING_DELIVERY_TAG, (int64_t)open->delivery_tag);
    if (open->lineage.carried.is_set)
        span_link(span, &open->lineage.carried, true);
}

static void internal_begin(struct tracing_observer *observer, const struct open_input *open)
{
    struct span *span = &observer->span;
    enum input_source source = open->input->source;
    bool is_deadline = source == INPUT_FROM_DEADLINE, is_effect = source == INPUT_FROM_EFFECT;
    span_begin(span, &open->lineage.place, SPAN_INTERNAL, open->started_ns);
    if (open->facts.title != NULL) {
        span_name_add(span, open->facts.title);
        return;
    }
    span_name_add(span, is_deadline ? "deadline " : is_effect ? "result " : "request ");
    span_name_add(span, observer->service);
}

static void events_add(struct tracing_observer *observer, const struct open_input *open)
{
    struct span *span = &observer->span;
    int64_t repeats = observer_repeats_take(observer, open->lineage.place.trace_id);
    for (int i = 0; i < open->note_count; i++) {
        const struct note *note = &open->notes[i];
        if (note->event_name != NULL)
            span_event(span, note->event_name, open->decided_ns,
                       span_wait_ms(open->started_ns, note->since_ms));
    }
    if (repeats > 0)
        span_event_counted(span, "booking.repeats", open->started_ns, repeats);
}

void observer_export_input(struct tracing_observer *observer, const struct open_input *open,
                           const char *failure, int64_t ended_ns)
{
    assert(open != NULL);
    struct span *span = &observer->span;
    const struct input *input = open->input;
    if (input->source == INPUT_FROM_DELIVERY)
        consumer_begin(observer, open);
    else
        internal_begin(observer, open);
    span_text(span, KEY_BOOKING_ID, input->correlation_id);
    span_text(span, KEY_INPUT_TYPE, input->type_name);
    span_text(span, KEY_INPUT_ID, input->id);
    span_text(span, KEY_DECISION, open->verdict);
    span_text(span, KEY_DECISION_REASON, open->reason);
    span_text(span, KEY_STATE_FROM, open->state_from);
    span_text(span, KEY_STATE_TO, open->state_to);
    span_facts(span, &open->facts);
    events_add(observer, open);
    if (open->is_quarantined)
        failure = "quarantined";
    else if (open->facts.problem != NULL)
        failure = open->facts.problem;
    if (failure != NULL) {
        span_text(span, KEY_ERROR_TYPE, failure);
        span_fail(span, NULL);
    }
    submit(observer, ended_ns);
}

static void store_stage_fill(struct tracing_observer *observer, const struct open_input *open,
                             const struct stage_record *record)
{
    struct span *span = &observer->span;
    const char *operation = record->stage == STAGE_LOAD ? "find" : "update";
    span_name_add(span, operation);
    span_name_add(span, " ");
    span_name_add(span, observer->collection);
    span_lasting(span, KEY_DB_SYSTEM, observer->store_system);
    span_lasting(span, KEY_DB_NAMESPACE, observer->store_namespace);
    span_lasting(span, KEY_DB_COLLECTION, observer->collection);
    span_lasting(span, KEY_DB_OPERATION, operation);
    if (record->items >= 2)
        span_int(span, KEY_DB_BATCH_SIZE, (int64_t)record->items);
    span_text(span, KEY_BOOKING_ID, open->input->correlation_id);
    if (record->result[0] == '\0')
        return;
    bool is_conflict = strcmp(record->result, "conflict") == 0;
    if (is_conflict && strcmp(observer->store_system, "mongodb") == 0) {
        span_lasting(span, KEY_DB_STATUS, "11000");
        span_lasting(span, KEY_ERROR_TYPE, "11000");
    } else {
        span_text(span, KEY_ERROR_TYPE, record->result);
    }
    if (!is_conflict) /* somebody else was first: the compare-and-set did its work */
        span_fail(span, NULL);
}

static void ack_fill(struct tracing_observer *observer, const struct open_input *open,
                     const struct stage_record *record)
{
    struct span *span = &observer->span;
    span_name_add(span, "ack ");
    observer_destination_add(span, routing_key_of(open), observer->queue);
    observer_messaging_add(observer, span, "ack", "settle", strlen("ack "));
    span_text(span, KEY_MESSAGING_ROUTING_KEY, routing_key_of(open));
    span_text(span, KEY_MESSAGING_MESSAGE_ID, open->input->id);
    span_text(span, KEY_MESSAGING_CONVERSATION_ID, open->input->correlation_id);
    if (record->items >= 2)
        span_int(span, KEY_MESSAGING_BATCH_COUNT, (int64_t)record->items);
    span_text(span, KEY_BOOKING_ID, open->input->correlation_id);
    if (record->result[0] != '\0') {
        span_text(span, KEY_ERROR_TYPE, record->result);
        span_fail(span, NULL);
    }
}

void observer_export_stage(struct tracing_observer *observer, const struct open_input *open,
                           const struct stage_record *record)
{
    assert(open != NULL && record != NULL);
    struct span_place place = open->lineage.place;
    memcpy(place.parent_id, open->input->span_id, sizeof place.parent_id);
    place.is_parent_remote = false;
    observer_random_id(observer, place.span_id);
    span_begin(&observer->span, &place, SPAN_CLIENT, record->started_ns);
    if (record->stage == STAGE_ACK)
        ack_fill(observer, open, record);
    else
        store_stage_fill(observer, open, record);
    submit(observer, record->ended_ns);
}

/* False: it is not recorded. The key is for what is read; else it may be anything. */
static bool delivery_begin(struct tracing_observer *observer, const struct delivery *delivery,
                           const char *routing_key, int64_t now_ns)
{
    struct span *span = &observer->span;
    const struct message *message = &delivery->message;
    struct lineage lineage;
    const char *booking_id =
        ident_is_valid(message->correlation_id, strlen(message->correlation_id))
            ? message->correlation_id
            : "";
    lineage_find(observer->tracing, booking_id, message->traceparent, message->id, true, &lineage);
    if (!lineage.is_recorded)
        return false;
    observer_random_id(observer, lineage.place.span_id);
    span_begin(span, &lineage.place, SPAN_CONSUMER, now_ns);
    span_name_add(span, "process ");
    observer_destination_add(span, routing_key, observer->queue);
    observer_messaging_add(observer, span, "process", "process", strlen("process "));
    span_text(span, KEY_MESSAGING_ROUTING_KEY, message->type);
    span_text(span, KEY_MESSAGING_MESSAGE_ID, message->id);
    span_text(span, KEY_MESSAGING_CONVERSATION_ID, booking_id);
    span_text(span, KEY_BOOKING_ID, booking_id);
    if (lineage.carried.is_set)
        span_link(span, &lineage.carried, true);
    return true;
}

/* A delivery that never became an input. */
void observer_export_quarantine(struct tracing_observer *observer, const struct delivery *delivery,
                                const char *reason)
{
    assert(delivery != NULL && reason != NULL);
    struct span *span = &observer->span;
    int64_t now_ns = clock_wall_ns();
    if (!delivery_begin(observer, delivery, "", now_ns))
        return;
    span_lasting(span, KEY_DECISION, "quarantine");
    span_text(span, KEY_DECISION_REASON, reason);
    span_lasting(span, KEY_ERROR_TYPE, "quarantined");
    span_fail(span, NULL);
    submit(observer, now_ns + MOMENT_NS);
}

void observer_export_unconcerned(struct tracing_observer *observer, const struct delivery *delivery)
{
    assert(delivery != NULL);
    int64_t now_ns = clock_wall_ns();
    if (!delivery_begin(observer, delivery, delivery->message.type, now_ns))
        return;
    span_lasting(&observer->span, KEY_DECISION, "ignore");
    submit(observer, now_ns + MOMENT_NS);
}
