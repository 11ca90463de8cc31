/* sim.c - one schedule: chaos, healing, oracle. */
#include "sim/sim.h"

#include <stdlib.h>
#include <string.h>

#define EPOCH_MS        INT64_C(1790000000000)
#define CHAOS_MIN       40
#define CHAOS_MAX       250
#define HEAL_ROUNDS_MAX 5000
#define AWAY_MS_MAX     8000
#define CLEAR_WAIT_MS   60 /* a little longer than confirmed messages wait to be dropped */
#define IDLE_ROUNDS_MAX 4
#define FAULTS_ON       300 /* per 1000 */

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
        .refund_attempts_max = 500,
    };
    sim->participants[SIM_GATEWAY] = gateway_participant(&sim->gateway_config);
    sim->participants[SIM_BOOKING] = booking_participant(&sim->booking_rules);
    sim->participants[SIM_PAYMENT] = payment_participant(&sim->payment_rules);
}

static void faults_choose(struct sim *sim)
{
    static const int rates[FAULT_COUNT] = {
#define X(name, text, rate) rate,
        SIM_FAULTS(X)
#undef X
    };
    bool is_calm = sim_random_chance(&sim->random, 50);
    for (int fault = 0; fault < FAULT_COUNT; fault++) {
        if (is_calm || !sim_random_chance(&sim->random, FAULTS_ON))
            continue;
        sim->rates[fault] = rates[fault];
        sim_tell(sim, "this schedule has %s", sim_fault_text((enum sim_fault)fault));
    }
}

/* ---- chaos ---- */

static int64_t a_while(struct sim *sim)
{
    return sim->now_ms + sim_random_between(&sim->random, 1, AWAY_MS_MAX);
}

static void broker_strike(struct sim *sim)
{
    enum sim_service service = (enum sim_service)sim_random_below(&sim->random, SIM_SERVICE_COUNT);
    if (sim_fault(sim, FAULT_BLOCK)) {
        sim_tell(sim, "the broker blocks publishers");
        sim->blocked_until_ms = a_while(sim);
    }
    if (sim_fault(sim, FAULT_TOPOLOGY)) {
        sim_tell(sim, "the queue of %s is deleted", sim_service_text(service));
        sim_queue_delete(sim, service);
    }
    if (sim_fault(sim, FAULT_PURGE)) {
        sim_tell(sim, "the queue of %s is purged", sim_service_text(service));
        sim_queue_purge(sim, service);
    }
    if (sim_fault(sim, FAULT_WIPE)) {
        sim_tell(sim, "the broker is wiped");
        for (int each = 0; each < SIM_SERVICE_COUNT; each++)
            sim_queue_delete(sim, (enum sim_service)each);
    }
    if (sim_fault(sim, FAULT_BROKER_AWAY)) {
        sim_tell(sim, "the broker goes away");
        sim->broker_away_until_ms = a_while(sim);
    }
    if (sim_fault(sim, FAULT_POISON))
        sim_poison_publish(sim);
}

static void world_strike(struct sim *sim)
{
    broker_strike(sim);
    if (sim_fault(sim, FAULT_STORE_AWAY)) {
        enum sim_service service =
            (enum sim_service)sim_random_below(&sim->random, SIM_SERVICE_COUNT);
        sim_tell(sim, "the store of %s goes away", sim_service_text(service));
        sim->stores[service].away_until_ms = a_while(sim);
    }
    if (sim_fault(sim, FAULT_CLOCK_STEP)) {
        struct sim_worker *worker =
            &sim->workers[sim_random_below(&sim->random, sim->worker_count)];
        worker->skew_ms += sim_random_between(&sim->random, -600000, 600000);
        sim_tell(sim, "the clock of %s jumps", worker->name);
    }
    if (sim_fault(sim, FAULT_JUMP)) {
        sim->now_ms += sim_random_between(&sim->random, 1000, 700000);
        sim_tell(sim, "a long time passes");
    }
}

static void chaos(struct sim *sim)
{
    int64_t turns = sim_random_between(&sim->random, CHAOS_MIN, CHAOS_MAX);
    int64_t pace_ms = sim_random_chance(&sim->random, 500) ? 20 : 400;
    for (int64_t i = 0; i < turns && sim->failure[0] == '\0'; i++) {
        sim->now_ms += sim_random_between(&sim->random, 0, pace_ms);
        sim_provider_run(sim);
        world_strike(sim);
        if (sim_random_chance(&sim->random, 200))
            (void)sim_clients_send(sim);
        else
            sim_worker_step(&sim->workers[sim_random_below(&sim->random, sim->worker_count)]);
    }
}

/* ---- healing ---- */

static void heal_begin(struct sim *sim)
{
    sim_tell(sim, "from here on nothing goes wrong");
    sim->is_healed = true;
    sim->blocked_until_ms = 0;
    sim->broker_away_until_ms = 0;
    for (int service = 0; service < SIM_SERVICE_COUNT; service++)
        sim->stores[service].away_until_ms = 0;
}

static void earlier(int64_t *at_ms, int64_t candidate_ms)
{
    if (candidate_ms != 0 && (*at_ms == 0 || candidate_ms < *at_ms))
        *at_ms = candidate_ms;
}

/* When the next deadline is reached by the clock of a worker that looks for it. */
static int64_t deadline_next_ms(const struct sim *sim)
{
    int64_t next_ms = 0;
    for (size_t i = 0; i < sim->worker_count; i++) {
        const struct sim_worker *worker = &sim->workers[i];
        const struct sim_store *store = &sim->stores[worker->service];
        for (size_t k = 0; k < store->count; k++) {
            const struct sim_document *document = &store->documents[k];
            if (document->due_at_ms != 0)
                earlier(&next_ms, document->due_at_ms - worker->skew_ms);
            if (document->owed_at_ms != 0)
                earlier(&next_ms,
                        document->owed_at_ms + worker->limits.relay_age_ms - worker->skew_ms);
        }
    }
    return next_ms;
}

static bool has_traffic(const struct sim *sim)
{
    for (int service = 0; service < SIM_SERVICE_COUNT; service++)
        if (sim->queues[service].count > 0)
            return true;
    for (size_t i = 0; i < sim->worker_count; i++)
        if (sim->workers[i].request_count > 0)
            return true;
    return false;
}

/* Nothing has moved: to the moment at which something will. */
static void time_pass(struct sim *sim, int idle_rounds)
{
    int64_t next_ms = sim->now_ms + CLEAR_WAIT_MS;
    int64_t call_ms = sim_provider_next_ms(sim);
    if (idle_rounds > IDLE_ROUNDS_MAX && !has_traffic(sim)) {
        next_ms = deadline_next_ms(sim);
        earlier(&next_ms, call_ms);
    } else if (has_traffic(sim)) {
        for (size_t i = 0; i < sim->worker_count; i++)
            if (sim->workers[i].idle_ms > 0)
                earlier(&next_ms, sim->now_ms + sim->workers[i].idle_ms);
    }
    sim->now_ms = next_ms > sim->now_ms ? next_ms : sim->now_ms + CLEAR_WAIT_MS;
}

static void heal(struct sim *sim)
{
    int idle_rounds = 0;
    heal_begin(sim);
    for (int round = 0; round < HEAL_ROUNDS_MAX && sim->failure[0] == '\0'; round++) {
        bool has_moved = false;
        sim_provider_run(sim);
        while (sim_clients_send(sim))
            has_moved = true;
        for (size_t i = 0; i < sim->worker_count; i++) {
            sim_worker_step(&sim->workers[i]);
            has_moved |= sim->workers[i].has_worked;
        }
        if (sim_is_quiet(sim))
            return;
        idle_rounds = has_moved ? 0 : idle_rounds + 1;
        if (has_moved)
            sim->now_ms++;
        else
            time_pass(sim, idle_rounds);
    }
    sim_fail(sim, "I6: it does not come to rest");
}

/* ---- one schedule ---- */

static void world_free(struct sim *sim)
{
    for (size_t i = 0; i < sim->worker_count; i++)
        sim_worker_stop(&sim->workers[i]);
    for (int service = 0; service < SIM_SERVICE_COUNT; service++) {
        struct sim_queue *queue = &sim->queues[service];
        while (queue->count > 0)
            sim_message_forget(queue, queue->messages[queue->count - 1]);
        for (size_t i = 0; i < sim->stores[service].count; i++)
            free(sim->stores[service].documents[i].body);
    }
}

bool sim_run(struct sim *sim, uint64_t seed, const struct sim_options *options)
{
    memset(sim, 0, sizeof *sim);
    sim->seed = seed;
    sim->options = *options;
    sim->now_ms = EPOCH_MS;
    sim->story_hash = UINT64_C(14695981039346656037);
    sim_random_seed(&sim->random, seed);
    rules_choose(sim);
    faults_choose(sim);
    sim_workers_make(sim);
    sim_clients_plan(sim);
    sim_topology_declare(sim);
    chaos(sim);
    if (sim->failure[0] == '\0')
        heal(sim);
    if (sim->failure[0] == '\0')
        sim_oracle_check(sim);
    world_free(sim);
    return sim->failure[0] == '\0';
}
