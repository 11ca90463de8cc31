/* A trace's tree out of OTLP JSON. */
#include "cli/sources/spans.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TRACE "5b950e77941d01cdf246d00b1ece546b"
#define OTHER "0b950e77941d01cdf246d00b1ece546b"

static struct spans spans;
static uint32_t order[SPANS_MAX];

static int set_up(void **state)
{
    (void)state;
    spans_start(&spans);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    spans_done(&spans);
    return 0;
}

/* Ids are one digit here. */
static void take(const char *service, const char *trace, char id, char parent, int64_t start)
{
    char text[1024];
    snprintf(
        text, sizeof text,
        "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\","
        "\"value\":{\"stringValue\":\"%s\"}}]},\"scopeSpans\":[{\"spans\":[{\"traceId\":\"%s\","
        "\"spanId\":\"000000000000000%c\",\"parentSpanId\":\"%.*s%c\",\"name\":\"span %c\","
        "\"kind\":2,\"startTimeUnixNano\":\"%lld\",\"endTimeUnixNano\":\"%lld\"}]}]}]}",
        service, trace, id, parent != '-' ? 15 : 0, "000000000000000", parent != '-' ? parent : ' ',
        id, (long long)start, (long long)start + 10);
    cJSON *json = cJSON_Parse(text);
    assert_non_null(json);
    spans_take(&spans, json, TRACE);
    cJSON_Delete(json);
}

/* "1 0, 2 1": the ids in order, each with its depth. */
static void assert_tree(const char *wanted)
{
    char text[512] = "";
    size_t length = 0;
    spans_tree(&spans, order);
    for (size_t i = 0; i < spans.count; i++)
        length +=
            (size_t)snprintf(text + length, sizeof text - length, "%s%c %d", i > 0 ? ", " : "",
                             spans.all[order[i]].id[15], spans.all[order[i]].depth);
    assert_string_equal(text, wanted);
}

static void spans_of_other_traces_are_left_out(void **state)
{
    (void)state;
    take("booking", OTHER, '1', '-', 100);
    assert_int_equal(spans.count, 0);
    take("booking", TRACE, '1', '-', 100);
    assert_int_equal(spans.count, 1);
    assert_string_equal(spans.all[0].service, "booking");
    assert_string_equal(spans.all[0].name, "span 1");
    assert_string_equal(spans.all[0].kind, "server");
    assert_int_equal(spans.all[0].ended_ns - spans.all[0].started_ns, 10);
}

static void a_span_that_was_exported_twice_is_there_once(void **state)
{
    (void)state;
    take("booking", TRACE, '1', '-', 100);
    take("booking", TRACE, '1', '-', 100);
    assert_int_equal(spans.count, 1);
}

static void children_follow_their_parent_by_start(void **state)
{
    (void)state;
    take("a", TRACE, '4', '2', 400);
    take("a", TRACE, '3', '1', 300);
    take("a", TRACE, '2', '1', 200);
    take("a", TRACE, '1', '-', 100);
    take("a", TRACE, '5', '2', 350);
    assert_tree("1 0, 2 1, 5 2, 4 2, 3 1");
    assert_false(spans.all[1].is_last);
    assert_true(spans.all[2].is_last);
}

/* The root is exported last, with a start that the clocks of others may lie before. */
static void a_parent_may_start_after_its_children(void **state)
{
    (void)state;
    take("a", TRACE, '2', '1', 100);
    take("a", TRACE, '1', '-', 150);
    take("a", TRACE, '3', '1', 200);
    assert_tree("1 0, 2 1, 3 1");
}

static void a_span_without_its_parent_is_an_orphan_and_shown(void **state)
{
    (void)state;
    take("a", TRACE, '2', '9', 100);
    take("a", TRACE, '3', '2', 200);
    assert_tree("2 0, 3 1");
    assert_true(spans.all[0].is_orphan);
    assert_false(spans.all[1].is_orphan);
}

static void spans_that_are_their_own_ancestors_are_still_shown(void **state)
{
    (void)state;
    take("a", TRACE, '1', '3', 100);
    take("a", TRACE, '2', '1', 200);
    take("a", TRACE, '3', '2', 300);
    take("a", TRACE, '4', '4', 400);
    spans_tree(&spans, order);
    assert_int_equal(spans.count, 4);
    bool is_seen[4] = { false };
    for (size_t i = 0; i < 4; i++)
        is_seen[order[i]] = true;
    for (size_t i = 0; i < 4; i++)
        assert_true(is_seen[i]);
}

static void damaged_answers_are_left_out(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{}",
        "[]",
        "{\"resourceSpans\":3}",
        "{\"resourceSpans\":[3,{\"scopeSpans\":[{\"spans\":{}}]}]}",
        "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"traceId\":\"" TRACE "\"}]}]}]}",
        "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"traceId\":\"" TRACE
        "\",\"spanId\":\"0000000000000000\"}]}]}]}",
        "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"traceId\":\"" TRACE
        "\",\"spanId\":\"x\"}]}]}]}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        cJSON *json = cJSON_Parse(texts[i]);
        assert_non_null(json);
        spans_take(&spans, json, TRACE);
        cJSON_Delete(json);
    }
    spans_take(&spans, NULL, TRACE);
    assert_int_equal(spans.count, 0);
    spans_tree(&spans, order);
}

static void decisions_and_errors_are_read(void **state)
{
    (void)state;
    cJSON *json = cJSON_Parse(
        "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"traceId\":\"" TRACE
        "\",\"spanId\":\"00000000000000aa\",\"name\":\"process\",\"kind\":\"SPAN_KIND_CONSUMER\","
        "\"status\":{\"code\":2},\"attributes\":["
        "{\"key\":\"decision\",\"value\":{\"stringValue\":\"confirm\"}},"
        "{\"key\":\"state.to\",\"value\":{\"stringValue\":\"confirmed\"}},"
        "{\"key\":\"error.type\",\"value\":{\"stringValue\":\"timeout\"}}]}]}]}]}");
    assert_non_null(json);
    spans_take(&spans, json, TRACE);
    cJSON_Delete(json);
    assert_int_equal(spans.count, 1);
    assert_string_equal(spans.all[0].decision, "confirm");
    assert_string_equal(spans.all[0].state_from, "");
    assert_string_equal(spans.all[0].state_to, "confirmed");
    assert_string_equal(spans.all[0].kind, "consumer");
    assert_string_equal(spans.all[0].error, "timeout");
}

#define WITH_SPANS(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SPANS(spans_of_other_traces_are_left_out),
        WITH_SPANS(a_span_that_was_exported_twice_is_there_once),
        WITH_SPANS(children_follow_their_parent_by_start),
        WITH_SPANS(a_parent_may_start_after_its_children),
        WITH_SPANS(a_span_without_its_parent_is_an_orphan_and_shown),
        WITH_SPANS(spans_that_are_their_own_ancestors_are_still_shown),
        WITH_SPANS(damaged_answers_are_left_out),
        WITH_SPANS(decisions_and_errors_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
