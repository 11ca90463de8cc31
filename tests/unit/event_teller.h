/* event_teller.h - feeds one participant and tells what it says and what its history keeps, byte by
 * byte. Included by one test. */
#pragma once

#include "common/bson/bson_write.h"
#include "common/saga/participant.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW INT64_C(1763721000123)

/* One document of one participant, and what is told of it. */
static struct participant who;
static void *state;
static int64_t version;
static int64_t now_ms;
static const char *document_id;
static bool is_repeat;
static struct decision decision; /* large: not on the stack */
static struct arena arena;
static FILE *told;

static void story(struct participant participant, const char *id, const char *title)
{
    who = participant;
    free(state);
    state = calloc(1, who.state_size);
    version = 0;
    now_ms = NOW;
    document_id = id;
    is_repeat = false;
    fprintf(told, "== %s: %s\n", who.name, title);
}

static void hex_tell(const char *label, const uint8_t *bytes, size_t length)
{
    fprintf(told, "  %s ", label);
    for (size_t i = 0; i < length; i++)
        fprintf(told, "%02x", bytes[i]);
    fprintf(told, "\n");
}

static void content_tell(const struct input *input)
{
    size_t length;
    const uint8_t *bytes = content_encode(who.contents, input, &arena, &length);
    if (bytes != NULL)
        hex_tell("content", bytes, length);
}

static void message_tell(const struct message *message)
{
    fprintf(told, "  %s %s of %s by %s at %" PRId64 " form %" PRId64 "%s\n    %.*s\n",
            message->type, message->id, message->correlation_id, message->app_id,
            message->timestamp_ms, message->schema_version, message->is_repeat ? " repeat" : "",
            (int)message->body_length, message->body);
}

static void decide(struct input *input)
{
    input->is_repeat = is_repeat;
    decision_init(&decision, now_ms, version + 1, 0, who.name);
    participant_decide(&who, state, input, &decision);
    version += decision.is_changed;
    fprintf(told, "  -> %s %s%s\n", decision.verdict, participant_state_name(&who, state),
            decision.effect.is_wanted ? ", an effect" : "");
    for (int i = 0; i < decision.message_count; i++)
        message_tell(&decision.messages[i]);
}

/* An input without a message: `fields` are triples of a name, a kind ("t", "i", "b") and a value,
 * ended by NULL, as the history would have them. */
static void hear(const char *type_name, ...)
{
    struct input input;
    struct bson_output output;
    size_t length;
    va_list fields;
    va_start(fields, type_name);
    bson_write_begin(&output, &arena, 256);
    for (const char *name; (name = va_arg(fields, const char *)) != NULL;) {
        const char *kind = va_arg(fields, const char *);
        if (kind[0] == 't')
            bson_write_text(&output, name, va_arg(fields, const char *));
        else if (kind[0] == 'i')
            bson_write_int(&output, name, va_arg(fields, int64_t));
        else
            bson_write_bool(&output, name, va_arg(fields, int) != 0);
    }
    va_end(fields);
    const uint8_t *content = bson_write_finish(&output, &length);
    const struct content_form *form = content_form_find(who.contents, type_name);
    memset(&input, 0, sizeof input);
    if (form == NULL || !content_decode(form, content, length, &input)) {
        fprintf(stderr, "%s cannot hear %s\n", who.name, type_name);
        exit(1);
    }
    input.source = strcmp(type_name, "deadline") == 0        ? INPUT_FROM_DEADLINE
                   : strcmp(type_name, "refund.result") == 0 ? INPUT_FROM_EFFECT
                                                             : INPUT_FROM_REQUEST;
    snprintf(input.document_id, sizeof input.document_id, "%s", document_id);
    fprintf(told, "> %s %s at %" PRId64 "%s\n", type_name, document_id, now_ms,
            is_repeat ? " repeat" : "");
    content_tell(&input);
    decide(&input);
}

/* A message; its inputs for other documents are only told. */
static void read_from(const char *message_id, const char *type, const char *body)
{
    static struct input inputs[INPUTS_PER_DELIVERY_MAX];
    struct message message = { .body = body, .body_length = strlen(body) };
    struct error error;
    size_t count;
    snprintf(message.type, sizeof message.type, "%s", type);
    snprintf(message.id, sizeof message.id, "%s", message_id);
    fprintf(told, "> %s %s%s\n    %s\n", type, message_id, is_repeat ? " repeat" : "", body);
    if (!who.parse(who.self, &message, inputs, &count, &error)) {
        fprintf(stderr, "%s refuses %s %s: %s\n", who.name, type, body, error.message);
        exit(1);
    }
    for (size_t i = 0; i < count; i++) {
        fprintf(told, "  input %s for %s of %s\n", inputs[i].type_name, inputs[i].document_id,
                inputs[i].correlation_id);
        content_tell(&inputs[i]);
        if (strcmp(inputs[i].document_id, document_id) == 0)
            decide(&inputs[i]);
    }
}

static void reads(const char *type, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void reads(const char *type, const char *format, ...)
{
    static char body[MESSAGE_BODY_BYTES_MAX];
    va_list values;
    va_start(values, format);
    vsnprintf(body, sizeof body, format, values);
    va_end(values);
    read_from("m-1", type, body);
}

static void due(void)
{
    now_ms = participant_due_at_ms(&who, state);
    hear("deadline", NULL);
}

/* What is told is what the file has; says where it is not. */
static int same_as(const char *path, const char *now)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t room = 0;
    int number = 0;
    int status = file == NULL;
    while (file != NULL && status == 0 && getline(&line, &room, file) > 0) {
        number++;
        if (strncmp(line, now, strlen(line)) == 0) {
            now += strlen(line);
            continue;
        }
        fprintf(stderr, "%s:%d, then and now:\n%s%.*s\n", path, number, line,
                (int)strcspn(now, "\n"), now);
        status = 1;
    }
    if (status == 0 && *now != '\0') {
        fprintf(stderr, "%s does not have: %s", path, now);
        status = 1;
    }
    free(line);
    if (file != NULL)
        fclose(file);
    return status;
}
