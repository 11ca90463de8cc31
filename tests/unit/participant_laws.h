/* participant_laws.h - the law that what a participant keeps is stored: it is driven by what others
 * may tell it, in any order, by random numbers of a fixed seed. No decision breaks an invariant,
 * and a state that is stored and loaded again is the same, byte by byte: what neither encode nor
 * decode knows of is lost at the next load. Included by one test each. */
#pragma once

#include "common/base/arena.h"
#include "common/saga/service.h"
#include "common/saga/transition.h"
#include "events/event.h"
#include "tests/unit/bson_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LIVES                2000
#define STEPS                64   /* of a life: few, since most states are final */
#define STEPS_OF_A_LONG_LIFE 1000 /* lists get full */
#define IDS_OF_A_LONG_LIFE   40
#define DOCUMENTS_MAX        128 /* of a life */
#define FORMS_MAX            32
#define BEGIN_MS             INT64_C(1763721000123)
#define HOUR_MS              INT64_C(3600000)
#define COUNT(list)          (sizeof(list) / sizeof(list)[0])

struct kept {
    char id[IDENT_SIZE];
    int64_t version;
    void *state;
};

struct life {
    const struct participant *participant;
    struct arena arena;
    uint64_t seed;
    int64_t now_ms;
    /* What a life is like: of one payment and one kind of input all the time, or of many. */
    uint64_t ids, bookings, odd, pause_ms; /* so many are spoken of; one value in `odd` is odd */
    bool is_told[FORMS_MAX];
    size_t count, last; /* document that heard something */
    struct kept documents[DOCUMENTS_MAX];
};

static struct decision decision;  /* large: not on the stack */
static size_t decided[FORMS_MAX]; /* by the type of the input */

/* ---- values ---- */

static uint64_t draw(struct life *life, uint64_t below)
{
    uint64_t number = life->seed += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */
    number = (number ^ number >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    number = (number ^ number >> 27) * UINT64_C(0x94d049bb133111eb);
    return (number ^ number >> 31) % below;
}

#define DRAW(life, list) (list)[draw(life, COUNT(list))]

static void id_draw(struct life *life, const char *prefix, uint64_t below, char *ret_id)
{
    snprintf(ret_id, IDENT_SIZE, "%s-%d", prefix, (int)draw(life, below));
}

static bool is_odd(struct life *life)
{
    return draw(life, life->odd) == 0;
}

static const char *text_draw(struct life *life, size_t size)
{
    static const char *const reasons[] = { "why", "payment_timeout", "payment" };
    if (size == CURRENCY_SIZE)
        return is_odd(life) ? "USD" : "EUR";
    if (size == USER_SIZE)
        return is_odd(life) ? "u2" : "u1";
    return DRAW(life, reasons);
}

static int64_t amount_draw(struct life *life)
{
    static const int64_t amounts[] = { 60, 40, 1, 101, MONEY_AMOUNT_MAX };
    return is_odd(life) ? DRAW(life, amounts) : 100;
}

static int64_t number_draw(struct life *life)
{
    static const int64_t numbers[] = { 5, 1000, 2 * HOUR_MS, INT32_MAX };
    return is_odd(life) ? DRAW(life, numbers) : (int64_t)draw(life, 4);
}

static void text_set(void *at, size_t size, const char *text)
{
    snprintf(at, size, "%s", text);
}

/* ---- events, as their owners write them ---- */

static void event_fields_draw(struct life *life, const struct event_field *fields, size_t count,
                              unsigned char *said);

static void payments_draw(struct life *life, struct event_payments *payments)
{
    payments->count = (int64_t)draw(life, draw(life, 4) == 0 ? BOOKING_PAYMENTS_MAX + 1 : 3);
    for (int64_t i = 0; i < payments->count; i++) {
        struct event_payment *payment = &payments->list[i];
        event_fields_draw(life, event_payment_fields, event_payment_field_count, (void *)payment);
        snprintf(payment->payment_id, IDENT_SIZE, "p-%d", (int)i); /* each is listed once */
    }
}

static void event_field_draw(struct life *life, const struct event_field *field, void *at)
{
    int64_t number = number_draw(life);
    switch (field->kind) {
    case EVENT_IDENT:
    case EVENT_FOREIGN:
        id_draw(life, "p", life->ids, at);
        return;
    case EVENT_USER:
    case EVENT_CURRENCY:
    case EVENT_REASON:
        text_set(at, field->size, text_draw(life, field->size));
        return;
    case EVENT_AMOUNT:
        number = amount_draw(life);
        break;
    case EVENT_TIME:
    case EVENT_TIME_TEXT:
        number = life->now_ms - HOUR_MS + number;
        break;
    case EVENT_DURATION:
        break;
    case EVENT_FLAG:
        *(bool *)at = draw(life, 2) == 0;
        return;
    case EVENT_PAYMENTS:
        payments_draw(life, at);
        return;
    }
    memcpy(at, &number, sizeof number);
}

/* Now and then without what a reader does without. */
static void event_fields_draw(struct life *life, const struct event_field *fields, size_t count,
                              unsigned char *said)
{
    for (size_t i = 0; i < count; i++)
        if (fields[i].presence == EVENT_REQUIRED || draw(life, 4) != 0)
            event_field_draw(life, &fields[i], said + fields[i].offset);
}

static bool event_inputs(struct life *life, const struct event *event, struct input *ret_inputs,
                         size_t *ret_count, struct error *error)
{
    _Alignas(16) unsigned char said[EVENT_BYTES_MAX] = { 0 };
    char body[EVENT_BODY_BYTES_MAX];
    struct message message = { .body = body };
    event_fields_draw(life, event->fields, event->field_count, said);
    id_draw(life, "b", life->bookings, (char *)said + event->intent_id_offset);
    message.body_length = event_write(event, said, body, sizeof body);
    text_set(message.type, sizeof message.type, event->type);
    snprintf(message.id, sizeof message.id, "%s:p-%d:%d:0", event->owner,
             (int)draw(life, life->ids), 1 + (int)draw(life, 9));
    return life->participant->parse(life->participant->self, &message, ret_inputs, ret_count,
                                    error);
}

/* ---- what else comes: requests, results, deadlines ---- */

/* What need not be said, beside the events, whose tables say so themselves. */
static bool is_unsaid(struct life *life, const struct content_form *form, const char *field)
{
    static const char *const unsaid[][2] = {
        { "request.cancel", "userId" },     { "webhook.declined", "userId" },
        { "webhook.refunded", "intentId" }, { "refund.result", "refundId" },
        { "refund.result", "amount" },
    };
    for (size_t i = 0; i < COUNT(unsaid); i++)
        if (strcmp(form->type_name, unsaid[i][0]) == 0 && strcmp(field, unsaid[i][1]) == 0)
            return draw(life, 2) == 0;
    return false;
}

static void content_draw(struct life *life, const struct stored_field *field, unsigned char *at)
{
    int64_t number = strcmp(field->name, "amount") == 0 ? amount_draw(life) : number_draw(life);
    switch (field->kind) {
    case STORED_TEXT:
        if (strcmp(field->name, "intentId") == 0)
            id_draw(life, "b", life->bookings, (char *)at);
        else if (field->size == IDENT_SIZE)
            id_draw(life, "p", life->ids, (char *)at);
        else
            text_set(at, field->size, text_draw(life, field->size));
        return;
    case STORED_INT:
        memcpy(at, &number, field->size);
        return;
    case STORED_BOOL:
        *(bool *)at = draw(life, 2) == 0;
        return;
    case STORED_NAME:
        assert_true(field->size == sizeof(int));
        *(int *)(void *)at =
            (int)field->minimum + (int)draw(life, (uint64_t)(field->maximum - field->minimum + 1));
        return;
    case STORED_ANNOUNCEMENT:
    case STORED_DOCUMENT:
    case STORED_LIST:
        fail_msg("%s: no input says so much", field->name);
    }
}

static void content_input(struct life *life, const struct content_form *form,
                          struct input *ret_input)
{
    memset(ret_input, 0, sizeof *ret_input);
    ret_input->source =
        form->type == INPUT_TYPE_DEADLINE ? INPUT_FROM_DEADLINE : INPUT_FROM_REQUEST;
    ret_input->type = form->type;
    ret_input->type_name = form->type_name;
    if (life->count > 0 && draw(life, 8) != 0)
        memcpy(ret_input->document_id,
               life->documents[draw(life, 2) == 0 ? life->last : draw(life, life->count)].id,
               IDENT_SIZE);
    else
        id_draw(life, "new", 2, ret_input->document_id);
    for (size_t i = 0; i < form->field_count; i++)
        if (!is_unsaid(life, form, form->fields[i].name))
            content_draw(life, &form->fields[i], ret_input->payload + form->fields[i].offset);
}

/* ---- a life ---- */

static struct kept *document_of(struct life *life, const char *id)
{
    for (size_t i = 0; i < life->count; i++)
        if (strcmp(life->documents[i].id, id) == 0)
            return &life->documents[i];
    assert_true(life->count < DOCUMENTS_MAX);
    struct kept *document = &life->documents[life->count++];
    memset(document, 0, sizeof *document);
    text_set(document->id, sizeof document->id, id);
    document->state = arena_alloc(&life->arena, life->participant->state_size);
    return document;
}

/* Where they differ first; `size`: nowhere. */
static size_t difference(const unsigned char *one, const unsigned char *other, size_t size)
{
    size_t at = 0;
    while (at < size && one[at] == other[at])
        at++;
    return at;
}

static bool survives_the_store(struct life *life, const void *state, const struct input *input,
                               struct error *error)
{
    const struct participant *participant = life->participant;
    struct bson_output output;
    void *loaded = arena_alloc(&life->arena, participant->state_size);
    bson_write_begin(&output, &life->arena, CASE_ROOM);
    if (!participant->encode(state, &output, error))
        return error_wrap(error, "service %s: encode after %s", participant->name,
                          input->type_name);
    struct bson_fields fields = case_written(&output);
    if (!participant->decode(&fields, loaded, error))
        return error_wrap(error, "service %s: decode after %s", participant->name,
                          input->type_name);
    size_t at = difference(state, loaded, participant->state_size);
    return at == participant->state_size ||
           error_set(
               error, ERROR_BUG,
               "service %s: after %s (%s) what stands at offset %zu of its state is not stored",
               participant->name, input->type_name, decision.verdict, at);
}

static bool step(struct life *life, const struct input *input, struct error *error)
{
    const struct participant *participant = life->participant;
    struct kept *document = document_of(life, input->document_id);
    life->last = (size_t)(document - life->documents);
    void *before = arena_alloc(&life->arena, participant->state_size);
    memcpy(before, document->state, participant->state_size);
    if (input->type == INPUT_TYPE_DEADLINE && participant->due_at_ms_offset != 0 &&
        draw(life, 4) != 0 && participant_due_at_ms(participant, before) > life->now_ms)
        life->now_ms = participant_due_at_ms(participant, before);
    decision_init(&decision, life->now_ms, document->version + 1, (int)draw(life, 3),
                  participant->name);
    participant_decide(participant, document->state, input, &decision);
    decided[input->type]++;
    if (decision.broken.code != ERROR_NONE)
        return error_set(error, ERROR_BUG, "service %s: %s (%s) breaks an invariant: %s",
                         participant->name, input->type_name, decision.verdict,
                         decision.broken.message);
    if (!decision.is_changed) {
        size_t at = difference(before, document->state, participant->state_size);
        return at == participant->state_size ||
               error_set(error, ERROR_BUG,
                         "service %s: %s (%s) changes offset %zu and says that nothing is changed",
                         participant->name, input->type_name, decision.verdict, at);
    }
    document->version++;
    return survives_the_store(life, document->state, input, error);
}

/* What is refused or no event of ours changes nothing. */
static bool turn_take(struct life *life, const struct content_form *form, struct error *error)
{
    static struct input inputs[INPUTS_PER_DELIVERY_MAX];
    size_t count = 1;
    const struct event *event = event_find(form->type_name);
    if (event == NULL)
        content_input(life, form, &inputs[0]);
    else if (!event_inputs(life, event, inputs, &count, error))
        return error->code == ERROR_REJECT;
    bool is_repeat = draw(life, 4) == 0;
    for (size_t i = 0; i < count; i++) {
        inputs[i].is_repeat = is_repeat;
        if (!step(life, &inputs[i], error))
            return false;
    }
    return true;
}

static bool life_live(struct life *life, size_t form_count, struct error *error)
{
    bool is_long = draw(life, 32) == 0;
    if (is_long)
        life->ids = IDS_OF_A_LONG_LIFE;
    for (int i = 0; i < (is_long ? STEPS_OF_A_LONG_LIFE : STEPS); i++) {
        size_t form = draw(life, form_count);
        if (!life->is_told[form])
            continue;
        life->now_ms += (int64_t)draw(life, life->pause_ms);
        if (!turn_take(life, &life->participant->contents[form], error))
            return false;
    }
    return true;
}

static void life_begin(struct life *life, const struct participant *participant, uint64_t number)
{
    static const uint64_t pauses_ms[] = { 10, 1000, 60000, 24 * HOUR_MS };
    memset(life, 0, sizeof *life);
    life->participant = participant;
    life->seed = number << 32;
    life->now_ms = BEGIN_MS;
    life->ids = draw(life, 2) == 0 ? 1 : 1 + draw(life, BOOKING_PAYMENTS_MAX + 4);
    life->bookings = 1 + draw(life, 2);
    life->odd = draw(life, 2) == 0 ? 4 : 1000;
    life->pause_ms = DRAW(life, pauses_ms);
    for (size_t i = 0; i < FORMS_MAX; i++)
        life->is_told[i] = draw(life, 2) == 0;
}

/* Each input is decided at least once, or nothing was shown of it. */
static bool participant_laws_check(const struct participant *participant, struct error *error)
{
    static struct life life;
    size_t form_count = 0;
    memset(decided, 0, sizeof decided);
    while (participant->contents[form_count].type_name != NULL)
        form_count++;
    assert_true(form_count < FORMS_MAX);
    for (uint64_t i = 0; i < LIVES; i++) {
        life_begin(&life, participant, i);
        bool is_good = life_live(&life, form_count, error);
        arena_done(&life.arena);
        if (!is_good)
            return error_wrap(error, "life %d", (int)i);
    }
    for (size_t i = 0; i < form_count; i++)
        if (decided[participant->contents[i].type] == 0)
            return error_set(error, ERROR_BUG, "service %s: %s was never decided",
                             participant->name, participant->contents[i].type_name);
    return true;
}
