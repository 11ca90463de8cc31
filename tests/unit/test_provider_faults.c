/* How faults are asked for, which one a call meets, and that a seed repeats the run. */
#include "provider/faults.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void faults_make(struct faults *faults, const char *text)
{
    struct error error;
    assert_true(faults_init(faults, text, 1, &error));
}

static enum fault_kind draw_with(struct faults *faults, enum fault_target target,
                                 const char *payment_id, const char *header)
{
    struct fault fault;
    struct error error;
    assert_true(faults_draw_call(faults, target, payment_id, header, &fault, &error));
    return fault.kind;
}

static enum fault_kind draw(struct faults *faults, enum fault_target target)
{
    return draw_with(faults, target, "P1", NULL);
}

static struct webhook_faults draw_webhook(struct faults *faults, const char *header)
{
    struct webhook_faults result;
    struct error error;
    assert_true(faults_draw_webhook(faults, "P1", header, &result, &error));
    return result;
}

static void nothing_configured_means_no_fault(void **state)
{
    (void)state;
    struct faults faults;
    faults_make(&faults, "");
    assert_int_equal(draw(&faults, FAULT_TARGET_REFUND), FAULT_NONE);
    struct webhook_faults webhook = draw_webhook(&faults, NULL);
    assert_int_equal(webhook.copies, 1);
    assert_false(webhook.is_held || webhook.is_forged || webhook.is_dropped || webhook.late_ms);
}

static void every_fault_is_read_by_its_name(void **state)
{
    (void)state;
    const struct {
        const char *text;
        enum fault_kind kind;
        int64_t argument;
    } cases[] = {
        { "refuse", FAULT_REFUSE, 0 },
        { "delay:250", FAULT_DELAY, 250 },
        { "timeout-after", FAULT_TIMEOUT_AFTER, FAULT_SILENCE_MS },
        { "timeout-after:50", FAULT_TIMEOUT_AFTER, 50 },
        { "timeout-before", FAULT_TIMEOUT_BEFORE, FAULT_SILENCE_MS },
        { "5xx", FAULT_5XX, 0 },
        { "5xx-after", FAULT_5XX_AFTER, 0 },
        { "429", FAULT_429, 0 },
        { "http:401", FAULT_HTTP, 401 },
        { "html:404", FAULT_HTML, 404 },
        { "duplicate:3", FAULT_DUPLICATE, 3 },
        { "duplicate", FAULT_DUPLICATE, 2 },
        { "out-of-order", FAULT_OUT_OF_ORDER, 0 },
        { "late:9", FAULT_LATE, 9 },
        { "forged", FAULT_FORGED, 0 },
        { "drop", FAULT_DROP, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fault fault;
        struct error error;
        size_t count = 0;
        assert_true(fault_list_parse(cases[i].text, &fault, 1, &count, &error));
        assert_int_equal(count, 1);
        assert_int_equal(fault.kind, cases[i].kind);
        assert_int_equal(fault.argument, cases[i].argument);
        assert_true(fault.rate >= 1.0);
        assert_int_equal(fault.on_target[FAULT_TARGET_WEBHOOK], fault.kind >= FAULT_DUPLICATE);
        assert_int_equal(fault.on_target[FAULT_TARGET_REFUND], fault.kind < FAULT_DUPLICATE);
    }
}

static void what_is_no_fault_is_refused(void **state)
{
    (void)state;
    const char *const texts[] = {
        "explode",        "refund.",       "refund.explode",
        "http",           "http:200",      "html:600",
        "booking.refuse", "delay",         "delay:",
        "delay:0",        "delay:-1",      "delay:1x",
        "delay:60001",    "refuse:1",      "refuse@1.01",
        "refuse@",        "refuse@x",      "refuse@-1",
        "webhook.refuse", "charge.forged", "late",
        "duplicate:1001", "refuse@.",      "delay:9999999999",
        "refuse refusal", "@0.5",          ":1",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct faults faults;
        struct error error;
        assert_false(faults_init(&faults, texts[i], 1, &error));
        assert_int_equal(error.code, ERROR_REJECT);
        struct fault fault;
        faults_make(&faults, "");
        assert_false(
            faults_draw_call(&faults, FAULT_TARGET_REFUND, "P1", texts[i], &fault, &error));
    }
}

static void a_target_narrows_a_fault_to_its_calls(void **state)
{
    (void)state;
    struct faults faults;
    faults_make(&faults, "refund.refuse");
    assert_int_equal(draw(&faults, FAULT_TARGET_REFUND), FAULT_REFUSE);
    assert_int_equal(draw(&faults, FAULT_TARGET_CHARGE), FAULT_NONE);
    faults_make(&faults, "5xx");
    assert_int_equal(draw(&faults, FAULT_TARGET_REFUND), FAULT_5XX);
    assert_int_equal(draw(&faults, FAULT_TARGET_CHARGE), FAULT_5XX);
    assert_int_equal(draw_webhook(&faults, NULL).copies, 1);
}

static void an_armed_fault_meets_the_next_count_calls_and_no_more(void **state)
{
    (void)state;
    struct faults faults;
    struct error error;
    faults_make(&faults, "");
    assert_true(faults_arm(&faults, FAULT_TARGET_REFUND, "timeout-after:50", 2, "", &error));
    assert_int_equal(draw(&faults, FAULT_TARGET_CHARGE), FAULT_NONE);
    assert_int_equal(draw(&faults, FAULT_TARGET_REFUND), FAULT_TIMEOUT_AFTER);
    assert_int_equal(draw(&faults, FAULT_TARGET_REFUND), FAULT_TIMEOUT_AFTER);
    assert_int_equal(draw(&faults, FAULT_TARGET_REFUND), FAULT_NONE);
    assert_int_equal(faults.armed_count, 0);
}

static void armed_faults_come_in_their_order_and_for_their_payment(void **state)
{
    (void)state;
    struct faults faults;
    struct error error;
    faults_make(&faults, "");
    assert_true(faults_arm(&faults, FAULT_TARGET_REFUND, "429", 1, "P2", &error));
    assert_true(faults_arm(&faults, FAULT_TARGET_REFUND, "5xx", 1, "", &error));
    assert_true(faults_arm(&faults, FAULT_TARGET_REFUND, "refuse", 1, "", &error));
    assert_int_equal(draw_with(&faults, FAULT_TARGET_REFUND, "P1", NULL), FAULT_5XX);
    assert_int_equal(draw_with(&faults, FAULT_TARGET_REFUND, "P2", NULL), FAULT_429);
    assert_int_equal(draw_with(&faults, FAULT_TARGET_REFUND, "P2", NULL), FAULT_REFUSE);
    assert_int_equal(draw_with(&faults, FAULT_TARGET_REFUND, "P2", NULL), FAULT_NONE);
}

static void what_cannot_be_armed_is_refused(void **state)
{
    (void)state;
    struct faults faults;
    struct error error;
    faults_make(&faults, "");
    assert_false(faults_arm(&faults, FAULT_TARGET_REFUND, "forged", 1, "", &error));
    assert_false(faults_arm(&faults, FAULT_TARGET_WEBHOOK, "refuse", 1, "", &error));
    assert_false(faults_arm(&faults, FAULT_TARGET_REFUND, "refuse@0.5", 1, "", &error));
    assert_false(faults_arm(&faults, FAULT_TARGET_REFUND, "refund.refuse", 1, "", &error));
    assert_false(faults_arm(&faults, FAULT_TARGET_REFUND, "refuse,5xx", 1, "", &error));
    assert_false(faults_arm(&faults, FAULT_TARGET_REFUND, "", 1, "", &error));
    assert_false(faults_arm(&faults, FAULT_TARGET_REFUND, "none", 1, "", &error));
    assert_false(faults_arm(&faults, FAULT_TARGET_REFUND, "refuse", 0, "", &error));
    assert_false(faults_arm(&faults, FAULT_TARGET_REFUND, "refuse", -1, "", &error));
    for (int i = 0; i < FAULTS_ARMED_MAX; i++)
        assert_true(faults_arm(&faults, FAULT_TARGET_REFUND, "refuse", 1, "", &error));
    assert_false(faults_arm(&faults, FAULT_TARGET_REFUND, "refuse", 1, "", &error));
    faults_clear(&faults);
    assert_int_equal(draw(&faults, FAULT_TARGET_REFUND), FAULT_NONE);
}

static void the_header_comes_before_the_armed_before_the_configured(void **state)
{
    (void)state;
    struct faults faults;
    struct error error;
    faults_make(&faults, "refund.5xx");
    assert_true(faults_arm(&faults, FAULT_TARGET_REFUND, "429", 1, "", &error));
    assert_int_equal(draw_with(&faults, FAULT_TARGET_REFUND, "P1", "refuse"), FAULT_REFUSE);
    assert_int_equal(draw_with(&faults, FAULT_TARGET_REFUND, "P1", "charge.refuse"), FAULT_429);
    assert_int_equal(draw_with(&faults, FAULT_TARGET_REFUND, "P1", ""), FAULT_5XX);
}

static void faults_of_a_webhook_add_up(void **state)
{
    (void)state;
    struct faults faults;
    struct error error;
    faults_make(&faults, "forged, refund.5xx");
    assert_true(faults_arm(&faults, FAULT_TARGET_WEBHOOK, "late:70", 1, "", &error));
    struct webhook_faults webhook =
        draw_webhook(&faults, "refuse, duplicate:4 webhook.out-of-order");
    assert_true(webhook.is_forged && webhook.is_held && !webhook.is_dropped);
    assert_int_equal(webhook.copies, 4);
    assert_int_equal(webhook.late_ms, 70);
    webhook = draw_webhook(&faults, "drop");
    assert_true(webhook.is_dropped && !webhook.is_held);
    assert_int_equal(webhook.late_ms, 0);
}

static int faulty_calls(const char *text, uint64_t seed, int calls, uint64_t *ret_pattern)
{
    struct faults faults;
    struct error error;
    assert_true(faults_init(&faults, text, seed, &error));
    int count = 0;
    *ret_pattern = 0;
    for (int i = 0; i < calls; i++) {
        bool is_faulty = draw(&faults, FAULT_TARGET_REFUND) != FAULT_NONE;
        count += is_faulty ? 1 : 0;
        *ret_pattern = *ret_pattern * 31 + (is_faulty ? 1 : 0);
    }
    return count;
}

static void a_rate_is_kept_and_a_seed_repeats_the_run(void **state)
{
    (void)state;
    uint64_t one, same, other;
    int count = faulty_calls("refund.timeout-after@0.1", 7, 10000, &one);
    assert_in_range(count, 900, 1100);
    assert_int_equal(faulty_calls("refund.timeout-after@0.1", 7, 10000, &same), count);
    assert_true(one == same);
    (void)faulty_calls("refund.timeout-after@0.1", 8, 10000, &other);
    assert_true(one != other);
    assert_int_equal(faulty_calls("refund.timeout-after@0", 7, 1000, &one), 0);
    assert_int_equal(faulty_calls("refund.timeout-after@1", 7, 1000, &one), 1000);
    assert_in_range(faulty_calls("5xx@.5", 7, 10000, &one), 4800, 5200);
}

static void every_kind_and_target_has_its_text(void **state)
{
    (void)state;
    for (int i = FAULT_NONE; i <= FAULT_DROP; i++)
        assert_true(strlen(fault_kind_text((enum fault_kind)i)) > 0);
    for (int i = FAULT_TARGET_REFUND; i <= FAULT_TARGET_WEBHOOK; i++) {
        enum fault_target target;
        assert_true(fault_target_parse(fault_target_text((enum fault_target)i), &target));
        assert_int_equal(target, i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_configured_means_no_fault),
        cmocka_unit_test(every_fault_is_read_by_its_name),
        cmocka_unit_test(what_is_no_fault_is_refused),
        cmocka_unit_test(a_target_narrows_a_fault_to_its_calls),
        cmocka_unit_test(an_armed_fault_meets_the_next_count_calls_and_no_more),
        cmocka_unit_test(armed_faults_come_in_their_order_and_for_their_payment),
        cmocka_unit_test(what_cannot_be_armed_is_refused),
        cmocka_unit_test(the_header_comes_before_the_armed_before_the_configured),
        cmocka_unit_test(faults_of_a_webhook_add_up),
        cmocka_unit_test(a_rate_is_kept_and_a_seed_repeats_the_run),
        cmocka_unit_test(every_kind_and_target_has_its_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
