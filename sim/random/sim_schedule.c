/* sim_schedule.c - one schedule: chaos, healing, oracle. */
#include "sim/random/sim_schedule.h"
#include "sim/world/sim.h"
#include "sim/world/sim_afterwards.h"
#include "sim/world/sim_clients.h"
#include "sim/world/sim_newer.h"
#include "sim/world/sim_queue.h"
#include "sim/world/sim_story.h"
#include "sim/world/sim_worker.h"

#include "common/base/hash.h"
#include "sim/oracle/sim_oracle.h"
#include "sim/world/sim_provider.h"
#include "sim/world/sim_release.h"
#include "sim/world/sim_store.h"
#include "sim/world/sim_topology.h"
#include "sim/world/sim_words.h"

#include <string.h>

#define EPOCH_MS        INT64_C(1790000000000)
#define HEAL_STEPS_MAX  30000
#define AWAY_MS_MAX     8000
#define FULL_MS_MAX     30000
#define READONLY_MS_MAX 120000 /* longer than deliveries are kept */
#define IDLE_LOOKS_MAX  3      /* chaos prefers a worker that has something to do */

/* A swarm over sizes: most schedules are small worlds, where a fault meets its victim soon and a
 * schedule is cheap; a few are large, for what only crowds bring about. */
static const struct sim_shape {
    int share;                    /* per 1000 schedules */
    int64_t turns_min, turns_max; /* of chaos */
    int faults_on;                /* per 1000 */
    int rate_factor_max;          /* small worlds give a fault fewer chances: it is more frequent */
} shapes[SIM_SIZE_COUNT] = {
    [SIM_SMALL] = { 900, 4, 24, 120, 6 },
    [SIM_MEDIUM] = { 85, 20, 80, 200, 3 },
    [SIM_LARGE] = { 15, 40, 250, 300, 1 },
};

static void size_choose(struct sim *sim)
{
    int drawn = (int)sim_random_below(&sim->random, 1000);
    sim->size = SIM_SMALL;
    for (int size = 0; drawn >= shapes[size].share; size++) {
        drawn -= shapes[size].share;
        sim->size = (enum sim_size)(size + 1);
    }
}

static void rules_choose(struct sim *sim)
{
    static const int64_t timeouts_ms[] = { 2000, 30000, 600000 };
    static const int64_t repeats_ms[] = { 1000, 60000 };
    struct sim_random *random = &sim->random;
    sim->booking_rules = (struct booking_rules){
        .payment_timeout_ms = timeouts_ms[sim_random_below(random, 3)],
        .intent_timeout_ms = timeouts_ms[sim_random_below(random, 3)],
    };
    sim->gateway_config =
        (struct gateway_config){ .repeat_after_ms = repeats_ms[sim_random_below(random, 2)],
                                 .repeat_max_ms = 3600000 };
    sim->payment_rules = (struct payment_rules){
        .repeat_after_ms = repeats_ms[sim_random_below(random, 2)],
        .repeat_max_ms = 3600000,
        .effect_wait_ms = 6000,
        .refund_retry_ms = 500,
        .refund_retry_max_ms = 600000,
        .refund_attempts_max = 10,
    };
    sim_participants_make(sim);
}

static void faults_choose(struct sim *sim)
{
    static const int rates[FAULT_COUNT] = {
#define X(name, text, rate) rate,
        SIM_FAULTS(X)
#undef X
    };
    const struct sim_shape *shape = &shapes[sim->size];
    bool is_calm = sim_random_chance(&sim->random, 50);
    int factor = (int)sim_random_between(&sim->random, 1, shape->rate_factor_max);
    for (int fault = 0; fault < FAULT_COUNT; fault++) {
        if (is_calm || !sim_random_chance(&sim->random, shape->faults_on))
            continue;
        sim->rates[fault] = rates[fault] * factor;
        sim_tell(sim, "this schedule has %s", sim_fault_text((enum sim_fault)fault));
    }
    /* That is what a real broker does. */
    if (sim_random_chance(&sim->random, 500))
        sim->rates[FAULT_CONFIRM_LATE] = rates[FAULT_CONFIRM_LATE];
    /* A key that is forgotten matters only where a call is made again, and late. */
    if (sim->rates[FAULT_KEYS_EXPIRE] > 0 && sim_random_chance(&sim->random, 700)) {
        sim->rates[FAULT_PROVIDER] = rates[FAULT_PROVIDER];
        sim->rates[FAULT_JUMP] = 5 * rates[FAULT_JUMP];
    }
}

/* ---- chaos ---- */

static int64_t a_while(struct sim *sim)
{
    return sim->now_ms + sim_random_between(&sim->random, 1, AWAY_MS_MAX);
}

static void broker_strike(struct sim *sim)
{
    enum sim_service service = (enum sim_service)sim_random_below(&sim->random, sim->service_count);
    if (sim_fault(sim, FAULT_BLOCK)) {
        sim_tell(sim, "the broker blocks publishers");
        sim->blocked_until_ms = a_while(sim);
    }
    if (sim_fault(sim, FAULT_TOPOLOGY)) {
        sim_tell(sim, "the queue of %s is deleted", sim_service_text(service));
        sim_queue_delete(sim, service);
    }
    if (sim_fault(sim, FAULT_BINDING))
        sim_binding_lose(sim);
    if (sim_fault(sim, FAULT_QUEUE_FULL)) {
        sim_tell(sim, "the queue of %s is full", sim_service_text(service));
        sim->full_until_ms[service] =
            sim->now_ms + sim_random_between(&sim->random, 1, FULL_MS_MAX);
    }
    if (sim_fault(sim, FAULT_PURGE)) {
        sim_tell(sim, "the queue of %s is purged", sim_service_text(service));
        sim_queue_purge(sim, service);
    }
    if (sim_fault(sim, FAULT_WIPE)) {
        sim_tell(sim, "the broker is wiped");
        anomaly_reached(sim, ANOMALY_E14);
        for (size_t each = 0; each < sim->service_count; each++) {
            sim_queue_delete(sim, (enum sim_service)each);
            sim->queues[each].count = 0; /* what waits beside it, too */
        }
    }
    if (sim_fault(sim, FAULT_BROKER_AWAY)) {
        sim_tell(sim, "the broker goes away");
        sim->broker_away_until_ms = a_while(sim);
    }
    if (sim_fault(sim, FAULT_POISON))
        sim_poison_publish(sim);
    if (sim_fault(sim, FAULT_DEMAND))
        sim_demand_publish(sim);
}

static void world_strike(struct sim *sim)
{
    broker_strike(sim);
    sim_release_strike(sim);
    if (sim_fault(sim, FAULT_STORE_AWAY)) {
        enum sim_service service =
            (enum sim_service)sim_random_below(&sim->random, sim->service_count);
        sim_tell(sim, "the store of %s goes away", sim_service_text(service));
        sim->stores[service].away_until_ms = a_while(sim);
    }
    if (sim_fault(sim, FAULT_STORE_READONLY)) {
        enum sim_service service =
            (enum sim_service)sim_random_below(&sim->random, sim->service_count);
        sim_tell(sim, "the store of %s takes no writes", sim_service_text(service));
        sim->stores[service].readonly_until_ms =
            sim->now_ms + sim_random_between(&sim->random, 1, READONLY_MS_MAX);
    }
    if (sim_fault(sim, FAULT_SHUT)) {
        sim_tell(sim, "the provider answers nobody");
        sim->provider_shut_until_ms = a_while(sim);
    }
    if (sim_fault(sim, FAULT_BY_HAND))
        sim_refund_by_hand(sim);
    if (sim_fault(sim, FAULT_RESTORE)) {
        if (sim->backup.memory.count == 0)
            sim_backup_take(sim);
        else
            (void)sim_backup_restore(sim);
    }
    if (sim_fault(sim, FAULT_CLOCK_STEP)) {
        struct sim_worker *worker =
            &sim->workers[sim_random_below(&sim->random, sim->worker_count)];
        worker->skew_ms += sim_random_between(&sim->random, -600000, 600000);
        if (sim->stores[worker->service].memory.count > 0)
            anomaly_reached(sim, ANOMALY_G6);
        sim_tell(sim, "the clock of %s jumps", worker->name);
    }
    /* Not with a call under way that outlasts its key: see sim_clients_plan(). */
    if ((sim->keys_kept_ms == 0 || sim->call_count == 0) && sim_fault(sim, FAULT_JUMP)) {
        sim->now_ms += sim_random_between(&sim->random, 1000, 700000);
        sim_tell(sim, "a long time passes");
    }
}

static struct sim_worker *worker_choose(struct sim *sim)
{
    struct sim_worker *chosen = NULL;
    for (int i = 0; i < IDLE_LOOKS_MAX; i++) {
        chosen = &sim->workers[sim_random_below(&sim->random, sim->worker_count)];
        int64_t next_ms = sim_worker_next_ms(chosen);
        if (next_ms != 0 && next_ms <= sim->now_ms)
            break;
    }
    return chosen;
}

static void chaos(struct sim *sim)
{
    const struct sim_shape *shape = &shapes[sim->size];
    int64_t turns = sim_random_between(&sim->random, shape->turns_min, shape->turns_max);
    int64_t pace_ms = sim_random_chance(&sim->random, 500) ? 20 : 400;
    for (int64_t i = 0; i < turns && sim->failure[0] == '\0'; i++) {
        sim->now_ms += sim_random_between(&sim->random, 0, pace_ms);
        sim_provider_run(sim);
        world_strike(sim);
        if (sim_random_chance(&sim->random, 200))
            (void)sim_clients_send(sim);
        else
            sim_worker_step(worker_choose(sim));
    }
}

/* ---- healing ---- */

static void heal_begin(struct sim *sim)
{
    sim_tell(sim, "from here on nothing goes wrong");
    sim->is_healed = true;
    sim_release_finish(sim);
    sim->blocked_until_ms = 0;
    sim->broker_away_until_ms = 0;
    sim->provider_shut_until_ms = 0;
    for (size_t service = 0; service < sim->service_count; service++)
        sim->full_until_ms[service] = 0;
    for (size_t service = 0; service < sim->service_count; service++)
        sim->stores[service].away_until_ms = sim->stores[service].readonly_until_ms = 0;
}

/* The worker that something waits for first; NULL: nothing will ever move again. */
static struct sim_worker *worker_next(struct sim *sim, int64_t *ret_at_ms)
{
    struct sim_worker *next = NULL;
    for (size_t i = 0; i < sim->worker_count; i++) {
        int64_t at_ms = sim_worker_next_ms(&sim->workers[i]);
        if (at_ms == 0 || (next != NULL && at_ms >= *ret_at_ms))
            continue;
        next = &sim->workers[i];
        *ret_at_ms = at_ms;
    }
    return next;
}

/* From one thing to do to the next: nobody is asked who has nothing to do. */
static bool heal_step(struct sim *sim)
{
    int64_t worker_ms = 0;
    struct sim_worker *worker = worker_next(sim, &worker_ms);
    int64_t call_ms = sim_provider_next_ms(sim);
    int64_t client_ms = sim_clients_next_ms(sim);
    if (call_ms == 0 || (client_ms != 0 && client_ms < call_ms))
        call_ms = client_ms;
    bool is_call = call_ms > sim->now_ms && (worker == NULL || call_ms < worker_ms);
    if (worker == NULL && !is_call)
        return false;
    int64_t at_ms = is_call ? call_ms : worker_ms;
    sim->now_ms = at_ms > sim->now_ms ? at_ms : sim->now_ms + 1;
    if (!is_call)
        sim_worker_step(worker);
    return true;
}

static void heal(struct sim *sim)
{
    heal_begin(sim);
    for (int i = 0; i < HEAL_STEPS_MAX && sim->failure[0] == '\0'; i++) {
        sim_provider_run(sim);
        while (sim_clients_send(sim))
            ;
        if (sim_is_quiet(sim))
            return;
        if (!heal_step(sim))
            break;
    }
    sim_fail(sim, "I6: it does not come to rest");
}

/* ---- one schedule ---- */

bool sim_run(struct sim *sim, uint64_t seed, const struct sim_options *options)
{
    sim_clear(sim);
    sim->seed = seed;
    sim->options = *options;
    sim->now_ms = EPOCH_MS;
    sim->story_hash = HASH_FOLD_START;
    sim_random_seed(&sim->random, seed, options->tape);
    size_choose(sim);
    rules_choose(sim);
    faults_choose(sim);
    sim_workers_make(sim);
    sim_stores_make(sim);
    sim_clients_plan(sim);
    sim_topology_declare(sim);
    chaos(sim);
    if (sim->failure[0] == '\0')
        heal(sim);
    if (sim->failure[0] == '\0' && sim_backup_restore(sim))
        heal(sim);
    if (sim->failure[0] == '\0' && sim_weeks_later(sim))
        heal(sim);
    if (sim->failure[0] == '\0' && sim_flood_check(sim))
        heal(sim);
    if (sim->failure[0] == '\0')
        sim_oracle_check(sim);
    if (sim->failure[0] == '\0' && options->planted != NULL)
        options->planted(sim);
    for (size_t i = 0; i < sim->worker_count; i++)
        sim_worker_stop(&sim->workers[i]);
    return sim->failure[0] == '\0';
}

/* ---- a schedule without observers ---- */

/* All that a schedule leaves behind: documents, what was published, and the provider's ledger. */
static uint64_t end_hash(const struct sim *sim)
{
    uint64_t hash = HASH_FOLD_START;
    for (size_t service = 0; service < sim->service_count; service++)
        for (size_t i = 0; i < sim->stores[service].memory.count; i++) {
            const struct memory_document *document = &sim->stores[service].documents[i];
            hash = hash_fold(hash, document->id, strlen(document->id));
            hash = hash_fold(hash, &document->version, sizeof document->version);
            hash = hash_fold(hash, document->body, document->body_length);
        }
    for (size_t i = 0; i < sim->mark_count; i++)
        hash += sim->marks[i].id_hash * sim->marks[i].content_hash;
    for (size_t i = 0; i < sim->payment_count; i++)
        hash = hash_fold(hash, sim->payments[i].refunds,
                         sim->payments[i].refund_count * sizeof sim->payments[i].refunds[0]);
    return hash;
}

bool sim_unobserved_check(struct sim *sim, uint64_t seed)
{
    const struct sim_options unobserved = { .is_unobserved = true };
    uint64_t observed_hash = end_hash(sim);
    bool is_sound = sim_run(sim, seed, &unobserved);
    if (is_sound && end_hash(sim) != observed_hash)
        sim_fail(sim, "I10: without an observer it ends in another way");
    return sim->failure[0] == '\0';
}
