/* The spans of requests, by a real server that is asked by hand, and of calls to the outside. */
#include "common/saga/request_port.h"
#include "tests/unit/trace_batch.h"
#include "tracing/http_span.h"
#include "tracing/url_clean.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- a real server with one handler, asked by hand ---- */

static struct request asked; /* what the handler gave the engine */

static void handle(void *self, const struct http_request *request, struct http_answer *answer)
{
    (void)self;
    asked.input.source = INPUT_FROM_REQUEST;
    tracing_request_begin(observer, request->path_parameter, &asked);
    snprintf(asked.input.id, sizeof asked.input.id, "request-1");
    asked.input.type_name = "booking.cancel.requested";
    asked.verdict = "cancel";
    asked.state_from = "pending";
    asked.state_to = "cancelled";
    asked.notes[0] = (struct note){ .event_name = "booking.parked" };
    asked.note_count = 1;
    tracing_request_decided(observer, &asked);
    memset(&asked.notes, 0xff, sizeof asked.notes); /* the request is gone after the answer */
    answer->status = 202;
    answer->body_length = 0;
}

static void handle_list(void *self, const struct http_request *request, struct http_answer *answer)
{
    (void)self, (void)request;
    answer->status = 503;
}

static const struct http_route routes[] = {
    { .method = "GET", .path = "/booking/{id}", .handle = handle },
    { .method = "GET", .path = "/bookings", .handle = handle_list },
    { .method = "GET", .path = "/livez", .handle = handle_list },
};

static void ask_once(int server_port, const char *request)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)server_port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int connection = socket(AF_INET, SOCK_STREAM, 0);
    char answer[4096];
    assert_int_equal(connect(connection, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(send(connection, request, strlen(request), MSG_NOSIGNAL), strlen(request));
    while (recv(connection, answer, sizeof answer, 0) > 0)
        continue;
    close(connection);
}

/* Asks one after the other; all are answered by the same thread. */
static void ask(const char *first, const char *second)
{
    struct error error;
    const struct http_server_options options = { .bind_address = "127.0.0.1", .threads = 1 };
    struct http_server *server = http_server_start(
        &options, routes, sizeof routes / sizeof routes[0], hooks.http_observer, &error);
    assert_non_null(server);
    ask_once(http_server_port(server), first);
    if (second != NULL)
        ask_once(http_server_port(server), second);
    http_server_stop(server);
    flush();
}

static void a_request_for_a_booking_is_in_its_trace_and_links_to_the_caller(void **state)
{
    (void)state;
    memset(&asked, 0, sizeof asked);
    ask("GET /booking/" BOOKING "?wait=1&token=abc HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        "traceparent: " CALLER "\r\n\r\n",
        NULL);
    const cJSON *span = span_named("GET /booking/{id}");
    char span_id[17];
    hex_of(asked.input.span_id, 8, span_id);
    assert_number(span, "kind", SPAN_SERVER);
    assert_text(span, "traceId", TRACE);
    assert_text(span, "spanId", span_id);
    assert_text(span, "parentSpanId", root_hex());
    assert_memory_equal(asked.input.traceparent + 36, span_id, 16);
    assert_memory_equal(asked.input.traceparent + 3, TRACE, 32);
    const cJSON *link = cJSON_GetArrayItem(json_at(span, "links"), 0);
    assert_text(link, "traceId", "0af7651916cd43dd8448eb211c80319c");
    assert_number(link, "flags", 769);
    assert_attribute(span, "http.request.method", "GET");
    assert_attribute(span, "http.route", "/booking/{id}");
    assert_attribute(span, "url.path", "/booking/" BOOKING);
    assert_attribute(span, "url.query", "wait=1&token=REDACTED");
    assert_attribute(span, "url.scheme", "http");
    assert_attribute(span, "http.response.status_code", "202");
    assert_attribute(span, "server.port", "3000");
    assert_attribute(span, "booking.id", BOOKING);
    assert_attribute(span, "decision", "cancel");
    assert_attribute(span, "state.from", "pending");
    assert_attribute(span, "state.to", "cancelled");
    assert_attribute(span, "input.type", "booking.cancel.requested");
    assert_attribute(span, "input.id", "request-1");
    assert_text(cJSON_GetArrayItem(json_at(span, "events"), 0), "name", "booking.parked");
    assert_null(cJSON_GetObjectItem(span, "status"));
}

static void a_request_that_concerns_no_booking_goes_on_with_the_callers_trace(void **state)
{
    (void)state;
    ask("GET /booking/" BOOKING " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET /bookings HTTP/1.1\r\nHost: x\r\nConnection: close\r\ntraceparent: " CALLER
        "\r\n\r\n");
    const cJSON *span = span_named("GET /bookings"); /* on the same thread as the booking's */
    assert_text(span, "traceId", "0af7651916cd43dd8448eb211c80319c");
    assert_text(span, "parentSpanId", "b7ad6b7169203331");
    assert_number(span, "flags", 769);
    assert_null(cJSON_GetObjectItem(span, "links"));
    assert_null(attribute_of(span, "booking.id"));
    assert_null(attribute_of(span, "decision"));
    assert_attribute(span, "error.type", "503");
    assert_number(json_at(span, "status"), "code", 2);
    assert_null(cJSON_GetObjectItem(json_at(span, "status"), "message"));
}

/* Hundreds of polls would hide what happened. */
static void a_read_is_in_its_bookings_trace_only_if_it_waited_or_failed(void **state)
{
    (void)state;
    struct http_exchange exchange = { .method = "GET",
                                      .route = "/booking/{id}",
                                      .path = "/booking/" BOOKING,
                                      .query = "",
                                      .traceparent = "",
                                      .status = 200 };
    struct served served = { .is_set = true, .booking_id = BOOKING, .span_id = { 1 } };
    struct span span;
    uint8_t trace_id[16];
    tracing_booking_trace_id(BOOKING, trace_id);
    assert_false(http_span_make(tracing, &exchange, &served, &span));
    exchange.status = 404;
    assert_false(http_span_make(tracing, &exchange, &served, &span));
    exchange.traceparent = CALLER; /* who traces himself sees it where he looks */
    assert_true(http_span_make(tracing, &exchange, &served, &span));
    assert_int_equal(span.place.trace_id[0], 0x0a);
    assert_int_equal(span.link_count, 0);
    exchange.status = 503;
    assert_true(http_span_make(tracing, &exchange, &served, &span));
    assert_memory_equal(span.place.trace_id, trace_id, sizeof trace_id);
    exchange.status = 200;
    served.has_waited = true;
    assert_true(http_span_make(tracing, &exchange, &served, &span));
    assert_memory_equal(span.place.trace_id, trace_id, sizeof trace_id);
}

static void a_webhook_says_what_payment_it_was_about(void **state)
{
    (void)state;
    struct http_exchange exchange = { .method = "POST",
                                      .route = "/payment/refunded",
                                      .path = "/payment/refunded",
                                      .query = "",
                                      .traceparent = "",
                                      .status = 200 };
    struct served served = { .is_set = true,
                             .booking_id = BOOKING,
                             .span_id = { 1 },
                             .facts = { .payment_id = "P1", .problem = "refund_stuck" } };
    struct span span;
    assert_true(http_span_make(tracing, &exchange, &served, &span));
    exporter_submit(tracing->exporter, &span);
    flush();
    const cJSON *json = span_named("POST /payment/refunded");
    assert_attribute(json, "payment.id", "P1");
    assert_attribute(json, "error.type", "refund_stuck");
    assert_number(json_at(json, "status"), "code", 2);
}

static void a_repeated_traceparent_is_ignored(void **state)
{
    (void)state;
    ask("GET /bookings HTTP/1.1\r\nHost: x\r\nConnection: close\r\ntraceparent: " CALLER
        "\r\ntraceparent: " CALLER "\r\n\r\n",
        NULL);
    const cJSON *span = span_named("GET /bookings");
    assert_null(cJSON_GetObjectItem(span, "parentSpanId"));
    assert_string_not_equal(json_at(span, "traceId")->valuestring,
                            "0af7651916cd43dd8448eb211c80319c");
}

static void probes_make_no_spans_and_unknown_paths_have_no_route(void **state)
{
    (void)state;
    ask("GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET /secret/123 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert_int_equal(sink_span_count(&sink), 1);
    const cJSON *span = span_named("GET");
    assert_null(attribute_of(span, "http.route"));
    assert_attribute(span, "http.response.status_code", "404");
    assert_null(cJSON_GetObjectItem(span, "status"));
}

static void an_unknown_method_is_not_in_the_name(void **state)
{
    (void)state;
    struct served served = { 0 };
    struct http_exchange exchange = { .method = "BREW",
                                      .route = "/pot",
                                      .path = "/pot",
                                      .query = "",
                                      .traceparent = "",
                                      .status = 405 };
    struct span span;
    assert_true(http_span_make(tracing, &exchange, &served, &span));
    exporter_submit(tracing->exporter, &span);
    flush();
    const cJSON *json = span_named("HTTP /pot");
    assert_attribute(json, "http.request.method", "_OTHER");
    assert_attribute(json, "http.request.method_original", "BREW");
}

static void a_request_without_an_observer_is_left_alone(void **state)
{
    (void)state;
    struct request request = { 0 };
    tracing_request_begin(NULL, BOOKING, &request);
    tracing_request_decided(NULL, &request);
    assert_string_equal(request.input.traceparent, "");
}

/* ---- calls to the outside ---- */

static void a_call_hangs_under_what_asked_for_it_and_its_result_under_the_call(void **state)
{
    (void)state;
    struct tracing_call call;
    char traceparent[TRACEPARENT_SIZE], span_id[17];
    tracing_call_begin(observer, BOOKING, IN_TRACE, &call, traceparent);
    const struct tracing_facts facts = { .payment_id = "P1", .returned = { 900, "EUR" } };
    hex_of(call.context.span_id, 8, span_id);
    call.facts = &facts;
    assert_memory_equal(traceparent, "00-" TRACE "-", 36);
    assert_memory_equal(traceparent + 36, span_id, 16);
    tracing_call_end(observer, &call, BOOKING, "POST", "/refunds",
                     "http://user:pw@provider:3009/refunds?api_key=1&x=2#f", 201, 0, NULL);
    struct input input = input_from(INPUT_FROM_EFFECT, "refund.done", "r1", traceparent);
    struct input *inputs[] = { &input };
    batch_run(inputs, 1, "noop");
    flush();
    const cJSON *span = span_named("POST /refunds");
    assert_number(span, "kind", SPAN_CLIENT);
    assert_text(span, "parentSpanId", "b7ad6b7169203331");
    assert_attribute(span, "http.request.method", "POST");
    assert_attribute(span, "url.full", "http://provider:3009/refunds?api_key=REDACTED&x=2");
    assert_attribute(span, "url.template", "/refunds");
    assert_attribute(span, "server.address", "provider");
    assert_attribute(span, "payment.id", "P1");
    assert_attribute(span, "refund.amount", "900");
    assert_attribute(span, "refund.currency", "EUR");
    assert_attribute(span, "server.port", "3009");
    assert_attribute(span, "http.response.status_code", "201");
    assert_attribute(span, "booking.id", BOOKING);
    assert_null(attribute_of(span, "http.request.resend_count"));
    assert_null(cJSON_GetObjectItem(span, "status"));
    assert_text(span_named("result booking"), "parentSpanId", span_id);
}

static void a_call_without_a_context_hangs_under_the_root(void **state)
{
    (void)state;
    struct tracing_call call;
    char traceparent[TRACEPARENT_SIZE];
    tracing_call_begin(observer, BOOKING, "", &call, traceparent);
    tracing_call_end(observer, &call, BOOKING, "GET", "/refunds/{id}", "http://p/refunds/1", 404, 2,
                     NULL);
    tracing_call_end(observer, &call, BOOKING, "POST", "/charges", "http://p/charges", 0, 0,
                     "timeout");
    tracing_call_end(observer, &call, BOOKING, "POST", "/refunds", "http://p/refunds", 404, 0,
                     NULL);
    flush();
    const cJSON *span = span_named("GET /refunds/{id}");
    assert_text(span, "parentSpanId", root_hex());
    assert_attribute(span, "http.request.resend_count", "2");
    assert_attribute(span, "http.response.status_code", "404"); /* it is not there: an answer */
    assert_null(attribute_of(span, "error.type"));
    assert_null(cJSON_GetObjectItem(span, "status"));
    span = span_named("POST /charges");
    assert_null(attribute_of(span, "http.response.status_code"));
    assert_attribute(span, "error.type", "timeout");
    assert_attribute(span_named("POST /refunds"), "error.type", "404");
}

static void urls_lose_what_is_secret(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "http://h/p", "http://h/p" },
        { "https://u:p@w@h:1/p?q=1", "https://h:1/p?q=1" },
        { "http://h?Signature=x", "http://h?Signature=REDACTED" },
        { "http://h/?a=1&X-Goog-Signature=x&flag&b=2",
          "http://h/?a=1&X-Goog-Signature=REDACTED&flag&b=2" },
        { "http://h/?p%61ssword=x", "http://h/?p%61ssword=REDACTED" },
        { "http://h/?access_TOKEN=x#y", "http://h/?access_TOKEN=REDACTED" },
        { "no url", "" },
    };
    char text[URL_CLEAN_SIZE];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(url_clean(cases[i][0], text), cases[i][1][0] != '\0');
        assert_string_equal(text, cases[i][1]);
    }
    char long_url[URL_CLEAN_SIZE + 10] = "http://h/";
    memset(long_url + 9, 'x', sizeof long_url - 10);
    long_url[sizeof long_url - 1] = '\0';
    assert_false(url_clean(long_url, text));
    assert_string_equal(text, "");
}

static void the_authority_of_a_url_is_host_and_port(void **state)
{
    (void)state;
    static const struct {
        const char *url, *host;
        int port;
    } cases[] = { { "http://h/p", "h", 80 },        { "https://h", "h", 443 },
                  { "http://u:p@h:99?x", "h", 99 }, { "http://[::1]:8/", "[::1]", 8 },
                  { "http://[::1]/", "[::1]", 80 }, { "amqp://h/", "h", 5672 },
                  { "amqps://h/", "h", 5671 },      { "other://h/", "h", 0 } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char host[URL_HOST_SIZE];
        int found = -1;
        assert_true(url_authority(cases[i].url, host, &found));
        assert_string_equal(host, cases[i].host);
        assert_int_equal(found, cases[i].port);
    }
    char host[URL_HOST_SIZE];
    int found;
    assert_false(url_authority("h/p", host, &found));
    assert_false(url_authority("http:///p", host, &found));
}

/* ---- metrics ---- */

static void the_metrics_count_spans_and_never_overrun_the_buffer(void **state)
{
    (void)state;
    char text[4096];
    size_t whole = 0;
    struct input input = input_from(INPUT_FROM_DEADLINE, "deadline", "d1", "");
    struct input *inputs[] = { &input };
    batch_run(inputs, 1, "noop");
    flush();
    hooks.metrics(hooks.self, text, sizeof text, &whole);
    assert_int_equal(strlen(text), whole);
    assert_non_null(strstr(text, "\nroundtrip_spans_exported_total 3\n"));
    assert_non_null(strstr(text, "\nroundtrip_spans_dropped_total{reason=\"queue_full\"} 0\n"));
    for (size_t size = 1; size < whole; size++) {
        size_t length = 0;
        char *small = malloc(size);
        assert_non_null(small);
        hooks.metrics(hooks.self, small, size, &length);
        assert_in_range(length, 0, size - 1);
        assert_true(length == 0 || small[length - 1] == '\n');
        free(small);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        OBSERVER_TEST(a_request_for_a_booking_is_in_its_trace_and_links_to_the_caller),
        OBSERVER_TEST(a_request_that_concerns_no_booking_goes_on_with_the_callers_trace),
        OBSERVER_TEST(a_repeated_traceparent_is_ignored),
        OBSERVER_TEST(a_read_is_in_its_bookings_trace_only_if_it_waited_or_failed),
        OBSERVER_TEST(a_webhook_says_what_payment_it_was_about),
        OBSERVER_TEST(probes_make_no_spans_and_unknown_paths_have_no_route),
        OBSERVER_TEST(an_unknown_method_is_not_in_the_name),
        OBSERVER_TEST(a_request_without_an_observer_is_left_alone),
        OBSERVER_TEST(a_call_hangs_under_what_asked_for_it_and_its_result_under_the_call),
        OBSERVER_TEST(a_call_without_a_context_hangs_under_the_root),
        OBSERVER_TEST(urls_lose_what_is_secret),
        OBSERVER_TEST(the_authority_of_a_url_is_host_and_port),
        OBSERVER_TEST(the_metrics_count_spans_and_never_overrun_the_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
