/* audit_events.c - notices a message id with two bodies that disagree, and an outcome under two
 * message ids. */
#include "cli/sources/audit_events.h"

#include "audit/audit_body.h"
#include "cli/screen/complain.h"
#include "cli/sources/amqp_tap.h"
#include "common/base/clock.h"
#include "common/base/hash.h"
#include "common/base/memory.h"
#include "events/topology.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_MS 500 /* how soon Ctrl-C is seen */

/* Of each message id the first body: open addressing, 0 = free. */
struct seen {
    uint64_t id, body;
    const char *text; /* of the body, in the bodies of its generation */
};
/* What was heard in a row. The one before the newest is remembered too: a repeat comes soon. */
struct generation {
    struct seen *slots; /* [SLOTS] */
    struct arena bodies;
    size_t count, bytes;
};
struct memory_of_events {
    struct generation newest, older;
};
#define SLOTS (2 * AUDIT_HEARD_MESSAGES_MAX) /* a power of two, never more than half full */
_Static_assert((SLOTS & (SLOTS - 1)) == 0, "a hash is cut by a mask");

static struct seen *seen_find(const struct generation *generation, uint64_t id)
{
    size_t at = (size_t)id & (SLOTS - 1);
    while (generation->slots[at].id != 0 && generation->slots[at].id != id)
        at = (at + 1) & (SLOTS - 1);
    return &generation->slots[at];
}

static void generation_begin(struct memory_of_events *memory)
{
    struct generation forgotten = memory->older;
    memory->older = memory->newest;
    memset(forgotten.slots, 0, SLOTS * sizeof *forgotten.slots);
    arena_clear(&forgotten.bodies);
    forgotten.count = forgotten.bytes = 0;
    memory->newest = forgotten;
}

static void generation_done(struct generation *generation)
{
    free(generation->slots);
    arena_done(&generation->bodies);
}

static void seen_add(struct memory_of_events *memory, const struct letter *letter, uint64_t id,
                     uint64_t body)
{
    struct generation *newest = &memory->newest;
    assert(letter->body_length <= AUDIT_HEARD_BYTES_MAX);
    if (newest->count == AUDIT_HEARD_MESSAGES_MAX ||
        newest->bytes + letter->body_length > AUDIT_HEARD_BYTES_MAX)
        generation_begin(memory);
    *seen_find(newest, id) =
        (struct seen){ id, body, arena_text(&newest->bodies, letter->body, letter->body_length) };
    newest->count++;
    newest->bytes += letter->body_length;
}

static uint64_t fingerprint(const char *bytes, size_t length)
{
    uint64_t value = hash_fingerprint(bytes, length);
    return value != 0 ? value : 1;
}

/* What is published again has the same bytes, or those of another release that says more or less.
 */
static void body_check(struct memory_of_events *memory, const struct letter *letter, uint64_t id,
                       struct audit_report *report)
{
    char detail[AUDIT_DETAIL_SIZE];
    uint64_t body = fingerprint(letter->body, letter->body_length);
    const struct seen *seen = seen_find(&memory->newest, id);
    if (seen->id == 0)
        seen = seen_find(&memory->older, id);
    if (seen->id == 0) {
        seen_add(memory, letter, id, body);
    } else if (seen->body != body && !audit_bodies_agree(seen->text, strlen(seen->text),
                                                         letter->body, letter->body_length)) {
        snprintf(detail, sizeof detail, "%.60s: message %.80s was published with two bodies",
                 letter->type, letter->id);
        audit_report_other(report, "event_rewritten", letter->correlation_id, detail);
    }
}

static void outcome_note(struct audit_facts *facts, const struct letter *letter, uint64_t id)
{
    static const char *const types[AUDIT_OUTCOME_EVENTS] = {
        [AUDIT_SAID_CONFIRMED] = EVENT_BOOKING_CONFIRMED,
        [AUDIT_SAID_FAILED] = EVENT_BOOKING_FAILED,
        [AUDIT_SAID_CANCELLED] = EVENT_BOOKING_CANCELLED,
    };
    for (int i = 0; i < AUDIT_OUTCOME_EVENTS; i++) {
        if (strcmp(letter->type, types[i]) != 0)
            continue;
        struct audit_heard *heard = &audit_booking_of(facts, letter->correlation_id)->heard;
        heard->is_twice[i] =
            heard->is_twice[i] || (heard->message[i] != 0 && heard->message[i] != id);
        heard->message[i] = id;
    }
}

static bool letters_take(const struct cli *cli, struct tap *tap, int64_t duration_ms,
                         struct audit_facts *facts, struct audit_report *report)
{
    struct memory_of_events memory = {
        .newest.slots = memory_alloc(SLOTS, sizeof(struct seen)),
        .older.slots = memory_alloc(SLOTS, sizeof(struct seen)),
    };
    struct letter letter;
    struct error error;
    int64_t end_ms = clock_monotonic_ms() + duration_ms;
    bool is_good = true;
    while (is_good && !*cli->is_stopped) {
        int64_t left_ms = duration_ms > 0 ? end_ms - clock_monotonic_ms() : LOOK_MS;
        if (left_ms <= 0)
            break;
        if (tap_next(tap, left_ms < LOOK_MS ? left_ms : LOOK_MS, &letter, &error)) {
            uint64_t id = fingerprint(letter.id, strlen(letter.id));
            report->events++;
            body_check(&memory, &letter, id, report);
            if (ident_is_valid(letter.correlation_id, strlen(letter.correlation_id)))
                outcome_note(facts, &letter, id);
        } else if (error.code != ERROR_NOT_FOUND) {
            complain("%s: roundtrip doctor says why", error.message);
            is_good = false;
        }
    }
    generation_done(&memory.newest);
    generation_done(&memory.older);
    return is_good;
}

bool audit_listen(const struct cli *cli, int64_t duration_ms, struct audit_facts *facts,
                  struct audit_report *report)
{
    struct error error;
    struct tap *tap = tap_open(cli->settings.amqp_url, &error);
    report->is_listening = true;
    if (tap == NULL || !tap_listen(tap, "#", &error)) {
        complain("cannot listen at the broker (%s): start the system with ./run, or look with "
                 "roundtrip doctor",
                 error.message);
        tap_close(tap);
        return false;
    }
    fprintf(stderr, duration_ms > 0 ? "listening\n" : "listening (Ctrl-C ends it)\n");
    bool is_good = letters_take(cli, tap, duration_ms, facts, report);
    tap_close(tap);
    return is_good;
}
