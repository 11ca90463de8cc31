/* print_events.c - prints docs/events.md from the tables by which the events are written and read.
 */
#include "docs/event_words.h"

#include <stdio.h>
#include <string.h>

static const char head[] =
    "# The events\n"
    "\n"
    "Printed by `docs/print_events.c` from the tables in `events/`, by which every event is "
    "written and read; for\n"
    "programs there is [asyncapi.yaml](asyncapi.yaml). The exchange is `events`, of type topic; "
    "the routing key is the\n"
    "event's type.\n"
    "\n"
    "## What all have in common\n"
    "\n"
    "The body is one JSON object of up to 64 KiB. A reader ignores fields that it does not know, "
    "since a newer release may\n"
    "say more, and refuses a body without a field that is marked *required*: it goes to the dead "
    "letters, with the field's\n"
    "name. *Always* means that it is always written, and that readers do without, since an older "
    "release may not have said\n"
    "it; *remark*, that what is malformed is taken for not said, too; *if any*, that it is left "
    "out where there is nothing\n"
    "to say. A time is read as milliseconds and as RFC 3339 text, an amount as an integer and as a "
    "string of digits.\n"
    "\n"
    "| property or header | what it is |\n"
    "|---|---|\n"
    "| `message_id` | `<owner>:<document>:<version>:<position>`: what is published again has the "
    "same id and the same body |\n"
    "| `type` | the event's type |\n"
    "| `correlation_id` | the booking, as `intentId`: one trace |\n"
    "| `app_id` | the owner |\n"
    "| `timestamp`, header `timestamp_in_ms` | when it was first owed, in seconds, in milliseconds "
    "|\n"
    "| `content_type`, `delivery_mode` | `application/json`, 2 (persistent) |\n"
    "| header `schema-version` | the form of the message, 1; a reader leaves a newer one to a "
    "newer release |\n"
    "| header `repeat` | true: announced again, because no answer was heard |\n"
    "| headers `traceparent`, `tracestate` | the span that published it (W3C Trace Context) |\n";

static void queue_print(const char *queue, bool is_first)
{
    printf("%s`%s`", is_first ? "" : ", ", queue);
}

static const char *presence_text(const struct event_field *field)
{
    static const char *const texts[] = {
        [EVENT_REQUIRED] = "required",    [EVENT_STATED] = "always",
        [EVENT_OPTIONAL] = "if any",      [EVENT_REMARK] = "remark",
        [EVENT_ASIDE] = "remark, if any",
    };
    return texts[field->presence];
}

static void fields_print(const struct event_field *fields, size_t count)
{
    printf("| field | what it is | | meaning |\n|---|---|---|---|\n");
    for (size_t i = 0; i < count; i++)
        printf("| `%s` | %s | %s | %s |\n", fields[i].name, event_kind_words(&fields[i]),
               presence_text(&fields[i]), fields[i].meaning);
}

static void event_print(const struct event *event)
{
    char body[EVENT_BODY_BYTES_MAX];
    event_example_write(event, body);
    printf("\n## %s\n\nOf the %s service: %s. For ", event->type, event->owner, event->purpose);
    event_listeners(event, queue_print);
    printf(".\n\n");
    fields_print(event->fields, event->field_count);
    printf("\n```json\n%s\n```\n", body);
}

int main(void)
{
    fputs(head, stdout);
    for (size_t i = 0; i < event_count; i++)
        event_print(event_list[i]);
    printf("\n## A payment in a list\n\n");
    fields_print(event_payment_fields, event_payment_field_count);
    return 0;
}
