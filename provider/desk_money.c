/* desk_money.c - charges and refunds. */
#include "common/base/clock.h"
#include "common/base/rfc3339.h"
#include "common/base/uuid.h"
#include "common/json/json_write.h"
#include "common/log/log.h"
#include "provider/desk.h"
#include "provider/requests.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define ANSWER_BYTES 2048

/* The webhook faults of one call; its header has been found well-formed before. */
struct webhook_draw {
    struct desk *desk;
    const char *header;
};

static void webhook_draw_run(void *self, const char *payment_id, struct webhook_faults *ret_faults)
{
    struct webhook_draw *draw = self;
    struct error error;
    pthread_mutex_lock(&draw->desk->mutex);
    bool is_ok =
        faults_draw_webhook(&draw->desk->faults, payment_id, draw->header, ret_faults, &error);
    pthread_mutex_unlock(&draw->desk->mutex);
    assert(is_ok);
}

static const char *traceparent_of(const struct http_request *request)
{
    const char *traceparent = http_request_header(request, "traceparent", NULL);
    return traceparent && strlen(traceparent) == TRACEPARENT_SIZE - 1 ? traceparent : "";
}

/* Absent: "" (true). Repeated, malformed or too long: false, and the answer is given. */
static bool key_read(const struct http_request *request, char *buffer, size_t size,
                     struct http_answer *answer)
{
    bool is_repeated = false;
    const char *header = http_request_header(request, "Idempotency-Key", &is_repeated);
    buffer[0] = '\0';
    if (!header && !is_repeated)
        return true;
    if (header && idempotency_key_read(header, buffer, size))
        return true;
    desk_problem(answer, 400, "idempotency_key_invalid",
                 "Idempotency-Key: one, a quoted or bare text of visible characters", NULL);
    return false;
}

/* Refusals and trouble; true: the entry stands and its own answer is to be written. */
static bool entry_stands(struct desk *desk, const struct journal_entry *entry,
                         struct http_answer *answer)
{
    if (entry->is_queue_full) {
        desk_problem(answer, 503, "webhooks_pending", "too many webhooks are pending", NULL);
        return false;
    }
    const struct ledger_saying *saying = ledger_say(entry->verdict);
    if (entry->verdict == LEDGER_NEW || entry->verdict == LEDGER_REPLAY) {
        answer->status = saying->http_status;
        if (entry->verdict == LEDGER_REPLAY) {
            atomic_fetch_add(&desk->replays, 1);
            http_answer_header(answer, "Idempotent-Replayed", "true");
        } else {
            courier_wake(desk->courier);
        }
        return true;
    }
    atomic_fetch_add(&desk->refusals, 1);
    desk_problem(answer, saying->http_status, saying->code, saying->detail,
                 entry->verdict == LEDGER_ALREADY_REFUNDED ? entry->refund.refund_id : NULL);
    return false;
}

static void charge_write(const struct ledger_charge *charge, struct http_answer *answer)
{
    char at[RFC3339_SIZE];
    rfc3339_write_ms(charge->at_ms, at);
    struct json_writer writer;
    json_write_init(&writer, answer->body, ANSWER_BYTES);
    json_write_object_begin(&writer, NULL);
    json_write_string(&writer, "paymentId", charge->payment_id);
    json_write_string(&writer, "intentId", charge->intent_id);
    json_write_string(&writer, "userId", charge->user_id);
    json_write_int(&writer, "amount", charge->amount);
    json_write_string(&writer, "currency", charge->currency);
    json_write_string(&writer, "status", ledger_status_text(charge->status));
    json_write_int(&writer, "captured", charge->captured);
    json_write_int(&writer, "refunded", charge->refunded);
    json_write_string(&writer, "capturedAt", at);
    json_write_object_end(&writer);
    answer->body_length = json_write_finish(&writer);
    assert(answer->body_length > 0);
}

static void refund_write(const struct ledger_refund *refund, struct http_answer *answer)
{
    char at[RFC3339_SIZE];
    rfc3339_write_ms(refund->at_ms, at);
    struct json_writer writer;
    json_write_init(&writer, answer->body, ANSWER_BYTES);
    json_write_object_begin(&writer, NULL);
    json_write_string(&writer, "refundId", refund->refund_id);
    json_write_string(&writer, "paymentId", refund->payment_id);
    if (refund->intent_id[0] != '\0')
        json_write_string(&writer, "intentId", refund->intent_id);
    json_write_int(&writer, "amount", refund->amount);
    json_write_string(&writer, "currency", refund->currency);
    json_write_string(&writer, "status", "succeeded");
    json_write_string(&writer, "at", at);
    json_write_object_end(&writer);
    answer->body_length = json_write_finish(&writer);
    assert(answer->body_length > 0);
}

void desk_charge(void *self, const struct http_request *request, struct http_answer *answer)
{
    struct desk *desk = self;
    struct ledger_charge_request charge;
    struct json_problem problem;
    if (!charge_request_read(request->body, request->body_length, desk->options->currency, &charge,
                             &problem)) {
        http_answer_json_problem(answer, &problem);
        return;
    }
    if (desk->observer)
        tracing_request_begin(desk->observer, charge.intent_id, NULL);
    struct fault fault;
    if (!key_read(request, charge.key, sizeof charge.key, answer) ||
        !desk_fault_before(desk, FAULT_TARGET_CHARGE, charge.payment_id, request, answer, &fault))
        return;
    int64_t now_ms = clock_wall_ms();
    uint8_t random[10];
    char uuid[UUID_TEXT_SIZE];
    uuid_random_bytes(random, sizeof random);
    uuid_v7_make(now_ms, random, uuid);
    (void)snprintf(charge.fresh_id, sizeof charge.fresh_id, "pay_%s", uuid);

    struct webhook_draw draw = { desk, http_request_header(request, "Roundtrip-Fault", NULL) };
    struct journal_webhooks webhooks = { &draw, webhook_draw_run, traceparent_of(request), true };
    struct journal_entry entry;
    struct error error;
    if (!journal_charge(desk->journal, &charge, &webhooks, now_ms, &entry, &error)) {
        log_write(LOG_ERROR, "charge: %s", error.message);
        desk_unavailable(answer, &error);
        return;
    }
    bool stands = entry_stands(desk, &entry, answer);
    if (stands && entry.verdict == LEDGER_NEW)
        atomic_fetch_add(&desk->charges, 1);
    if (!desk_fault_after(desk, &fault, answer) && stands)
        charge_write(&entry.charge, answer);
}

void desk_refund(void *self, const struct http_request *request, struct http_answer *answer)
{
    struct desk *desk = self;
    struct ledger_refund_request refund;
    struct json_problem problem;
    if (!refund_request_read(request->body, request->body_length, desk->options->currency, &refund,
                             &problem)) {
        http_answer_json_problem(answer, &problem);
        return;
    }
    if (desk->observer && refund.intent_id[0] != '\0')
        tracing_request_begin(desk->observer, refund.intent_id, NULL);
    char key[LEDGER_KEY_SIZE];
    if (!key_read(request, key, sizeof key, answer))
        return;
    if (!ident_is_valid(key, strlen(key))) {
        desk_problem(answer, 400,
                     key[0] == '\0' ? "idempotency_key_missing" : "idempotency_key_invalid",
                     "a refund needs an Idempotency-Key: 1 to 64 of A-Z a-z 0-9 _ . : -", NULL);
        return;
    }
    memcpy(refund.key, key, sizeof refund.key);
    struct fault fault;
    if (!desk_fault_before(desk, FAULT_TARGET_REFUND, refund.payment_id, request, answer, &fault))
        return;

    struct webhook_draw draw = { desk, http_request_header(request, "Roundtrip-Fault", NULL) };
    struct journal_webhooks webhooks = { &draw, webhook_draw_run, traceparent_of(request),
                                         strcmp(desk->options->refund_webhook, "on") == 0 };
    bool is_adopting = strcmp(desk->options->unknown, "adopt") == 0;
    struct journal_entry entry;
    struct error error;
    if (!journal_refund(desk->journal, &refund, is_adopting, &webhooks, clock_wall_ms(), &entry,
                        &error)) {
        log_write(LOG_ERROR, "refund: %s", error.message);
        desk_unavailable(answer, &error);
        return;
    }
    bool stands = entry_stands(desk, &entry, answer);
    if (stands && entry.verdict == LEDGER_NEW)
        atomic_fetch_add(&desk->refunds, 1);
    if (!desk_fault_after(desk, &fault, answer) && stands)
        refund_write(&entry.refund, answer);
}

void desk_refund_by_key(void *self, const struct http_request *request, struct http_answer *answer)
{
    struct desk *desk = self;
    struct ledger_refund refund;
    struct error error;
    struct fault fault;
    bool is_found = false;
    if (!desk_fault_before(desk, FAULT_TARGET_LOOKUP, request->path_parameter, request, answer,
                           &fault))
        return;
    if (!journal_refund_by_key(desk->journal, request->path_parameter, &is_found, &refund,
                               &error)) {
        desk_unavailable(answer, &error);
    } else if (!is_found) {
        desk_problem(answer, 404, "unknown_refund", "no refund was made under this key", NULL);
    } else {
        if (desk->observer && refund.intent_id[0] != '\0')
            tracing_request_begin(desk->observer, refund.intent_id, NULL);
        answer->status = 200;
        refund_write(&refund, answer);
    }
}
