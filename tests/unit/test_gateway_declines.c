/* What clients see of the payer's failed tries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/gateway_cases.h"

static const struct decision *turn(struct gateway_case *subject, struct input input)
{
    return case_decide(subject, &input);
}

static void the_payers_failed_try_is_kept_and_nothing_else_changes(void **context)
{
    (void)context;
    for (int state = GATEWAY_PENDING; state < GATEWAY_STATE_COUNT; state++) {
        struct gateway_case subject;
        case_reach(&subject, (enum gateway_state)state);
        struct gateway_view before = subject.view;
        const struct decision *decision = turn(&subject, case_declined("u1", "p0", CASE_NOW_MS));
        assert_string_equal(decision->verdict, "decline");
        assert_string_equal(subject.view.last_decline.payment_id, "p0");
        assert_string_equal(subject.view.last_decline.reason, "card_declined");
        assert_int_equal(decision->message_count, 0);
        memset(&subject.view.last_decline, 0, sizeof subject.view.last_decline);
        assert_memory_equal(&before, &subject.view, sizeof before); /* its deadline, too */
    }
}

static void a_strangers_failed_try_is_not_shown(void **context)
{
    (void)context;
    static const char *const users[] = { "mallory", "" };
    for (size_t i = 0; i < 2; i++)
        for (int state = GATEWAY_NONE; state < GATEWAY_STATE_COUNT; state++) {
            struct gateway_case subject;
            case_reach(&subject, (enum gateway_state)state);
            const struct decision *decision = turn(&subject, case_declined(users[i], "p0", 1));
            assert_string_equal(decision->verdict, "noop");
            assert_false(decision->is_changed);
        }
}

static void the_last_failed_try_is_the_same_in_every_order(void **context)
{
    (void)context;
    struct gateway_case subject;
    case_reach(&subject, GATEWAY_PENDING);
    turn(&subject, case_declined("u1", "p1", 10));
    turn(&subject, case_declined("u1", "p3", 12));
    static const char *const late[] = { "p2", "p1", "p3" };
    for (size_t i = 0; i < 3; i++) {
        const struct decision *decision = turn(&subject, case_declined("u1", late[i],
                                                                       i == 0   ? 11
                                                                       : i == 1 ? 10
                                                                                : 12));
        assert_string_equal(decision->verdict, "duplicate");
        assert_string_equal(subject.view.last_decline.payment_id, "p3");
    }
    /* of two at the same time the ids tell */
    turn(&subject, case_declined("u1", "p4", 12));
    assert_string_equal(subject.view.last_decline.payment_id, "p4");
    turn(&subject, case_declined("u1", "p3", 12));
    assert_string_equal(subject.view.last_decline.payment_id, "p4");
}

static void an_event_of_a_decline_is_read_with_or_without_what_may_be_missing(void **context)
{
    (void)context;
    static struct input inputs[INPUTS_PER_DELIVERY_MAX];
    size_t count = 0;
    struct error error;
    static const char *const bodies[] = {
        "{\"paymentId\":\"p1\",\"intentId\":\"b-1\",\"userId\":\"u1\",\"reason\":\"card_declined\","
        "\"final\":true,\"declinedAt\":12}",
        "{\"paymentId\":\"p1\",\"intentId\":\"b-1\",\"reason\":null,\"declinedAt\":\"today\"}",
    };
    for (size_t i = 0; i < 2; i++) {
        struct message message = { .body = bodies[i], .body_length = strlen(bodies[i]) };
        struct gateway_decline_report report;
        snprintf(message.type, sizeof message.type, "payment.declined");
        snprintf(message.correlation_id, sizeof message.correlation_id, "b-1");
        assert_true(gateway_parse(NULL, &message, inputs, &count, &error));
        assert_int_equal(count, 1);
        assert_int_equal(inputs[0].type, GATEWAY_PAYMENT_DECLINED);
        memcpy(&report, inputs[0].payload, sizeof report);
        assert_string_equal(report.decline.payment_id, "p1");
        assert_string_equal(report.user_id, i == 0 ? "u1" : "");
        assert_int_equal(report.decline.at_ms, i == 0 ? 12 : 0);
        assert_int_equal(report.decline.is_final, i == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_payers_failed_try_is_kept_and_nothing_else_changes),
        cmocka_unit_test(a_strangers_failed_try_is_not_shown),
        cmocka_unit_test(the_last_failed_try_is_the_same_in_every_order),
        cmocka_unit_test(an_event_of_a_decline_is_read_with_or_without_what_may_be_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
