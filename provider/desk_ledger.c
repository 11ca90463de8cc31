/* desk_ledger.c - the books and the armed faults, to look at. */
#include "common/base/memory.h"
#include "common/base/rfc3339.h"
#include "common/json/json_write.h"
#include "provider/desk.h"
#include "provider/requests.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define LIST_LIMIT_DEFAULT 10
#define ACCOUNT_BYTES_MAX  8192 /* with LEDGER_REFUNDS_MAX refunds */
#define LIST_TAIL_BYTES    64

static void account_write(struct json_writer *writer, const struct journal_account *account)
{
    const struct ledger_charge *charge = &account->charge;
    char at[RFC3339_SIZE];
    rfc3339_write_ms(charge->at_ms, at);
    json_write_object_begin(writer, NULL);
    json_write_string(writer, "paymentId", charge->payment_id);
    json_write_string(writer, "intentId", charge->intent_id);
    json_write_string(writer, "userId", charge->user_id);
    json_write_int(writer, "amount", charge->amount);
    json_write_string(writer, "currency", charge->currency);
    json_write_string(writer, "status", ledger_status_text(charge->status));
    json_write_int(writer, "captured", charge->captured);
    json_write_int(writer, "refunded", charge->refunded);
    json_write_string(writer, "at", at);
    json_write_array_begin(writer, "refunds");
    for (int64_t i = 0; i < charge->refund_count; i++) {
        const struct ledger_refund *refund = &account->refunds[i];
        rfc3339_write_ms(refund->at_ms, at);
        json_write_object_begin(writer, NULL);
        json_write_string(writer, "refundId", refund->refund_id);
        json_write_string(writer, "key", refund->key);
        json_write_int(writer, "amount", refund->amount);
        json_write_string(writer, "at", at);
        json_write_object_end(writer);
    }
    json_write_array_end(writer);
    json_write_bool(writer, "adopted", charge->is_adopted);
    json_write_object_begin(writer, "webhooks");
    json_write_int(writer, "sent", account->webhooks_sent);
    json_write_int(writer, "acknowledged", account->webhooks_acknowledged);
    json_write_object_end(writer);
    json_write_object_end(writer);
}

static void answer_finish(struct http_answer *answer, struct json_writer *writer)
{
    answer->body_length = json_write_finish(writer);
    assert(answer->body_length > 0);
    answer->status = 200;
}

/* 1 to 100; absent = the default. */
static bool limit_read(const struct http_request *request, size_t *ret_limit)
{
    char text[8];
    *ret_limit = LIST_LIMIT_DEFAULT;
    if (!strstr(request->query, "limit="))
        return true;
    if (!http_request_query(request, "limit", text, sizeof text) || text[0] == '\0')
        return false;
    size_t value = 0;
    for (const char *at = text; *at != '\0'; at++) {
        if (*at < '0' || *at > '9')
            return false;
        value = value * 10 + (size_t)(*at - '0');
    }
    *ret_limit = value;
    return value >= 1 && value <= JOURNAL_PAGE_MAX;
}

void desk_ledger(void *self, const struct http_request *request, struct http_answer *answer)
{
    struct desk *desk = self;
    char after[IDENT_SIZE] = "";
    size_t limit, count = 0, written = 0;
    struct error error;
    if (!limit_read(request, &limit)) {
        desk_problem(answer, 400, "invalid_limit", "limit: 1 to 100", NULL);
        return;
    }
    if (strstr(request->query, "starting_after=") &&
        (!http_request_query(request, "starting_after", after, sizeof after) ||
         !ident_is_valid(after, strlen(after)))) {
        desk_problem(answer, 400, "invalid_cursor", "starting_after: a paymentId", NULL);
        return;
    }
    struct journal_account *accounts = memory_alloc(limit + 1, sizeof *accounts);
    if (!journal_list(desk->journal, after, limit + 1, accounts, &count, &error)) {
        desk_unavailable(answer, &error);
        free(accounts);
        return;
    }
    struct json_writer writer;
    json_write_init(&writer, answer->body, HTTP_ANSWER_BYTES_MAX);
    json_write_object_begin(&writer, NULL);
    json_write_string(&writer, "object", "list");
    json_write_string(&writer, "url", "/ledger");
    json_write_array_begin(&writer, "data");
    /* A page that grows too long for one answer just ends earlier. */
    while (written < count && written < limit &&
           writer.length + ACCOUNT_BYTES_MAX + LIST_TAIL_BYTES < HTTP_ANSWER_BYTES_MAX)
        account_write(&writer, &accounts[written++]);
    json_write_array_end(&writer);
    json_write_bool(&writer, "has_more", written < count);
    json_write_object_end(&writer);
    answer_finish(answer, &writer);
    free(accounts);
}

void desk_account(void *self, const struct http_request *request, struct http_answer *answer)
{
    struct desk *desk = self;
    struct journal_account account;
    struct error error;
    bool is_found = false;
    if (!journal_account(desk->journal, request->path_parameter, &is_found, &account, &error)) {
        desk_unavailable(answer, &error);
    } else if (!is_found) {
        desk_problem(answer, 404, "unknown_payment", "the ledger has no such payment", NULL);
    } else {
        struct json_writer writer;
        json_write_init(&writer, answer->body, HTTP_ANSWER_BYTES_MAX);
        account_write(&writer, &account);
        answer_finish(answer, &writer);
    }
}

void desk_summary(void *self, const struct http_request *request, struct http_answer *answer)
{
    struct desk *desk = self;
    (void)request;
    struct journal_sums *sums = memory_alloc(JOURNAL_CURRENCIES_MAX, sizeof *sums);
    size_t count;
    int64_t pending;
    struct error error;
    if (!journal_sum(desk->journal, sums, &count, &pending, &error)) {
        desk_unavailable(answer, &error);
        free(sums);
        return;
    }
    struct json_writer writer;
    json_write_init(&writer, answer->body, HTTP_ANSWER_BYTES_MAX);
    json_write_object_begin(&writer, NULL);
    json_write_string(&writer, "object", "ledger_summary");
    json_write_object_begin(&writer, "currencies");
    for (size_t i = 0; i < count; i++) {
        json_write_object_begin(&writer, sums[i].currency);
        json_write_int(&writer, "charges", sums[i].charges);
        json_write_int(&writer, "adopted", sums[i].adopted);
        json_write_int(&writer, "captured", sums[i].captured);
        json_write_int(&writer, "refunded", sums[i].refunded);
        json_write_int(&writer, "refund_effects", sums[i].refund_effects);
        json_write_int(&writer, "duplicate_refund_calls", sums[i].duplicate_refund_calls);
        json_write_object_end(&writer);
    }
    json_write_object_end(&writer);
    json_write_int(&writer, "webhooks_pending", pending);
    json_write_object_end(&writer);
    answer_finish(answer, &writer);
    free(sums);
}

static void armed_write(struct json_writer *writer, const struct faults_armed *armed)
{
    json_write_object_begin(writer, NULL);
    for (int i = FAULT_TARGET_REFUND; i <= FAULT_TARGET_WEBHOOK; i++)
        if (armed->fault.on_target[i])
            json_write_string(writer, "target", fault_target_text((enum fault_target)i));
    json_write_string(writer, "fault", fault_kind_text(armed->fault.kind));
    json_write_int(writer, "argument", armed->fault.argument);
    json_write_int(writer, "left", armed->left);
    json_write_string(writer, "paymentId", armed->payment_id[0] ? armed->payment_id : NULL);
    json_write_object_end(writer);
}

void desk_faults_list(void *self, const struct http_request *request, struct http_answer *answer)
{
    struct desk *desk = self;
    (void)request;
    struct json_writer writer;
    json_write_init(&writer, answer->body, HTTP_ANSWER_BYTES_MAX);
    json_write_object_begin(&writer, NULL);
    json_write_string(&writer, "object", "list");
    json_write_string(&writer, "configured", desk->options->faults);
    json_write_array_begin(&writer, "data");
    pthread_mutex_lock(&desk->mutex);
    for (size_t i = 0; i < desk->faults.armed_count; i++)
        armed_write(&writer, &desk->faults.armed[i]);
    pthread_mutex_unlock(&desk->mutex);
    json_write_array_end(&writer);
    json_write_object_end(&writer);
    answer_finish(answer, &writer);
}

void desk_faults_arm(void *self, const struct http_request *request, struct http_answer *answer)
{
    struct desk *desk = self;
    struct fault_request fault;
    struct json_problem problem;
    struct error error;
    if (!fault_request_read(request->body, request->body_length, &fault, &problem)) {
        http_answer_json_problem(answer, &problem);
        return;
    }
    pthread_mutex_lock(&desk->mutex);
    bool is_armed =
        faults_arm(&desk->faults, fault.target, fault.fault, fault.count, fault.payment_id, &error);
    pthread_mutex_unlock(&desk->mutex);
    if (!is_armed)
        desk_problem(answer, 422, "invalid_fault", error.message, NULL);
    else
        desk_faults_list(self, request, answer);
}

void desk_faults_clear(void *self, const struct http_request *request, struct http_answer *answer)
{
    struct desk *desk = self;
    pthread_mutex_lock(&desk->mutex);
    faults_clear(&desk->faults);
    pthread_mutex_unlock(&desk->mutex);
    desk_faults_list(self, request, answer);
}
