/* Who is believed that speaks in the provider's name, and what it is told. The engine behind it is
 * this test's own. */
#include "common/base/clock.h"
#include "common/http/http_guard.h"
#include "common/saga/request_port.h"
#include "payment/payment.h"
#include "payment/signature.h"
#include "payment/webhooks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECRET "a secret of the tests"

static const char capture[] = "{\"paymentId\":\"P1\",\"intentId\":\"B1\",\"userId\":\"alice\","
                              "\"amount\":1200,\"currency\":\"EUR\"}";
static const char *body = capture;
static int submissions;
static struct input submitted; /* the last one */
static bool is_taken;
static bool is_first_taken; /* by another payment */
static enum reply reply;

bool daemon_submit(struct daemon *daemon, struct request *request)
{
    (void)daemon;
    submissions++;
    submitted = request->input;
    request->reply = is_first_taken && submissions == 1 ? REPLY_CONFLICT : reply;
    return is_taken;
}

enum route { CAPTURED, DECLINED, REFUNDED };
static enum route route;
static bool are_declines_final, is_anyone_allowed;

/* The status of the answer to `body` with this signature; NULL = none. */
static int post(const char *signature, bool is_unsigned_allowed, bool is_loopback)
{
    struct webhooks webhooks = { .secret = SECRET,
                                 .is_unsigned_allowed = is_unsigned_allowed,
                                 .is_anyone_allowed = is_anyone_allowed,
                                 .are_declines_final = are_declines_final,
                                 .currency = "EUR" };
    struct http_route routes[WEBHOOK_ROUTES];
    payment_webhooks_routes(&webhooks, routes);
    const struct http_field fields[] = { { "Roundtrip-Signature", signature } };
    struct http_head head = { "POST", routes[route].path, "1.1", fields, signature != NULL };
    struct http_request request = { .route = routes[route].path,
                                    .body = body,
                                    .body_length = strlen(body),
                                    .is_loopback = is_loopback,
                                    .connection = &head };
    struct http_answer answer = { .body = malloc(HTTP_ANSWER_BYTES_MAX) };
    assert_non_null(answer.body);
    submissions = 0;
    routes[route].handle(routes[route].self, &request, &answer);
    free(answer.body);
    return answer.status;
}

static int post_signed(const char *secret, int64_t age_s)
{
    char signature[SIGNATURE_TEXT_SIZE];
    payment_signature_sign(secret, body, strlen(body), clock_wall_ms() / 1000 - age_s, signature);
    return post(signature, false, true);
}

static int engine_replies(void **test)
{
    (void)test;
    is_taken = true;
    reply = REPLY_ACCEPTED;
    body = capture;
    route = CAPTURED;
    are_declines_final = is_anyone_allowed = false;
    return 0;
}

static void only_a_right_and_recent_signature_reaches_the_engine(void **test)
{
    (void)test;
    assert_int_equal(post_signed(SECRET, 0), 200);
    assert_int_equal(submissions, 1);
    assert_int_equal(post_signed("another secret", 0), 401);
    assert_int_equal(submissions, 0);
    assert_int_equal(post_signed(SECRET, SIGNATURE_TOLERANCE_S + 60), 401);
    assert_int_equal(submissions, 0);
}

static void an_unsigned_webhook_is_taken_only_from_here_and_only_if_allowed(void **test)
{
    (void)test;
    assert_int_equal(post(NULL, false, true), 401);
    assert_int_equal(post(NULL, true, false), 401);
    assert_int_equal(submissions, 0);
    assert_int_equal(post(NULL, true, true), 200);
    assert_int_equal(submissions, 1);
    is_anyone_allowed = true;
    assert_int_equal(post(NULL, true, false), 200);
    assert_int_equal(post("t=1,v1=00", true, false), 401); /* a wrong signature stays wrong */
    is_anyone_allowed = false;
}

static void what_is_not_stored_is_not_answered_with_success(void **test)
{
    (void)test;
    reply = REPLY_UNAVAILABLE;
    assert_int_equal(post_signed(SECRET, 0), 503);
    reply = REPLY_INTERNAL;
    assert_int_equal(post_signed(SECRET, 0), 500);
    is_taken = false;
    reply = REPLY_NONE;
    assert_int_equal(post_signed(SECRET, 0), 503);
}

static const struct payment_payload *said(void)
{
    return payment_payload(&submitted);
}

static void what_a_provider_adds_to_its_webhooks_is_ignored(void **test)
{
    (void)test;
    static const struct {
        enum route route;
        const char *body;
    } more[] = {
        { CAPTURED,
          "{\"paymentId\":\"P1\",\"intentId\":\"B1\",\"userId\":\"alice\",\"amount\":1200,"
          "\"livemode\":false,\"capturedAt\":1700000000,\"risk\":{\"score\":[1,2]}}" },
        { DECLINED, "{\"paymentId\":\"P1\",\"intentId\":\"B1\",\"userId\":\"alice\",\"amount\":0,"
                    "\"currency\":\"nothing\",\"declinedAt\":7,\"reason\":{\"code\":5}}" },
        { REFUNDED, "{\"paymentId\":\"P1\",\"intentId\":\"B1\",\"refundId\":\"R1\",\"amount\":1200,"
                    "\"currency\":\"EUR\",\"object\":\"refund\",\"refundedAt\":null}" },
    };
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
        route = more[i].route;
        body = more[i].body;
        assert_int_equal(post_signed(SECRET, 0), 200);
        assert_int_equal(submissions, 1);
        assert_string_equal(said()->intent_id, "B1");
    }
}

static void a_decline_says_whose_and_why_and_whether_for_good(void **test)
{
    (void)test;
    route = DECLINED;
    body = "{\"paymentId\":\"P1\",\"intentId\":\"B1\",\"userId\":\"alice\",\"final\":true,"
           "\"reason\":\"the bank says that the card was reported lost by its owner in "
           "M\u00fcnchen\"}";
    assert_int_equal(post_signed(SECRET, 0), 200);
    assert_string_equal(said()->user_id, "alice");
    assert_true(said()->is_final);
    /* as much of a long reason as is kept, in whole characters */
    assert_string_equal(said()->reason,
                        "the bank says that the card was reported lost by its owner in M");
    body = "{\"paymentId\":\"P1\",\"intentId\":\"B1\"}";
    assert_int_equal(post_signed(SECRET, 0), 200);
    assert_string_equal(said()->user_id, "");
    assert_string_equal(said()->reason, "declined");
    assert_false(said()->is_final);
    are_declines_final = true;
    assert_int_equal(post_signed(SECRET, 0), 200);
    assert_true(said()->is_final);
}

static void
who_names_no_payment_is_asked_for_under_a_second_id_where_the_first_is_taken(void **test)
{
    (void)test;
    body = "{\"intentId\":\"B1\",\"userId\":\"alice\",\"amount\":1200,\"currency\":\"EUR\"}";
    assert_int_equal(post_signed(SECRET, 0), 200);
    assert_int_equal(submissions, 1);
    assert_true(said()->is_unnamed);
    char first[IDENT_SIZE];
    memcpy(first, submitted.document_id, sizeof first);
    is_first_taken = true;
    assert_int_equal(post_signed(SECRET, 0), 200);
    assert_int_equal(submissions, 2);
    assert_string_not_equal(submitted.document_id, first);
    assert_false(said()->is_unnamed);
    is_first_taken = false;
}

#define TEST(name) cmocka_unit_test_setup(name, engine_replies)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(only_a_right_and_recent_signature_reaches_the_engine),
        TEST(an_unsigned_webhook_is_taken_only_from_here_and_only_if_allowed),
        TEST(what_is_not_stored_is_not_answered_with_success),
        TEST(what_a_provider_adds_to_its_webhooks_is_ignored),
        TEST(who_names_no_payment_is_asked_for_under_a_second_id_where_the_first_is_taken),
        TEST(a_decline_says_whose_and_why_and_whether_for_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
