#include "payment/refund_call.h"

#include "common/base/json_read.h"

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
    char code[CODE_SIZE]; /* of a problem */
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
    { "code", JSON_FIELD_TEXT, true, offsetof(struct provider_answer, code), CODE_SIZE },
    { "refundId", JSON_FIELD_IDENT, false, offsetof(struct provider_answer, refund_id), 0 },
};
/* clang-format on */

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static void result_set(struct refund_result *result, enum refund_status status, const char *reason)
{
    result->status = status;
    (void)snprintf(result->reason, sizeof result->reason, "%s", reason);
}

static void success_read(const struct refund_effect *effect, const char *body, size_t length,
                         struct refund_result *result)
{
    struct provider_answer answer = { 0 };
    struct json_problem problem;
    if (!json_read(body, length, success_fields, COUNT(success_fields), JSON_UNKNOWN_IGNORED,
                   &answer, &problem)) {
        result_set(result, REFUND_UNKNOWN, "answer_unreadable");
        return;
    }
    if (strcmp(answer.payment_id, effect->payment_id) != 0 || answer.amount != effect->amount ||
        strcmp(answer.currency, effect->currency) != 0) {
        result_set(result, REFUND_REFUSED, "answer_differs");
        return;
    }
    if (strcmp(answer.status, "succeeded") == 0) {
        result_set(result, REFUND_SUCCEEDED, "");
        memcpy(result->refund_id, answer.refund_id, sizeof result->refund_id);
    } else if (strcmp(answer.status, "failed") == 0 || strcmp(answer.status, "canceled") == 0) {
        result_set(result, REFUND_REFUSED, "refund_failed");
        memcpy(result->refund_id, answer.refund_id, sizeof result->refund_id);
    } else {
        result_set(result, REFUND_UNKNOWN, "refund_pending");
    }
}

/* What a status alone means, where the problem's code does not say more. */
static enum refund_status status_meaning(enum refund_effect_type type, int http_status)
{
    if (http_status == 404 && type == EFFECT_LOOKUP)
        return REFUND_NOT_FOUND;
    /* 408: it stopped reading us, or did it? 409: our first call with this key still runs. */
    if (http_status == 408 || http_status == 409)
        return REFUND_UNKNOWN;
    if (http_status == 425 || http_status == 429 || http_status >= 500 || http_status < 400)
        return REFUND_TRANSIENT;
    return REFUND_REFUSED;
}

void refund_answer_read(enum refund_effect_type type, const struct refund_effect *effect,
                        int http_status, const char *body, size_t body_length,
                        int64_t retry_after_s, struct refund_result *ret_result)
{
    *ret_result = (struct refund_result){ .retry_after_ms = -1 };
    if (http_status >= 200 && http_status < 300) {
        success_read(effect, body, body_length, ret_result);
        return;
    }
    if (retry_after_s >= 0)
        ret_result->retry_after_ms = retry_after_s * 1000;

    struct provider_answer answer = { 0 };
    struct json_problem problem;
    bool has_code = json_read(body, body_length, problem_fields, COUNT(problem_fields),
                              JSON_UNKNOWN_IGNORED, &answer, &problem);
    if (has_code && http_status == 409 && strcmp(answer.code, "already_refunded") == 0) {
        result_set(ret_result, REFUND_ALREADY, "");
        memcpy(ret_result->refund_id, answer.refund_id, sizeof ret_result->refund_id);
        return;
    }
    char reason[REASON_SIZE];
    (void)snprintf(reason, sizeof reason, "http_%d%s%s", http_status, has_code ? "_" : "",
                   has_code ? answer.code : "");
    result_set(ret_result, status_meaning(type, http_status), reason);
}

void refund_failure_read(bool was_sent, struct refund_result *ret_result)
{
    *ret_result = (struct refund_result){ .retry_after_ms = -1 };
    if (was_sent)
        result_set(ret_result, REFUND_UNKNOWN, "no_answer");
    else
        result_set(ret_result, REFUND_TRANSIENT, "not_reached");
}

const char *refund_status_text(enum refund_status status)
{
    static const char *const texts[] = {
        [REFUND_SUCCEEDED] = "succeeded", [REFUND_ALREADY] = "already",
        [REFUND_TRANSIENT] = "transient", [REFUND_UNKNOWN] = "unknown",
        [REFUND_REFUSED] = "refused",     [REFUND_NOT_FOUND] = "not_found",
    };
    return texts[status];
}
