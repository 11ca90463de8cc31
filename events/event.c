/* event.c - writes the body of an event from its struct, and reads one into it, by its table;
 * begins the inputs of those who listen. */
#include "events/event.h"

#include "common/base/rfc3339.h"
#include "common/base/text.h"
#include "common/json/json_read.h"
#include "common/json/json_write.h"

#include <assert.h>
#include <string.h>

/* ---- writing ---- */

static void fields_write(const struct event_field *fields, size_t count, const unsigned char *said,
                         struct json_writer *body);

static void payments_write(struct json_writer *body, const char *name,
                           const struct event_payments *payments)
{
    assert(payments->count >= 0 && payments->count <= BOOKING_PAYMENTS_MAX);
    json_write_array_begin(body, name);
    for (int64_t i = 0; i < payments->count; i++) {
        json_write_object_begin(body, NULL);
        fields_write(event_payment_fields, event_payment_field_count,
                     (const unsigned char *)&payments->list[i], body);
        json_write_object_end(body);
    }
    json_write_array_end(body);
}

static void number_write(const struct event_field *field, int64_t number, struct json_writer *body)
{
    char text[RFC3339_SIZE];
    if (field->kind != EVENT_TIME_TEXT) {
        json_write_int(body, field->name, number);
        return;
    }
    rfc3339_write_ms(number, text);
    json_write_string(body, field->name, text);
}

static void field_write(const struct event_field *field, const void *at, struct json_writer *body)
{
    bool is_spared = field->presence == EVENT_OPTIONAL || field->presence == EVENT_ASIDE;
    switch (field->kind) {
    case EVENT_IDENT:
    case EVENT_FOREIGN:
    case EVENT_USER:
    case EVENT_CURRENCY:
    case EVENT_REASON:
        /* Every reader refuses it. */
        assert(*(const char *)at != '\0' || field->presence != EVENT_REQUIRED);
        if (!is_spared || *(const char *)at != '\0')
            json_write_string(body, field->name, at);
        return;
    case EVENT_AMOUNT:
    case EVENT_TIME:
    case EVENT_TIME_TEXT:
    case EVENT_DURATION:
        assert(*(const int64_t *)at != 0 || field->presence != EVENT_REQUIRED);
        if (!is_spared || *(const int64_t *)at != 0)
            number_write(field, *(const int64_t *)at, body);
        return;
    case EVENT_FLAG:
        if (!is_spared || *(const bool *)at)
            json_write_bool(body, field->name, *(const bool *)at);
        return;
    case EVENT_PAYMENTS:
        payments_write(body, field->name, at);
        return;
    }
}

static void fields_write(const struct event_field *fields, size_t count, const unsigned char *said,
                         struct json_writer *body)
{
    for (size_t i = 0; i < count; i++)
        field_write(&fields[i], said + fields[i].offset, body);
}

size_t event_write(const struct event *event, const void *said, char *ret_body, size_t size)
{
    struct json_writer body;
    json_write_init(&body, ret_body, size);
    json_write_object_begin(&body, NULL);
    fields_write(event->fields, event->field_count, said, &body);
    json_write_object_end(&body);
    size_t length = json_write_finish(&body);
    assert(length > 0);
    return length;
}

static const char *intent_of(const struct event *event, const void *said)
{
    return (const char *)said + event->intent_id_offset;
}

void event_owe(const struct event *event, const void *said, const char *document_id,
               struct decision *decision, struct announcement *ret_first)
{
    SCRATCH char body[EVENT_BODY_BYTES_MAX];
    size_t length = event_write(event, said, body, sizeof body);
    int position;
    decision_owe(decision, event->type, document_id, intent_of(event, said), body, length,
                 &position);
    if (ret_first != NULL)
        *ret_first = (struct announcement){ decision->version, position, decision->now_ms };
}

void event_owe_again(const struct event *event, const void *said, const char *document_id,
                     struct decision *decision, const struct announcement *first)
{
    SCRATCH char body[EVENT_BODY_BYTES_MAX];
    size_t length = event_write(event, said, body, sizeof body);
    decision_owe_again(decision, event->type, document_id, intent_of(event, said), body, length,
                       first->version, (int)first->position, first->at_ms);
}

void event_owe_reply(const struct event *event, const void *said, const char *document_id,
                     struct decision *decision)
{
    SCRATCH char body[EVENT_BODY_BYTES_MAX];
    size_t length = event_write(event, said, body, sizeof body);
    decision_owe_reply(decision, event->type, document_id, intent_of(event, said), body, length);
}

/* ---- reading ---- */

/* How a kind is read; a remark of it, where that is another way. */
static enum json_field_type type_of(const struct event_field *field)
{
    static const enum json_field_type types[] = {
        [EVENT_IDENT] = JSON_FIELD_IDENT,       [EVENT_FOREIGN] = JSON_FIELD_TEXT,
        [EVENT_USER] = JSON_FIELD_USER,         [EVENT_AMOUNT] = JSON_FIELD_AMOUNT,
        [EVENT_CURRENCY] = JSON_FIELD_CURRENCY, [EVENT_TIME] = JSON_FIELD_TIME,
        [EVENT_TIME_TEXT] = JSON_FIELD_TIME,    [EVENT_DURATION] = JSON_FIELD_INT,
        [EVENT_FLAG] = JSON_FIELD_BOOL,         [EVENT_REASON] = JSON_FIELD_TEXT,
        [EVENT_PAYMENTS] = JSON_FIELD_SPAN,
    };
    bool is_remark = field->presence == EVENT_REMARK || field->presence == EVENT_ASIDE;
    return is_remark && field->kind == EVENT_REASON ? JSON_FIELD_REMARK : types[field->kind];
}

static bool fields_read(const struct event_field *fields, size_t count,
                        const struct json_object *object, unsigned char *said,
                        struct json_problem *problem);

static bool refuse(struct json_problem *problem, const char *where, const char *detail)
{
    *problem = (struct json_problem){ 0 };
    text_copy(problem->pointer, sizeof problem->pointer, where);
    text_copy(problem->detail, sizeof problem->detail, detail);
    return false;
}

/* The element's pointer goes in front of the problem's. */
static bool element_refuse(struct json_problem *problem, const char *name, int64_t index)
{
    char number[TEXT_INT_SIZE];
    char within[JSON_POINTER_SIZE];
    const char *const parts[] = { "/", name, "/", number, within };
    text_int(number, index);
    text_copy(within, sizeof within, problem->pointer);
    text_join(problem->pointer, sizeof problem->pointer, parts, sizeof parts / sizeof parts[0]);
    return false;
}

static bool payments_read(const char *name, const struct json_span *array,
                          struct event_payments *payments, struct json_problem *problem)
{
    SCRATCH struct json_object object;
    struct json_span element;
    const char *cursor = NULL;
    char pointer[JSON_POINTER_SIZE];
    const char *const parts[] = { "/", name };
    text_join(pointer, sizeof pointer, parts, 2);
    if (array->kind != JSON_ARRAY)
        return refuse(problem, pointer, "must be an array");
    while (json_array_next(array, &cursor, &element)) {
        if (payments->count == BOOKING_PAYMENTS_MAX)
            return refuse(problem, pointer, "has more than 16 elements");
        unsigned char *payment = (unsigned char *)&payments->list[payments->count];
        if (!json_object_scan(element.at, element.length, &object, problem) ||
            !fields_read(event_payment_fields, event_payment_field_count, &object, payment,
                         problem))
            return element_refuse(problem, name, payments->count);
        payments->count++;
    }
    return true;
}
_Static_assert(BOOKING_PAYMENTS_MAX == 16, "as the refusal says");

static bool field_read(const struct event_field *field, const struct json_object *object,
                       size_t *next, unsigned char *said, struct json_problem *problem)
{
    bool is_list = field->kind == EVENT_PAYMENTS;
    struct json_span list = { .at = NULL };
    const struct json_field json = { .name = field->name,
                                     .type = type_of(field),
                                     .required = field->presence == EVENT_REQUIRED,
                                     .offset = is_list ? 0 : field->offset,
                                     .size = field->size };
    if (!json_field_read(object, &json, next, is_list ? (void *)&list : said, problem))
        return field->presence == EVENT_REMARK || field->presence == EVENT_ASIDE;
    return list.at == NULL ||
           payments_read(field->name, &list, (void *)(said + field->offset), problem);
}

static bool fields_read(const struct event_field *fields, size_t count,
                        const struct json_object *object, unsigned char *said,
                        struct json_problem *problem)
{
    size_t next = 0;
    for (size_t i = 0; i < count; i++)
        if (!field_read(&fields[i], object, &next, said, problem))
            return false;
    return true;
}

bool event_receive(const struct message *message, const struct content_form *forms,
                   struct event_received *ret_received, struct error *error)
{
    SCRATCH struct json_object object;
    struct json_problem problem;
    const struct content_form *form = content_form_find(forms, message->type);
    const struct event *event = form != NULL ? event_find(message->type) : NULL;
    if (event == NULL)
        return error_set(error, ERROR_NEWER, "unknown event type %s", message->type);
    assert(event->size <= sizeof ret_received->said);
    ret_received->event = event;
    ret_received->form = form;
    memset(ret_received->said, 0, event->size);
    if (!json_object_scan(message->body, message->body_length, &object, &problem) ||
        !fields_read(event->fields, event->field_count, &object, ret_received->said, &problem))
        return error_set(error, ERROR_REJECT, "%s: %s %s", message->type, problem.pointer,
                         problem.detail);
    if (message->correlation_id[0] != '\0' &&
        strcmp(message->correlation_id, intent_of(event, ret_received->said)) != 0)
        return error_set(error, ERROR_REJECT, "%s: correlation id differs from intentId",
                         message->type);
    return true;
}

/* ---- inputs ---- */

/* Goes round once from *next, since histories keep most fields in the order of the event. */
static const struct event_field *field_find(const struct event *event, const char *name,
                                            size_t *next)
{
    for (size_t tried = 0; tried < event->field_count; tried++) {
        const struct event_field *field = &event->fields[*next];
        *next = *next + 1 < event->field_count ? *next + 1 : 0;
        if (strcmp(field->name, name) == 0)
            return field->kind != EVENT_PAYMENTS ? field : NULL;
    }
    return NULL;
}

void event_input(const struct event_received *received, struct input *ret_input)
{
    const struct event *event = received->event;
    const struct content_form *form = received->form;
    size_t next = 0;
    memset(ret_input, 0, sizeof *ret_input);
    ret_input->type = form->type;
    ret_input->type_name = form->type_name;
    memcpy(ret_input->document_id, intent_of(event, received->said), IDENT_SIZE);
    memcpy(ret_input->correlation_id, ret_input->document_id, IDENT_SIZE);
    for (size_t i = 0; i < form->field_count; i++) {
        const struct stored_field *kept = &form->fields[i];
        const struct event_field *field = field_find(event, kept->name, &next);
        if (field == NULL)
            continue; /* what the listener adds itself */
        assert(field->size == kept->size);
        memcpy(ret_input->payload + kept->offset, received->said + field->offset, field->size);
    }
}
