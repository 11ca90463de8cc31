/* exhaust_move.c - how an exhaustive world begins, and the transitions that lead on from a state.
 */
#include "events/topology.h"
#include "services/registry.h"
#include "sim/exhaustive/exhaust.h"
#include "sim/world/sim_newer.h"
#include "sim/world/sim_story.h"

#include <assert.h>
#include <string.h>

#define EPOCH_MS         INT64_C(1790000000000)
#define PRICE            1000
#define FORCED_MOVES_MAX 40
#define JUMP_BACK_MS     20000 /* longer than any deadline of a booking */
#define JUMP_AHEAD_MS    45000 /* past where a clock was before it was set back */

/* ---- the first state ---- */

static void rules_set(struct sim *sim)
{
    sim->booking_rules =
        (struct booking_rules){ .payment_timeout_ms = 10000, .intent_timeout_ms = 10000 };
    sim->gateway_config =
        (struct gateway_config){ .repeat_after_ms = 60000, .repeat_max_ms = 3600000 };
    sim->payment_rules = (struct payment_rules){
        .repeat_after_ms = 60000,
        .repeat_max_ms = 3600000,
        .effect_wait_ms = 6000,
        .refund_retry_ms = 500,
        .refund_retry_max_ms = 600000,
        .refund_attempts_max = 10,
    };
    sim_participants_make(sim);
}

static void payment_fill(struct payment_payload *content, const struct sim_booking *booking,
                         const struct exhaust_op *planned)
{
    memcpy(content->intent_id, booking->id, sizeof content->intent_id);
    snprintf(content->user_id, sizeof content->user_id, "%s",
             planned->is_stranger ? "stranger" : booking->user_id);
    content->amount = booking->amount - (planned->is_short ? 1 : 0);
    snprintf(content->currency, sizeof content->currency, "EUR");
    if (planned->kind == OP_DECLINE) {
        content->amount = 0;
        content->is_final = planned->is_final;
        snprintf(content->reason, sizeof content->reason, "card_declined");
    }
}

static void op_fill(struct sim *sim, const struct exhaust_op *planned)
{
    const struct sim_booking *booking = &sim->bookings[0];
    struct sim_op *op = &sim->ops[sim->op_count++];
    op->kind = planned->kind;
    op->payment = planned->payment;
    if (planned->kind == OP_INTENT) {
        memcpy(op->content.intent.user_id, booking->user_id, sizeof booking->user_id);
        snprintf(op->content.intent.currency, CURRENCY_SIZE, "EUR");
        op->content.intent.amount = booking->amount - (planned->is_short ? 1 : 0);
    } else if (planned->kind == OP_CANCEL) {
        memcpy(op->content.cancel.user_id, booking->user_id, sizeof booking->user_id);
    } else {
        struct sim_payment *payment = &sim->payments[planned->payment];
        if (sim->payment_count <= planned->payment)
            sim->payment_count = planned->payment + 1;
        snprintf(payment->id, sizeof payment->id, "p%zu", planned->payment + 1);
        payment_fill(&op->content.payment, booking, planned);
        payment->content = op->content.payment;
    }
}

/* Those that lead to a queue of this world. */
static size_t bindings_choose(struct exhaust *explorer)
{
    size_t count = 0;
    for (size_t i = 0; i < event_binding_count; i++)
        for (int role = 0; role < SIM_ROLE_COUNT; role++)
            if (strcmp(event_bindings[i].queue, services[role]->queue) == 0)
                explorer->bindings[count++] = event_bindings[i];
    return count;
}

void exhaust_begin(struct exhaust *explorer)
{
    const struct exhaust_plan *plan = explorer->plan;
    struct sim *sim = explorer->sim;
    struct exhaust_world *world = &explorer->world;
    rules_set(sim);
    sim->booking_count = 1;
    snprintf(sim->bookings[0].id, sizeof sim->bookings[0].id, "b1");
    snprintf(sim->bookings[0].user_id, sizeof sim->bookings[0].user_id, "u1");
    sim->bookings[0].amount = PRICE;
    for (size_t i = 0; i < plan->op_count; i++)
        op_fill(sim, &plan->ops[i]);
    assert(sim->payment_count <= EXHAUST_PAYMENTS_MAX);
    world->now_ms = sim->now_ms = EPOCH_MS;
    explorer->broker = memory_broker_of(world->queues, SIM_ROLE_COUNT, explorer->bindings,
                                        bindings_choose(explorer), exhaust_keeper(&explorer->pool));
    for (int service = 0; service < SIM_ROLE_COUNT; service++) {
        world->queues[service] = memory_queue_of(services[service]->queue, world->entries[service],
                                                 EXHAUST_QUEUE_MAX, NULL, 0);
        world->stores[service] = memory_store_of(world->documents[service], EXHAUST_DOCUMENTS_MAX,
                                                 exhaust_keeper(&explorer->pool));
    }
    memory_broker_declare(&explorer->broker);
    exhaust_workers_make(explorer);
    explorer->is_waking = true;
    for (size_t i = 0; i < explorer->worker_count; i++)
        exhaust_step(&explorer->workers[i]);
    explorer->is_waking = false;
    world->duplicates = plan->duplicates;
    world->crashes = plan->crashes;
    world->ticks = plan->ticks;
    world->faults = plan->faults;
    world->unwritten = plan->unwritten;
    world->refusals = plan->refusals;
    world->jumps = plan->jumps;
    world->misses = plan->misses;
}

/* ---- the clock ---- */

static void earlier(const struct exhaust *explorer, int64_t *at_ms, int64_t candidate_ms)
{
    if (candidate_ms > explorer->world.now_ms && (*at_ms == 0 || candidate_ms < *at_ms))
        *at_ms = candidate_ms;
}

/* By the clock that dated it, and by that of whoever looks. */
static void dated(const struct exhaust *explorer, int service, int64_t *at_ms, int64_t date_ms)
{
    earlier(explorer, at_ms, date_ms);
    for (size_t i = 0; i < explorer->worker_count; i++)
        if ((int)explorer->workers[i].service == service)
            earlier(explorer, at_ms, date_ms - explorer->world.skews_ms[i]);
}

/* The next moment at which something falls due; 0 = nothing does. */
static int64_t due_next_ms(const struct exhaust *explorer)
{
    const struct engine_limits *limits = &engine_limits_default;
    int64_t next_ms = 0;
    for (int service = 0; service < SIM_ROLE_COUNT; service++)
        for (size_t i = 0; i < EXHAUST_DOCUMENTS_MAX; i++) {
            const struct memory_document *document = &explorer->world.documents[service][i];
            dated(explorer, service, &next_ms, document->due_at_ms);
            if (document->owed_at_ms == 0)
                continue;
            dated(explorer, service, &next_ms, document->owed_at_ms + limits->clear_interval_ms);
            dated(explorer, service, &next_ms, document->owed_at_ms + limits->relay_age_ms);
        }
    for (size_t i = 0; i < explorer->worker_count; i++)
        earlier(explorer, &next_ms, exhaust_worker_again_ms(&explorer->workers[i]));
    return next_ms;
}

static void clock_set(struct exhaust *explorer, int64_t now_ms)
{
    explorer->world.now_ms = explorer->sim->now_ms = now_ms;
    sim_tell(explorer->sim, "time passes");
}

void exhaust_clock_force(struct exhaust *explorer)
{
    int64_t next_ms = due_next_ms(explorer);
    if (next_ms == 0) /* something was due before, and a worker has not looked yet */
        next_ms = explorer->world.now_ms + engine_limits_default.relay_age_ms;
    clock_set(explorer, next_ms);
    if (++explorer->world.forced_moves > FORCED_MOVES_MAX)
        sim_fail(explorer->sim, "I6: it does not come to rest");
}

/* ---- one transition ---- */

enum kind { WORKER_STEPS, CLOCK_MOVES, CALL_ARRIVES, SET_AHEAD, SET_BACK };
struct transition_choice {
    enum kind kind;
    size_t at;
};

/* Two workers of a service that remember the same are one. */
static bool is_like_one_before(const struct exhaust *explorer, size_t at)
{
    const struct exhaust_worker *worker = &explorer->workers[at];
    for (size_t i = 0; i < at; i++)
        if (explorer->workers[i].service == worker->service &&
            exhaust_memory_hash(explorer, &explorer->workers[i]) ==
                exhaust_memory_hash(explorer, worker))
            return true;
    return false;
}

static void clock_jump(struct exhaust *explorer, size_t worker, int64_t jump_ms)
{
    explorer->world.jumps--;
    explorer->world.skews_ms[worker] += jump_ms;
    sim_tell(explorer->sim, "the clock of %s is set %s", explorer->workers[worker].name,
             jump_ms > 0 ? "ahead" : "back");
}

void exhaust_transition(struct exhaust *explorer)
{
    struct exhaust_world *world = &explorer->world;
    struct transition_choice all[3 * EXHAUST_WORKERS_MAX + EXHAUST_CALLS_MAX + 1];
    size_t count = 0;
    explorer->sim->now_ms = world->now_ms;
    explorer->sim->depth = 0;
    for (size_t i = 0; i < explorer->worker_count; i++)
        if (!is_like_one_before(explorer, i))
            all[count++] = (struct transition_choice){ WORKER_STEPS, i };
    for (size_t i = 0; i < world->call_count; i++)
        if (world->calls[i].is_late)
            all[count++] = (struct transition_choice){ CALL_ARRIVES, i };
    int64_t due_ms = world->ticks > 0 ? due_next_ms(explorer) : 0;
    if (due_ms != 0)
        all[count++] = (struct transition_choice){ CLOCK_MOVES, 0 };
    for (size_t i = 0; world->jumps > 0 && i < explorer->worker_count; i++)
        if (!is_like_one_before(explorer, i)) {
            all[count++] = (struct transition_choice){ SET_AHEAD, i };
            all[count++] = (struct transition_choice){ SET_BACK, i };
        }
    const struct transition_choice chosen = all[exhaust_choose(explorer, count)];
    switch (chosen.kind) {
    case WORKER_STEPS:
        exhaust_step(&explorer->workers[chosen.at]);
        break;
    case CLOCK_MOVES:
        world->ticks--;
        clock_set(explorer, due_ms);
        break;
    case CALL_ARRIVES:
        exhaust_call_arrive(explorer, chosen.at);
        break;
    case SET_AHEAD:
        clock_jump(explorer, chosen.at, JUMP_AHEAD_MS);
        break;
    case SET_BACK:
        clock_jump(explorer, chosen.at, -JUMP_BACK_MS);
        break;
    }
}
