/* sim_restore.c - the payment service's store is lost and comes back from an older backup: refunds
 * that the provider has made since are forgotten.
 *
 * Only a backup that knows every payment and every capture is put back. One that does not has lost
 * acknowledged money, of which only the provider still knows (`roundtrip audit` lists it), and
 * would use message ids again that booking has seen with other content: it quarantines them. Nor is
 * the booking service's store put back: its outcomes are promises to others. */
#include "sim/world/sim.h"
#include "sim/world/sim_afterwards.h"
#include "sim/world/sim_aside.h"
#include "sim/world/sim_clients.h"
#include "sim/world/sim_document.h"
#include "sim/world/sim_story.h"
#include "sim/world/sim_worker.h"

#include <assert.h>
#include <string.h>

#define OUTAGE_MS_MAX (INT64_C(30) * 3600 * 1000) /* longer than a provider keeps its keys */

static bool is_captured(struct sim *sim, const struct memory_document *document)
{
    struct payment payment;
    return sim_document_state(sim, SIM_PAYMENT, document, &payment) && payment.captured_at_ms != 0;
}

static const struct memory_document *backup_find(const struct sim *sim, const char *id)
{
    return memory_store_find(&sim->backup.memory, id);
}

static void documents_copy(struct sim_store *to, const struct sim_store *from)
{
    to->memory.count = from->memory.count;
    memcpy(to->documents, from->documents, from->memory.count * sizeof from->documents[0]);
    memcpy(to->lives, from->lives, from->memory.count * sizeof from->lives[0]);
}

static bool knows_all(struct sim *sim)
{
    const struct sim_store *store = &sim->stores[SIM_PAYMENT];
    for (size_t i = 0; i < store->memory.count; i++) {
        const struct memory_document *kept = backup_find(sim, store->documents[i].id);
        if (kept == NULL || is_captured(sim, &store->documents[i]) != is_captured(sim, kept))
            return false;
    }
    return true;
}

static void payments_mark(struct sim *sim)
{
    const struct sim_store *store = &sim->stores[SIM_PAYMENT];
    for (size_t i = 0; i < store->memory.count; i++) {
        const struct memory_document *kept = backup_find(sim, store->documents[i].id);
        struct sim_payment *payment = sim_payment_find(sim, store->documents[i].id);
        if (payment != NULL && kept->version != store->documents[i].version)
            payment->is_restored = true;
    }
}

/* What is decided again gets its old message ids, at another time. */
static void marks_forget(struct sim *sim)
{
    for (size_t i = 0; i < sim->mark_count; i++)
        if (sim->marks[i].is_of_payment)
            sim->marks[i].type[0] = '\0';
}

/* What is in a hand has waited no longer than what waits elsewhere. */
static void hands_look_again(struct sim *sim)
{
    for (size_t i = 0; i < sim->worker_count; i++)
        for (size_t k = 0; k < SIM_PREFETCH; k++) {
            struct delivery *delivery = &sim->workers[i].bus.hand[k].delivery;
            const struct memory_entry *entry = memory_bus_entry(&sim->workers[i].bus, delivery);
            if (entry != NULL)
                delivery->later_since_ms = sim_later_since_ms(sim, entry);
        }
}

/* Reports that were answered before are known to nobody now: whoever puts a backup back has the
 * provider send them again (docs/operations.md). */
static size_t reports_count(const struct sim *sim)
{
    size_t count = 0;
    for (size_t i = 0; i < sim->payment_count; i++)
        count += sim->payments[i].refund_count;
    return count;
}

static void reports_send(struct sim *sim)
{
    for (size_t i = 0; i < sim->payment_count; i++)
        for (size_t k = 0; k < sim->payments[i].refund_count; k++) {
            bool is_sent = sim_report_send(sim, &sim->payments[i], &sim->payments[i].refunds[k]);
            assert(is_sent);
        }
}

void sim_backup_take(struct sim *sim)
{
    const struct sim_store *store = &sim->stores[SIM_PAYMENT];
    documents_copy(&sim->backup, store);
    sim_tell(sim, "the store of payment is backed up, %zu documents", store->memory.count);
}

bool sim_backup_restore(struct sim *sim)
{
    struct sim_store *store = &sim->stores[SIM_PAYMENT];
    if (sim->backup.memory.count == 0 || sim->is_restored || !knows_all(sim) ||
        sim->op_count + sim->refunds_moving + reports_count(sim) > SIM_OPS_MAX)
        return false;
    for (size_t i = 0; i < sim->worker_count; i++)
        if (sim->workers[i].service == SIM_PAYMENT)
            sim_worker_stop(&sim->workers[i]);
    sim->is_restored = true;
    payments_mark(sim);
    marks_forget(sim);
    documents_copy(store, &sim->backup);
    if (sim_random_chance(&sim->random, 700))
        sim->now_ms += sim_random_between(&sim->random, 1, OUTAGE_MS_MAX);
    sim_tell(sim, "the store of payment comes back from its backup");
    hands_look_again(sim);
    reports_send(sim);
    return true;
}
