/* What a webhook says, when it is sent again, and when it is given up. */
#include "provider/webhook.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define NOW_MS INT64_C(1700000000123)

static void the_webhook_says_what_happened(void **state)
{
    (void)state;
    struct ledger_charge charge = { .payment_id = "P1",
                                    .intent_id = "B1",
                                    .user_id = "U1",
                                    .currency = "EUR",
                                    .amount = 500,
                                    .captured = 500,
                                    .at_ms = NOW_MS };
    struct webhook_faults none = { .copies = 1 };
    struct webhook webhook;
    webhook_charge_make(&charge, &none, NOW_MS, &webhook);
    assert_string_equal(webhook.path, "/payment/captured");
    assert_string_equal(
        webhook.body, "{\"paymentId\":\"P1\",\"intentId\":\"B1\",\"userId\":\"U1\",\"amount\":500,"
                      "\"currency\":\"EUR\",\"capturedAt\":\"2023-11-14T22:13:20.123Z\"}");
    charge.status = LEDGER_DECLINED;
    webhook_charge_make(&charge, &none, NOW_MS, &webhook);
    assert_string_equal(webhook.path, "/payment/declined");
    assert_string_equal(webhook.body, "{\"paymentId\":\"P1\",\"intentId\":\"B1\",\"userId\":\"U1\","
                                      "\"reason\":\"card_declined\"}");
    struct ledger_refund made = {
        .refund_id = "re_1", .payment_id = "P1", .currency = "EUR", .amount = 500
    };
    webhook_refund_make(&made, &none, NOW_MS, &webhook);
    assert_string_equal(webhook.path, "/payment/refunded");
    assert_string_equal(webhook.body, "{\"paymentId\":\"P1\",\"refundId\":\"re_1\",\"amount\":500,"
                                      "\"currency\":\"EUR\",\"status\":\"succeeded\"}");
}

static void the_longest_fields_fit_a_webhook(void **state)
{
    (void)state;
    struct ledger_charge charge = { .amount = MONEY_AMOUNT_MAX,
                                    .currency = "EUR",
                                    .at_ms = NOW_MS };
    memset(charge.payment_id, 'p', IDENT_BYTES_MAX);
    memset(charge.intent_id, 'i', IDENT_BYTES_MAX);
    memset(charge.user_id, 'u', IDENT_BYTES_MAX);
    memset(charge.reason, '"', REASON_SIZE - 1);
    struct webhook_faults none = { .copies = 1 };
    struct webhook webhook;
    webhook_charge_make(&charge, &none, NOW_MS, &webhook);
    assert_true(strstr(webhook.body, "999999999999999") != NULL);
    charge.status = LEDGER_DECLINED;
    webhook_charge_make(&charge, &none, NOW_MS, &webhook);
    assert_true(strstr(webhook.body, "\\\"\"}") != NULL);
}

static void an_attempt_that_is_not_acknowledged_is_made_again_with_backoff(void **state)
{
    (void)state;
    const int refused[] = { 0, 301, 400, 401, 404, 410, 422, 429, 500, 503 };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct webhook webhook = { .copies = 1, .created_ms = NOW_MS, .due_ms = NOW_MS };
        int64_t last_ms = 0;
        for (int attempt = 0; attempt < 20; attempt++) {
            assert_int_equal(webhook_settle(&webhook, refused[i], -1, NOW_MS), WEBHOOK_AGAIN);
            int64_t wait_ms = webhook.due_ms - NOW_MS;
            assert_true(wait_ms >= last_ms && wait_ms <= WEBHOOK_BACKOFF_MS_MAX);
            last_ms = wait_ms;
        }
        assert_int_equal(last_ms, WEBHOOK_BACKOFF_MS_MAX);
        assert_int_equal(webhook_settle(&webhook, 204, -1, NOW_MS), WEBHOOK_ACKNOWLEDGED);
    }
}

static void a_webhook_is_given_up_after_three_days_and_not_before(void **state)
{
    (void)state;
    struct webhook webhook = { .copies = 1, .created_ms = NOW_MS };
    assert_int_equal(webhook_settle(&webhook, 500, -1, NOW_MS + WEBHOOK_GIVE_UP_MS - 1),
                     WEBHOOK_AGAIN);
    assert_int_equal(webhook_settle(&webhook, 200, -1, NOW_MS + WEBHOOK_GIVE_UP_MS),
                     WEBHOOK_ACKNOWLEDGED);
    assert_int_equal(webhook_settle(&webhook, 500, -1, NOW_MS + WEBHOOK_GIVE_UP_MS),
                     WEBHOOK_GIVEN_UP);
}

static void the_receivers_retry_after_is_kept_up_to_the_cap(void **state)
{
    (void)state;
    struct webhook webhook = { .copies = 1, .created_ms = NOW_MS };
    assert_int_equal(webhook_settle(&webhook, 503, 7, NOW_MS), WEBHOOK_AGAIN);
    assert_int_equal(webhook.due_ms - NOW_MS, 7000);
    assert_int_equal(webhook_settle(&webhook, 503, 1000000, NOW_MS), WEBHOOK_AGAIN);
    assert_int_equal(webhook.due_ms - NOW_MS, WEBHOOK_BACKOFF_MS_MAX);
}

static void duplicates_and_a_forged_one_are_sent_whatever_is_answered(void **state)
{
    (void)state;
    struct webhook webhook = { .copies = 3, .created_ms = NOW_MS, .is_forged = true };
    assert_int_equal(webhook_settle(&webhook, 200, -1, NOW_MS), WEBHOOK_AGAIN); /* forged */
    assert_false(webhook.is_forged);
    assert_int_equal(webhook_settle(&webhook, 200, -1, NOW_MS), WEBHOOK_AGAIN);
    assert_int_equal(webhook.due_ms, NOW_MS);
    assert_int_equal(webhook_settle(&webhook, 200, -1, NOW_MS), WEBHOOK_AGAIN);
    assert_int_equal(webhook_settle(&webhook, 200, -1, NOW_MS), WEBHOOK_ACKNOWLEDGED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_webhook_says_what_happened),
        cmocka_unit_test(the_longest_fields_fit_a_webhook),
        cmocka_unit_test(an_attempt_that_is_not_acknowledged_is_made_again_with_backoff),
        cmocka_unit_test(a_webhook_is_given_up_after_three_days_and_not_before),
        cmocka_unit_test(the_receivers_retry_after_is_kept_up_to_the_cap),
        cmocka_unit_test(duplicates_and_a_forged_one_are_sent_whatever_is_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
