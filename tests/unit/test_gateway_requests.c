/* What a client that books is told, by what the engine says of it. The engine is this test's own.
 */
#include "common/http/http_guard.h"
#include "common/saga/request_port.h"
#include "gateway/handlers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char intent[] = "{\"userId\":\"alice\",\"amount\":1200,\"currency\":\"EUR\"}";
static const char *body = intent;
static char document_id[IDENT_SIZE];
static bool is_taken;
static enum reply reply;

bool daemon_submit(struct daemon *daemon, struct request *request)
{
    (void)daemon;
    memcpy(document_id, request->input.document_id, sizeof document_id);
    request->reply = reply;
    return is_taken;
}

/* The other half of the routes; nobody asks for it here. */
void gateway_booking_get(void *self, const struct http_request *request, struct http_answer *answer)
{
    (void)self, (void)request;
    answer->status = 500;
}

void gateway_bookings_get(void *self, const struct http_request *request,
                          struct http_answer *answer)
{
    gateway_booking_get(self, request, answer);
}

static int post(const char *key)
{
    struct gateway_http http = { .currency = "EUR" };
    const struct http_field fields[] = { { "Idempotency-Key", key } };
    struct http_head head = { "POST", "/booking/intent", "1.1", fields, key != NULL };
    struct http_request request = {
        .route = "/booking/intent", .body = body, .body_length = strlen(body), .connection = &head
    };
    struct http_answer answer = { .body = malloc(HTTP_ANSWER_BYTES_MAX) };
    assert_non_null(answer.body);
    gateway_intent_post(&http, &request, &answer);
    free(answer.body);
    return answer.status;
}

static void an_intent_is_accepted_only_when_the_engine_has_stored_it(void **test)
{
    (void)test;
    static const struct {
        enum reply reply;
        int status;
    } cases[] = { { REPLY_ACCEPTED, 202 },      { REPLY_REPLAYED, 202 }, { REPLY_UNAVAILABLE, 503 },
                  { REPLY_UNPROCESSABLE, 422 }, { REPLY_CONFLICT, 409 }, { REPLY_INTERNAL, 500 } };
    is_taken = true;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        reply = cases[i].reply;
        assert_int_equal(post(NULL), cases[i].status);
    }
    is_taken = false;
    reply = REPLY_NONE;
    assert_int_equal(post(NULL), 503);
}

static void a_key_stands_for_one_booking_and_no_key_for_a_new_one(void **test)
{
    (void)test;
    char first[IDENT_SIZE];
    is_taken = true;
    reply = REPLY_ACCEPTED;
    assert_int_equal(post("k1"), 202);
    memcpy(first, document_id, sizeof first);
    assert_int_equal(post("k1"), 202);
    assert_string_equal(document_id, first);
    assert_int_equal(post("k2"), 202);
    assert_string_not_equal(document_id, first);
    assert_int_equal(post(NULL), 202);
    memcpy(first, document_id, sizeof first);
    assert_int_equal(post(NULL), 202);
    assert_string_not_equal(document_id, first);
}

static void an_id_that_no_client_can_ask_for_is_refused(void **test)
{
    (void)test;
    static const char *const ids[] = { ".", "..", "intent", "...", "intents" };
    is_taken = true;
    reply = REPLY_ACCEPTED;
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        char own[128];
        snprintf(own, sizeof own, "{\"userId\":\"alice\",\"amount\":5,\"intentId\":\"%s\"}",
                 ids[i]);
        body = own;
        assert_int_equal(post(NULL), i < 3 ? 422 : 202);
    }
    body = intent;
}

static void a_key_and_an_id_must_mean_the_same_booking(void **test)
{
    (void)test;
    char own[256];
    is_taken = true;
    reply = REPLY_ACCEPTED;
    body = intent;
    assert_int_equal(post("k1"), 202);
    snprintf(own, sizeof own,
             "{\"userId\":\"alice\",\"amount\":1200,\"currency\":\"EUR\",\"intentId\":\"%s\"}",
             document_id);
    body = own;
    assert_int_equal(post("k1"), 202);
    assert_int_equal(post("\"k1\" "), 202);
    assert_int_equal(post(NULL), 202);
    assert_int_equal(post("k2"), 422);
    assert_int_equal(post("k\x01"), 400);
    body = "{\"userId\":\"alice\",\"amount\":1200,\"intentId\":\"B1\"}";
    assert_int_equal(post("k1"), 422);
    body = intent;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_intent_is_accepted_only_when_the_engine_has_stored_it),
        cmocka_unit_test(a_key_stands_for_one_booking_and_no_key_for_a_new_one),
        cmocka_unit_test(an_id_that_no_client_can_ask_for_is_refused),
        cmocka_unit_test(a_key_and_an_id_must_mean_the_same_booking),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
