/* A booking's trace as it is printed, out of a file that services have written. */
#include "cli/screen/json.h"
#include "tests/unit/command_run.h"
#include "tracing/tracing.h"

#include <stdlib.h>
#include <string.h>

#define MS INT64_C(1000000)

static char path[64];
static FILE *file;

static int set_up(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "/tmp/test-trace-XXXXXX");
    int fd = mkstemp(path);
    file = fd >= 0 ? fdopen(fd, "w") : NULL;
    return file == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    fclose(file);
    return unlink(path);
}

/* One export of one span of B1's trace. Ids are one digit here. */
static void span(const char *service, char id, const char *parent, int64_t from_ms, int64_t to_ms,
                 const char *attributes)
{
    char trace[33];
    tracing_booking_trace_hex("B1", trace);
    fprintf(file,
            "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\","
            "\"value\":{\"stringValue\":\"%s\"}}]},\"scopeSpans\":[{\"spans\":[{\"traceId\":\"%s\","
            "\"spanId\":\"000000000000000%c\",\"parentSpanId\":\"%s\",\"name\":\"span %c\","
            "\"kind\":2,\"startTimeUnixNano\":\"%lld\",\"endTimeUnixNano\":\"%lld\"%s}]}]}]}\n",
            service, trace, id, parent, id, (long long)(from_ms * MS), (long long)(to_ms * MS),
            attributes);
}

static enum exit_status trace(const char *booking, const char *output, const char *jaeger_url)
{
    static volatile sig_atomic_t is_stopped;
    char line[128];
    struct cli cli = { .settings = { .trace_file = path, .jaeger_url = jaeger_url },
                       .is_stopped = &is_stopped };
    fflush(file);
    snprintf(line, sizeof line, "%s -o %s", booking, output);
    return command_run(&command_trace, &cli, line);
}

static void a_life(void)
{
    span("gateway", '1', "", 1000, 1240, "");
    span("booking", '2', "0000000000000001", 1000, 1010, "");
    span("booking", '3', "0000000000000002", 1120, 1240, "");
    span("payment", '4', "0000000000000001", 1240, 1240, "");
}

static void a_tree_has_its_times_and_its_bars(void **state)
{
    (void)state;
    char trace_id[33];
    char head[160];
    a_life();
    assert_int_equal(trace("B1", "table", ""), EXIT_OK);
    tracing_booking_trace_hex("B1", trace_id);
    snprintf(head, sizeof head, "B1  trace %s  4 spans of 3 services, 240.0 ms\n\nspan ", trace_id);
    assert_memory_equal(out, head, strlen(head));
    static const char *const rows[] = {
        "\nspan 1      gateway   +0.00 ms  240.0 ms  ████████████████████████  \n",
        "\n├ span 2    booking   +0.00 ms   10.0 ms  █                         \n",
        "\n│ └ span 3  booking  +120.0 ms  120.0 ms              ████████████  \n",
        "\n└ span 4    payment  +240.0 ms   0.00 ms                         ▏  \n",
    };
    const char *at = out;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        at = strstr(at, rows[i]);
        if (at == NULL)
            fail_msg("'%s' is not, or not in its place, in\n%s", rows[i], out);
    }
}

static void what_has_lost_its_parent_is_marked(void **state)
{
    (void)state;
    span("booking", '2', "0000000000000009", 1000, 62000, "");
    assert_int_equal(trace("B1", "table", "http://jaeger"), EXIT_UNAVAILABLE); /* it is not there */
    assert_int_equal(trace("B1", "table", ""), EXIT_OK);
    assert_non_null(strstr(out, "1 spans of 1 services, 1 min 1 s\n"));
    assert_non_null(strstr(out, "\n? span 2  booking"));
    assert_non_null(strstr(out, "\n? the parent of 1 is not here"));
}

static void scripts_get_the_spans_in_the_order_of_the_tree(void **state)
{
    (void)state;
    a_life();
    assert_int_equal(trace("B1", "json", ""), EXIT_OK);
    cJSON *json = cJSON_Parse(out);
    const cJSON *spans = cJSON_GetObjectItemCaseSensitive(json, "spans");
    static const struct {
        const char *id, *parent, *service;
        double depth, start_ms, duration_ms;
    } wanted[] = {
        { "0000000000000001", "", "gateway", 0, 1000, 240 },
        { "0000000000000002", "0000000000000001", "booking", 1, 1000, 10 },
        { "0000000000000003", "0000000000000002", "booking", 2, 1120, 120 },
        { "0000000000000004", "0000000000000001", "payment", 1, 1240, 0 },
    };
    assert_string_equal(json_text(json, "bookingId"), "B1");
    assert_int_equal(cJSON_GetArraySize(spans), 4);
    for (int i = 0; i < 4; i++) {
        const cJSON *one = cJSON_GetArrayItem(spans, i);
        assert_string_equal(json_text(one, "spanId"), wanted[i].id);
        assert_string_equal(json_text(one, "parentSpanId"), wanted[i].parent);
        assert_string_equal(json_text(one, "service"), wanted[i].service);
        assert_string_equal(json_text(one, "kind"), "server");
        assert_int_equal(json_int(one, "depth", -1), wanted[i].depth);
        assert_int_equal(json_int(one, "startNs", -1), wanted[i].start_ms * MS);
        assert_int_equal(json_int(one, "durationNs", -1), wanted[i].duration_ms * MS);
    }
    cJSON_Delete(json);
}

static void a_trace_of_which_nothing_came_is_not_found(void **state)
{
    (void)state;
    a_life();
    assert_int_equal(trace("B2", "table", ""), EXIT_NOT_FOUND);
    assert_string_equal(out, "");
    assert_non_null(strstr(said, "(booking B2)"));
    assert_non_null(strstr(said, "roundtrip show B2"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_tree_has_its_times_and_its_bars),
        TEST(what_has_lost_its_parent_is_marked),
        TEST(scripts_get_the_spans_in_the_order_of_the_tree),
        TEST(a_trace_of_which_nothing_came_is_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
