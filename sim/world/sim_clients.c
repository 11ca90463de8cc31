/* sim_clients.c - who speaks HTTP: clients with intents and cancels, the provider with its
 * webhooks. They repeat themselves, contradict themselves, and act for strangers. */
#include "sim/world/sim_clients.h"
#include "sim/world/sim.h"
#include "sim/world/sim_document.h"
#include "sim/world/sim_story.h"
#include "sim/world/sim_words.h"

#include <assert.h>
#include <string.h>

static const char *const op_texts[] = { "intent", "cancel",       "capture",       "decline",
                                        "report", "announcement", "foreign intent" };

struct sim_payment *sim_payment_find(struct sim *sim, const char *id)
{
    for (size_t i = 0; i < sim->payment_count; i++)
        if (strcmp(sim->payments[i].id, id) == 0)
            return &sim->payments[i];
    return NULL;
}

/* ---- sending: inputs as the services' HTTP shells build them ---- */

static void gateway_input(const struct sim *sim, const struct sim_op *op, struct input *input)
{
    bool is_intent = op->kind == OP_INTENT;
    input->type = is_intent ? GATEWAY_REQUEST_INTENT : GATEWAY_REQUEST_CANCEL;
    input->type_name = is_intent ? GATEWAY_REQUEST_INTENT_NAME : GATEWAY_REQUEST_CANCEL_NAME;
    memcpy(input->document_id, sim->bookings[op->booking].id, sizeof input->document_id);
    memcpy(input->correlation_id, input->document_id, sizeof input->correlation_id);
    if (is_intent)
        memcpy(input->payload, &op->content.intent, sizeof op->content.intent);
    else
        memcpy(input->payload, &op->content.cancel, sizeof op->content.cancel);
}

static void payment_input(const struct sim *sim, const struct sim_op *op, struct input *input)
{
    const struct sim_payment *payment = &sim->payments[op->payment];
    bool is_unnamed = op->kind == OP_CAPTURE && payment->first_id[0] != '\0' && !op->is_own;
    const char *payment_id = is_unnamed ? payment->first_id : payment->id;
    enum payment_input_type type = op->kind == OP_CAPTURE   ? INPUT_CAPTURED
                                   : op->kind == OP_DECLINE ? INPUT_DECLINED
                                                            : INPUT_REPORTED;
    input->type = (int)type;
    input->type_name = payment_input_text(type);
    snprintf(input->id, sizeof input->id, "%s:%s", input->type_name, payment_id);
    memcpy(input->document_id, payment_id, sizeof input->document_id);
    memcpy(input->correlation_id, op->content.payment.intent_id, sizeof input->correlation_id);
    struct payment_payload payload = op->content.payment;
    payload.is_unnamed = is_unnamed;
    memcpy(input->payload, &payload, sizeof payload);
}

void sim_op_input(const struct sim *sim, const struct sim_op *op, struct input *ret_input)
{
    memset(ret_input, 0, sizeof *ret_input);
    ret_input->source = INPUT_FROM_REQUEST;
    snprintf(ret_input->id, sizeof ret_input->id, "request:%zu", (size_t)(op - sim->ops));
    ret_input->is_first = op->kind != OP_CANCEL && op->kind != OP_REPORT;
    if (op->kind <= OP_CANCEL)
        gateway_input(sim, op, ret_input);
    else
        payment_input(sim, op, ret_input);
}

void sim_request_send(struct sim_worker *worker, struct sim_op *op)
{
    struct sim *sim = worker->sim;
    struct sim_request *sent =
        arena_alloc(&sim->arena, sizeof *sent + sim->participants[worker->service].state_size);
    struct input *input = &sent->request.input;
    sim_op_input(sim, op, input);
    sent->request.state = sent->state;
    sent->op = (size_t)(op - sim->ops);
    op->is_open = false;
    worker->requests[worker->request_count++] = sent;
    worker->sleeps_until_ms = 0;
    sim_tell(sim, "client sends %s of %s to %s", op_texts[op->kind], input->document_id,
             worker->name);
}

int64_t sim_clients_next_ms(const struct sim *sim)
{
    int64_t next_ms = 0;
    for (size_t i = 0; i < sim->op_count; i++) {
        const struct sim_op *op = &sim->ops[i];
        if (op->is_open && op->not_before_ms > sim->now_ms &&
            (next_ms == 0 || op->not_before_ms < next_ms))
            next_ms = op->not_before_ms;
    }
    return next_ms;
}

bool sim_clients_send(struct sim *sim)
{
    size_t open[SIM_OPS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < sim->op_count; i++)
        if (sim->ops[i].is_open && sim->ops[i].not_before_ms <= sim->now_ms)
            open[count++] = i;
    if (count == 0)
        return false;
    struct sim_op *op = &sim->ops[open[sim_random_below(&sim->random, count)]];
    if (op->kind == OP_ANNOUNCE || op->kind == OP_FOREIGN) {
        op->is_open = false;
        if (op->kind == OP_ANNOUNCE)
            sim_capture_announce(sim, op->payment);
        else
            sim_intent_announce(sim, op);
        return true;
    }
    enum sim_service service = op->kind <= OP_CANCEL ? SIM_GATEWAY : SIM_PAYMENT;
    struct sim_worker *worker = sim_worker_up(sim, service);
    if (worker == NULL)
        return false; /* connection refused: later */
    sim_request_send(worker, op);
    return true;
}

/* ---- being answered ---- */

/* Signed and well formed: the provider would repeat for days what is refused. */
static void webhook_answered(struct sim *sim, struct sim_op *op, enum reply reply)
{
    bool is_unnamed = sim->payments[op->payment].first_id[0] != '\0';
    if (reply == REPLY_CONFLICT && is_unnamed && !op->is_own) {
        anomaly_reached(sim, ANOMALY_B20);
        op->is_own = true;
        op->is_open = true;
    } else if (reply != REPLY_OK || (is_unnamed && op->kind == OP_CAPTURE)) {
        sim_fail(sim, "B20: a webhook about %s is refused", sim->payments[op->payment].id);
    }
    op->is_kept = reply == REPLY_OK && op->kind == OP_CAPTURE;
}

static void again(struct sim *sim, struct sim_op *op)
{
    op->is_open = op->must_reach || (!sim->is_healed && !sim_fault(sim, FAULT_CLIENT_GIVES_UP));
}

static void intent_accepted(struct sim *sim, const struct sim_op *op)
{
    struct sim_booking *booking = &sim->bookings[op->booking];
    if (!booking->is_accepted) {
        booking->is_accepted = true;
        booking->accepted = op->content.intent;
    } else if (strcmp(booking->accepted.user_id, op->content.intent.user_id) != 0 ||
               booking->accepted.amount != op->content.intent.amount) {
        sim_fail(sim, "B6: two different intents of %s were accepted", booking->id);
    }
}

static void capture_accepted(struct sim *sim, const struct sim_op *op)
{
    struct sim_payment *payment = &sim->payments[op->payment];
    if (!payment->is_accepted) {
        payment->is_accepted = true;
        payment->accepted = op->content.payment;
    } else if (payment->accepted.amount != op->content.payment.amount ||
               strcmp(payment->accepted.intent_id, op->content.payment.intent_id) != 0) {
        sim_fail(sim, "B2: two different captures of %s were accepted", payment->id);
    }
}

static void cancel_accepted(struct sim *sim, const struct sim_op *op)
{
    struct sim_booking *booking = &sim->bookings[op->booking];
    if (strcmp(op->content.cancel.user_id, booking->user_id) == 0)
        booking->is_cancel_promised = true;
}

static void answer_see(struct sim *sim, const struct sim_op *op, enum reply reply)
{
    if (reply == REPLY_REPLAYED && op->is_lost)
        anomaly_reached(sim, ANOMALY_D6);
    if (sim->blocked_until_ms > sim->now_ms || sim->broker_away_until_ms > sim->now_ms)
        anomaly_reached(sim, ANOMALY_E11);
}

static void answered(struct sim *sim, struct sim_op *op, enum reply reply)
{
    answer_see(sim, op, reply);
    switch (reply) {
    case REPLY_ACCEPTED:
    case REPLY_REPLAYED:
        if (op->kind == OP_INTENT)
            intent_accepted(sim, op);
        if (op->kind == OP_CAPTURE)
            capture_accepted(sim, op);
        if (op->kind == OP_CANCEL)
            cancel_accepted(sim, op);
        return;
    case REPLY_UNAVAILABLE:
        again(sim, op);
        return;
    case REPLY_OK:
    case REPLY_CONFLICT:
    case REPLY_NOT_FOUND:
    case REPLY_UNPROCESSABLE:
        if (op->kind >= OP_CAPTURE)
            webhook_answered(sim, op, reply);
        return;
    case REPLY_NONE:
    case REPLY_INTERNAL:
        break;
    }
    sim_fail(sim, "a request was answered with %d", (int)reply);
}

static void request_drop(struct sim_worker *worker, size_t at)
{
    worker->request_count--;
    memmove(&worker->requests[at], &worker->requests[at + 1],
            (worker->request_count - at) * sizeof worker->requests[0]);
}

/* Whether they were stored, nobody was told. */
void sim_clients_lose(struct sim_worker *worker)
{
    struct sim *sim = worker->sim;
    while (worker->request_count > 0) {
        const struct sim_request *request = worker->requests[0];
        struct sim_op *op = &sim->ops[request->op];
        op->is_lost = op->kind == OP_INTENT && request->is_taken &&
                      sim_document_find(sim, SIM_GATEWAY, sim->bookings[op->booking].id) != NULL;
        again(sim, op);
        request_drop(worker, 0);
    }
}

/* Whichever of them is first: the other one's insert, or its look, finds what that has stored. */
static void rivals_see(const struct sim_worker *worker, const struct request *request)
{
    struct sim *sim = worker->sim;
    for (size_t i = 0; i < sim->worker_count; i++) {
        const struct sim_worker *other = &sim->workers[i];
        if (other == worker || other->service != SIM_GATEWAY || worker->service != SIM_GATEWAY)
            continue;
        for (size_t k = 0; k < other->request_count; k++)
            if (strcmp(other->requests[k]->request.input.document_id, request->input.document_id) ==
                0)
                anomaly_reached(sim, ANOMALY_A16);
    }
}

static size_t request_take(void *self, size_t limit, struct request **ret_requests)
{
    struct sim_worker *worker = self;
    size_t count = 0;
    sim_port_point(worker);
    for (size_t i = 0; i < worker->request_count && count < limit; i++)
        if (!worker->requests[i]->is_taken) {
            worker->requests[i]->is_taken = true;
            rivals_see(worker, &worker->requests[i]->request);
            ret_requests[count++] = &worker->requests[i]->request;
        }
    return count;
}

static void request_answer(void *self, struct request *request)
{
    static const char *const texts[] = { "none",      "accepted",    "replayed",
                                         "ok",        "conflict",    "unprocessable",
                                         "not found", "unavailable", "internal" };
    struct sim_worker *worker = self;
    struct sim *sim = worker->sim;
    sim_port_point(worker);
    for (size_t i = 0; i < worker->request_count; i++) {
        if (&worker->requests[i]->request != request)
            continue;
        struct sim_op *op = &sim->ops[worker->requests[i]->op];
        sim_tell(sim, "%s answers %s of %s: %s", worker->name, op_texts[op->kind],
                 request->input.document_id, texts[request->reply]);
        answered(sim, op, request->reply);
        request_drop(worker, i);
        return;
    }
    assert(false && "the engine answers a request that it did not take");
}

struct request_port sim_request_port(struct sim_worker *worker)
{
    return (struct request_port){ .self = worker, .take = request_take, .answer = request_answer };
}
