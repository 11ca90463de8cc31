/* event_words.h - what the documents of the events say alike: how each kind of field looks, who
 * listens, and an example of each event, written as its owner writes it. */
#pragma once

#include "events/event.h"

#include <stdbool.h>
#include <stddef.h>

/* For people: "integer, 1 to 999,999,999,999,999". */
const char *event_kind_words(const struct event_field *field);
/* A JSON Schema (draft 7) of it as YAML in one line: "{ type: integer, … }". */
const char *event_kind_schema(const struct event_field *field);
/* Every message has it. */
bool event_is_always_written(const struct event_field *field);

/* Calls back with each queue that is bound to it. */
void event_listeners(const struct event *event, void (*tell)(const char *queue, bool is_first));

/* A body with all of its fields. */
void event_example_write(const struct event *event, char ret_body[EVENT_BODY_BYTES_MAX]);
