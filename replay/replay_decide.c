/* replay_decide.c - restores the inputs from the history, lets the rules decide them from nothing,
 * and stops at the first difference. */
#include "replay/replay_decide.h"

#include "common/base/memory.h"
#include "common/base/text.h"
#include "common/bson/bson_read.h"
#include "payment/payment.h"
#include "payment/service.h"
#include "replay/replay_codec.h"
#include "services/registry.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct replayer {
    struct arena arena; /* holds the rules: the defaults, for any wait will do */
    struct participant participants[SERVICES_MAX];
    struct payment_rules payment_rules;
    struct decision decision;
};

/* One document on its way. */
struct replay {
    struct replayer *replayer;
    const struct service_description *service;
    const struct participant *participant;
    void *state; /* that is arrived at */
    const struct document *document;
    bool is_owed_found[OWED_MAX];
    /* The decisions that changed nothing are left out the second time; the others keep the ids of
     * their messages. */
    bool is_second;
    bool is_idle[HISTORY_MAX];
    int positions[HISTORY_MAX];
    bool is_of_one_refund; /* a payment of a release that kept one refund, without its amount */
    struct replay_finding *finding;
};

const char *replay_result_text(enum replay_result result)
{
    static const char *const texts[] = { "equal", "different", "impossible" };
    return texts[result];
}

struct replayer *replayer_new(void)
{
    struct replayer *replayer = memory_alloc(1, sizeof *replayer);
    for (size_t i = 0; services[i] != NULL; i++)
        if (services[i]->participant != NULL)
            replayer->participants[i] =
                services[i]->participant(service_default_rules(services[i], &replayer->arena));
    struct participant *payment = &replayer->participants[service_index(&payment_service)];
    memcpy(&replayer->payment_rules, payment->self, sizeof replayer->payment_rules);
    payment->self = &replayer->payment_rules; /* which each payment has its own of */
    return replayer;
}

struct replayer *replayer_free(struct replayer *replayer)
{
    if (replayer != NULL)
        arena_done(&replayer->arena);
    free(replayer);
    return NULL;
}

static bool impossible(struct replay *replay, const char *format, ...) PRINTF_LIKE(2, 3);
static bool impossible(struct replay *replay, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vsnprintf(replay->finding->why, sizeof replay->finding->why, format, values);
    va_end(values);
    replay->finding->result = REPLAY_IMPOSSIBLE;
    return false;
}

/* `decision` from 1; 0 = the document as a whole. */
static bool differs(struct replay *replay, size_t decision, const char *field, const char *stored,
                    const char *replayed)
{
    struct replay_finding *finding = replay->finding;
    finding->result = REPLAY_DIFFERS;
    finding->decision = decision;
    text_copy(finding->field, sizeof finding->field, field);
    text_copy(finding->stored, sizeof finding->stored, stored);
    text_copy(finding->replayed, sizeof finding->replayed, replayed);
    return false;
}

static bool text_is_equal(struct replay *replay, size_t decision, const char *field,
                          const char *stored, const char *replayed)
{
    return strcmp(stored, replayed) == 0 || differs(replay, decision, field, stored, replayed);
}

/* Every saved version was decided; a gap is a decision that is not there any more. */
static bool history_is_whole(struct replay *replay)
{
    const struct document *document = replay->document;
    int64_t version = 0;
    for (size_t i = 0; i < document->history_count; i++) {
        const struct history_entry *entry = &document->history[i];
        if (entry->version <= 0)
            return impossible(replay,
                              "decision %zu was stored by a release that did not keep what "
                              "it was decided by",
                              i + 1);
        bool is_next = entry->version == version || entry->version == version + 1;
        if (!is_next && document->history_dropped == 0)
            return impossible(replay, "the history has no decision for version %" PRId64,
                              version + 1);
        version = entry->version;
    }
    if (version != document->version && document->history_dropped == 0)
        return impossible(replay, "the history ends at version %" PRId64 " of %" PRId64, version,
                          document->version);
    return true;
}

/* ---- one decision ---- */

static bool input_restore(struct replay *replay, size_t index, struct input *ret_input)
{
    const struct history_entry *entry = &replay->document->history[index];
    const struct content_form *form =
        content_form_find(replay->participant->contents, entry->input_type);
    memset(ret_input, 0, sizeof *ret_input);
    if (form == NULL)
        return impossible(replay, "decision %zu: this release knows no input of type %s", index + 1,
                          entry->input_type);
    if (form->field_count > 0 && entry->content == NULL)
        return impossible(replay, "decision %zu: the content of its input is not stored",
                          index + 1);
    if (!content_decode(form, entry->content, entry->content_length, ret_input))
        return impossible(replay, "decision %zu: the stored content of its input cannot be read",
                          index + 1);
    ret_input->source =
        form->type == INPUT_TYPE_DEADLINE ? INPUT_FROM_DEADLINE : INPUT_FROM_DELIVERY;
    memcpy(ret_input->id, entry->input_id, sizeof ret_input->id);
    memcpy(ret_input->document_id, replay->document->id, sizeof ret_input->document_id);
    ret_input->fingerprint = entry->fingerprint;
    ret_input->is_repeat = entry->is_repeat;
    return true;
}

/* How long is configuration; whether there is one is not. */
static bool due_take_over(struct replay *replay, size_t index)
{
    int64_t due_at_ms = participant_due_at_ms(replay->participant, replay->state);
    int64_t stored_ms = replay->document->history[index].due_at_ms;
    if ((due_at_ms != 0) != (stored_ms != 0))
        return differs(replay, index + 1, "deadline", stored_ms != 0 ? "one" : "none",
                       due_at_ms != 0 ? "one" : "none");
    participant_due_set(replay->participant, replay->state, stored_ms);
    return true;
}

static void sent_text(uint64_t fingerprint, const struct decision *decision, char *text,
                      size_t size)
{
    int length = fingerprint == 0 ? snprintf(text, size, "nothing")
                                  : snprintf(text, size, "fingerprint %016" PRIx64, fingerprint);
    for (int i = 0; decision != NULL && i < decision->message_count && (size_t)length < size; i++)
        length += snprintf(text + length, size - (size_t)length, "%s %s", i == 0 ? ":" : ",",
                           decision->messages[i].type);
}

/* Another release may say more of the same in its events; that it decided the same is compared. */
static bool is_of_this_release(const struct replay *replay, size_t index)
{
    return replay->document->history[index].schema == replay->participant->schema_version;
}

static bool sent_is_equal(struct replay *replay, size_t index)
{
    if (!is_of_this_release(replay, index))
        return true;
    char stored[REPLAY_TEXT_SIZE];
    char replayed[REPLAY_TEXT_SIZE];
    const struct decision *decision = &replay->replayer->decision;
    uint64_t fingerprint = decision_fingerprint(decision);
    if (fingerprint == replay->document->history[index].sent)
        return true;
    sent_text(replay->document->history[index].sent, NULL, stored, sizeof stored);
    sent_text(fingerprint, decision, replayed, sizeof replayed);
    return differs(replay, index + 1, "sent", stored, replayed);
}

/* A message that is still owed must be the one that was decided. */
static bool owed_is_equal(struct replay *replay, size_t index)
{
    const struct decision *decision = &replay->replayer->decision;
    for (int i = 0; i < decision->message_count; i++) {
        const struct message *decided = &decision->messages[i];
        for (size_t k = 0; k < replay->document->owed_count; k++) {
            const struct message *owed = replay->document->owed[k];
            if (strcmp(owed->id, decided->id) != 0)
                continue;
            replay->is_owed_found[k] = true;
            char body[REPLAY_TEXT_SIZE];
            snprintf(body, sizeof body, "%.*s", (int)decided->body_length, decided->body);
            if (!text_is_equal(replay, index + 1, "owed.type", owed->type, decided->type))
                return false;
            if (is_of_this_release(replay, index) &&
                (owed->body_length != decided->body_length ||
                 memcmp(owed->body, decided->body, owed->body_length) != 0))
                return differs(replay, index + 1, "owed.body", owed->body, body);
            if (owed->timestamp_ms != decided->timestamp_ms)
                return differs(replay, index + 1, "owed.at", "another time", "its decision's");
        }
    }
    return true;
}

static bool entry_replay(struct replay *replay, size_t index)
{
    const struct history_entry *entry = &replay->document->history[index];
    const struct participant *participant = replay->participant;
    struct decision *decision = &replay->replayer->decision;
    void *state = replay->state;
    struct input input;
    if (!input_restore(replay, index, &input))
        return false;
    bool is_same_version = index > 0 && entry[-1].version == entry->version;
    if (!replay->is_second)
        replay->positions[index] = is_same_version ? decision->next_position : 0;
    if (!text_is_equal(replay, index + 1, "from", entry->state_from,
                       participant_state_name(participant, state)))
        return false;
    decision_init(decision, entry->at_ms, entry->version, replay->positions[index],
                  participant->name);
    participant_decide(participant, state, &input, decision);
    replay->is_idle[index] = !decision->is_changed;
    replay->finding->decisions += !replay->is_second;
    return text_is_equal(replay, index + 1, "verdict", entry->verdict, decision->verdict) &&
           text_is_equal(replay, index + 1, "to", entry->state_to,
                         participant_state_name(participant, state)) &&
           due_take_over(replay, index) && owed_is_equal(replay, index) &&
           sent_is_equal(replay, index);
}

/* ---- the document ---- */

static void refunds_take_over(struct replay *replay)
{
    const struct payment *stored = replay->document->state;
    struct payment *payment = replay->state;
    payment->refunds = stored->refunds;
    memcpy(payment->refund_id, stored->refund_id, sizeof payment->refund_id);
    payment->key_ordinal = stored->key_ordinal;
    payment->asked_amount = stored->asked_amount;
    payment->call_number = stored->call_number;
}

static bool state_is_equal(struct replay *replay)
{
    struct replay_finding *finding = replay->finding;
    if (replay->is_of_one_refund)
        refunds_take_over(replay);
    if (replay_states_equal(replay->participant, replay->document->state, replay->state, finding))
        return true;
    finding->result = REPLAY_DIFFERS;
    return false;
}

static bool end_is_equal(struct replay *replay)
{
    const struct document *document = replay->document;
    int64_t dropped = document->history_dropped;
    if (dropped > 0 && document->history_count == HISTORY_MAX)
        return impossible(replay,
                          "%" PRId64 " decisions after the first %d were only counted; "
                          "up to there all agree",
                          dropped, HISTORY_MAX);
    if (!state_is_equal(replay))
        return false;
    if (dropped > 0)
        return impossible(replay,
                          "%" PRId64 " decisions that changed nothing were only counted; all "
                          "others agree and arrive at the stored state",
                          dropped);
    for (size_t i = 0; i < document->owed_count; i++)
        if (!replay->is_owed_found[i])
            return differs(replay, 0, "owed", document->owed[i]->id, "never decided");
    return true;
}

static bool history_replay(struct replay *replay)
{
    memset(replay->state, 0, replay->participant->state_size);
    for (size_t i = 0; i < replay->document->history_count; i++)
        if (!(replay->is_second && replay->is_idle[i]) && !entry_replay(replay, i))
            return false;
    return end_is_equal(replay);
}

/* What came twice must not matter: without it the others come to the same. */
static void history_replay_without_idle(struct replay *replay)
{
    struct replay_finding *finding = replay->finding;
    char field[REPLAY_FIELD_SIZE];
    replay->is_second = true;
    if (history_replay(replay))
        return;
    memcpy(field, finding->field, sizeof field);
    snprintf(finding->field, sizeof finding->field, "without what changed nothing: %.60s", field);
}

static void document_replay(struct replay *replay)
{
    const struct document *document = replay->document;
    if (replay->service == &payment_service)
        replay->replayer->payment_rules.refund_attempts_max =
            ((const struct payment *)document->state)->attempts_max;
    replay->finding->dropped = document->history_dropped;
    if (history_is_whole(replay) && history_replay(replay))
        history_replay_without_idle(replay);
}

/* What a newer release has decided it may have decided by rules of its own: where that shows,
 * nothing is altered, and nothing can be said. */
static void newer_consider(struct replay *replay)
{
    const struct document *document = replay->document;
    if (replay->finding->result != REPLAY_DIFFERS)
        return;
    for (size_t i = 0; i < document->history_count; i++)
        if (document->history[i].schema > replay->participant->schema_version) {
            (void)impossible(replay, "decision %zu was made by a newer release; ask its roundtrip",
                             i + 1);
            return;
        }
}

static bool is_of_one_refund(const struct service_description *service, const struct record *record)
{
    struct bson_fields body, state;
    return service == &payment_service &&
           bson_read_open(&body, record->body, record->body_length) &&
           bson_read_document(&body, "state", &state) && !bson_read_has(&state, "refunds");
}

void replay_record(struct replayer *replayer, const struct service_description *service,
                   const struct record *record, struct arena *arena,
                   struct replay_finding *ret_finding)
{
    struct error error;
    struct replay replay = { .replayer = replayer,
                             .service = service,
                             .participant = &replayer->participants[service_index(service)],
                             .is_of_one_refund = is_of_one_refund(service, record),
                             .finding = ret_finding };
    memset(ret_finding, 0, sizeof *ret_finding);
    struct document *document = document_new(arena, replay.participant, record->id);
    replay.document = document;
    replay.state = arena_alloc(arena, replay.participant->state_size);
    if (document_decode(document, replay.participant, record, arena, &error) &&
        document_history_decode(document, arena, &error)) {
        document_replay(&replay);
        newer_consider(&replay);
    } else if (error.code == ERROR_NEWER)
        (void)impossible(&replay, "%s; ask that release's roundtrip", error.message);
    else
        (void)differs(&replay, 0, "document", error.message, "a document that can be read");
}
