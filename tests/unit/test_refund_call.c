/* What each answer of a provider means for a refund; only its own word about this payment refuses
 * one. */
#include "payment/refund_effects.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct refund_effect effect = {
    .payment_id = "P1", .intent_id = "B1", .amount = 500, .currency = "EUR"
};
#define SUCCESS                                                                                    \
    "{\"refundId\":\"re_1\",\"paymentId\":\"P1\",\"amount\":500,\"currency\":\"EUR\","             \
    "\"status\":\"succeeded\",\"later\":true}"

static struct refund_result read_as(enum refund_effect_type type, int status, const char *body,
                                    int64_t retry_after_s)
{
    struct refund_result result;
    memset(&result, 0xff, sizeof result);
    payment_refund_answer_read(type, &effect, status, body, strlen(body), retry_after_s, &result);
    return result;
}

static struct refund_result read_answer(int status, const char *body)
{
    return read_as(EFFECT_REFUND, status, body, -1);
}

static enum effect_hearing hearing(const struct refund_result *result)
{
    struct effect_end end;
    payment_refund_end_get(result, &end);
    return end.hearing;
}

static void a_success_carries_the_providers_id(void **state)
{
    (void)state;
    const int statuses[] = { 200, 201 };
    for (size_t i = 0; i < 2; i++) {
        struct refund_result result = read_answer(statuses[i], SUCCESS);
        assert_int_equal(result.status, REFUND_SUCCEEDED);
        assert_string_equal(result.refund_id, "re_1");
        assert_string_equal(result.reason, "");
        assert_int_equal(result.retry_after_ms, -1);
        result = read_as(EFFECT_LOOKUP, statuses[i], SUCCESS, -1);
        assert_int_equal(result.status, REFUND_SUCCEEDED);
    }
}

static void a_success_that_says_something_else_is_no_success(void **state)
{
    (void)state;
    const char *const bodies[] = {
        "{\"refundId\":\"re_1\",\"paymentId\":\"P1\",\"amount\":499,\"currency\":\"EUR\","
        "\"status\":\"succeeded\"}",
        "{\"refundId\":\"re_1\",\"paymentId\":\"P1\",\"amount\":500,\"currency\":\"USD\","
        "\"status\":\"succeeded\"}",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct refund_result result = read_answer(200, bodies[i]);
        assert_int_equal(result.status, REFUND_REFUSED);
        assert_string_equal(result.reason, "answer_differs");
        assert_string_equal(result.refund_id, "");
    }
}

static void a_success_of_another_payment_says_nothing_of_this_one(void **state)
{
    (void)state;
    struct refund_result result = read_answer(
        200, "{\"refundId\":\"re_1\",\"paymentId\":\"P2\",\"amount\":500,\"currency\":\"EUR\","
             "\"status\":\"succeeded\"}");
    assert_int_equal(result.status, REFUND_UNKNOWN);
    assert_string_equal(result.refund_id, "");
}

static void a_success_that_cannot_be_read_leaves_the_refund_unknown(void **state)
{
    (void)state;
    const char *const bodies[] = {
        "", "{}", "ok", "{\"refundId\":\"re_1\"}", "[" SUCCESS "]", SUCCESS "}"
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
        assert_int_equal(read_answer(200, bodies[i]).status, REFUND_UNKNOWN);
}

static void a_pending_refund_is_waited_for_and_a_failed_one_refused(void **state)
{
    (void)state;
#define WITH_STATUS(status)                                                                        \
    "{\"refundId\":\"re_1\",\"paymentId\":\"P1\",\"amount\":500,\"currency\":\"EUR\","             \
    "\"status\":\"" status "\"}"
    assert_int_equal(read_answer(200, WITH_STATUS("pending")).status, REFUND_PENDING);
    assert_int_equal(read_answer(202, WITH_STATUS("requires_action")).status, REFUND_PENDING);
    assert_string_equal(read_answer(200, WITH_STATUS("pending")).refund_id, "re_1");
    assert_int_equal(read_answer(200, WITH_STATUS("failed")).status, REFUND_REFUSED);
    assert_string_not_equal(read_answer(200, WITH_STATUS("failed")).refund_id, "");
    assert_int_equal(read_answer(200, WITH_STATUS("canceled")).status, REFUND_REFUSED);
}

static void already_refunded_is_a_success_of_its_own(void **state)
{
    (void)state;
    struct refund_result result =
        read_answer(409, "{\"status\":409,\"code\":\"already_refunded\",\"refundId\":\"re_9\"}");
    assert_int_equal(result.status, REFUND_ALREADY);
    assert_string_equal(result.refund_id, "re_9");
    assert_int_equal(read_answer(400, "{\"error\":{\"code\":\"charge_already_refunded\"}}").status,
                     REFUND_ALREADY);
    /* Only a 409 says so; and another conflict means that our own first call still runs. */
    assert_int_equal(read_answer(422, "{\"code\":\"already_refunded\"}").status, REFUND_BLOCKED);
    assert_int_equal(read_answer(409, "{\"code\":\"key_in_use\"}").status, REFUND_UNKNOWN);
    assert_int_equal(read_answer(409, "").status, REFUND_UNKNOWN);
}

static void what_may_mend_is_transient_and_keeps_retry_after(void **state)
{
    (void)state;
    const int statuses[] = { 425, 429, 500, 501, 502, 503, 504, 599 };
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        assert_int_equal(read_answer(statuses[i], "busy").status, REFUND_TRANSIENT);
    struct refund_result result = read_as(EFFECT_REFUND, 429, "{\"code\":\"slow_down\"}", 7);
    assert_int_equal(result.retry_after_ms, 7000);
    assert_string_equal(result.reason, "http_429_slow_down");
    assert_int_equal(read_as(EFFECT_LOOKUP, 503, "", 1).status, REFUND_TRANSIENT);
}

static void a_refusal_of_this_payment_is_for_ever_and_says_why(void **state)
{
    (void)state;
    const int statuses[] = { 400, 402, 403, 404, 409, 410, 422 };
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        assert_int_equal(read_answer(statuses[i], "{\"code\":\"charge_disputed\"}").status,
                         REFUND_REFUSED);
        assert_int_equal(
            read_answer(statuses[i], "{\"error\":{\"code\":\"charge_disputed\"}}").status,
            REFUND_REFUSED);
    }
    assert_string_equal(read_answer(422, "{\"code\":\"amount_exceeds_captured\"}").reason,
                        "http_422_amount_exceeds_captured");
    for (size_t i = 0; payment_refund_refusal_codes[i] != NULL; i++) {
        char body[64];
        (void)snprintf(body, sizeof body, "{\"code\":\"%s\"}", payment_refund_refusal_codes[i]);
        assert_int_equal(read_answer(402, body).status, REFUND_REFUSED);
    }
}

/* Whatever the status: without the provider's own word about this payment it is tried again. */
static void what_says_nothing_of_the_payment_refuses_nothing(void **state)
{
    (void)state;
    const int statuses[] = { 300, 301, 307, 400, 401, 402, 403, 404, 405,
                             406, 407, 410, 413, 415, 418, 422, 424, 451 };
    const char *const bodies[] = { "",
                                   "{}",
                                   "<html><body>Not Found</body></html>",
                                   "{\"code\":7}",
                                   "{\"code\":\"no\"}",
                                   "{\"error\":\"charge_disputed\"}",
                                   "{\"error\":{\"code\":\"api_key_expired\"}}",
                                   "{\"error\":{\"code\":\"balance_insufficient\"}}" };
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        for (size_t k = 0; k < sizeof bodies / sizeof bodies[0]; k++) {
            struct refund_result result = read_answer(statuses[i], bodies[k]);
            assert_int_equal(result.status, REFUND_BLOCKED);
            assert_int_equal(hearing(&result),
                             result.is_shut_out ? EFFECT_SHUT_OUT : EFFECT_UNANSWERED);
            assert_true(result.is_shut_out == (statuses[i] == 401 || statuses[i] == 407));
        }
    assert_int_equal(read_answer(401, "{\"code\":\"charge_disputed\"}").status, REFUND_BLOCKED);
    assert_string_equal(read_answer(402, "<html>").reason, "http_402");
    assert_string_equal(read_answer(402, "{\"code\":7}").reason, "http_402");
    assert_string_equal(read_answer(403, "{\"error\":{\"code\":\"no\"}}").reason, "http_403_no");
}

static void only_a_look_up_is_told_not_found(void **state)
{
    (void)state;
    struct refund_result result = read_as(EFFECT_LOOKUP, 404, "{\"code\":\"unknown_refund\"}", -1);
    assert_int_equal(result.status, REFUND_NOT_FOUND);
    assert_int_equal(hearing(&result), EFFECT_ANSWERED);
    /* Many say so; whether it was the provider is not known. */
    result = read_as(EFFECT_LOOKUP, 404, "{}", -1);
    assert_int_equal(result.status, REFUND_NOT_FOUND);
    assert_int_equal(hearing(&result), EFFECT_SAYS_NOTHING);
    assert_int_equal(read_as(EFFECT_LOOKUP, 404, "<html>", -1).status, REFUND_BLOCKED);
    assert_int_equal(read_as(EFFECT_REFUND, 404, "{}", -1).status, REFUND_BLOCKED);
}

/* A question moves nothing, so no answer to it refuses anything. */
static void a_look_up_is_never_refused(void **state)
{
    (void)state;
    const int statuses[] = { 400, 401, 402, 403, 405, 410, 422 };
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        assert_int_equal(
            read_as(EFFECT_LOOKUP, statuses[i], "{\"code\":\"charge_disputed\"}", -1).status,
            REFUND_BLOCKED);
}

static void no_answer_is_unknown_only_if_the_call_went_out(void **state)
{
    (void)state;
    struct refund_result result;
    payment_refund_failure_read(true, &result);
    assert_int_equal(result.status, REFUND_UNKNOWN);
    payment_refund_failure_read(false, &result);
    assert_int_equal(result.status, REFUND_TRANSIENT);
    assert_int_equal(result.retry_after_ms, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_success_carries_the_providers_id),
        cmocka_unit_test(a_success_that_says_something_else_is_no_success),
        cmocka_unit_test(a_success_of_another_payment_says_nothing_of_this_one),
        cmocka_unit_test(a_success_that_cannot_be_read_leaves_the_refund_unknown),
        cmocka_unit_test(a_pending_refund_is_waited_for_and_a_failed_one_refused),
        cmocka_unit_test(already_refunded_is_a_success_of_its_own),
        cmocka_unit_test(what_may_mend_is_transient_and_keeps_retry_after),
        cmocka_unit_test(a_refusal_of_this_payment_is_for_ever_and_says_why),
        cmocka_unit_test(what_says_nothing_of_the_payment_refuses_nothing),
        cmocka_unit_test(a_look_up_is_never_refused),
        cmocka_unit_test(only_a_look_up_is_told_not_found),
        cmocka_unit_test(no_answer_is_unknown_only_if_the_call_went_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
