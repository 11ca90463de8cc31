/* What a client that reads is told. The daemon, with its store, is this test's own. */
#include "common/daemon/watch.h"
#include "common/http/http_guard.h"
#include "common/saga/document.h"
#include "gateway/handlers.h"
#include "gateway/views.h"
#include "tests/unit/bson_case.h"
#include "tests/unit/gateway_cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BOOKINGS 101

static struct gateway_case stored;
static enum error_code failure; /* of the store */
static struct watch watch;
static int reads, ends_after; /* after so many reads the booking is confirmed; 0: never */
static bool may_wait;
static int may_wait_until; /* so many reads; 0: always */
static size_t listed_count;

static void confirm(void)
{
    struct input input = case_confirmed("p1");
    case_decide(&stored, &input);
    watch_changed(&watch, CASE_ID);
}

bool daemon_read(struct daemon *daemon, const char *id, void *ret_state, struct record *ret_record,
                 struct error *error)
{
    (void)daemon;
    if (failure != ERROR_NONE)
        return error_set(error, failure, "the store says no to %s", id);
    if (++reads == ends_after)
        confirm();
    if (reads == may_wait_until)
        may_wait = false;
    memcpy(ret_state, &stored.view, sizeof stored.view);
    *ret_record = (struct record){ .version = stored.version, .created_at_ms = CASE_NOW_MS };
    return true;
}

/* Booking n was created n milliseconds before the newest, 0; number 1 cannot be read. */
bool daemon_list(struct daemon *daemon, const struct store_cursor *after, size_t limit,
                 struct arena *arena, struct record *ret_records, size_t *ret_count,
                 struct error *error)
{
    (void)daemon;
    if (failure != ERROR_NONE)
        return error_set(error, failure, "the store says no to a list");
    size_t first = after->created_at_ms == 0 ? 0 : (size_t)(CASE_NOW_MS - after->created_at_ms) + 1;
    for (*ret_count = 0; *ret_count < limit && first < listed_count; first++) {
        struct record *record = &ret_records[(*ret_count)++];
        struct bson_output output;
        bson_write_begin(&output, arena, CASE_ROOM);
        bson_write_document_begin(&output, "state");
        assert_true(gateway_encode(&stored.view, &output, error));
        bson_write_end(&output);
        *record = (struct record){ .version = 1, .created_at_ms = CASE_NOW_MS - (int64_t)first };
        snprintf(record->id, sizeof record->id, "b-%zu", first);
        if (first != 1)
            record->body = bson_write_finish(&output, &record->body_length);
    }
    return true;
}

bool daemon_may_wait(struct daemon *daemon)
{
    (void)daemon;
    return may_wait;
}

struct watch *daemon_watch(struct daemon *daemon)
{
    (void)daemon;
    return &watch;
}

/* The other half of the routes; nobody asks for it here. */
void gateway_intent_post(void *self, const struct http_request *request, struct http_answer *answer)
{
    (void)self, (void)request;
    answer->status = 500;
}
void gateway_cancel_post(void *self, const struct http_request *request, struct http_answer *answer)
{
    gateway_intent_post(self, request, answer);
}

static struct http_answer answer;

static int begin(void **test)
{
    (void)test;
    struct input input = case_intent("u1", 12345, "EUR");
    case_begin(&stored);
    case_decide(&stored, &input);
    watch_init(&watch, 1);
    failure = ERROR_NONE;
    reads = ends_after = may_wait_until = 0;
    listed_count = 0;
    may_wait = true;
    answer = (struct http_answer){ .body = malloc(HTTP_ANSWER_BYTES_MAX) };
    return answer.body == NULL;
}

static int end(void **test)
{
    (void)test;
    free(answer.body);
    watch_done(&watch);
    return 0;
}

static void get(void (*handle)(void *, const struct http_request *, struct http_answer *),
                const char *query, const char *header, const char *value)
{
    const struct gateway_config config = case_config;
    const struct participant participant = gateway_participant(&config);
    struct gateway_http http = { .participant = &participant, .currency = "EUR" };
    const struct http_field fields[] = { { header, value } };
    struct http_head head = { "GET", "/", "1.1", fields, header != NULL };
    struct http_request request = {
        .route = "/", .query = query, .path_parameter = CASE_ID, .connection = &head
    };
    answer = (struct http_answer){ .body = answer.body };
    handle(&http, &request, &answer);
    answer.body[answer.body_length] = '\0';
}

static int booking_status(const char *header, const char *value)
{
    get(gateway_booking_get, "", header, value);
    return answer.status;
}

static int list_status(const char *query)
{
    get(gateway_bookings_get, query, NULL, NULL);
    return answer.status;
}

/* ---- one booking ---- */

static void a_booking_that_is_known_is_not_sent_again(void **test)
{
    (void)test;
    assert_int_equal(booking_status(NULL, NULL), 200);
    assert_non_null(strstr(answer.headers, "ETag: \"1\"\r\n"));
    assert_non_null(strstr(answer.body, "\"userId\":\"u1\""));
    assert_int_equal(booking_status("If-None-Match", "\"1\""), 304);
    assert_int_equal(answer.body_length, 0);
    assert_non_null(strstr(answer.headers, "ETag: \"1\"\r\n"));
    assert_int_equal(booking_status("If-None-Match", "\"7\", \"1\""), 304);
    assert_int_equal(booking_status("If-None-Match", "*"), 304);
    assert_int_equal(booking_status("If-None-Match", "\"2\""), 200);
    assert_int_equal(booking_status("If-None-Match", "1"), 200);
    assert_int_equal(booking_status("If-Match", "\"1\""), 200);
}

static void who_cannot_be_answered_is_told_whether_to_ask_again(void **test)
{
    (void)test;
    static const struct {
        enum error_code code;
        int status;
    } cases[] = {
        { ERROR_NOT_FOUND, 404 }, { ERROR_RETRY, 503 }, { ERROR_NEWER, 503 }, { ERROR_BUG, 500 }
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        failure = cases[i].code;
        assert_int_equal(booking_status(NULL, NULL), cases[i].status);
        assert_int_equal(booking_status("Prefer", "wait=5"), cases[i].status);
        assert_null(strstr(answer.headers, "Preference-Applied"));
        assert_int_equal(list_status(""), cases[i].status);
    }
    failure = ERROR_NONE;
    memset(&stored.view, 0, sizeof stored.view); /* somebody tried to cancel it */
    assert_int_equal(booking_status(NULL, NULL), 404);
}

static void who_waits_is_answered_with_the_outcome(void **test)
{
    (void)test;
    ends_after = 2;
    assert_int_equal(booking_status("Prefer", "wait=20"), 200);
    assert_non_null(strstr(answer.body, "\"state\":\"confirmed\""));
    assert_non_null(strstr(answer.headers, "Preference-Applied: wait\r\n"));
    assert_int_equal(reads, 2);
    assert_int_equal(watch.count, 0);
    assert_int_equal(booking_status("Prefer", "wait=20"), 200); /* it is known now */
    assert_int_equal(reads, 3);
}

static void who_waits_after_a_cancel_waits_for_its_end(void **test)
{
    (void)test;
    struct input input = case_cancel("u1");
    case_decide(&stored, &input);
    confirm(); /* it came first; the cancel is still to be decided */
    ends_after = 0;
    assert_int_equal(booking_status("Prefer", "wait=1"), 200);
    assert_in_range(reads, 2, 20);
    input = case_ended(GATEWAY_BOOKING_CANCELLED, "p1");
    case_decide(&stored, &input);
    reads = 0;
    assert_int_equal(booking_status("Prefer", "wait=20"), 200);
    assert_non_null(strstr(answer.body, "\"state\":\"cancelled\""));
    assert_int_equal(reads, 1);
}

static void nobody_waits_where_there_is_no_place(void **test)
{
    (void)test;
    struct watcher other;
    may_wait = false;
    assert_int_equal(booking_status("Prefer", "wait=20"), 200);
    assert_null(strstr(answer.headers, "Preference-Applied"));
    assert_int_equal(reads, 1);
    may_wait = true;
    assert_true(watch_begin(&watch, &other, CASE_ID));
    assert_int_equal(booking_status("Prefer", "wait=20"), 200);
    assert_null(strstr(answer.headers, "Preference-Applied"));
    assert_int_equal(reads, 2);
    watch_end(&watch, &other);

    reads = 0;
    may_wait_until = 2; /* others want its place now */
    assert_int_equal(booking_status("Prefer", "wait=20"), 200);
    assert_int_equal(reads, 2);
}

/* ---- lists ---- */

static size_t items(void)
{
    size_t count = 0;
    for (const char *at = answer.body; (at = strstr(at, "\"id\":\"b-")) != NULL; at++)
        count++;
    return count;
}

static bool has_more(void)
{
    return strstr(answer.body, "\"has_more\":true") != NULL;
}

static void a_list_says_whether_there_is_more_and_where_it_goes_on(void **test)
{
    (void)test;
    char query[256] = "limit=2";
    listed_count = 5;
    for (int page = 0; page < 3; page++) {
        assert_int_equal(list_status(query), 200);
        assert_int_equal(has_more(), page < 2);
        assert_int_equal(items(), page == 1 ? 2 : 1); /* number 1 cannot be read, 5 is not there */
        const char *next = strstr(answer.body, "\"next_cursor\":\"");
        assert_int_equal(next != NULL, page < 2);
        if (next != NULL)
            snprintf(query, sizeof query, "limit=2&starting_after=%.*s",
                     (int)strcspn(next + 15, "\""), next + 15);
    }
    assert_int_equal(list_status("limit=5"), 200); /* all of them, and not one more */
    assert_false(has_more());
    assert_int_equal(items(), 4);
    assert_non_null(strstr(answer.body, "\"unreadable\":[\"b-1\"]"));
}

static void a_list_has_ten_or_as_many_as_are_asked_for_up_to_a_hundred(void **test)
{
    (void)test;
    listed_count = BOOKINGS;
    assert_int_equal(list_status(""), 200);
    assert_int_equal(items(), 9);
    assert_int_equal(list_status("limit=1"), 200);
    assert_int_equal(items(), 1);
    assert_int_equal(list_status("limit=100"), 200);
    assert_int_equal(items(), 99);
    assert_true(has_more());
    static const char *const refused[] = {
        "limit=0",         "limit=101",         "limit=",         "limit=-1", "limit", "limit=1x",
        "limit=123456789", "starting_after=zz", "starting_after="
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        if (list_status(refused[i]) != 422)
            fail_msg("%s: %d", refused[i], answer.status);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_booking_that_is_known_is_not_sent_again),
        TEST(who_cannot_be_answered_is_told_whether_to_ask_again),
        TEST(who_waits_is_answered_with_the_outcome),
        TEST(who_waits_after_a_cancel_waits_for_its_end),
        TEST(nobody_waits_where_there_is_no_place),
        TEST(a_list_says_whether_there_is_more_and_where_it_goes_on),
        TEST(a_list_has_ten_or_as_many_as_are_asked_for_up_to_a_hundred),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
