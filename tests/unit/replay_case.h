/* replay_case.h - a booking that lives as the engine lets it live, and is then decided again. */
#pragma once

#include "tests/unit/booking_fixture.h"

#include "booking/service.h"
#include "replay/replay_decide.h"

static struct participant participant;
static struct arena arena;
static struct document *document;
static struct replay_finding found;

static bool is_same_save; /* as the input before */

/* One input after the other, remembered as the engine does it. */
static inline void live(struct input input, const char *message_id, int64_t now_ms)
{
    struct history_entry entry = { .at_ms = now_ms,
                                   .is_repeat = input.is_repeat,
                                   .schema = SCHEMA_FIRST };
    struct booking *booking = document->state;
    snprintf(entry.input_type, sizeof entry.input_type, "%s", input.type_name);
    snprintf(entry.input_id, sizeof entry.input_id, "%s", message_id);
    snprintf(entry.state_from, sizeof entry.state_from, "%s",
             participant_state_name(&participant, booking));
    decision_init(&decision, now_ms, document->version + !is_same_save,
                  is_same_save ? decision.next_position : 0, participant.name);
    participant_decide(&participant, booking, &input, &decision);
    snprintf(entry.state_to, sizeof entry.state_to, "%s",
             participant_state_name(&participant, booking));
    snprintf(entry.verdict, sizeof entry.verdict, "%s", decision.verdict);
    entry.version = decision.version;
    entry.due_at_ms = participant_due_at_ms(&participant, booking);
    entry.sent = decision_fingerprint(&decision);
    entry.content = content_encode(participant.contents, &input, &arena, &entry.content_length);
    if (!is_same_save)
        document->owed_count = 0; /* what was owed is confirmed by now */
    for (int i = 0; i < decision.message_count; i++) {
        struct message *owed = arena_copy(&arena, &decision.messages[i], sizeof *owed);
        owed->body = arena_text(&arena, owed->body, owed->body_length);
        document->owed[document->owed_count++] = owed;
    }
    if (document_remember(document, &arena, &entry, decision.is_changed))
        document->version = entry.version;
}

static inline int set_up(void **state)
{
    (void)state;
    participant = booking_participant(&rules);
    is_same_save = false;
    const struct record none = { .version = 0 };
    struct error error;
    document = document_new(&arena, &participant, "B1");
    return document_decode(document, &participant, &none, &arena, &error) ? 0 : -1;
}

static inline int tear_down(void **state)
{
    (void)state;
    arena_clear(&arena);
    return 0;
}

static inline void confirmed_live(void)
{
    live(intent(), "m1", NOW);
    live(captured("P1"), "m2", NOW + 20);
}

static inline struct record stored(void)
{
    struct record record;
    struct error error;
    assert_true(document_encode(document, &participant, &arena, &record, &error));
    return record;
}

static inline enum replay_result replayed(void)
{
    struct replayer *replayer = replayer_new();
    struct record record = stored();
    replay_record(replayer, &booking_service, &record, &arena, &found);
    replayer_free(replayer);
    return found.result;
}

static inline struct booking *booking(void)
{
    return document->state;
}

static inline void cannot_because(const char *why)
{
    assert_int_equal(replayed(), REPLAY_IMPOSSIBLE);
    assert_non_null(strstr(found.why, why));
}
