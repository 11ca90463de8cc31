/* sim_store.c - the stores as the engines see them: those of common/memory, with faults around
 * them. It looks inside only to check what an outsider may expect of every save. */
#include "sim/world/sim_store.h"
#include "common/bson/bson_read.h"
#include "common/saga/document.h"
#include "sim/world/sim.h"
#include "sim/world/sim_document.h"
#include "sim/world/sim_newer.h"
#include "sim/world/sim_queue.h"
#include "sim/world/sim_story.h"
#include "sim/world/sim_trace.h"
#include "sim/world/sim_words.h"

#include <assert.h>
#include <string.h>

#define STATE_TEXT_SIZE 32

static struct sim_store *store_of(const struct sim_worker *worker)
{
    return &worker->sim->stores[worker->service];
}

/* ---- what every save must respect ---- */

struct closing {
    struct sim *sim;
    const struct record *record; /* NULL: all is closed */
};

/* I7: an outbox entry closes only after a confirm. */
static bool entry_check(void *self, const char *message_id)
{
    const struct closing *closing = self;
    bool is_kept =
        closing->record != NULL &&
        sim_document_owes(closing->record->body, closing->record->body_length, message_id);
    if (!is_kept && !sim_mark(closing->sim, message_id)->is_confirmed)
        sim_fail(closing->sim, "I7: %s leaves the outbox unconfirmed", message_id);
    return true;
}

static void closing_check(struct sim *sim, const struct memory_document *document,
                          const struct record *record)
{
    struct closing closing = { .sim = sim, .record = record };
    if (document->owed_at_ms == 0)
        return;
    bool is_read = sim_document_owed(document->body, document->body_length, entry_check, &closing);
    assert(is_read);
}

static bool state_text_get(const uint8_t *body, size_t length, char *text, size_t size)
{
    struct bson_fields fields;
    struct bson_fields state;
    return bson_read_open(&fields, body, length) && bson_read_document(&fields, "state", &state) &&
           bson_read_text(&state, "state", text, size);
}

/* I1: failed and cancelled absorb everything, confirmed everything but a cancel. */
static void absorb_check(struct sim *sim, const struct memory_document *document,
                         const struct record *record)
{
    char before[STATE_TEXT_SIZE];
    char after[STATE_TEXT_SIZE];
    bool is_read = state_text_get(document->body, document->body_length, before, sizeof before) &&
                   state_text_get(record->body, record->body_length, after, sizeof after);
    assert(is_read);
    if (strcmp(before, after) == 0)
        return;
    bool is_confirmed = strcmp(before, booking_state_text(BOOKING_CONFIRMED)) == 0;
    bool is_ended = strcmp(before, booking_state_text(BOOKING_FAILED)) == 0 ||
                    strcmp(before, booking_state_text(BOOKING_CANCELLED)) == 0;
    if (is_ended || (is_confirmed && strcmp(after, booking_state_text(BOOKING_CANCELLED)) != 0))
        sim_fail(sim, "I1: booking %s goes from %s to %s", document->id, before, after);
}

/* What others have left in the stores. */
void sim_stores_make(struct sim *sim)
{
    for (size_t service = 0; service < sim->service_count; service++) {
        if (!sim_fault(sim, FAULT_JUNK))
            continue;
        sim->stores[service].junk_count = (size_t)sim_random_between(&sim->random, 1, SIM_JUNK_MAX);
        sim->stores[service].junk_at_ms = 1;
    }
}

/* ---- the calls ---- */

static void write_note(struct sim_worker *worker, bool is_acknowledged)
{
    if (!is_acknowledged && !worker->is_write_failing)
        worker->write_failing_since_ms = worker->sim->now_ms;
    worker->is_write_failing = !is_acknowledged;
}

static bool is_readonly(struct sim_worker *worker, struct error *error)
{
    if (store_of(worker)->readonly_until_ms <= worker->sim->now_ms)
        return false;
    anomaly_reached(worker->sim, ANOMALY_F11);
    error_set(error, ERROR_RETRY, "the store takes no write");
    return true;
}

bool sim_store_is_away(struct sim_worker *worker, struct error *error)
{
    struct sim *sim = worker->sim;
    sim_port_point(worker);
    if (store_of(worker)->away_until_ms <= sim->now_ms && !sim_fault(sim, FAULT_STORE_CALL))
        return false;
    error_set(error, ERROR_RETRY, "the store is away");
    return true;
}

static bool store_load(void *self, const char *const *ids, size_t count, struct arena *arena,
                       struct record *ret_records, struct error *error)
{
    struct sim_worker *worker = self;
    if (sim_store_is_away(worker, error)) {
        worker->saved_count = 0; /* a second round, after a conflict: all is decided again */
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        ret_records[i] = memory_store_load(&store_of(worker)->memory, ids[i], arena);
        if (strncmp(ids[i], SIM_JUNK_PREFIX, strlen(SIM_JUNK_PREFIX)) == 0)
            ret_records[i].version = 1; /* and no body */
    }
    sim_port_point(worker);
    return true;
}

static enum save_result conflict_see(struct sim_worker *worker)
{
    struct sim *sim = worker->sim;
    anomaly_reached(sim, ANOMALY_F6);
    if (worker->service == SIM_BOOKING)
        anomaly_reached(sim, ANOMALY_A3);
    if (worker->is_frozen)
        anomaly_reached(sim, ANOMALY_D10);
    if (++worker->conflict_count > 1)
        anomaly_reached(sim, ANOMALY_F7);
    return SAVE_CONFLICT;
}

/* I12: what is saved can be loaded. */
static void loading_check(struct sim_worker *worker, const struct memory_document *document)
{
    struct sim *sim = worker->sim;
    (void)sim_document_state(sim, worker->service, document, sim->any_state);
}

/* What an outsider may expect of this save: before it is made. */
static void record_check(struct sim_worker *worker, const struct memory_document *document,
                         const struct record *record)
{
    closing_check(worker->sim, document, record);
    sim_newer_check(worker, document, record);
    if (worker->service == SIM_BOOKING)
        absorb_check(worker->sim, document, record);
}

static enum save_result record_save(struct sim_worker *worker, const struct record *record)
{
    struct sim *sim = worker->sim;
    struct sim_store *store = store_of(worker);
    struct memory_document *document = memory_store_find(&store->memory, record->id);
    if ((document == NULL ? 0 : document->version) != record->version)
        return conflict_see(worker);
    sim_trace_saved(worker, document, record);
    if (document != NULL) {
        record_check(worker, document, record);
    } else {
        document = &store->documents[store->memory.count]; /* where it is going to be */
        store->lives[store->memory.count] =
            (struct sim_life){ worker->began_ms, worker->life_count };
    }
    enum save_result result = memory_store_save(&store->memory, record);
    assert(result == SAVE_SAVED);
    loading_check(worker, document);
    if (worker->service == SIM_PAYMENT)
        sim_payment_bind(sim, record->id);
    sim_newer_store(worker, document);
    if (worker->publish_count > 0)
        anomaly_reached(sim, ANOMALY_D12);
    if (record->owed_at_ms != 0)
        worker->phase = PHASE_SAVED;
    return result;
}

static bool store_save(void *self, const struct record *records, size_t count,
                       enum save_result *ret_results, struct error *error)
{
    static const char *const texts[] = { "saved", "conflict", "unknown" };
    struct sim_worker *worker = self;
    struct sim *sim = worker->sim;
    sim_port_point(worker);
    bool is_gone = store_of(worker)->away_until_ms > sim->now_ms || is_readonly(worker, error);
    bool is_failing = is_gone || sim_fault(sim, FAULT_STORE_CALL);
    size_t applied = 0;
    bool is_told = !is_failing;
    for (size_t i = 0; i < count; i++) {
        bool is_unknown = sim_fault(sim, FAULT_STORE_UNKNOWN);
        bool is_applied =
            !is_gone && (!(is_failing || is_unknown) || sim_random_chance(&sim->random, 500));
        ret_results[i] = is_applied ? record_save(worker, &records[i]) : SAVE_UNKNOWN;
        sim_tell(sim, "%s saves %s version %lld: %s%s", worker->name, records[i].id,
                 (long long)records[i].version + 1, texts[ret_results[i]],
                 is_failing || is_unknown ? ", not told" : "");
        applied += ret_results[i] == SAVE_SAVED;
        if (is_failing || is_unknown)
            anomaly_reached(sim, is_applied ? ANOMALY_F1 : ANOMALY_F3);
        if (is_unknown)
            ret_results[i] = SAVE_UNKNOWN;
        is_told &= !is_unknown;
    }
    if (!is_told)
        worker->saved_count = 0; /* the whole batch is decided again */
    if (applied > 0 && applied < count)
        anomaly_reached(sim, ANOMALY_D8);
    write_note(worker, is_told);
    sim_port_point(worker);
    return is_failing ? error_set(error, ERROR_RETRY, "the store is away") : true;
}

static bool store_clear_owed(void *self, const char *const *ids, const int64_t *versions,
                             size_t count, struct error *error)
{
    struct sim_worker *worker = self;
    struct sim_store *store = store_of(worker);
    if (sim_store_is_away(worker, error) || is_readonly(worker, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct memory_document *document = memory_store_find(&store->memory, ids[i]);
        if (document == NULL || document->version != versions[i])
            continue;
        closing_check(worker->sim, document, NULL);
        bool is_cleared = memory_store_clear(&store->memory, ids[i], versions[i]);
        assert(is_cleared);
    }
    sim_port_point(worker);
    return true;
}

static bool store_ping(void *self, struct error *error)
{
    return !sim_store_is_away(self, error);
}

static bool store_pulse(void *self, struct error *error)
{
    struct sim_worker *worker = self;
    bool is_acknowledged = !sim_store_is_away(worker, error) && !is_readonly(worker, error);
    if (is_acknowledged)
        write_note(worker, true);
    return is_acknowledged;
}

/* Without list: only HTTP readers ask for it. */
struct store_port sim_store_port(struct sim_worker *worker)
{
    return (struct store_port){
        .self = worker,
        .load = store_load,
        .save = store_save,
        .clear_owed = store_clear_owed,
        .due = sim_store_due,
        .owed = sim_store_owed,
        .count_owed = sim_store_count_owed,
        .ping = store_ping,
        .pulse = store_pulse,
    };
}
