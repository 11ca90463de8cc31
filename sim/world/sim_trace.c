/* sim_trace.c - what observers are told, and that it changes nothing. Each decision that was saved
 * is observed, under the id of its booking, whose one trace it goes into; and a schedule that
 * nobody observes ends in the same bytes. */
#include "sim/world/sim_trace.h"
#include "common/base/hash.h"
#include "common/bson/bson_read.h"
#include "sim/world/sim.h"
#include "sim/world/sim_story.h"

#include <assert.h>
#include <string.h>

static size_t history_count(const uint8_t *body, size_t length)
{
    struct bson_fields fields;
    struct bson_fields history;
    struct bson_fields entry;
    size_t count = 0;
    bool is_read =
        bson_read_open(&fields, body, length) && bson_read_array(&fields, "history", &history);
    assert(is_read);
    while (bson_read_next(&history, &entry))
        count++;
    return count;
}

void sim_trace_saved(struct sim_worker *worker, const struct memory_document *before,
                     const struct record *record)
{
    size_t known = before == NULL ? 0 : history_count(before->body, before->body_length);
    size_t count = history_count(record->body, record->body_length);
    if (worker->saved_count == SIM_SAVED_MAX)
        return;
    struct sim_saved *saved = &worker->saved[worker->saved_count++];
    memcpy(saved->id, record->id, sizeof saved->id);
    saved->version = record->version + 1;
    saved->unobserved = count - known;
}

/* Where nothing is stored yet, its document cannot say. */
static const char *further_booking_of(const struct participant *participant,
                                      const struct decided *decided)
{
    const char *id = participant->correlation_id(decided->state);
    return id[0] != '\0' ? id : decided->input->correlation_id;
}

/* The booking that an input names; a deadline or a result names none, its document does. */
static const char *booking_of(const struct sim_worker *worker, const struct decided *decided)
{
    const struct input *input = decided->input;
    if (worker->service >= SIM_ROLE_COUNT)
        return further_booking_of(&worker->sim->participants[worker->service], decided);
    if (worker->service != SIM_PAYMENT)
        return input->document_id;
    if (input->type == INPUT_DEADLINE || input->type == INPUT_RESULT)
        return ((const struct payment *)decided->state)->intent_id;
    return payment_payload(input)->intent_id;
}

/* I9: under the id of the booking that it is about. */
static void correlation_check(struct sim_worker *worker, const struct decided *decided)
{
    const struct input *input = decided->input;
    const char *booking_id = booking_of(worker, decided);
    if (strcmp(input->correlation_id, booking_id) != 0)
        sim_fail(worker->sim, "I9: %s of %s is traced as %s, not as %s", input->id,
                 input->document_id, input->correlation_id, booking_id);
}

void sim_trace_decided(struct sim_worker *worker, const struct decided *decided)
{
    correlation_check(worker, decided);
    for (size_t i = 0; i < worker->saved_count; i++) {
        struct sim_saved *saved = &worker->saved[i];
        if (saved->unobserved > 0 && saved->version == decided->version &&
            strcmp(saved->id, decided->input->document_id) == 0)
            saved->unobserved--;
    }
}

/* Not where a crash or a store that fails came between: then it is decided again, as a duplicate,
 * and that is what its trace shows. */
void sim_trace_step_end(struct sim_worker *worker)
{
    for (size_t i = 0; i < worker->saved_count; i++)
        if (worker->saved[i].unobserved > 0 && !worker->sim->options.is_unobserved)
            sim_fail(worker->sim, "I9: version %lld of %s has %zu decisions that nobody observed",
                     (long long)worker->saved[i].version, worker->saved[i].id,
                     worker->saved[i].unobserved);
}
