/* show_json.c - a dossier for scripts. Members are only ever added. */
#include "cli/commands/show.h"
#include "cli/commands/why.h"
#include "cli/screen/json.h"

#include <stdio.h>

static void money_put(cJSON *object, int64_t amount, const char *currency)
{
    cJSON_AddNumberToObject(object, "amount", (double)amount);
    json_put_text(object, "currency", currency);
}

static void intent_put(cJSON *json, const struct dossier *dossier)
{
    const struct booking *booking = dossier_booking(dossier);
    const struct gateway_intent *intent = &dossier->seen.intent;
    bool is_stored = booking != NULL && booking->has_intent;
    if (!intent->is_present && !is_stored) {
        cJSON_AddNullToObject(json, "intent");
        return;
    }
    cJSON *part = cJSON_AddObjectToObject(json, "intent");
    json_put_text(part, "userId", intent->is_present ? intent->user_id : booking->user_id);
    if (intent->is_present)
        money_put(part, intent->amount, intent->currency);
    else
        money_put(part, booking->amount, booking->currency);
}

static void refunds_of_put(cJSON *json, const struct refunds *refunds)
{
    cJSON *array = cJSON_AddArrayToObject(json, "refunds");
    for (int32_t i = 0; i < refunds->count; i++) {
        const struct payment_refund *refund = &refunds->list[i];
        cJSON *part = cJSON_CreateObject();
        cJSON_AddItemToArray(array, part);
        json_put_text(part, "refundId", refund->id);
        money_put(part, refund->amount, refund->currency);
        json_put_text(part, "state", payment_standing_text(refund->standing));
    }
}

static void payment_put(cJSON *array, const struct dossier_payment *payment)
{
    const struct payment *state = dossier_payment_state(payment);
    const struct booking_payment *listed = payment->in_the_booking;
    cJSON *part = cJSON_CreateObject();
    cJSON_AddItemToArray(array, part);
    json_put_text(part, "paymentId", payment->id);
    json_put_text(part, "state", state != NULL ? payment_state_text(state->state) : NULL);
    json_put_text(part, "disposition",
                  listed != NULL ? booking_disposition_text(listed->disposition) : NULL);
    if (state != NULL && state->amount > 0) {
        json_put_text(part, "userId", state->user_id);
        money_put(part, state->amount, state->currency);
    } else if (listed != NULL) {
        json_put_text(part, "userId", listed->user_id);
        money_put(part, listed->amount, listed->currency);
    }
    if (state == NULL)
        return;
    json_put_time(part, "capturedAt", state->captured_at_ms);
    json_put_text(part, "refundReason", state->refund_reason);
    json_put_text(part, "refundId", state->refund_id);
    cJSON_AddNumberToObject(part, "attempts", state->attempts);
    json_put_text(part, "lastError", state->last_error);
    json_put_time(part, "nextLookAt", state->due_at_ms);
    refunds_of_put(part, &state->refunds);
}

static void step_put(cJSON *array, const struct step *step)
{
    cJSON *part = cJSON_CreateObject();
    cJSON_AddItemToArray(array, part);
    json_put_time(part, "at", step->at_ms);
    json_put_text(part, "service", step->service);
    json_put_text(part, "document", step->document_id);
    json_put_text(part, "input", step->entry->input_type);
    json_put_text(part, "inputId", step->entry->input_id);
    json_put_text(part, "verdict", step->entry->verdict);
    json_put_text(part, "from", step->entry->state_from);
    json_put_text(part, "to", step->entry->state_to);
    cJSON_AddNumberToObject(part, "times", step->times);
    json_put_time(part, "lastAt", step->last_ms);
}

static void refunds_put(cJSON *json, const struct gateway_view *view)
{
    cJSON *array = cJSON_AddArrayToObject(json, "refunds");
    for (int64_t i = 0; i < view->refund_count; i++) {
        const struct gateway_refund *refund = &view->refunds[i];
        cJSON *part = cJSON_CreateObject();
        cJSON_AddItemToArray(array, part);
        json_put_text(part, "paymentId", refund->payment.payment_id);
        money_put(part, refund->payment.amount, refund->payment.currency);
        json_put_text(part, "status", gateway_refund_status_text(refund->status));
        json_put_text(part, "refundId", refund->refund_id);
        json_put_text(part, "reason", refund->reason);
    }
}

/* A member for each, under the service's name. */
static void others_put(cJSON *json, const struct dossier *dossier)
{
    cJSON *others = cJSON_AddObjectToObject(json, "others");
    for (size_t i = 0; i < dossier->other_count; i++)
        json_put_text(cJSON_AddObjectToObject(others, dossier->others[i].service->name), "state",
                      dossier->others[i].state);
}

static void trace_put(cJSON *json, const struct cli *cli, const struct dossier *dossier)
{
    char url[512] = "";
    json_put_text(json, "traceId", dossier->trace_id);
    if (cli->settings.jaeger_url[0] != '\0')
        snprintf(url, sizeof url, "%.400s/trace/%s", cli->settings.jaeger_url, dossier->trace_id);
    json_put_text(json, "traceUrl", url);
}

cJSON *show_json(const struct cli *cli, const struct dossier *dossier,
                 const struct timeline *timeline, int64_t now_ms)
{
    const struct booking *booking = dossier_booking(dossier);
    char why[WHY_SIZE];
    cJSON *json = cJSON_CreateObject();
    json_put_text(json, "bookingId", dossier->booking_id);
    json_put_text(json, "state", dossier_state(dossier));
    json_put_text(json, "reason",
                  booking != NULL ? booking_reason_text(booking->reason)
                                  : dossier->seen.end.reason);
    json_put_text(json, "gatewayState", gateway_state_text(gateway_state(&dossier->seen)));
    cJSON_AddBoolToObject(json, "isOver", dossier_is_over(dossier));
    why_write(dossier, now_ms, why);
    json_put_text(json, "why", why);
    json_put_time(json, "dueAt", booking != NULL ? booking->due_at_ms : 0);
    intent_put(json, dossier);
    cJSON *payments = cJSON_AddArrayToObject(json, "payments");
    for (size_t i = 0; i < dossier->payment_count; i++)
        payment_put(payments, &dossier->payments[i]);
    refunds_put(json, &dossier->seen);
    others_put(json, dossier);
    cJSON *steps = cJSON_AddArrayToObject(json, "timeline");
    for (size_t i = 0; i < timeline->count; i++)
        step_put(steps, &timeline->steps[i]);
    cJSON_AddNumberToObject(json, "notRemembered", (double)timeline->not_remembered);
    trace_put(json, cli, dossier);
    cJSON *notes = cJSON_AddArrayToObject(json, "notes");
    for (size_t i = 0; i < dossier->note_count; i++)
        cJSON_AddItemToArray(notes, cJSON_CreateString(dossier->notes[i]));
    return json;
}
