/* What a client that books is told, by what the engine says of it. The engine is this test's own.
 */
#include "common/http/http_guard.h"
#include "gateway/gateway_handlers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char intent[] = "{\"userId\":\"alice\",\"amount\":1200,\"currency\":\"EUR\"}";
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
    struct http_request request = { .route = "/booking/intent",
                                    .body = intent,
                                    .body_length = strlen(intent),
                                    .connection = &head };
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_intent_is_accepted_only_when_the_engine_has_stored_it),
        cmocka_unit_test(a_key_stands_for_one_booking_and_no_key_for_a_new_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
