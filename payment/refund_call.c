/* refund_call.c - which status and code of the provider's answer means done, refused, not now or
 * not known. */
#include "payment/refund_call.h"

#include "common/base/enum_list.h"
#include "common/json/json_read.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define CODE_SIZE 32 /* with "http_503_" in front it still fits a reason */

/* The members of the provider's answers that matter here; others are ignored. */
struct provider_answer {
    char refund_id[IDENT_SIZE];
    char payment_id[IDENT_SIZE];
    int64_t amount;
    char currency[CURRENCY_SIZE];
    char status[CODE_SIZE];
    char code[CODE_SIZE];    /* of a problem */
    struct json_span inside; /* the error object of providers that wrap it */
};

/* clang-format off */
static const struct json_field success_fields[] = {
    { "refundId", JSON_FIELD_IDENT, true, offsetof(struct provider_answer, refund_id), 0 },
    { "paymentId", JSON_FIELD_IDENT, true, offsetof(struct provider_answer, payment_id), 0 },
    { "amount", JSON_FIELD_AMOUNT, true, offsetof(struct provider_answer, amount), 0 },
    { "currency", JSON_FIELD_CURRENCY, true, offsetof(struct provider_answer, currency), 0 },
    { "status", JSON_FIELD_TEXT, true, offsetof(struct provider_answer, status), CODE_SIZE },
};
static const struct json_field problem_fields[] = {
    { "code", JSON_FIELD_TEXT, false, offsetof(struct provider_answer, code), CODE_SIZE },
    { "refundId", JSON_FIELD_IDENT, false, offsetof(struct provider_answer, refund_id), 0 },
    { "error", JSON_FIELD_SPAN, false, offsetof(struct provider_answer, inside), 0 },
};
/* clang-format on */

/* Our own provider's, and those of providers shaped like Stripe. What says that *we* are wrong
 * (keys, permissions, limits, balance) is not among them. */
const char *const payment_refund_refusal_codes[] = {
    "refused",
    "unknown_payment",
    "currency_mismatch",
    "amount_exceeds_captured",
    "too_many_refunds",
    REFUND_CODE_KEY_REUSED,
    "charge_disputed",
    "refund_disputed_payment",
    "charge_not_refundable",
    "charge_expired_for_capture",
    "payment_intent_unexpected_state",
    "amount_too_large",
    "resource_missing",
    NULL,
};
static const char *const not_found_codes[] = { "unknown_refund", "resource_missing", NULL };

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static void result_set(struct refund_result *result, enum refund_status status, const char *reason)
{
    result->status = status;
    (void)snprintf(result->reason, sizeof result->reason, "%s", reason);
}

static void success_read(enum refund_effect_type type, const struct refund_effect *effect,
                         const char *body, size_t length, struct refund_result *result)
{
    struct provider_answer answer = { 0 };
    struct json_problem problem;
    if (!json_read(body, length, success_fields, COUNT(success_fields), JSON_UNKNOWN_IGNORED,
                   &answer, &problem)) {
        result_set(result, REFUND_UNKNOWN, "answer_unreadable");
        return;
    }
    if (strcmp(answer.payment_id, effect->payment_id) != 0) {
        result_set(result, REFUND_UNKNOWN, "answer_of_another");
        return;
    }
    if ((type == EFFECT_REFUND && answer.amount != effect->amount) ||
        strcmp(answer.currency, effect->currency) != 0) {
        result_set(result, REFUND_REFUSED, "answer_differs");
        return;
    }
    memcpy(result->refund_id, answer.refund_id, sizeof result->refund_id);
    result->amount = answer.amount;
    if (strcmp(answer.status, "succeeded") == 0)
        result_set(result, REFUND_SUCCEEDED, "");
    else if (strcmp(answer.status, "failed") == 0 || strcmp(answer.status, "canceled") == 0)
        result_set(result, REFUND_REFUSED, "refund_failed");
    else
        result_set(result, REFUND_PENDING, "refund_pending");
}

static bool code_is_among(const char *code, const char *const *codes)
{
    for (; *codes != NULL; codes++)
        if (strcmp(code, *codes) == 0)
            return true;
    return false;
}

/* False: no JSON object. An object without a code of its own leaves it empty. */
static bool problem_read(const char *body, size_t length, struct provider_answer *answer)
{
    struct json_problem problem;
    *answer = (struct provider_answer){ 0 };
    if (!json_read(body, length, problem_fields, COUNT(problem_fields), JSON_UNKNOWN_IGNORED,
                   answer, &problem)) {
        *answer = (struct provider_answer){ 0 };
        return !problem.is_syntax;
    }
    if (answer->code[0] == '\0' && answer->inside.kind == JSON_OBJECT &&
        !json_read(answer->inside.at, answer->inside.length, problem_fields, COUNT(problem_fields),
                   JSON_UNKNOWN_IGNORED, answer, &problem))
        *answer = (struct provider_answer){ 0 };
    return true;
}

static bool is_refusal(int http_status, const char *code)
{
    static const int statuses[] = { 400, 402, 403, 404, 409, 410, 422 };
    for (size_t i = 0; i < COUNT(statuses); i++)
        if (statuses[i] == http_status)
            return code_is_among(code, payment_refund_refusal_codes);
    return false;
}

/* What a status means that comes without a word about the payment. */
static enum refund_status status_meaning(int http_status)
{
    /* 408: it stopped reading us, or did it? 409: our first call with this key still runs. */
    if (http_status == 408 || http_status == 409)
        return REFUND_UNKNOWN;
    if (http_status == 425 || http_status == 429 || http_status >= 500)
        return REFUND_TRANSIENT;
    return REFUND_BLOCKED;
}

void payment_refund_answer_read(enum refund_effect_type type, const struct refund_effect *effect,
                                int http_status, const char *body, size_t body_length,
                                int64_t retry_after_s, struct refund_result *ret_result)
{
    *ret_result = (struct refund_result){ .retry_after_ms = -1 };
    if (http_status >= 200 && http_status < 300) {
        success_read(type, effect, body, body_length, ret_result);
        return;
    }
    if (retry_after_s >= 0)
        ret_result->retry_after_ms = retry_after_s * 1000;

    struct provider_answer answer;
    bool is_readable = problem_read(body, body_length, &answer) || body_length == 0;
    bool is_lookup = type == EFFECT_LOOKUP;
    if (!is_lookup &&
        ((http_status == 409 && strcmp(answer.code, "already_refunded") == 0) ||
         (http_status == 400 && strcmp(answer.code, "charge_already_refunded") == 0))) {
        result_set(ret_result, REFUND_ALREADY, "");
        memcpy(ret_result->refund_id, answer.refund_id, sizeof ret_result->refund_id);
        return;
    }
    char reason[REASON_SIZE];
    (void)snprintf(reason, sizeof reason, "http_%d%s%s", http_status,
                   answer.code[0] != '\0' ? "_" : "", answer.code);
    ret_result->is_shut_out = http_status == 401 || http_status == 407;
    if (is_lookup && http_status == 404 && is_readable)
        result_set(ret_result, REFUND_NOT_FOUND,
                   code_is_among(answer.code, not_found_codes) ? "" : reason);
    else if (!is_lookup && is_refusal(http_status, answer.code))
        result_set(ret_result, REFUND_REFUSED, reason);
    else
        result_set(ret_result, status_meaning(http_status), reason);
}

void payment_refund_failure_read(bool was_sent, struct refund_result *ret_result)
{
    *ret_result = (struct refund_result){ .retry_after_ms = -1 };
    if (was_sent)
        result_set(ret_result, REFUND_UNKNOWN, "no_answer");
    else
        result_set(ret_result, REFUND_TRANSIENT, "not_reached");
}

/* "Not found" counts only in the provider's own words: a proxy that leads nowhere says it, too. */
bool payment_refund_is_answered(const struct refund_result *result)
{
    switch (result->status) {
    case REFUND_SUCCEEDED:
    case REFUND_ALREADY:
    case REFUND_REFUSED:
    case REFUND_PENDING:
        return true;
    case REFUND_NOT_FOUND:
        return result->reason[0] == '\0';
    case REFUND_TRANSIENT:
    case REFUND_UNKNOWN:
    case REFUND_BLOCKED:
    case REFUND_STATUS_COUNT:
        break;
    }
    return false;
}

const char *payment_refund_status_text(enum refund_status status)
{
    static const char *const texts[] = { REFUND_STATUSES(ENUM_TEXT) };
    assert(status < REFUND_STATUS_COUNT);
    return texts[status];
}
