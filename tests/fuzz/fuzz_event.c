/* Feeds any bytes to the reader of events, of the type that the first one says, and checks that
 * what it takes can be told on, and means the same then. Built and replayed as fuzz_json_read.c is.
 */
#include "events/event.h"
#include "tests/fuzz/require.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static struct event_received first, second;

/* What a reader does without it may have been told as nothing; a writer has to say something. */
static void what_was_not_said_fill(const struct event *event)
{
    for (size_t i = 0; i < event->field_count; i++) {
        char *at = (char *)first.said + event->fields[i].offset;
        if (event->fields[i].kind == EVENT_REASON && *at == '\0')
            *at = '-';
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    char body[EVENT_BODY_BYTES_MAX];
    struct error error;
    if (length == 0)
        return 0;
    const struct event *event = event_list[bytes[0] % event_count];
    const struct content_form forms[] = { { .type_name = event->type }, { 0 } };
    struct message message = { .body = (const char *)bytes + 1, .body_length = length - 1 };
    memcpy(message.type, event->type, event->type_length);
    if (!event_receive(&message, forms, &first, &error)) {
        REQUIRE(error.code == ERROR_REJECT);
        REQUIRE(strncmp(error.message, event->type, event->type_length) == 0);
        return 0;
    }
    what_was_not_said_fill(event);
    message.body = body;
    message.body_length = event_write(event, first.said, body, sizeof body);
    REQUIRE(event_receive(&message, forms, &second, &error));
    REQUIRE(memcmp(first.said, second.said, event->size) == 0);
    return 0;
}
