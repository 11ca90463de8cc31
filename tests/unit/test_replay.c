/* What is stored follows from its history; what does not is noticed, and what cannot be decided
 * again is never called equal. */
#include "tests/unit/replay_case.h"

#include "booking/service.h"
#include "payment/service.h"
#include "replay/replay_line_codec.h"

static void a_confirmed_booking_is_equal(void **state)
{
    (void)state;
    confirmed_live();
    assert_int_equal(replayed(), REPLAY_EQUAL);
    assert_int_equal(found.decisions, 2);
}

static void a_booking_that_waits_is_equal_whatever_the_time_out(void **state)
{
    (void)state;
    live(intent(), "m1", NOW);
    assert_int_equal(replayed(), REPLAY_EQUAL);
}

static void a_deadline_is_decided_again(void **state)
{
    (void)state;
    live(intent(), "m1", NOW);
    live(deadline(), "deadline:B1", NOW + rules.payment_timeout_ms);
    live(captured("P1"), "m2", NOW + 5000);
    assert_int_equal(booking()->state, BOOKING_FAILED);
    assert_int_equal(replayed(), REPLAY_EQUAL);
}

static void strangers_second_payments_and_repeats_are_decided_again(void **state)
{
    (void)state;
    struct input again = captured("P2");
    again.is_repeat = true;
    live(make(BOOKING_CAPTURED, "mallory", "P1", 1200, "EUR"), "m1", NOW);
    live(captured("P2"), "m2", NOW + 1);
    live(intent(), "m3", NOW + 2);
    live(captured("P3"), "m4", NOW + 3);
    live(again, "m2", NOW + 4);
    live(make(BOOKING_INTENT, "alice", "", 9999, "EUR"), "m5", NOW + 5);
    live(cancel(), "m6", NOW + 6);
    assert_int_equal(booking()->state, BOOKING_CANCELLED);
    assert_int_equal(booking()->payment_count, 3);
    assert_int_equal(replayed(), REPLAY_EQUAL);
    assert_int_equal(found.decisions, 7);
}

static void what_was_saved_at_once_is_decided_again_in_its_order(void **state)
{
    (void)state;
    confirmed_live();
    live(captured("P2"), "m3", NOW + 30);
    is_same_save = true;
    live(captured("P2"), "m4", NOW + 31);
    live(captured("P3"), "m5", NOW + 32);
    assert_int_equal(document->version, 3);
    assert_int_equal(replayed(), REPLAY_EQUAL);
}

static void a_decline_is_decided_again(void **state)
{
    (void)state;
    live(intent(), "m1", NOW);
    live(declined("mallory", "P0", true, NOW + 1), "m2", NOW + 1);
    live(declined("alice", "P1", false, NOW + 2), "m3", NOW + 2);
    live(declined("alice", "P2", true, NOW + 3), "m4", NOW + 3);
    assert_int_equal(booking()->state, BOOKING_FAILED);
    assert_int_equal(replayed(), REPLAY_EQUAL);
}

static void differs_in(const char *field, size_t decision_number)
{
    assert_int_equal(replayed(), REPLAY_DIFFERS);
    assert_string_equal(found.field, field);
    assert_int_equal(found.decision, decision_number);
    assert_string_not_equal(found.stored, found.replayed);
}

static void an_altered_amount_of_the_intent_differs(void **state)
{
    (void)state;
    confirmed_live();
    booking()->amount++;
    differs_in("state.intent.amount", 0);
    assert_string_equal(found.stored, "1201");
    assert_string_equal(found.replayed, "1200");
}

static void an_altered_payment_differs(void **state)
{
    (void)state;
    confirmed_live();
    booking()->payments[0].amount--;
    differs_in("state.payments.0.amount", 0);
}

static void an_altered_reason_differs(void **state)
{
    (void)state;
    live(intent(), "m1", NOW);
    live(make(BOOKING_CAPTURED, "alice", "P1", 1, "EUR"), "m2", NOW + 1);
    booking()->reason = REASON_CURRENCY_MISMATCH;
    differs_in("state.reason", 0);
}

static void an_altered_state_differs(void **state)
{
    (void)state;
    live(intent(), "m1", NOW);
    live(cancel(), "m2", NOW + 1);
    booking()->state = BOOKING_FAILED;
    differs_in("state.state", 0);
}

/* As if the release that stored it had another row here. */
static void another_rule_differs_at_the_decision_where_it_was_applied(void **state)
{
    (void)state;
    confirmed_live();
    snprintf(document->history[1].verdict, sizeof document->history[1].verdict, "refund");
    differs_in("verdict", 2);
    snprintf(document->history[1].verdict, sizeof document->history[1].verdict, "confirm");
    snprintf(document->history[1].state_to, sizeof document->history[1].state_to, "pending");
    differs_in("to", 2);
}

static void another_message_differs_also_when_it_is_not_owed_any_more(void **state)
{
    (void)state;
    confirmed_live();
    document->owed_count = 0;
    document->history[1].sent ^= 1;
    differs_in("sent", 2);
}

static void an_altered_body_that_is_still_owed_differs(void **state)
{
    (void)state;
    confirmed_live();
    document->owed[0]->body = "{\"intentId\":\"B1\"}";
    document->owed[0]->body_length = strlen(document->owed[0]->body);
    differs_in("owed.body", 2);
}

static void a_message_that_nobody_decided_differs(void **state)
{
    (void)state;
    confirmed_live();
    snprintf(document->owed[0]->id, sizeof document->owed[0]->id, "booking:B1:7:0");
    differs_in("owed", 0);
}

static void an_altered_input_differs(void **state)
{
    (void)state;
    struct input other = captured("P1");
    confirmed_live();
    ((struct booking_payload *)(void *)other.payload)->amount = 1199;
    document->history[1].content =
        content_encode(participant.contents, &other, &arena, &document->history[1].content_length);
    differs_in("verdict", 2);
}

static void a_deadline_that_is_missing_differs(void **state)
{
    (void)state;
    live(intent(), "m1", NOW);
    document->history[0].due_at_ms = 0;
    differs_in("deadline", 1);
}

static void a_damaged_document_differs(void **state)
{
    (void)state;
    confirmed_live();
    struct record record = stored();
    struct replayer *replayer = replayer_new();
    record.body_length--;
    replay_record(replayer, &booking_service, &record, &arena, &found);
    replayer_free(replayer);
    assert_int_equal(found.result, REPLAY_DIFFERS);
    assert_string_equal(found.field, "document");
}

static void a_history_that_lost_its_beginning_cannot_be_replayed(void **state)
{
    (void)state;
    confirmed_live();
    document->history++;
    document->history_count--;
    cannot_because("no decision for version 1");
}

static void a_history_that_lost_its_end_cannot_be_replayed(void **state)
{
    (void)state;
    confirmed_live();
    document->history_count--;
    cannot_because("ends at version 1 of 2");
}

static void a_history_of_an_older_release_cannot_be_replayed(void **state)
{
    (void)state;
    confirmed_live();
    for (size_t i = 0; i < document->history_count; i++)
        document->history[i] = (struct history_entry){ .at_ms = NOW };
    cannot_because("did not keep");
}

static void an_input_without_its_content_cannot_be_replayed(void **state)
{
    (void)state;
    confirmed_live();
    document->history[1].content = NULL;
    cannot_because("not stored");
}

static void an_input_of_an_unknown_type_cannot_be_replayed(void **state)
{
    (void)state;
    confirmed_live();
    snprintf(document->history[1].input_type, sizeof document->history[1].input_type, "new");
    cannot_because("knows no input of type new");
}

static void duplicates_beyond_the_bound_are_never_called_equal(void **state)
{
    (void)state;
    confirmed_live();
    for (int i = 0; i < HISTORY_DUPLICATES_MAX; i++)
        live(captured("P1"), "m2", NOW + 30 + i);
    assert_int_equal(document->history_dropped, 2);
    cannot_because("2 decisions that changed nothing were only counted");
    booking()->amount++;
    differs_in("state.intent.amount", 0);
}

static void a_line_holds_a_document_byte_by_byte(void **state)
{
    (void)state;
    struct record record;
    struct record again;
    const char *line = NULL;
    const struct service_description *service = &payment_service;
    struct error error;
    confirmed_live();
    record = stored();
    record.created_at_ms = NOW;
    assert_true(replay_line_encode(&booking_service, &record, &arena, &line));
    assert_null(strchr(line, '\n'));
    assert_true(replay_line_decode(line, strlen(line), &arena, &service, &again, &error));
    assert_ptr_equal(service, &booking_service);
    assert_string_equal(again.id, "B1");
    assert_int_equal(again.version, 2);
    assert_int_equal(again.created_at_ms, NOW);
    assert_int_equal(again.body_length, record.body_length);
    assert_memory_equal(again.body, record.body, record.body_length);
}

static void a_line_that_is_none_is_refused(void **state)
{
    (void)state;
    static const char *const lines[] = { "", "no", "{}", "{\"service\":\"provider\"}",
                                         "{\"service\":\"booking\",\"id\":\"B1\",\"version\":2}" };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        const struct service_description *service;
        struct record record;
        struct error error;
        assert_false(
            replay_line_decode(lines[i], strlen(lines[i]), &arena, &service, &record, &error));
        assert_int_equal(error.code, ERROR_REJECT);
    }
}

static void the_line_that_counts_is_no_document(void **state)
{
    (void)state;
    static const char *const others[] = { "", "{}", "{ \"documents\" : { \"$numberLong\" : \"",
                                          "{ \"documents\" : { \"$numberLong\" : \"-1\" } }",
                                          "{ \"documents\" : { \"$numberLong\" : \"7" };
    int64_t count = 0;
    const char *line = replay_line_encode_count(1234567890123, &arena);
    assert_null(strchr(line, '\n'));
    assert_true(replay_line_decode_count(line, strlen(line), &count));
    assert_int_equal(count, 1234567890123);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_false(replay_line_decode_count(others[i], strlen(others[i]), &count));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_confirmed_booking_is_equal),
        TEST(a_booking_that_waits_is_equal_whatever_the_time_out),
        TEST(a_deadline_is_decided_again),
        TEST(strangers_second_payments_and_repeats_are_decided_again),
        TEST(what_was_saved_at_once_is_decided_again_in_its_order),
        TEST(a_decline_is_decided_again),
        TEST(an_altered_amount_of_the_intent_differs),
        TEST(an_altered_payment_differs),
        TEST(an_altered_reason_differs),
        TEST(an_altered_state_differs),
        TEST(another_rule_differs_at_the_decision_where_it_was_applied),
        TEST(another_message_differs_also_when_it_is_not_owed_any_more),
        TEST(an_altered_body_that_is_still_owed_differs),
        TEST(a_message_that_nobody_decided_differs),
        TEST(an_altered_input_differs),
        TEST(a_deadline_that_is_missing_differs),
        TEST(a_damaged_document_differs),
        TEST(a_history_that_lost_its_beginning_cannot_be_replayed),
        TEST(a_history_that_lost_its_end_cannot_be_replayed),
        TEST(a_history_of_an_older_release_cannot_be_replayed),
        TEST(an_input_without_its_content_cannot_be_replayed),
        TEST(an_input_of_an_unknown_type_cannot_be_replayed),
        TEST(duplicates_beyond_the_bound_are_never_called_equal),
        TEST(a_line_holds_a_document_byte_by_byte),
        TEST(a_line_that_is_none_is_refused),
        TEST(the_line_that_counts_is_no_document),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_done(&arena);
    return failed;
}
