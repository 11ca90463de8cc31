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

#include <stdlib.h>
#include <string.h>

#define LOOK_MS 500 /* how soon Ctrl-C is seen */

/* Of each message id the first body: open addressing, 0 = free. */
struct seen {
    uint64_t id, body;
    const char *text; /* of the body, in the facts' arena */
};
struct seen_table {
    struct seen *slots;
    size_t room, count; /* the room is a power of two */
};
#define SEEN_ROOM_FIRST 1024

static struct seen *seen_find(const struct seen_table *table, uint64_t id)
{
    size_t at = (size_t)id & (table->room - 1);
    while (table->slots[at].id != 0 && table->slots[at].id != id)
        at = (at + 1) & (table->room - 1);
    return &table->slots[at];
}

static void seen_grow(struct seen_table *table)
{
    struct seen_table grown = { .room = table->room > 0 ? 2 * table->room : SEEN_ROOM_FIRST,
                                .count = table->count };
    grown.slots = memory_alloc(grown.room, sizeof *grown.slots);
    for (size_t i = 0; i < table->room; i++)
        if (table->slots[i].id != 0)
            *seen_find(&grown, table->slots[i].id) = table->slots[i];
    free(table->slots);
    *table = grown;
}

static uint64_t fingerprint(const char *bytes, size_t length)
{
    uint64_t value = hash_fingerprint(bytes, length);
    return value != 0 ? value : 1;
}

/* What is published again has the same bytes, or those of another release that says more or less.
 */
static void body_check(struct seen_table *table, const struct letter *letter, uint64_t id,
                       struct arena *arena, struct audit_report *report)
{
    char detail[AUDIT_DETAIL_SIZE];
    uint64_t body = fingerprint(letter->body, letter->body_length);
    if (2 * (table->count + 1) > table->room)
        seen_grow(table);
    struct seen *seen = seen_find(table, id);
    if (seen->id == 0) {
        *seen = (struct seen){ id, body, arena_text(arena, letter->body, letter->body_length) };
        table->count++;
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
    struct seen_table table = { 0 };
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
            body_check(&table, &letter, id, &facts->arena, report);
            if (ident_is_valid(letter.correlation_id, strlen(letter.correlation_id)))
                outcome_note(facts, &letter, id);
        } else if (error.code != ERROR_NOT_FOUND) {
            complain("%s: roundtrip doctor says why", error.message);
            is_good = false;
        }
    }
    free(table.slots);
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
