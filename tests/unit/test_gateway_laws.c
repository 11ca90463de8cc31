/* What holds for the gateway's whole table and for every order of events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/hash.h"
#include "tests/unit/bson_case.h"
#include "tests/unit/gateway_cases.h"

#include <bson.h>

static void every_row_says_what_it_means(void **context)
{
    (void)context;
    for (size_t i = 0; i < gateway_table.row_count; i++) {
        const struct transition *row = &gateway_table.rows[i];
        bool is_request =
            row->input == GATEWAY_REQUEST_INTENT || row->input == GATEWAY_REQUEST_CANCEL;
        assert_int_equal(is_request, row->reply != REPLY_NONE);
        assert_true(row->outcome != OUTCOME_REJECTED || row->reason != GATEWAY_BECAUSE_NONE);
        assert_true(row->outcome != OUTCOME_REJECTED || row->action == NULL);
        assert_true(row->outcome != OUTCOME_DUPLICATE || row->action == NULL);
        if (row->state == GATEWAY_PENDING)
            assert_int_not_equal(row->next, GATEWAY_NONE);
    }
}

/* The view after a round trip through BSON is the same, byte by byte. */
static void assert_survives_the_store(const struct gateway_view *view)
{
    struct gateway_view loaded = { .booking_id = "" };
    struct error error;
    struct arena arena = { 0 };
    struct bson_output output;
    bson_write_begin(&output, &arena, CASE_ROOM);
    if (!gateway_encode(view, &output, &error))
        fail_msg("encode: %s", error.message);
    struct bson_fields fields = case_written(&output);
    if (!gateway_decode(&fields, &loaded, &error))
        fail_msg("decode: %s", error.message);
    assert_memory_equal(view, &loaded, sizeof loaded);
    arena_done(&arena);
}

static void every_state_answers_every_input_and_survives_the_store(void **context)
{
    (void)context;
    for (int state = 0; state < GATEWAY_STATE_COUNT; state++) {
        for (int input = 0; input < GATEWAY_INPUT_COUNT; input++) {
            struct gateway_case subject;
            case_reach(&subject, (enum gateway_state)state);
            subject.now_ms += 10 * CASE_AFTER_MS;
            assert_int_equal(gateway_state(&subject.view), state);
            struct gateway_view before;
            memcpy(&before, &subject.view, sizeof before);
            struct input given = case_any((enum gateway_input)input);
            const struct decision *decision = case_decide(&subject, &given);
            assert_int_equal(decision->is_changed,
                             memcmp(&before, &subject.view, sizeof before) != 0);
            assert_survives_the_store(&subject.view);

            /* the same once more: nothing new, except that a deadline of a later time repeats */
            decision = case_decide(&subject, &given);
            assert_false(decision->is_changed);
            assert_int_equal(decision->message_count, 0);
        }
    }
}

/* What clients see, apart from times. */
static void seen_write(const struct gateway_view *view, struct gateway_view *ret_seen)
{
    memcpy(ret_seen, view, sizeof *ret_seen);
    ret_seen->end.at_ms = ret_seen->due_at_ms = ret_seen->updated_at_ms = 0;
    ret_seen->repeat_count = 0;
}

static void permute(const struct input *inputs, size_t count, size_t at, size_t *order,
                    struct gateway_view *expected)
{
    if (at < count) {
        for (size_t i = at; i < count; i++) {
            size_t kept = order[at];
            order[at] = order[i];
            order[i] = kept;
            permute(inputs, count, at + 1, order, expected);
            order[i] = order[at];
            order[at] = kept;
        }
        return;
    }
    struct gateway_case subject;
    struct gateway_view seen;
    case_reach(&subject, GATEWAY_PENDING);
    for (size_t i = 0; i < count; i++) {
        enum gateway_state before = gateway_state(&subject.view);
        case_decide(&subject, &inputs[order[i]]);
        assert_false(before == GATEWAY_CANCELLED &&
                     gateway_state(&subject.view) != GATEWAY_CANCELLED);
        assert_true(gateway_state(&subject.view) >= before);
    }
    seen_write(&subject.view, &seen);
    if (expected->booking_id[0] == '\0')
        memcpy(expected, &seen, sizeof seen);
    assert_memory_equal(expected, &seen, sizeof seen);
    assert_int_equal(subject.view.due_at_ms, 0);
}

static void every_order_of_the_events_with_duplicates_gives_one_view(void **context)
{
    (void)context;
    const struct input inputs[] = {
        case_confirmed("p1"),
        case_confirmed("p1"),
        case_ended(GATEWAY_BOOKING_CANCELLED, "p1"),
        case_ended(GATEWAY_BOOKING_CANCELLED, "p1"),
        case_refund(GATEWAY_REFUND_STUCK, "p1", 4),
        case_refund(GATEWAY_PAYMENT_REFUNDED, "p1", 6),
        case_refund(GATEWAY_PAYMENT_REFUNDED, "p1", 6),
    };
    size_t order[sizeof inputs / sizeof inputs[0]] = { 0, 1, 2, 3, 4, 5, 6 };
    struct gateway_view expected = { .booking_id = "" };
    permute(inputs, sizeof inputs / sizeof inputs[0], 0, order, &expected);
    assert_int_equal(gateway_state(&expected), GATEWAY_CANCELLED);
    assert_int_equal(expected.refunds[0].status, GATEWAY_STATUS_REFUNDED);
    assert_string_equal(expected.end.payment_id, "p1");
}

/* Pseudo-random numbers of a fixed seed: a failing run is the same run again. */
static uint64_t next_random(uint64_t *seed)
{
    *seed += 1;
    return hash_fingerprint(seed, sizeof *seed);
}

static struct input random_input(uint64_t *seed)
{
    static const char *const users[] = { "", "u1", "u2" };
    static const char *const payments[] = { "p1", "p2", "p3", "p4", "p5" };
    uint64_t number = next_random(seed);
    const char *user_id = users[number / 8 % 3];
    const char *payment_id = payments[number / 32 % 5];
    enum gateway_input type = (enum gateway_input)(number % GATEWAY_INPUT_COUNT);
    switch (type) {
    case GATEWAY_REQUEST_INTENT:
        return case_intent(number / 8 % 2 ? "u1" : "u2", 1 + (int64_t)(number / 64 % 2), "EUR");
    case GATEWAY_REQUEST_CANCEL:
        return case_cancel(user_id);
    case GATEWAY_BOOKING_CONFIRMED:
        return case_confirmed(payment_id);
    case GATEWAY_BOOKING_FAILED:
    case GATEWAY_BOOKING_CANCELLED:
        return case_ended(type, number / 8 % 4 ? payment_id : NULL);
    case GATEWAY_PAYMENT_REFUNDED:
    case GATEWAY_REFUND_STUCK:
        return case_refund(type, payment_id, (int64_t)(number / 256 % 9));
    case GATEWAY_PAYMENT_DECLINED:
        return case_declined(user_id, payment_id, (int64_t)(number / 256 % 9));
    case GATEWAY_BOOKING_PENDING:
        return case_pending(1 + (int64_t)(number / 256 % 5), (int64_t)(number / 256 % 900000));
    case GATEWAY_DEADLINE:
    case GATEWAY_INPUT_COUNT:
        break;
    }
    return case_input(GATEWAY_DEADLINE);
}

static void assert_monotonic(const struct gateway_view *before, const struct gateway_view *after)
{
    enum gateway_state from = gateway_state(before);
    enum gateway_state to = gateway_state(after);
    if (from != to)
        assert_true(from < GATEWAY_CONFIRMED ||
                    (from == GATEWAY_CONFIRMED && to == GATEWAY_CANCELLED));
    if (before->intent.is_present)
        assert_memory_equal(&before->intent, &after->intent, sizeof before->intent);
    if (before->cancel.is_requested && !before->cancel.is_passed_on)
        assert_memory_equal(&before->cancel, &after->cancel, sizeof before->cancel);
    assert_true(after->refund_count >= before->refund_count);
    for (int64_t i = 0; i < before->refund_count; i++) {
        assert_true(before->refunds[i].status == GATEWAY_STATUS_WAITING ||
                    after->refunds[i].status != GATEWAY_STATUS_WAITING);
        assert_true(after->refunds[i].reported_order >= before->refunds[i].reported_order);
    }
}

static void random_histories_keep_every_invariant(void **context)
{
    (void)context;
    uint64_t seed = 20251121;
    for (int history = 0; history < 2000; history++) {
        struct gateway_case subject;
        case_begin(&subject);
        for (int step = 0; step < 40; step++) {
            struct gateway_view before;
            memcpy(&before, &subject.view, sizeof before);
            subject.now_ms += (int64_t)(next_random(&seed) % (2 * CASE_AFTER_MS));
            struct input input = random_input(&seed);
            const struct decision *decision = case_decide(&subject, &input);
            assert_monotonic(&before, &subject.view);
            assert_survives_the_store(&subject.view);
            assert_int_equal(decision->is_changed,
                             memcmp(&before, &subject.view, sizeof before) != 0);
            assert_true(decision->message_count == 0 || decision->is_changed);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_says_what_it_means),
        cmocka_unit_test(every_state_answers_every_input_and_survives_the_store),
        cmocka_unit_test(every_order_of_the_events_with_duplicates_gives_one_view),
        cmocka_unit_test(random_histories_keep_every_invariant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
