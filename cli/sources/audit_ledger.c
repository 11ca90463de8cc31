/* audit_ledger.c - the provider's books, over its HTTP interface. */
#include "cli/screen/complain.h"
#include "cli/screen/json.h"
#include "cli/sources/audit_source.h"
#include "cli/sources/fetch.h"
#include "common/base/rfc3339.h"
#include "common/base/url.h"
#include "common/http/http_client.h"
#include "provider/service.h"

#include <string.h>

#define PAGE_LIMIT 100
#define URL_SIZE   2048

/* fetch.h opens a connection for each question; thousands of pages share this one. False: there
 * was no answer with one of the two statuses, and the user knows. */
static bool ask(struct audit_source *source, const char *path, int *ret_status, cJSON **ret_json)
{
    char url[URL_SIZE];
    const char *base = settings_place(&source->cli->settings, &provider_service)->url;
    static const char *const headers[] = { "Accept: application/json", NULL };
    struct http_call call = {
        .method = "GET", .url = url, .headers = headers, .timeout_ms = FETCH_TIMEOUT_MS
    };
    struct http_reply reply = { 0 };
    struct error error;
    *ret_json = NULL;
    if (!url_join(url, sizeof url, base, path))
        error_set(&error, ERROR_REJECT, "its URL is too long");
    else if (http_client_call(source->provider, &call, &reply, &error)) {
        *ret_json = cJSON_ParseWithLength(reply.body, reply.body_length);
        *ret_status = reply.status;
        if (*ret_json != NULL && (reply.status == 200 || reply.status == 404))
            return true;
        error_set(&error, ERROR_RETRY, "it answers %d to %s", reply.status, path);
        json_free(ret_json);
    }
    complain("the provider's books cannot be read at %s (%s): start the system with ./run, or look "
             "with roundtrip doctor",
             base, error.message);
    return false;
}

static void account_read(struct audit_facts *facts, const cJSON *json)
{
    const char *id = json_text(json, "paymentId");
    const char *booking_id = json_text(json, "intentId");
    if (!ident_is_valid(id, strlen(id)) || !ident_is_valid(booking_id, strlen(booking_id)))
        return; /* not of ours */
    struct audit_payment *payment = audit_payment_of(facts, id);
    const cJSON *refund;
    payment->account.is_known = true;
    payment->account.booking = audit_booking_of(facts, booking_id);
    payment->account.captured.user = audit_name_of(facts, json_text(json, "userId"));
    payment->account.captured.amount = json_int(json, "captured", 0);
    snprintf(payment->account.captured.currency, CURRENCY_SIZE, "%s", json_text(json, "currency"));
    payment->account.refunded = json_int(json, "refunded", 0);
    const char *at = json_text(json, "at");
    if (!rfc3339_read_ms(at, strlen(at), &payment->account.at_ms))
        payment->account.at_ms = 0;
    payment->account.acknowledged =
        json_int(cJSON_GetObjectItemCaseSensitive(json, "webhooks"), "acknowledged", 0);
    payment->account.refund_count = 0;
    payment->account.refunds_total = 0;
    cJSON_ArrayForEach(refund, cJSON_GetObjectItemCaseSensitive(json, "refunds"))
    {
        payment->account.refund_count++;
        payment->account.refunds_total += json_int(refund, "amount", 0);
    }
    audit_version_note(facts, payment->account.captured.amount);
    audit_version_note(facts, payment->account.refunds_total);
    audit_version_note(facts, payment->account.refund_count);
    audit_version_note(facts, payment->account.acknowledged);
}

bool audit_scan_ledger(struct audit_source *source, struct audit_facts *facts)
{
    char path[IDENT_SIZE + 64];
    char after[IDENT_SIZE] = "";
    bool has_more = true;
    for (size_t read = 0; has_more && !*source->cli->is_stopped;) {
        CLEANUP(json_free) cJSON *page = NULL;
        const cJSON *account;
        int status = 0;
        snprintf(path, sizeof path, "/ledger?limit=%d%s%s", PAGE_LIMIT,
                 after[0] != '\0' ? "&starting_after=" : "", after);
        if (!ask(source, path, &status, &page))
            return false;
        const cJSON *accounts = cJSON_GetObjectItemCaseSensitive(page, "data");
        has_more = cJSON_GetArraySize(accounts) > 0 &&
                   cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(page, "has_more"));
        cJSON_ArrayForEach(account, accounts)
        {
            account_read(facts, account);
            snprintf(after, sizeof after, "%.*s", IDENT_BYTES_MAX, json_text(account, "paymentId"));
            read++;
        }
        audit_progress(source, "accounts of the provider", read);
    }
    return true;
}

bool audit_load_account(struct audit_source *source, const char *payment_id,
                        struct audit_facts *facts)
{
    char path[IDENT_SIZE + 16];
    CLEANUP(json_free) cJSON *account = NULL;
    int status = 0;
    snprintf(path, sizeof path, "/ledger/%s", payment_id);
    if (!ask(source, path, &status, &account))
        return false;
    if (status == 200)
        account_read(facts, account);
    else
        audit_version_note(facts, 0);
    return true;
}

bool audit_load_sums(struct audit_source *source, cJSON **ret_sums)
{
    int status = 0;
    return ask(source, "/ledger/summary", &status, ret_sums) && status == 200;
}
