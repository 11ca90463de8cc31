/* audit_json.c - the report for machines: all of it. */
#include "cli/commands/audit_print.h"
#include "cli/screen/json.h"

static void count_put(cJSON *object, const char *key, size_t count)
{
    cJSON_AddNumberToObject(object, key, (double)count);
}

static void verdicts_put(cJSON *object, const size_t counts[AUDIT_VERDICT_COUNT])
{
    count_put(object, "inFlight", counts[AUDIT_IS_IN_FLIGHT]);
    count_put(object, "stuck", counts[AUDIT_IS_STUCK]);
    count_put(object, "wrong", counts[AUDIT_IS_WRONG]);
}

static cJSON *payments_json(const struct audit_report *report)
{
    cJSON *json = cJSON_CreateObject();
    count_put(json, "captured", report->captured);
    count_put(json, "applied", report->payments[AUDIT_IS_APPLIED]);
    count_put(json, "refunded", report->payments[AUDIT_IS_REFUNDED]);
    count_put(json, "resolvedByHand", report->payments[AUDIT_IS_RESOLVED]);
    verdicts_put(json, report->payments);
    return json;
}

static cJSON *bookings_json(const struct audit_report *report)
{
    cJSON *json = cJSON_CreateObject();
    count_put(json, "accepted", report->accepted);
    count_put(json, "pending", report->by_state[AUDIT_BOOKING_PENDING]);
    count_put(json, "paymentReceivedFirst", report->by_state[AUDIT_BOOKING_PAYMENT_FIRST]);
    count_put(json, "confirmed", report->by_state[AUDIT_BOOKING_CONFIRMED]);
    count_put(json, "failed", report->by_state[AUDIT_BOOKING_FAILED]);
    count_put(json, "cancelled", report->by_state[AUDIT_BOOKING_CANCELLED]);
    verdicts_put(json, report->bookings);
    return json;
}

/* Sums of many amounts may pass what a double holds exactly; cJSON prints a raw text as it is. */
static void sum_put(cJSON *object, const char *key, int64_t sum)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)sum);
    cJSON_AddRawToObject(object, key, text);
}

static cJSON *currencies_json(const struct audit_report *report)
{
    cJSON *array = cJSON_CreateArray();
    for (size_t i = 0; i < report->currency_count; i++) {
        const struct audit_sums *sums = &report->sums[i];
        cJSON *json = cJSON_CreateObject();
        cJSON_AddStringToObject(json, "currency", sums->currency);
        sum_put(json, "captured", sums->captured);
        sum_put(json, "applied", sums->by_verdict[AUDIT_IS_APPLIED]);
        sum_put(json, "refunded", sums->by_verdict[AUDIT_IS_REFUNDED]);
        sum_put(json, "resolvedByHand", sums->by_verdict[AUDIT_IS_RESOLVED]);
        sum_put(json, "inFlight", sums->by_verdict[AUDIT_IS_IN_FLIGHT]);
        sum_put(json, "stuck", sums->by_verdict[AUDIT_IS_STUCK]);
        sum_put(json, "wrong", sums->by_verdict[AUDIT_IS_WRONG]);
        cJSON_AddItemToArray(array, json);
    }
    return array;
}

static cJSON *items_json(const struct audit_items *items)
{
    cJSON *array = cJSON_CreateArray();
    for (const struct audit_item *item = items->first; item != NULL; item = item->next) {
        cJSON *json = cJSON_CreateObject();
        json_put_text(json, "kind", item->kind);
        json_put_text(json, "paymentId", item->payment_id);
        json_put_text(json, "bookingId", item->booking_id);
        json_put_text(json, "detail", item->detail);
        json_put_time(json, "since", item->since_ms);
        if (item->amount > 0)
            sum_put(json, "amount", item->amount);
        else
            cJSON_AddNullToObject(json, "amount");
        json_put_text(json, "currency", item->currency);
        cJSON_AddItemToArray(array, json);
    }
    return array;
}

void audit_report_print_json(const struct cli *cli, const struct audit_report *report)
{
    cJSON *json = cJSON_CreateObject();
    bool is_wrong = report->items[AUDIT_IS_WRONG].count > 0;
    cJSON_AddStringToObject(json, "verdict", is_wrong ? "wrong" : "clean");
    json_put_time(json, "at", report->at_ms);
    cJSON_AddItemToObject(json, "payments", payments_json(report));
    cJSON_AddItemToObject(json, "bookings", bookings_json(report));
    cJSON_AddItemToObject(json, "currencies", currencies_json(report));
    cJSON_AddItemToObject(json, "findings", items_json(&report->items[AUDIT_IS_WRONG]));
    cJSON_AddItemToObject(json, "stuck", items_json(&report->items[AUDIT_IS_STUCK]));
    cJSON_AddItemToObject(json, "inFlight", items_json(&report->items[AUDIT_IS_IN_FLIGHT]));
    if (report->is_listening)
        count_put(json, "events", report->events);
    else
        cJSON_AddNullToObject(json, "events");
    json_print(cli->out, json);
}
