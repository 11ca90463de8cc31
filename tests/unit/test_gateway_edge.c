/* What is pure at the gateway's HTTP edge: keys, preferences, cursors, bodies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/idempotency_key.h"
#include "gateway/prefer_wait.h"
#include "gateway/views.h"
#include "tests/unit/gateway_cases.h"

#include <stdlib.h>

static void a_key_is_the_same_quoted_and_bare(void **context)
{
    (void)context;
    char quoted[IDEMPOTENCY_KEY_SIZE];
    char bare[IDEMPOTENCY_KEY_SIZE];
    assert_true(gateway_idempotency_key_read("\"k-1\"", quoted));
    assert_true(gateway_idempotency_key_read("k-1", bare));
    assert_string_equal(quoted, bare);
    assert_true(gateway_idempotency_key_read("\"a \\\"b\\\\c\"", quoted));
    assert_string_equal(quoted, "a \"b\\c");
}

static void a_bad_key_is_refused(void **context)
{
    (void)context;
    const char *const bad[] = { "",    "\"\"", "\"",       "\"a",          "\"a\"b", "\"a\\n\"",
                                "a b", "a\tb", "\xc3\xa4", "\"\xc3\xa4\"", "\"a\\",  "\"a\x7f\"" };
    char key[IDEMPOTENCY_KEY_SIZE];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (gateway_idempotency_key_read(bad[i], key))
            fail_msg("<%s> was taken", bad[i]);
}

static void a_key_has_up_to_255_characters(void **context)
{
    (void)context;
    char text[300];
    char key[IDEMPOTENCY_KEY_SIZE];
    memset(text, 'k', sizeof text);
    text[255] = '\0';
    assert_true(gateway_idempotency_key_read(text, key));
    text[255] = 'k';
    text[256] = '\0';
    assert_false(gateway_idempotency_key_read(text, key));
    text[0] = '"';
    text[256] = '"';
    text[257] = '\0';
    assert_true(gateway_idempotency_key_read(text, key));
    text[256] = 'k';
    text[257] = '"';
    text[258] = '\0';
    assert_false(gateway_idempotency_key_read(text, key));
}

static void two_users_never_meet_on_one_key(void **context)
{
    (void)context;
    char one[UUID_TEXT_SIZE];
    char again[UUID_TEXT_SIZE];
    char other[UUID_TEXT_SIZE];
    uint8_t bytes[16];
    gateway_idempotency_key_booking_id("u1", "k", one);
    gateway_idempotency_key_booking_id("u1", "k", again);
    gateway_idempotency_key_booking_id("u2", "k", other);
    assert_string_equal(one, again);
    assert_string_not_equal(one, other);
    assert_true(uuid_parse(one, bytes));
    assert_int_equal(bytes[6] >> 4, 8);
}

static void a_preference_to_wait_is_read_and_capped(void **context)
{
    (void)context;
    const struct {
        const char *header;
        int64_t seconds;
    } headers[] = {
        { NULL, 0 },
        { "", 0 },
        { "wait=5", 5 },
        { "Wait = 5", 5 },
        { "wait=\"7\"", 7 },
        { "respond-async, wait=10", 10 },
        { "wait=10; foo=bar, respond-async", 10 },
        { "handling=\"a, wait=9\", wait=3", 3 },
        { "wait=31", PREFER_WAIT_MAX_S },
        { "wait=99999999999999999999999999", PREFER_WAIT_MAX_S },
        { "wait=0", 0 },
        { "wait", 0 },
        { "wait=", 0 },
        { "wait=-1", 0 },
        { "wait=5s", 0 },
        { "wait=\"5", 0 },
        { "await=5", 0 },
        { "waiting=5", 0 },
        { "x=\"\\", 0 },
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        if (gateway_prefer_wait_read(headers[i].header) != headers[i].seconds)
            fail_msg("<%s> gave %lld", headers[i].header,
                     (long long)gateway_prefer_wait_read(headers[i].header));
}

static void a_cursor_comes_back_as_it_was_given(void **context)
{
    (void)context;
    struct record record = { .created_at_ms = CASE_NOW_MS };
    memset(record.id, 'z', IDENT_BYTES_MAX);
    record.id[1] = ':';
    char text[GATEWAY_CURSOR_SIZE];
    struct store_cursor cursor;
    gateway_cursor_write(&record, text);
    assert_true(gateway_cursor_read(text, &cursor));
    assert_int_equal(cursor.created_at_ms, record.created_at_ms);
    assert_string_equal(cursor.id, record.id);
}

static void a_made_up_cursor_is_refused(void **context)
{
    (void)context;
    const char *const bad[] = {
        "",     "3",      "zz",       "31",     "313a",
        "3a61", "303a61", "313a2461", "313a00", "31313131313131313131313131313131313a61"
    };
    struct store_cursor cursor;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (gateway_cursor_read(bad[i], &cursor))
            fail_msg("<%s> was taken", bad[i]);
    assert_true(gateway_cursor_read("313a61", &cursor)); /* "1:a" */
}

struct page {
    struct http_answer answer;
    char body[HTTP_ANSWER_BYTES_MAX];
};

static int page_begin(void **state)
{
    struct page *page = calloc(1, sizeof *page);
    page->answer.body = page->body;
    *state = page;
    return 0;
}

static int page_end(void **state)
{
    free(*state);
    return 0;
}

static void the_answer_to_an_intent_depends_on_its_content_alone(void **state)
{
    struct page *page = *state;
    const struct gateway_intent_request intent = { "u1", "EUR", 12345 };
    gateway_write_accepted(&page->answer, CASE_ID, &intent);
    assert_int_equal(page->answer.status, 202);
    const char *expected = "{\"intentId\":\"b-1\",\"userId\":\"u1\",\"amount\":12345,"
                           "\"currency\":\"EUR\",\"state\":\"pending\",\"message\":\"";
    assert_memory_equal(page->body, expected, strlen(expected));
}

static void the_answer_to_a_cancel_names_the_booking_and_what_becomes_of_it(void **state)
{
    struct page *page = *state;
    struct gateway_case subject;
    struct input input = case_cancel("u1");
    case_reach(&subject, GATEWAY_PENDING);
    case_decide(&subject, &input);
    gateway_write_cancel(&page->answer, CASE_ID, &subject.view);
    assert_int_equal(page->answer.status, 202);
    const char *expected = "{\"intentId\":\"b-1\",\"state\":\"pending\",\"message\":\"";
    assert_memory_equal(page->body, expected, strlen(expected));
    assert_null(strstr(page->body, "is passed on"));

    input = case_confirmed("p1"); /* of which no intent was seen here: whose it is is not known */
    case_begin(&subject);
    case_decide(&subject, &input);
    gateway_write_cancel(&page->answer, CASE_ID, &subject.view);
    expected =
        "{\"intentId\":\"b-1\",\"state\":\"confirmed\",\"message\":\"The cancellation is passed "
        "on; it counts if the booking is this user's.\"}";
    assert_string_equal(page->body, expected);
}

static void a_booking_shows_its_outcome_and_its_refunds(void **state)
{
    struct page *page = *state;
    struct gateway_case subject;
    struct record record = { .version = 3, .created_at_ms = CASE_NOW_MS };
    case_reach(&subject, GATEWAY_FAILED);
    gateway_write_booking(&page->answer, CASE_ID, &subject.view, &record);
    assert_int_equal(page->answer.status, 200);
    assert_non_null(strstr(page->body, "\"state\":\"failed\",\"reason\":\"amount_mismatch\""));
    assert_non_null(strstr(page->body, "\"createdAt\":\"2025-11-21T10:30:00.123Z\""));
    assert_non_null(strstr(page->body, "\"refunds\":[{\"paymentId\":\"p1\",\"amount\":12345,"
                                       "\"currency\":\"EUR\",\"status\":\"waiting\"}]"));
    assert_non_null(strstr(page->body, "\"version\":3"));
    assert_null(strstr(page->body, "paymentId\":\"p1\",\"cancel"));
}

static void the_text_says_of_the_money_what_the_list_says(void **state)
{
    struct page *page = *state;
    static const struct {
        enum gateway_refund_status first, second;
        const char *text;
    } cases[] = {
        { GATEWAY_STATUS_REFUNDED, GATEWAY_STATUS_REFUNDED,
          "whatever was paid for it is refunded" },
        { GATEWAY_STATUS_REFUNDED, GATEWAY_STATUS_WAITING, "is being refunded" },
        { GATEWAY_STATUS_WAITING, GATEWAY_STATUS_STUCK, "is stuck" },
        { GATEWAY_STATUS_STUCK, GATEWAY_STATUS_REFUNDED, "is stuck" },
    };
    struct record record = { .version = 3, .created_at_ms = CASE_NOW_MS };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gateway_case subject;
        case_reach(&subject, GATEWAY_FAILED);
        subject.view.refunds[1] = subject.view.refunds[0];
        subject.view.refund_count = 2;
        subject.view.refunds[0].status = cases[i].first;
        subject.view.refunds[1].status = cases[i].second;
        gateway_write_booking(&page->answer, CASE_ID, &subject.view, &record);
        assert_non_null(strstr(page->body, cases[i].text));
    }
    struct gateway_case unpaid;
    case_reach(&unpaid, GATEWAY_FAILED);
    unpaid.view.refund_count = 0;
    gateway_write_booking(&page->answer, CASE_ID, &unpaid.view, &record);
    assert_null(strstr(page->body, "refunded."));
}

static void a_booking_whose_intent_was_never_seen_shows_no_user_and_no_amount(void **state)
{
    struct page *page = *state;
    struct gateway_case subject;
    struct record record = { .version = 1, .created_at_ms = CASE_NOW_MS };
    struct input input = case_ended(GATEWAY_BOOKING_FAILED, NULL);
    case_begin(&subject);
    case_decide(&subject, &input);
    gateway_write_booking(&page->answer, CASE_ID, &subject.view, &record);
    assert_null(strstr(page->body, "userId"));
    assert_null(strstr(page->body, "amount\""));
    assert_non_null(strstr(page->body, "\"createdAt\""));
}

static void the_longest_list_fits_into_an_answer(void **state)
{
    struct page *page = *state;
    struct gateway_view view = { .booking_id = "" };
    struct record record = { .version = INT64_MAX, .created_at_ms = CASE_NOW_MS };
    struct json_writer writer;
    memset(record.id, 'i', IDENT_BYTES_MAX);
    memset(view.booking_id, 'i', IDENT_BYTES_MAX);
    memset(view.intent.user_id, 'u', IDENT_BYTES_MAX);
    memset(view.end.payment_id, 'p', IDENT_BYTES_MAX);
    memset(view.end.reason, '"', REASON_SIZE - 1); /* each is escaped */
    view.intent.is_present = view.cancel.is_requested = true;
    view.intent.amount = MONEY_AMOUNT_MAX;
    view.intent.created_at_ms = view.updated_at_ms = CASE_NOW_MS;
    view.end.outcome = GATEWAY_END_CANCELLED;
    gateway_write_list_begin(&writer, &page->answer);
    for (int i = 0; i < STORE_LIST_MAX; i++)
        gateway_write_list_item(&writer, view.booking_id, &view, &record);
    gateway_write_list_end(&writer, &page->answer, &record, true);
    assert_int_equal(page->answer.status, 200);
    assert_true(page->answer.body_length > 0);
    assert_int_equal(page->body[page->answer.body_length - 1], '}');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_the_same_quoted_and_bare),
        cmocka_unit_test(a_bad_key_is_refused),
        cmocka_unit_test(a_key_has_up_to_255_characters),
        cmocka_unit_test(two_users_never_meet_on_one_key),
        cmocka_unit_test(a_preference_to_wait_is_read_and_capped),
        cmocka_unit_test(a_cursor_comes_back_as_it_was_given),
        cmocka_unit_test(a_made_up_cursor_is_refused),
        cmocka_unit_test_setup_teardown(the_answer_to_an_intent_depends_on_its_content_alone,
                                        page_begin, page_end),
        cmocka_unit_test_setup_teardown(
            the_answer_to_a_cancel_names_the_booking_and_what_becomes_of_it, page_begin, page_end),
        cmocka_unit_test_setup_teardown(a_booking_shows_its_outcome_and_its_refunds, page_begin,
                                        page_end),
        cmocka_unit_test_setup_teardown(the_text_says_of_the_money_what_the_list_says, page_begin,
                                        page_end),
        cmocka_unit_test_setup_teardown(
            a_booking_whose_intent_was_never_seen_shows_no_user_and_no_amount, page_begin,
            page_end),
        cmocka_unit_test_setup_teardown(the_longest_list_fits_into_an_answer, page_begin, page_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
