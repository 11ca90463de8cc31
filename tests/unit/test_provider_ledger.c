/* What a charge or a refund does to the books: keys that are used again, sums that never exceed the
 * capture. */
#include "provider/ledger.h"
#include "provider/requests.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NOW_MS INT64_C(1700000000123)

static struct ledger_charge_request charge_request(const char *payment_id, int64_t amount)
{
    struct ledger_charge_request request = {
        .intent_id = "B1", .user_id = "U1", .currency = "EUR", .amount = amount, .fresh_id = "pay_x"
    };
    (void)snprintf(request.payment_id, sizeof request.payment_id, "%s", payment_id);
    return request;
}

static struct ledger_refund_request refund_request(const char *key, int64_t amount)
{
    struct ledger_refund_request request = {
        .payment_id = "P1", .intent_id = "B1", .currency = "EUR", .amount = amount
    };
    (void)snprintf(request.key, sizeof request.key, "%s", key);
    return request;
}

static struct ledger_charge captured(int64_t amount)
{
    struct ledger_charge_request request = charge_request("P1", amount);
    struct ledger_charge charge;
    assert_int_equal(ledger_decide_charge(&request, NULL, NULL, NOW_MS, &charge), LEDGER_NEW);
    return charge;
}

/* The books of one payment, as the journal keeps them. */
struct books {
    struct ledger_charge charge;
    bool has_charge;
    struct ledger_refund refunds[64];
    size_t count;
};

static enum ledger_verdict refund(struct books *books, const struct ledger_refund_request *request,
                                  bool is_adopting, struct ledger_refund *ret_refund)
{
    const struct ledger_refund *by_key = NULL;
    for (size_t i = 0; i < books->count; i++)
        if (strcmp(books->refunds[i].key, request->key) == 0)
            by_key = &books->refunds[i];
    struct ledger_charge next;
    enum ledger_verdict verdict =
        ledger_decide_refund(request, books->has_charge ? &books->charge : NULL, by_key,
                             books->count > 0 ? &books->refunds[books->count - 1] : NULL,
                             is_adopting, NOW_MS, &next, ret_refund);
    if (verdict == LEDGER_NEW) {
        books->charge = next;
        books->has_charge = true;
        books->refunds[books->count++] = *ret_refund;
    }
    return verdict;
}

static void a_charge_captures_its_amount(void **state)
{
    (void)state;
    struct ledger_charge charge = captured(500);
    assert_string_equal(charge.payment_id, "P1");
    assert_int_equal(charge.status, LEDGER_CAPTURED);
    assert_int_equal(charge.captured, 500);
    assert_int_equal(charge.refunded, 0);
    assert_int_equal(charge.at_ms, NOW_MS);
}

static void a_charge_without_payment_id_gets_the_fresh_one(void **state)
{
    (void)state;
    struct ledger_charge_request request = charge_request("", 500);
    struct ledger_charge charge;
    assert_int_equal(ledger_decide_charge(&request, NULL, NULL, NOW_MS, &charge), LEDGER_NEW);
    assert_string_equal(charge.payment_id, "pay_x");
    /* Asked again with its key it is the same charge, whatever was drawn this time. */
    (void)snprintf(request.fresh_id, sizeof request.fresh_id, "pay_y");
    struct ledger_charge again;
    assert_int_equal(ledger_decide_charge(&request, &charge, NULL, NOW_MS + 1, &again),
                     LEDGER_REPLAY);
    assert_string_equal(again.payment_id, "pay_x");
    assert_int_equal(again.at_ms, NOW_MS);
}

static void a_declined_charge_captures_nothing(void **state)
{
    (void)state;
    struct ledger_charge_request request = charge_request("P1", 500);
    request.is_declined = true;
    struct ledger_charge charge;
    assert_int_equal(ledger_decide_charge(&request, NULL, NULL, NOW_MS, &charge), LEDGER_NEW);
    assert_int_equal(charge.status, LEDGER_DECLINED);
    assert_int_equal(charge.captured, 0);
    struct books books = { .charge = charge, .has_charge = true };
    struct ledger_refund_request back = refund_request("P1", 500);
    struct ledger_refund ignored;
    assert_int_equal(refund(&books, &back, true, &ignored), LEDGER_EXCEEDS_CAPTURED);
}

static void any_other_content_under_a_payment_id_or_a_key_is_refused(void **state)
{
    (void)state;
    struct ledger_charge charge = captured(500), untouched = { .amount = -1 };
    for (int i = 0; i < 6; i++) {
        struct ledger_charge_request request = charge_request("P1", 500);
        switch (i) {
        case 0:
            request.amount = 501;
            break;
        case 1:
            request.currency[0] = 'U';
            break;
        case 2:
            request.user_id[0] = 'X';
            break;
        case 3:
            request.intent_id[0] = 'X';
            break;
        case 4:
            request.is_declined = true;
            break;
        default:
            request.payment_id[0] = 'X'; /* differs from the one that the key stands for */
            break;
        }
        if (i < 5)
            assert_int_equal(ledger_decide_charge(&request, NULL, &charge, NOW_MS, &untouched),
                             LEDGER_PAYMENT_REUSED);
        assert_int_equal(ledger_decide_charge(&request, &charge, NULL, NOW_MS, &untouched),
                         LEDGER_KEY_REUSED);
        assert_int_equal(untouched.amount, -1);
    }
}

static void a_refund_moves_the_money_once_however_often_its_key_is_used(void **state)
{
    (void)state;
    struct books books = { .charge = captured(500), .has_charge = true };
    struct ledger_refund_request request = refund_request("P1", 500);
    struct ledger_refund first, again;
    assert_int_equal(refund(&books, &request, false, &first), LEDGER_NEW);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(refund(&books, &request, false, &again), LEDGER_REPLAY);
        assert_string_equal(again.refund_id, first.refund_id);
    }
    assert_int_equal(books.charge.refunded, 500);
    assert_int_equal(books.charge.refund_count, 1);
    assert_int_equal(books.count, 1);
}

static void a_key_with_other_content_is_refused_also_when_money_is_left(void **state)
{
    (void)state;
    struct books books = { .charge = captured(500), .has_charge = true };
    struct ledger_refund_request request = refund_request("K", 100);
    struct ledger_refund ignored;
    assert_int_equal(refund(&books, &request, false, &ignored), LEDGER_NEW);
    request.amount = 101;
    assert_int_equal(refund(&books, &request, false, &ignored), LEDGER_KEY_REUSED);
    request = refund_request("K", 100);
    request.payment_id[1] = '2';
    assert_int_equal(refund(&books, &request, false, &ignored), LEDGER_KEY_REUSED);
    request = refund_request("K", 100);
    request.currency[0] = 'U';
    assert_int_equal(refund(&books, &request, false, &ignored), LEDGER_KEY_REUSED);
    assert_int_equal(books.charge.refunded, 100);
}

static void what_is_refunded_never_exceeds_what_was_captured(void **state)
{
    (void)state;
    struct books books = { .charge = captured(500), .has_charge = true };
    struct ledger_refund_request request = refund_request("K1", 501);
    struct ledger_refund last;
    assert_int_equal(refund(&books, &request, false, &last), LEDGER_EXCEEDS_CAPTURED);
    request = refund_request("K2", 300);
    assert_int_equal(refund(&books, &request, false, &last), LEDGER_NEW);
    request = refund_request("K3", 201);
    assert_int_equal(refund(&books, &request, false, &last), LEDGER_EXCEEDS_CAPTURED);
    request = refund_request("K4", 200);
    assert_int_equal(refund(&books, &request, false, &last), LEDGER_NEW);
    request = refund_request("K5", 1);
    struct ledger_refund already;
    assert_int_equal(refund(&books, &request, false, &already), LEDGER_ALREADY_REFUNDED);
    assert_string_equal(already.refund_id, last.refund_id);
    assert_int_equal(books.charge.refunded, 500);
}

static void the_largest_amount_does_not_overflow(void **state)
{
    (void)state;
    struct books books = { .charge = captured(MONEY_AMOUNT_MAX), .has_charge = true };
    struct ledger_refund_request request = refund_request("K1", MONEY_AMOUNT_MAX);
    struct ledger_refund made;
    assert_int_equal(refund(&books, &request, false, &made), LEDGER_NEW);
    assert_int_equal(books.charge.refunded, MONEY_AMOUNT_MAX);
}

static void partial_refunds_are_bounded_in_number(void **state)
{
    (void)state;
    struct books books = { .charge = captured(500), .has_charge = true };
    struct ledger_refund made;
    for (int i = 0; i < LEDGER_REFUNDS_MAX; i++) {
        struct ledger_refund_request request = refund_request("K", 1);
        request.key[1] = (char)('a' + i);
        assert_int_equal(refund(&books, &request, false, &made), LEDGER_NEW);
    }
    struct ledger_refund_request request = refund_request("one-more", 1);
    assert_int_equal(refund(&books, &request, false, &made), LEDGER_TOO_MANY_REFUNDS);
    assert_int_equal(books.charge.refunded, LEDGER_REFUNDS_MAX);
}

static void another_currency_is_refused_even_when_the_digits_are_equal(void **state)
{
    (void)state;
    struct books books = { .charge = captured(500), .has_charge = true };
    struct ledger_refund_request request = refund_request("P1", 500);
    memcpy(request.currency, "USD", 4);
    struct ledger_refund ignored;
    assert_int_equal(refund(&books, &request, true, &ignored), LEDGER_CURRENCY_MISMATCH);
    assert_int_equal(books.charge.refunded, 0);
}

static void an_unknown_payment_is_adopted_or_refused_as_configured(void **state)
{
    (void)state;
    struct books books = { 0 };
    struct ledger_refund_request request = refund_request("P1", 500);
    struct ledger_refund made;
    assert_int_equal(refund(&books, &request, false, &made), LEDGER_UNKNOWN_PAYMENT);
    assert_false(books.has_charge);
    assert_int_equal(refund(&books, &request, true, &made), LEDGER_NEW);
    assert_true(books.charge.is_adopted);
    assert_int_equal(books.charge.captured, 500);
    assert_int_equal(books.charge.refunded, 500);
    assert_int_equal(refund(&books, &request, true, &made), LEDGER_REPLAY);
    request = refund_request("other", 500);
    assert_int_equal(refund(&books, &request, true, &made), LEDGER_ALREADY_REFUNDED);
}

static void a_refunds_id_derives_from_its_key(void **state)
{
    (void)state;
    struct books one = { .charge = captured(500), .has_charge = true }, other = one, third = one;
    struct ledger_refund_request request = refund_request("K1", 1);
    struct ledger_refund a, b, c;
    assert_int_equal(refund(&one, &request, false, &a), LEDGER_NEW);
    assert_int_equal(refund(&other, &request, false, &b), LEDGER_NEW);
    request = refund_request("K2", 1);
    assert_int_equal(refund(&third, &request, false, &c), LEDGER_NEW);
    assert_string_equal(a.refund_id, b.refund_id);
    assert_string_not_equal(a.refund_id, c.refund_id);
    assert_true(ident_is_valid(a.refund_id, strlen(a.refund_id)));
}

static void every_refusal_has_a_status_and_a_code(void **state)
{
    (void)state;
    for (int i = LEDGER_KEY_REUSED; i <= LEDGER_TOO_MANY_REFUNDS; i++) {
        const struct ledger_saying *saying = ledger_say((enum ledger_verdict)i);
        assert_in_range(saying->http_status, 400, 499);
        assert_true(strlen(saying->code) > 0 && strlen(saying->detail) > 0);
    }
    assert_string_equal(ledger_say(LEDGER_ALREADY_REFUNDED)->code, "already_refunded");
    assert_int_equal(ledger_say(LEDGER_ALREADY_REFUNDED)->http_status, 409);
    assert_string_equal(ledger_say(LEDGER_EXCEEDS_CAPTURED)->code, "amount_exceeds_captured");
    assert_int_equal(ledger_say(LEDGER_EXCEEDS_CAPTURED)->http_status, 422);
    assert_string_equal(ledger_say(LEDGER_UNKNOWN_PAYMENT)->code, "unknown_payment");
    assert_int_equal(ledger_say(LEDGER_UNKNOWN_PAYMENT)->http_status, 404);
}

static void a_key_is_taken_quoted_and_bare_and_nothing_else(void **state)
{
    (void)state;
    char key[LEDGER_KEY_SIZE];
    assert_true(idempotency_key_read("P1", key, sizeof key));
    assert_string_equal(key, "P1");
    assert_true(idempotency_key_read("\"P1\"", key, sizeof key));
    assert_string_equal(key, "P1");
    assert_true(idempotency_key_read("\"a\\\"b\\\\c\"", key, sizeof key));
    assert_string_equal(key, "a\"b\\c");
    const char *const wrong[] = {
        "",        "\"\"",    "\"",       "\"a",   "a\"",       "a b",
        "\"a b\"", "\"a\\\"", "\"a\\n\"", "a\x7f", "a\xc3\xa4", "\"a\"b\""
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(idempotency_key_read(wrong[i], key, sizeof key));
    char longest[LEDGER_KEY_SIZE + 1];
    memset(longest, 'k', sizeof longest);
    longest[LEDGER_KEY_SIZE - 1] = '\0';
    assert_true(idempotency_key_read(longest, key, sizeof key));
    longest[LEDGER_KEY_SIZE - 1] = 'k';
    longest[LEDGER_KEY_SIZE] = '\0';
    assert_false(idempotency_key_read(longest, key, sizeof key));
}

static void a_body_without_currency_means_the_configured_one(void **state)
{
    (void)state;
    static const char body[] = "{\"intentId\":\"B1\",\"userId\":\"U1\",\"amount\":\"500\"}";
    struct ledger_charge_request request;
    struct json_problem problem;
    assert_true(charge_request_read(body, strlen(body), "JPY", &request, &problem));
    assert_string_equal(request.currency, "JPY");
    assert_string_equal(request.payment_id, "");
    assert_int_equal(request.amount, 500);
    assert_false(request.is_declined);
}

static void an_unknown_field_and_a_missing_one_are_named(void **state)
{
    (void)state;
    struct ledger_refund_request request;
    struct json_problem problem;
    static const char unknown[] =
        "{\"paymentId\":\"P1\",\"amount\":5,\"currency\":\"EUR\",\"x\":1}";
    assert_false(refund_request_read(unknown, strlen(unknown), "EUR", &request, &problem));
    assert_true(problem.is_unknown_field);
    assert_string_equal(problem.pointer, "/x");
    static const char missing[] = "{\"amount\":5,\"currency\":\"EUR\"}";
    assert_false(refund_request_read(missing, strlen(missing), "EUR", &request, &problem));
    assert_false(problem.is_syntax);
    assert_string_equal(problem.pointer, "/paymentId");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_charge_captures_its_amount),
        cmocka_unit_test(a_charge_without_payment_id_gets_the_fresh_one),
        cmocka_unit_test(a_declined_charge_captures_nothing),
        cmocka_unit_test(any_other_content_under_a_payment_id_or_a_key_is_refused),
        cmocka_unit_test(a_refund_moves_the_money_once_however_often_its_key_is_used),
        cmocka_unit_test(a_key_with_other_content_is_refused_also_when_money_is_left),
        cmocka_unit_test(what_is_refunded_never_exceeds_what_was_captured),
        cmocka_unit_test(the_largest_amount_does_not_overflow),
        cmocka_unit_test(partial_refunds_are_bounded_in_number),
        cmocka_unit_test(another_currency_is_refused_even_when_the_digits_are_equal),
        cmocka_unit_test(an_unknown_payment_is_adopted_or_refused_as_configured),
        cmocka_unit_test(a_refunds_id_derives_from_its_key),
        cmocka_unit_test(every_refusal_has_a_status_and_a_code),
        cmocka_unit_test(a_key_is_taken_quoted_and_bare_and_nothing_else),
        cmocka_unit_test(a_body_without_currency_means_the_configured_one),
        cmocka_unit_test(an_unknown_field_and_a_missing_one_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
