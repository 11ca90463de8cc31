/* observer_publish.c - messages: their context when they are owed, their span when they go out. */
#include "common/rabbitmq/topology_names.h"
#include "tracing/observer_state.h"

#include "common/base/clock.h"
#include "tracing/booking_trace.h"
#include "tracing/w3c.h"

#include <assert.h>
#include <string.h>

/* The context follows from the message's id, so a message that is owed again after a crash or a
 * conflict is byte-identical. */
void observer_message_owed(void *self, const struct input *cause, struct message *message)
{
    assert(message != NULL);
    struct tracing_observer *observer = self;
    struct lineage lineage;
    uint8_t span_id[8];
    lineage_find(observer->tracing, message->correlation_id,
                 message->correlation_id[0] == '\0' ? cause->traceparent : "", message->id, false,
                 &lineage);
    tracing_message_span_id(message->id, span_id);
    struct trace_context context = lineage_context(&lineage, span_id);
    w3c_traceparent_format(&context, message->traceparent);
    if (message->is_repeat)
        message->tracestate[0] = '\0'; /* another input's than the first time */
    else
        memcpy(message->tracestate, cause->tracestate, sizeof message->tracestate);
    struct open_input *open =
        message->is_repeat ? NULL : observer_find(observer_made(observer), cause);
    if (open != NULL)
        open->owes_news = true;
}

/* True once for each message, as far as this process remembers. */
static bool is_first_publish(struct tracing_observer *observer, const uint8_t span_id[8])
{
    uint64_t id;
    memcpy(&id, span_id, sizeof id);
    uint64_t *slot = &observer->recent[id % OBSERVER_RECENT];
    bool is_first = *slot != id;
    *slot = id;
    return is_first;
}

static const char *failure_of(enum publish_result result)
{
    switch (result) {
    case PUBLISH_CONFIRMED:
        break;
    case PUBLISH_RETURNED:
        return "returned";
    case PUBLISH_NACKED:
        return "nacked";
    case PUBLISH_UNKNOWN:
        return "unconfirmed";
    }
    return NULL;
}

void observer_destination_add(struct span *span, const char *routing_key, const char *queue)
{
    assert(routing_key != NULL);
    span_name_add(span, TOPOLOGY_EXCHANGE);
    if (routing_key[0] != '\0') {
        span_name_add(span, ":");
        span_name_add(span, routing_key);
    }
    if (queue[0] != '\0' && strcmp(queue, routing_key) != 0) {
        span_name_add(span, ":");
        span_name_add(span, queue);
    }
}

void observer_messaging_add(const struct tracing_observer *observer, struct span *span,
                            const char *operation, const char *type, size_t name_offset)
{
    assert(operation != NULL && type != NULL);
    span_lasting(span, KEY_MESSAGING_SYSTEM, "rabbitmq");
    span_lasting(span, KEY_MESSAGING_OPERATION_NAME, operation);
    span_lasting(span, KEY_MESSAGING_OPERATION_TYPE, type);
    span_text_of_name(span, KEY_MESSAGING_DESTINATION, name_offset);
    span_lasting(span, KEY_MESSAGING_CLIENT_ID, observer->client_id);
    span_lasting(span, KEY_SERVER_ADDRESS, observer->broker_host);
    if (observer->broker_port > 0)
        span_int(span, KEY_SERVER_PORT, observer->broker_port);
}

/* The first publish is the span that the message's context names, under the input that owed it.
 * Each later one is a span of its own under the root, linked to that context. */
static void publish_begin(struct tracing_observer *observer, const struct input *cause,
                          const struct message *message, const struct trace_context *context,
                          struct lineage *lineage, bool is_first)
{
    struct open_batch *batch = observer_published(observer);
    struct open_input *open = is_first && cause != NULL ? observer_find(batch, cause) : NULL;
    if (open != NULL) {
        observer_place(observer, open);
        if (memcmp(open->lineage.place.trace_id, lineage->place.trace_id, 16) == 0)
            memcpy(lineage->place.parent_id, cause->span_id, sizeof cause->span_id);
    }
    if (is_first)
        memcpy(lineage->place.span_id, context->span_id, sizeof context->span_id);
    else
        observer_random_id(observer, lineage->place.span_id);
    span_begin(&observer->span, &lineage->place, is_first ? SPAN_PRODUCER : SPAN_CLIENT,
               batch->publish_started_ns);
    span_name_add(&observer->span, "publish ");
    observer_destination_add(&observer->span, message->type, "");
    if (!is_first)
        span_link(&observer->span, context, false);
}

void observer_message_published(void *self, const struct document *document,
                                const struct input *cause, const struct message *message,
                                enum publish_result result, bool is_again)
{
    assert(message->type[0] != '\0');
    struct tracing_observer *observer = self;
    struct open_batch *batch = observer_published(observer);
    struct trace_context context;
    struct lineage lineage;
    const char *failure = failure_of(result);
    if (observer->tracing->exporter == NULL)
        return;
    if ((is_again || message->is_repeat) && result == PUBLISH_CONFIRMED)
        tracing_root_export(observer,
                            document); /* the one who sent it first may not have lived on */
    struct open_input *open = cause != NULL ? observer_find(batch, cause) : NULL;
    if (open != NULL && failure != NULL)
        open->is_unconfirmed = true; /* so its delivery is not acked yet */
    if (open != NULL && open->is_idle)
        return;
    if (!w3c_traceparent_parse(message->traceparent,
                               strnlen(message->traceparent, TRACEPARENT_SIZE), &context))
        return;
    /* Under the root: the message's own context is not its parent. */
    lineage_find(observer->tracing, message->correlation_id, "", message->id, false, &lineage);
    if (message->correlation_id[0] == '\0')
        memcpy(lineage.place.trace_id, context.trace_id, sizeof context.trace_id);
    if (!lineage.is_recorded)
        return;
    bool is_first = is_first_publish(observer, context.span_id) && !is_again && !message->is_repeat;
    if (batch->published_ns == 0)
        batch->published_ns = clock_wall_ns(); /* all of a pipelined publish end together */
    publish_begin(observer, cause, message, &context, &lineage, is_first);
    struct span *span = &observer->span;
    observer_messaging_add(observer, span, "publish", "send", strlen("publish "));
    span_text(span, KEY_MESSAGING_ROUTING_KEY, message->type);
    span_text(span, KEY_MESSAGING_MESSAGE_ID, message->id);
    span_text(span, KEY_MESSAGING_CONVERSATION_ID, message->correlation_id);
    span_text(span, KEY_BOOKING_ID, message->correlation_id);
    if (failure != NULL) {
        span_lasting(span, KEY_ERROR_TYPE, failure);
        span_fail(span, NULL);
    }
    span_end(span, batch->published_ns);
    exporter_submit(observer->tracing->exporter, span);
}
