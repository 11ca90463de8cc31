/* sim_strangers.c - who else has access to the broker: publishers of nonsense, of forgeries, of
 * captures that the payment service has not stored yet, and of demands for too much money. */
#include "common/saga/content_codec.h"
#include "events/topology.h"
#include "sim/world/sim.h"
#include "sim/world/sim_document.h"
#include "sim/world/sim_queue.h"
#include "sim/world/sim_story.h"
#include "sim/world/sim_words.h"

#include <string.h>

static const struct poison {
    const char *type, *body;
    enum sim_anomaly meets;
} poisons[] = {
#define CAPTURE(money) "{\"paymentId\":\"p1\",\"intentId\":\"b1\",\"userId\":\"u1\"," money "}"
    { EVENT_PAYMENT_CAPTURED, "{\"paymentId\":\"p1\"", ANOMALY_H1 },
    { EVENT_INTENT_CREATED, "[]", ANOMALY_H1 },
    { EVENT_INTENT_CREATED, "", ANOMALY_H1 },
    { EVENT_BOOKING_FAILED, "{\"intentId\":\"b1\",\"reason\":\"x\",\"payments\":{}}", ANOMALY_H1 },
    { EVENT_PAYMENT_CAPTURED, CAPTURE("\"amount\":-5,\"currency\":\"EUR\""), ANOMALY_B10 },
    { EVENT_PAYMENT_CAPTURED, CAPTURE("\"amount\":1.5,\"currency\":\"EUR\""), ANOMALY_B10 },
    { EVENT_PAYMENT_CAPTURED, CAPTURE("\"amount\":9007199254740993,\"currency\":\"EUR\""),
      ANOMALY_B10 },
    { EVENT_PAYMENT_CAPTURED, CAPTURE("\"amount\":5,\"currency\":\"Eur\""), ANOMALY_B10 },
    { "booking.exploded", "{}", ANOMALY_H2 },
#undef CAPTURE
};

void sim_poison_publish(struct sim *sim)
{
    enum sim_service service = (enum sim_service)sim_random_below(&sim->random, sim->service_count);
    const struct poison *poison =
        &poisons[sim_random_below(&sim->random, sizeof poisons / sizeof poisons[0])];
    struct message message = { .schema_version = SCHEMA_FIRST };
    if ((sim->queues[service].missing & MEMORY_OWN) != 0)
        return;
    snprintf(message.id, sizeof message.id, "poison:%zu", ++sim->poison_count);
    snprintf(message.type, sizeof message.type, "%s", poison->type);
    message.body = poison->body;
    message.body_length = strlen(poison->body);
    bool is_newer = sim_random_chance(&sim->random, 200);
    if (is_newer)
        message.schema_version = SCHEMA_FIRST + 2; /* nobody ever knows it */
    struct sim_message *put = sim_queue_put(sim, service, &message);
    if (put == NULL)
        return;
    put->is_poison = true;
    put->is_malformed = sim_random_chance(&sim->random, 300);
    bool is_known = content_form_find(sim->participants[service].contents, poison->type) != NULL;
    put->quarantine_meets = put->is_malformed       ? ANOMALY_H1
                            : is_newer || !is_known ? ANOMALY_H2
                                                    : poison->meets;
    sim_tell(sim, "somebody publishes nonsense to %s: %s %s", sim_service_text(service), message.id,
             message.type);
}

/* Another amount; false: there is none. */
static bool amount_alter(struct sim *sim, struct message *message)
{
    char *body = arena_alloc(&sim->arena, message->body_length + 1);
    memcpy(body, message->body, message->body_length);
    char *amount = strstr(body, "\"amount\":");
    if (amount == NULL)
        return false;
    char *digit = amount + strlen("\"amount\":");
    *digit = *digit == '9' ? '8' : (char)(*digit + 1);
    message->body = body;
    return true;
}

/* One field more, which nobody here reads. */
static void body_widen(struct sim *sim, struct message *message)
{
    static const char field[] = "{\"newer\":{\"amount\":1},";
    size_t length = message->body_length + sizeof field - 2;
    char *body = arena_alloc(&sim->arena, length + 1);
    memcpy(body, field, sizeof field - 1);
    memcpy(body + sizeof field - 1, message->body + 1, message->body_length - 1);
    message->body = body;
    message->body_length = length;
}

/* Its one document has it in its history. Duplicates beyond a bound are only counted there, and
 * whoever may publish could then be believed in another's name. */
static bool is_remembered(const struct sim *sim, enum sim_service service,
                          const struct message *message)
{
    const struct sim_store *store = &sim->stores[service];
    const char *first = strstr(message->body, "\"paymentId\"");
    if (first != NULL && strstr(first + 1, "\"paymentId\"") != NULL)
        return false; /* of several documents */
    for (size_t i = 0; i < store->memory.count; i++)
        if (memmem(store->documents[i].body, store->documents[i].body_length, message->id,
                   strlen(message->id) + 1) != NULL)
            return true;
    return false;
}

/* The id of a message that was settled, with another body: A10, or one that says the same. */
void sim_forgery_publish(struct sim *sim, enum sim_service service,
                         const struct sim_message *settled)
{
    /* A store that comes back from a backup may have forgotten the true one. */
    bool may_forget = service == SIM_PAYMENT && sim->rates[FAULT_RESTORE] > 0;
    if (may_forget || !is_remembered(sim, service, &settled->message))
        return;
    struct message forged = settled->message;
    bool is_wider = sim_random_chance(&sim->random, 500) || !amount_alter(sim, &forged);
    if (is_wider)
        body_widen(sim, &forged);
    struct sim_message *put = sim_queue_put(sim, service, &forged);
    if (put == NULL)
        return;
    put->is_forged = !is_wider;
    put->is_wider = is_wider;
    sim_tell(sim, "%s comes again %s", forged.id, is_wider ? "with one field more" : "forged");
}

static void body_publish(struct sim *sim, struct message *message, const char *type,
                         const struct sim_payment *payment, int64_t amount)
{
    char body[512];
    const struct payment_payload *content = &payment->content;
    int length = snprintf(body, sizeof body,
                          "{\"paymentId\":\"%s\",\"intentId\":\"%s\",\"userId\":\"%s\","
                          "\"amount\":%lld,\"currency\":\"%s\"}",
                          payment->id, content->intent_id, content->user_id, (long long)amount,
                          content->currency);
    message->schema_version = SCHEMA_FIRST;
    snprintf(message->type, sizeof message->type, "%s", type);
    memcpy(message->correlation_id, content->intent_id, sizeof message->correlation_id);
    message->timestamp_ms = sim->now_ms;
    message->body = body;
    message->body_length = (size_t)length;
    (void)sim_route(sim, message);
    sim_tell(sim, "somebody publishes %s %s of %s", type, message->id, payment->id);
}

void sim_capture_announce(struct sim *sim, size_t payment_at)
{
    struct message message = { 0 };
    struct sim_payment *payment = &sim->payments[payment_at];
    payment->is_announced = true;
    snprintf(message.id, sizeof message.id, SIM_EARLY_PREFIX "%s", payment->id);
    body_publish(sim, &message, EVENT_PAYMENT_CAPTURED, payment, payment->content.amount);
}

/* By another gateway, or a producer that has none. */
void sim_intent_announce(struct sim *sim, const struct sim_op *op)
{
    struct message message = { .schema_version = SCHEMA_FIRST };
    const struct gateway_intent_request *intent = &op->content.intent;
    const char *id = sim->bookings[op->booking].id;
    char body[512];
    int length = snprintf(body, sizeof body,
                          "{\"intentId\":\"%s\",\"userId\":\"%s\",\"amount\":%lld,"
                          "\"currency\":\"%s\"}",
                          id, intent->user_id, (long long)intent->amount, intent->currency);
    snprintf(message.id, sizeof message.id, "foreign:%s", id);
    snprintf(message.type, sizeof message.type, "%s", EVENT_INTENT_CREATED);
    memcpy(message.correlation_id, id, sizeof message.correlation_id);
    message.timestamp_ms = sim->now_ms;
    message.body = body;
    message.body_length = (size_t)length;
    (void)sim_route(sim, &message);
    sim_tell(sim, "somebody publishes the intent of %s", id);
}

/* Only of what is captured: a demand for an unknown payment is believed, as its publisher is. */
void sim_demand_publish(struct sim *sim)
{
    struct message message = { 0 };
    struct payment stored;
    if (sim->payment_count == 0)
        return;
    const struct sim_payment *payment =
        &sim->payments[sim_random_below(&sim->random, sim->payment_count)];
    const struct memory_document *document = sim_document_find(sim, SIM_PAYMENT, payment->id);
    if (document == NULL || !sim_document_state(sim, SIM_PAYMENT, document, &stored) ||
        stored.state != PAYMENT_CAPTURED)
        return;
    snprintf(message.id, sizeof message.id, "demand:%zu", ++sim->poison_count);
    body_publish(sim, &message, EVENT_REFUND_REQUESTED, payment, stored.amount + 1);
}
