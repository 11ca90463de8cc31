/* print_asyncapi.c - prints docs/asyncapi.yaml (AsyncAPI 2.6) from the tables by which the events
 * are written and read. */
#include "docs/event_words.h"

#include <stdio.h>

static const char head[] = "# Printed by docs/print_asyncapi.c from the tables in events/.\n"
                           "asyncapi: 2.6.0\n"
                           "info:\n"
                           "  title: Roundtrip's events\n"
                           "  version: 1.0.0\n"
                           "  description: Bookings, the payments for them, and the way back. "
                           "docs/events.md says the same to people.\n"
                           "defaultContentType: application/json\n"
                           "channels:\n";

static const char headers[] =
    "components:\n"
    "  messageTraits:\n"
    "    owed:\n"
    "      contentType: application/json\n"
    "      correlationId:\n"
    "        description: the booking, also the property correlation_id; one trace\n"
    "        location: '$message.payload#/intentId'\n"
    "      headers:\n"
    "        type: object\n"
    "        required: [schema-version, timestamp_in_ms]\n"
    "        properties:\n"
    "          schema-version: { type: integer, minimum: 1, description: 'the form of the message' "
    "}\n"
    "          timestamp_in_ms: { type: integer, description: 'when it was first owed' }\n"
    "          repeat: { type: boolean, description: 'announced again, because no answer was "
    "heard' }\n"
    "          traceparent: { type: string, pattern: '^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$' "
    "}\n"
    "          tracestate: { type: string }\n"
    "      x-amqp-properties:\n"
    "        message_id: '<owner>:<document>:<version>:<position>; the same, with the same body, "
    "each time'\n"
    "        type: the event's type, as the routing key\n"
    "        correlation_id: the booking, as intentId\n"
    "        app_id: the owner\n"
    "        timestamp: when it was first owed, in seconds\n"
    "        delivery_mode: 2\n";

/* In single quotes, where only those themselves are doubled. */
static void quoted_print(const char *text)
{
    putchar('\'');
    for (; *text != '\0'; text++)
        printf(*text == '\'' ? "''" : "%c", *text);
    putchar('\'');
}

static void queue_print(const char *queue, bool is_first)
{
    printf("%s%s", is_first ? "" : ", ", queue);
}

static void channel_print(const struct event *event)
{
    printf("  %s:\n    description: ", event->type);
    quoted_print(event->purpose);
    printf("\n    x-owner: %s\n    x-queues: [", event->owner);
    event_listeners(event, queue_print);
    printf("]\n"
           "    bindings:\n"
           "      amqp:\n"
           "        is: routingKey\n"
           "        exchange: { name: events, type: topic, durable: true, autoDelete: false }\n"
           "        bindingVersion: 0.2.0\n"
           "    subscribe:\n"
           "      message: { $ref: '#/components/messages/%s' }\n",
           event->type);
}

static void message_print(const struct event *event)
{
    char body[EVENT_BODY_BYTES_MAX];
    event_example_write(event, body);
    printf("    %s:\n      name: %s\n      summary: ", event->type, event->type);
    quoted_print(event->purpose);
    printf("\n"
           "      traits: [{ $ref: '#/components/messageTraits/owed' }]\n"
           "      bindings: { amqp: { messageType: %s, bindingVersion: 0.2.0 } }\n"
           "      payload: { $ref: '#/components/schemas/%s' }\n"
           "      examples:\n"
           "        - payload: %s\n",
           event->type, event->type, body);
}

static void schema_print(const char *name, const struct event_field *fields, size_t count)
{
    const char *comma = "";
    printf("    %s:\n      type: object\n      required: [", name);
    for (size_t i = 0; i < count; i++)
        if (event_is_always_written(&fields[i])) {
            printf("%s%s", comma, fields[i].name);
            comma = ", ";
        }
    printf("]\n      properties:\n");
    for (size_t i = 0; i < count; i++) {
        printf("        %s: { %s, description: ", fields[i].name, event_kind_schema(&fields[i]));
        quoted_print(fields[i].meaning);
        printf(" }\n");
    }
}

int main(void)
{
    fputs(head, stdout);
    for (size_t i = 0; i < event_count; i++)
        channel_print(event_list[i]);
    fputs(headers, stdout);
    printf("  messages:\n");
    for (size_t i = 0; i < event_count; i++)
        message_print(event_list[i]);
    printf("  schemas:\n");
    schema_print("payment", event_payment_fields, event_payment_field_count);
    for (size_t i = 0; i < event_count; i++)
        schema_print(event_list[i]->type, event_list[i]->fields, event_list[i]->field_count);
    return 0;
}
