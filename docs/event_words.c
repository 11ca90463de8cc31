/* event_words.c - how the kinds of fields look to people and to a schema, and examples of them. */
#include "docs/event_words.h"

#include "common/base/text.h"
#include "events/topology.h"

#include <string.h>

#define EXAMPLE_MS INT64_C(1795257018123)

static const struct {
    const char *words, *schema;
} kinds[] = {
    [EVENT_IDENT] = { "id: 1 to 64 of `A-Z a-z 0-9 _ . : -`",
                      "type: string, pattern: '^[A-Za-z0-9_.:-]{1,64}$'" },
    [EVENT_FOREIGN] = { "text of 1 to 64 bytes", "type: string, minLength: 1, maxLength: 64" },
    [EVENT_USER] = { "user: 1 to 128 of `A-Z a-z 0-9 _ . : @ + / -` and the upright bar",
                     "type: string, pattern: '^[A-Za-z0-9_.:@+|/-]{1,128}$'" },
    [EVENT_AMOUNT] = { "integer, 1 to 999,999,999,999,999",
                       "type: integer, minimum: 1, maximum: 999999999999999" },
    [EVENT_CURRENCY] = { "three capital letters (ISO 4217)",
                         "type: string, pattern: '^[A-Z]{3}$'" },
    [EVENT_TIME] = { "integer: Unix time in ms",
                     "type: integer, minimum: 0, maximum: 253402300799999" },
    [EVENT_TIME_TEXT] = { "text: RFC 3339, UTC, with ms", "type: string, format: date-time" },
    [EVENT_DURATION] = { "integer: ms, from 0", "type: integer, minimum: 0" },
    [EVENT_FLAG] = { "true or false", "type: boolean" },
    [EVENT_REASON] = { "text of up to 63 bytes", "type: string, maxLength: 63" },
    [EVENT_PAYMENTS] = { "array of up to 16 payments", "type: array, maxItems: 16, items: { $ref: "
                                                       "'#/components/schemas/payment' }" },
};

const char *event_kind_words(const struct event_field *field)
{
    return kinds[field->kind].words;
}

const char *event_kind_schema(const struct event_field *field)
{
    return kinds[field->kind].schema;
}

bool event_is_always_written(const struct event_field *field)
{
    return field->presence != EVENT_OPTIONAL && field->presence != EVENT_ASIDE;
}

void event_listeners(const struct event *event, void (*tell)(const char *queue, bool is_first))
{
    bool is_first = true;
    for (size_t i = 0; i < event_binding_count; i++)
        if (strcmp(event_bindings[i].routing_key, event->type) == 0) {
            tell(event_bindings[i].queue, is_first);
            is_first = false;
        }
}

/* A reason's first example stands in its meaning, in backquotes. */
static void reason_set(const char *meaning, char *target, size_t size)
{
    const char *begin = strchr(meaning, '`');
    const char *end = begin != NULL ? strchr(begin + 1, '`') : NULL;
    if (end != NULL && (size_t)(end - begin) <= size)
        memcpy(target, begin + 1, (size_t)(end - begin - 1));
}

static void fields_set(const struct event_field *fields, size_t count, unsigned char *said);

static void field_set(const struct event_field *field, unsigned char *at)
{
    struct event_payments *payments = (void *)at;
    switch (field->kind) {
    case EVENT_IDENT:
        text_copy((char *)at, field->size,
                  strcmp(field->name, "intentId") == 0 ? "b-4711" : "pay-7c41");
        return;
    case EVENT_FOREIGN:
        text_copy((char *)at, field->size, "re-205");
        return;
    case EVENT_USER:
        text_copy((char *)at, field->size, "alice@example.org");
        return;
    case EVENT_CURRENCY:
        text_copy((char *)at, field->size, "EUR");
        return;
    case EVENT_REASON:
        reason_set(field->meaning, (char *)at, field->size);
        return;
    case EVENT_AMOUNT:
        *(int64_t *)(void *)at = 12345;
        return;
    case EVENT_TIME:
    case EVENT_TIME_TEXT:
        *(int64_t *)(void *)at = EXAMPLE_MS;
        return;
    case EVENT_DURATION:
        *(int64_t *)(void *)at = 540000;
        return;
    case EVENT_FLAG:
        *(bool *)at = true;
        return;
    case EVENT_PAYMENTS:
        payments->count = 1;
        fields_set(event_payment_fields, event_payment_field_count, (void *)&payments->list[0]);
        return;
    }
}

static void fields_set(const struct event_field *fields, size_t count, unsigned char *said)
{
    for (size_t i = 0; i < count; i++)
        field_set(&fields[i], said + fields[i].offset);
}

void event_example_write(const struct event *event, char ret_body[EVENT_BODY_BYTES_MAX])
{
    struct event_received example = { .event = event };
    fields_set(event->fields, event->field_count, example.said);
    event_write(event, example.said, ret_body, EVENT_BODY_BYTES_MAX);
}
