/* What is published twice under one message id: the same said by two releases is no rewriting. */
#include "audit/audit_body.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define CONFIRMED "{\"intentId\":\"B1\",\"amount\":1200,\"currency\":\"EUR\"}"
#define FAILED    "{\"intentId\":\"B1\",\"payments\":[{\"paymentId\":\"P1\",\"amount\":1200}]}"

static bool agree(const char *one, const char *other)
{
    bool is_said = audit_bodies_agree(one, strlen(one), other, strlen(other));
    assert_int_equal(audit_bodies_agree(other, strlen(other), one, strlen(one)), is_said);
    return is_said;
}

static void one_field_more_or_another_order_says_the_same(void **state)
{
    (void)state;
    assert_true(agree(CONFIRMED, CONFIRMED));
    assert_true(agree(CONFIRMED, "{\"channel\":\"card\",\"currency\":\"EUR\",\"amount\":1200,"
                                 "\"intentId\":\"B1\"}"));
    assert_true(agree(FAILED, "{\"intentId\":\"B1\",\"payments\":[{\"paymentId\":\"P1\","
                              "\"amount\":1200,\"channel\":\"card\"}]}"));
}

static void another_value_at_any_level_is_a_rewriting(void **state)
{
    (void)state;
    assert_false(agree(CONFIRMED, "{\"intentId\":\"B1\",\"amount\":1201,\"currency\":\"EUR\"}"));
    assert_false(agree(CONFIRMED, "{\"intentId\":\"B1\",\"amount\":\"1200\"}"));
    assert_false(agree(
        FAILED, "{\"intentId\":\"B1\",\"payments\":[{\"paymentId\":\"P2\",\"amount\":1200}]}"));
    assert_false(agree(FAILED, "{\"intentId\":\"B1\",\"payments\":[]}"));
}

static void what_is_no_object_agrees_with_nothing(void **state)
{
    (void)state;
    assert_false(agree(CONFIRMED, ""));
    assert_false(agree("[]", "[]"));
    assert_false(agree("{", "{"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_field_more_or_another_order_says_the_same),
        cmocka_unit_test(another_value_at_any_level_is_a_rewriting),
        cmocka_unit_test(what_is_no_object_agrees_with_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
