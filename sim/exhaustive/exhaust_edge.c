/* exhaust_edge.c - the world outside of an exhaustive world: clients and the provider. */
#include "sim/exhaustive/exhaust.h"
#include "sim/world/sim_clients.h"
#include "sim/world/sim_provider.h"
#include "sim/world/sim_story.h"

#include <assert.h>
#include <string.h>

/* ---- clients: each operation is open from the start, so every order is tried ---- */

static bool is_for(const struct exhaust_worker *worker, size_t op)
{
    enum sim_op_kind kind = worker->explorer->plan->ops[op].kind;
    return worker->service == (kind <= OP_CANCEL ? SIM_GATEWAY : SIM_PAYMENT);
}

/* A plan's duplicate of an operation that is open too: one of them stands for both. */
static bool is_like_one_before(const struct exhaust *explorer, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (explorer->world.ops[i] == EXHAUST_OP_OPEN &&
            memcmp(&explorer->plan->ops[i], &explorer->plan->ops[at],
                   sizeof explorer->plan->ops[at]) == 0)
            return true;
    return false;
}

static size_t op_choose(struct exhaust_worker *worker)
{
    struct exhaust *explorer = worker->explorer;
    size_t open[EXHAUST_OPS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < explorer->plan->op_count && !explorer->is_waking; i++)
        if (explorer->world.ops[i] == EXHAUST_OP_OPEN && is_for(worker, i) &&
            !is_like_one_before(explorer, i))
            open[count++] = i;
    size_t chosen = exhaust_choose(explorer, count + 1);
    return chosen == count ? EXHAUST_OPS_MAX : open[chosen];
}

static size_t request_take(void *self, size_t limit, struct request **ret_requests)
{
    struct exhaust_worker *worker = self;
    struct exhaust *explorer = worker->explorer;
    size_t count = 0;
    while (count < limit && worker->request_count < EXHAUST_OPS_MAX) {
        size_t op = op_choose(worker);
        if (op == EXHAUST_OPS_MAX)
            break;
        explorer->world.ops[op] = EXHAUST_OP_TAKEN;
        struct request *request = &worker->requests[worker->request_count];
        worker->request_ops[worker->request_count++] = (uint8_t)op;
        memset(request, 0, sizeof *request);
        sim_op_input(explorer->sim, &explorer->sim->ops[op], &request->input);
        sim_tell(explorer->sim, "%s is sent %s of %s", worker->name, request->input.type_name,
                 request->input.document_id);
        ret_requests[count++] = request;
    }
    if (count > 0) /* what is most likely new is saved without a load between */
        exhaust_port_point(worker);
    return count;
}

static void intent_accepted(struct exhaust *explorer, uint8_t op)
{
    struct exhaust_world *world = &explorer->world;
    const struct gateway_intent_request *now = &explorer->sim->ops[op].content.intent;
    const struct gateway_intent_request *first =
        &explorer->sim->ops[world->accepted_intent].content.intent;
    if (!world->is_intent_accepted)
        world->accepted_intent = op;
    else if (strcmp(first->user_id, now->user_id) != 0 || first->amount != now->amount)
        sim_fail(explorer->sim, "B6: two different intents were accepted");
    world->is_intent_accepted = true;
}

static void capture_accepted(struct exhaust *explorer, uint8_t op)
{
    struct exhaust_charge *charge = &explorer->world.charges[explorer->sim->ops[op].payment];
    if (!charge->is_accepted)
        charge->accepted_op = op;
    else if (explorer->sim->ops[charge->accepted_op].content.payment.amount !=
             explorer->sim->ops[op].content.payment.amount)
        sim_fail(explorer->sim, "B2: two different captures of one payment were accepted");
    charge->is_accepted = true;
}

static void answered(struct exhaust *explorer, uint8_t op, enum reply reply)
{
    bool is_accepted = reply == REPLY_ACCEPTED || reply == REPLY_REPLAYED;
    enum sim_op_kind kind = explorer->sim->ops[op].kind;
    explorer->world.ops[op] = reply == REPLY_UNAVAILABLE ? EXHAUST_OP_OPEN : EXHAUST_OP_CLOSED;
    if (reply == REPLY_NONE || reply == REPLY_INTERNAL)
        sim_fail(explorer->sim, "a request was answered with %d", (int)reply);
    if (is_accepted && kind == OP_INTENT)
        intent_accepted(explorer, op);
    if (is_accepted && kind == OP_CAPTURE)
        capture_accepted(explorer, op);
}

static void request_answer(void *self, struct request *request)
{
    struct exhaust_worker *worker = self;
    size_t at = (size_t)(request - worker->requests);
    assert(at < worker->request_count);
    sim_tell(worker->explorer->sim, "%s answers %s of %s: %d", worker->name,
             request->input.type_name, request->input.document_id, (int)request->reply);
    answered(worker->explorer, worker->request_ops[at], request->reply);
    exhaust_port_point(worker);
}

struct request_port exhaust_request_port(struct exhaust_worker *worker)
{
    return (struct request_port){ .self = worker, .take = request_take, .answer = request_answer };
}

/* ---- the provider ---- */

enum fault { NO_FAULT, ANSWER_LOST, NEVER_ARRIVED, NOT_NOW, ARRIVES_LATE, FAULTS };

static void ledger_answer(const struct exhaust *explorer, const struct refund_effect *effect,
                          enum refund_effect_type type, size_t payment,
                          struct refund_result *ret_result)
{
    const struct exhaust_charge *charge = &explorer->world.charges[payment];
    char body[512];
    int status = charge->effects > 0 ? 200 : 404;
    int length =
        charge->effects == 0
            ? 0
            : snprintf(body, sizeof body,
                       "{\"refundId\":\"re-%s\",\"paymentId\":\"%s\",\"amount\":%lld,"
                       "\"currency\":\"%s\",\"status\":\"succeeded\"}",
                       effect->payment_id, effect->payment_id, (long long)charge->refunded_amount,
                       explorer->sim->payments[payment].content.currency);
    payment_refund_answer_read(type, effect, status, body, (size_t)length, -1, ret_result);
}

/* C7: never more than was captured, and nothing that was not. */
static void capture_check(struct exhaust *explorer, const struct refund_effect *effect,
                          const struct exhaust_charge *charge)
{
    const struct sim_op *captured = &explorer->sim->ops[charge->accepted_op];
    if (exhaust_document_find(explorer, SIM_PAYMENT, effect->payment_id) == NULL ||
        (charge->is_accepted && captured->content.payment.amount != effect->amount))
        sim_fail(explorer->sim, "C7: a refund of %lld for %s, which was not captured so",
                 (long long)effect->amount, effect->payment_id);
}

/* The key is the payment's id: however often it is asked, money moves once. */
static size_t arrive(struct exhaust *explorer, const struct effect *asked)
{
    struct refund_effect effect;
    memcpy(&effect, asked->payload, sizeof effect);
    const struct sim_payment *found = sim_payment_find(explorer->sim, effect.payment_id);
    assert(found != NULL);
    size_t payment = (size_t)(found - explorer->sim->payments);
    struct exhaust_charge *charge = &explorer->world.charges[payment];
    if (asked->type != EFFECT_REFUND)
        return payment;
    capture_check(explorer, &effect, charge);
    if (charge->effects == 0) {
        charge->effects++;
        charge->refunded_amount += effect.amount;
        sim_tell(explorer->sim, "provider refunds %s", effect.payment_id);
    }
    return payment;
}

static const struct effect *effect_of(const struct exhaust_call *call)
{
    return (const struct effect *)(const void *)call->effect->bytes;
}

static void call_forget(struct exhaust *explorer, size_t at)
{
    struct exhaust_world *world = &explorer->world;
    world->calls[at] = world->calls[--world->call_count];
}

void exhaust_call_arrive(struct exhaust *explorer, size_t at)
{
    struct exhaust_call *call = &explorer->world.calls[at];
    sim_tell(explorer->sim, "a call from long ago reaches the provider");
    (void)arrive(explorer, effect_of(call));
    call->is_late = false;
    if (call->worker < 0)
        call_forget(explorer, at);
}

static void call_run(struct exhaust *explorer, struct exhaust_call *call, enum fault fault)
{
    struct refund_effect effect;
    struct refund_result result;
    enum refund_effect_type type = (enum refund_effect_type)effect_of(call)->type;
    memcpy(&effect, effect_of(call)->payload, sizeof effect);
    memset(&result, 0, sizeof result);
    call->is_late = fault == ARRIVES_LATE;
    if (fault == NO_FAULT || fault == ANSWER_LOST)
        ledger_answer(explorer, &effect, type, arrive(explorer, effect_of(call)), &result);
    if (fault == NOT_NOW)
        payment_refund_answer_read(type, &effect, 503, "", 0, -1, &result);
    else if (fault != NO_FAULT)
        payment_refund_failure_read(true, &result);
    call->result = exhaust_keep(&explorer->pool, &result, sizeof result,
                                exhaust_mix_bytes(5, &result, sizeof result));
}

/* Without the bytes behind the ends of its texts, which are whatever was there before. */
static const struct exhaust_text *effect_keep(struct exhaust *explorer, const struct effect *effect)
{
    struct effect kept;
    memset(&kept, 0, sizeof kept); /* the padding too: kept effects are compared as bytes */
    kept.is_wanted = true;
    kept.type = effect->type;
    snprintf(kept.document_id, sizeof kept.document_id, "%s", effect->document_id);
    snprintf(kept.correlation_id, sizeof kept.correlation_id, "%s", effect->correlation_id);
    memcpy(kept.payload, effect->payload, sizeof(struct refund_effect));
    return exhaust_keep(&explorer->pool, &kept, sizeof kept,
                        exhaust_mix_bytes(6, &kept, sizeof kept));
}

static bool effect_start(void *self, const struct effect *effect)
{
    static const char *const texts[FAULTS] = { "", ": the answer is lost", ": it never arrives",
                                               ": not now", ": it arrives late" };
    struct exhaust_worker *worker = self;
    struct exhaust *explorer = worker->explorer;
    struct exhaust_world *world = &explorer->world;
    if (world->call_count == EXHAUST_CALLS_MAX)
        return false;
    enum fault fault = world->faults > 0 ? (enum fault)exhaust_choose(explorer, FAULTS) : NO_FAULT;
    world->faults -= fault != NO_FAULT;
    sim_tell(explorer->sim, "%s %s %s%s", worker->name,
             effect->type == EFFECT_REFUND ? "asks the provider to refund"
                                           : "looks up the refund of",
             effect->document_id, texts[fault]);
    struct exhaust_call *call = &world->calls[world->call_count++];
    *call =
        (struct exhaust_call){ .worker = worker->number, .effect = effect_keep(explorer, effect) };
    call_run(explorer, call, fault);
    exhaust_port_point(worker);
    return true;
}

static size_t result_choose(struct exhaust_worker *worker)
{
    struct exhaust *explorer = worker->explorer;
    size_t ready[EXHAUST_CALLS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < explorer->world.call_count; i++)
        if (explorer->world.calls[i].worker == worker->number)
            ready[count++] = i;
    size_t chosen = exhaust_choose(explorer, count + 1);
    return chosen == count ? EXHAUST_CALLS_MAX : ready[chosen];
}

static size_t effect_take(void *self, size_t limit, struct input *ret_results)
{
    struct exhaust_worker *worker = self;
    struct exhaust *explorer = worker->explorer;
    size_t count = 0;
    while (count < limit) {
        size_t at = result_choose(worker);
        if (at == EXHAUST_CALLS_MAX)
            break;
        struct exhaust_call *call = &explorer->world.calls[at];
        const struct refund_result *result = (const void *)call->result->bytes;
        sim_tell(explorer->sim, "%s hears of %s: %s", worker->name, effect_of(call)->document_id,
                 payment_refund_status_text(result->status));
        sim_result_input(effect_of(call), result, &ret_results[count++]);
        call->worker = -1;
        if (!call->is_late)
            call_forget(explorer, at);
    }
    return count;
}

static bool effect_holds(void *self, const char *document_id)
{
    const struct exhaust_worker *worker = self;
    const struct exhaust_world *world = &worker->explorer->world;
    for (size_t i = 0; i < world->call_count; i++)
        if (world->calls[i].worker == worker->number &&
            strcmp(effect_of(&world->calls[i])->document_id, document_id) == 0)
            return true;
    return false;
}

struct effect_port exhaust_effect_port(struct exhaust_worker *worker)
{
    return (struct effect_port){
        .self = worker, .start = effect_start, .take = effect_take, .holds = effect_holds
    };
}

/* ---- a crash: nobody is told anything ---- */

/* A webhook is repeated until it is answered; a client may give up. */
void exhaust_edge_lose(struct exhaust_worker *worker)
{
    struct exhaust *explorer = worker->explorer;
    struct exhaust_world *world = &explorer->world;
    for (size_t i = 0; i < worker->request_count; i++) {
        uint8_t op = worker->request_ops[i];
        if (world->ops[op] != EXHAUST_OP_TAKEN)
            continue;
        bool is_over = explorer->sim->ops[op].kind <= OP_CANCEL && exhaust_choose(explorer, 2) == 1;
        world->ops[op] = is_over ? EXHAUST_OP_CLOSED : EXHAUST_OP_OPEN;
    }
    worker->request_count = 0;
    for (size_t i = world->call_count; i-- > 0;) {
        if (world->calls[i].worker != worker->number)
            continue;
        world->calls[i].worker = -1;
        if (!world->calls[i].is_late)
            call_forget(explorer, i);
    }
}
