/* What every event promises: it is read as it was written, one of another release too, and what is
 * refused is refused by the name of its field. The bytes are test_event_bytes.c's. */
#include "booking/booking.h"
#include "events/booking_events.h"
#include "events/event.h"
#include "events/gateway_events.h"
#include "events/payment_events.h"
#include "events/topology.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW INT64_C(1763721000123)

static struct event_received received;
static struct error error;

/* As somebody hears it who keeps nothing. */
static bool hears(const char *type, const char *body)
{
    const struct content_form forms[] = { { .type = 1, .type_name = type }, { 0 } };
    struct message message = { .body = body, .body_length = strlen(body) };
    snprintf(message.type, sizeof message.type, "%s", type);
    error.message[0] = '\0';
    return event_receive(&message, forms, &received, &error);
}

static void value_set(const struct event_field *field, unsigned char *said, int salt)
{
    unsigned char *at = said + field->offset;
    struct event_payments *payments = (void *)at;
    switch (field->kind) {
    case EVENT_IDENT:
    case EVENT_FOREIGN:
    case EVENT_USER:
    case EVENT_REASON:
        snprintf((char *)at, field->size, "x%d", salt);
        return;
    case EVENT_CURRENCY:
        snprintf((char *)at, field->size, "EUR");
        return;
    case EVENT_AMOUNT:
    case EVENT_TIME:
    case EVENT_TIME_TEXT:
    case EVENT_DURATION:
        *(int64_t *)(void *)at = NOW / 1000 + salt;
        return;
    case EVENT_FLAG:
        *(bool *)at = true;
        return;
    case EVENT_PAYMENTS:
        payments->count = BOOKING_PAYMENTS_MAX;
        for (int i = 0; i < BOOKING_PAYMENTS_MAX; i++)
            for (size_t k = 0; k < event_payment_field_count; k++)
                value_set(&event_payment_fields[k], (unsigned char *)&payments->list[i], i);
        return;
    }
}

static void each_event_is_read_as_it_was_written(void **state)
{
    (void)state;
    static unsigned char said[EVENT_BYTES_MAX] __attribute__((aligned(16)));
    char body[EVENT_BODY_BYTES_MAX];
    for (size_t i = 0; i < event_count; i++) {
        const struct event *event = event_list[i];
        assert_ptr_equal(event_find(event->type), event);
        memset(said, 0, sizeof said);
        for (size_t k = 0; k < event->field_count; k++)
            value_set(&event->fields[k], said, (int)k);
        size_t length = event_write(event, said, body, sizeof body);
        assert_int_equal(length, strlen(body));
        if (!hears(event->type, body))
            fail_msg("%s", error.message);
        assert_memory_equal(received.said, said, event->size);
    }
    assert_null(event_find("booking.unheard"));
}

/* Without each field in turn: a required one is named, the others are done without. */
static void what_is_missing_is_named(void **state)
{
    (void)state;
    static unsigned char said[EVENT_BYTES_MAX] __attribute__((aligned(16)));
    char body[EVENT_BODY_BYTES_MAX], expected[128];
    for (size_t i = 0; i < event_count; i++)
        for (size_t k = 0; k < event_list[i]->field_count; k++) {
            const struct event_field *field = &event_list[i]->fields[k];
            memset(said, 0, sizeof said);
            for (size_t other = 0; other < event_list[i]->field_count; other++)
                if (event_list[i]->fields[other].kind != EVENT_PAYMENTS)
                    value_set(&event_list[i]->fields[other], said, 1);
            event_write(event_list[i], said, body, sizeof body);
            snprintf(expected, sizeof expected, "\"%s\":", field->name);
            *(strstr(body, expected) + 1) = '_'; /* a field that nobody knows */
            assert_true(hears(event_list[i]->type, body) == (field->presence != EVENT_REQUIRED));
            snprintf(expected, sizeof expected, "%s: /%s is missing", event_list[i]->type,
                     field->name);
            assert_true(field->presence != EVENT_REQUIRED ||
                        strncmp(error.message, expected, strlen(expected)) == 0);
        }
}

static int64_t captured_at(const char *time)
{
    const struct event_payment_captured *said = (const void *)received.said;
    char body[512];
    snprintf(body, sizeof body,
             "{\"paymentId\":\"p\",\"intentId\":\"b\",\"userId\":\"u\",\"amount\":1,"
             "\"currency\":\"EUR\",\"capturedAt\":%s}",
             time);
    return hears(EVENT_PAYMENT_CAPTURED, body) ? said->captured_at_ms : -1;
}

static int64_t created_at(const char *time)
{
    const struct event_intent_created *said = (const void *)received.said;
    char body[512];
    snprintf(body, sizeof body,
             "{\"intentId\":\"b\",\"userId\":\"u\",\"amount\":1,\"currency\":\"EUR\","
             "\"createdAt\":%s}",
             time);
    return hears(EVENT_INTENT_CREATED, body) ? said->created_at_ms : -1;
}

static void a_time_is_read_as_a_number_and_as_text(void **state)
{
    (void)state;
    int64_t (*const read_of[])(const char *) = { captured_at, created_at };
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(read_of[i]("1763721000123"), NOW);
        assert_int_equal(read_of[i]("\"2025-11-21T10:30:00.123Z\""), NOW);
        assert_int_equal(read_of[i]("\"2025-11-21T12:30:00.123+02:00\""), NOW);
        assert_int_equal(read_of[i]("0"), 0);
        assert_int_equal(read_of[i]("253402300799999"), INT64_C(253402300799999));
    }
}

static void what_is_no_time_is_refused_by_its_name(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "-1",
        "253402300800000",
        "1.5",
        "1e3",
        "\"\"",
        "\"yesterday\"",
        "\"1763721000123\"",
        "\"2025-11-21T10:30:00\"",
        "true",
        "null",
        "[]",
        "{}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(captured_at(bad[i]), -1);
        assert_non_null(strstr(error.message, "payment.captured: /capturedAt must be a time"));
        assert_int_equal(created_at(bad[i]), -1);
        assert_non_null(strstr(error.message, "booking.intent.created: /createdAt must be a time"));
    }
}

/* It only tells one try from another: the try itself is heard. */
static void a_remark_is_never_refused(void **state)
{
    (void)state;
    const struct event_payment_declined *said = (const void *)received.said;
    static const char *const remarks[] = {
        "\"declinedAt\":-5",      "\"declinedAt\":\"x\"", "\"declinedAt\":{}",
        "\"reason\":\"\\u0007\"", "\"reason\":7",         "\"reason\":\"\"",
    };
    char body[256];
    for (size_t i = 0; i < sizeof remarks / sizeof remarks[0]; i++) {
        snprintf(body, sizeof body, "{\"paymentId\":\"p\",\"intentId\":\"b\",%s}", remarks[i]);
        assert_true(hears(EVENT_PAYMENT_DECLINED, body));
        assert_int_equal(said->declined_at_ms, 0);
        assert_string_equal(said->reason, "");
    }
    assert_true(hears(EVENT_PAYMENT_DECLINED,
                      "{\"paymentId\":\"p\",\"intentId\":\"b\",\"declinedAt\":"
                      "\"2025-11-21T10:30:00.123Z\"}"));
    assert_int_equal(said->declined_at_ms, NOW);
}

static void what_is_listed_is_refused_by_its_place(void **state)
{
    (void)state;
#define PAYMENT "{\"paymentId\":\"p\",\"amount\":1,\"currency\":\"EUR\"}"
    static const struct {
        const char *payments, *detail;
    } cases[] = {
        { "{}", "/payments must be an array" },
        { "null", "/payments must be an array" },
        { "[" PAYMENT ",7]", "/payments/1" },
        { "[" PAYMENT ",{\"paymentId\":\"p\",\"currency\":\"EUR\"}]",
          "/payments/1/amount is missing" },
        { "[{\"paymentId\":\"p\",\"amount\":0,\"currency\":\"EUR\"}]",
          "/payments/0/amount must be an integer" },
    };
    char body[2048];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(body, sizeof body, "{\"intentId\":\"b\",\"payments\":%s}", cases[i].payments);
        assert_false(hears(EVENT_BOOKING_CANCELLED, body));
        if (strstr(error.message, cases[i].detail) == NULL)
            fail_msg("%s: %s", cases[i].payments, error.message);
    }
    size_t length = (size_t)snprintf(body, sizeof body, "{\"intentId\":\"b\",\"payments\":[");
    for (int i = 0; i <= BOOKING_PAYMENTS_MAX; i++)
        length += (size_t)snprintf(body + length, sizeof body - length, "%s%s", i > 0 ? "," : "",
                                   PAYMENT);
    snprintf(body + length, sizeof body - length, "]}");
    assert_false(hears(EVENT_BOOKING_CANCELLED, body));
    assert_non_null(
        strstr(error.message, "booking.cancelled: /payments has more than 16 elements"));
}

static void an_envelope_of_another_booking_is_refused(void **state)
{
    (void)state;
    static const char body[] = "{\"intentId\":\"b\",\"payments\":[]}";
    const struct content_form forms[] = { { .type_name = EVENT_BOOKING_CANCELLED }, { 0 } };
    struct message message = { .type = EVENT_BOOKING_CANCELLED,
                               .correlation_id = "c",
                               .body = body,
                               .body_length = sizeof body - 1 };
    assert_false(event_receive(&message, forms, &received, &error));
    assert_int_equal(error.code, ERROR_REJECT);
    snprintf(message.correlation_id, sizeof message.correlation_id, "b");
    assert_true(event_receive(&message, forms, &received, &error));
    snprintf(message.type, sizeof message.type, "%s", EVENT_BOOKING_FAILED); /* it has no form */
    assert_false(event_receive(&message, forms, &received, &error));
    assert_int_equal(error.code, ERROR_NEWER);
}

static void every_event_is_bound_and_every_binding_an_event(void **state)
{
    (void)state;
    for (size_t i = 0; i < event_binding_count; i++)
        assert_non_null(event_find(event_bindings[i].routing_key));
    for (size_t i = 0; i < event_count; i++) {
        int bound = 0;
        for (size_t k = 0; k < event_binding_count; k++)
            bound += strcmp(event_bindings[k].routing_key, event_list[i]->type) == 0;
        assert_true(bound > 0);
    }
}

static const char *reasons_of(const struct event *event)
{
    for (size_t i = 0; i < event->field_count; i++)
        if (strcmp(event->fields[i].name, "reason") == 0)
            return event->fields[i].meaning;
    return "";
}

/* In a process of its own, which ends by it. */
static bool is_written(const struct event *event, const void *said)
{
    char body[EVENT_BODY_BYTES_MAX];
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        fclose(stderr);
        (void)signal(SIGABRT, SIG_DFL);
        event_write(event, said, body, sizeof body);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status);
}

/* Nobody could read it: we are at fault. */
static void what_is_required_is_never_written_empty(void **state)
{
    (void)state;
    struct event_booking_confirmed said = {
        .intent_id = "B1", .payment_id = "P1", .amount = 1, .currency = "EUR"
    };
    assert_true(is_written(&event_booking_confirmed, &said));
    said.amount = 0;
    assert_false(is_written(&event_booking_confirmed, &said));
    said.amount = 1;
    said.payment_id[0] = '\0';
    assert_false(is_written(&event_booking_confirmed, &said));
}

/* A cancelled booking says none: its user has asked for it. */
static void each_reason_of_a_booking_is_told_to_those_who_read_the_documents(void **state)
{
    (void)state;
    char word[64];
    for (int reason = REASON_NONE + 1; reason < BOOKING_REASON_COUNT; reason++) {
        snprintf(word, sizeof word, "`%s`", booking_reason_text((enum booking_reason)reason));
        bool is_told = strstr(reasons_of(&event_booking_failed), word) != NULL ||
                       strstr(reasons_of(&event_refund_requested), word) != NULL;
        assert_true(is_told == (reason != REASON_CANCELLED));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_event_is_read_as_it_was_written),
        cmocka_unit_test(what_is_missing_is_named),
        cmocka_unit_test(a_time_is_read_as_a_number_and_as_text),
        cmocka_unit_test(what_is_no_time_is_refused_by_its_name),
        cmocka_unit_test(a_remark_is_never_refused),
        cmocka_unit_test(what_is_required_is_never_written_empty),
        cmocka_unit_test(what_is_listed_is_refused_by_its_place),
        cmocka_unit_test(an_envelope_of_another_booking_is_refused),
        cmocka_unit_test(each_reason_of_a_booking_is_told_to_those_who_read_the_documents),
        cmocka_unit_test(every_event_is_bound_and_every_binding_an_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
