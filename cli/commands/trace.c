/* trace.c - roundtrip trace: all that happened to one booking, across services, as one tree. */
#include "cli/commands/command.h"
#include "cli/commands/trace_check.h"
#include "cli/screen/json.h"
#include "cli/screen/text.h"
#include "cli/sources/spans_source.h"
#include "common/base/ident.h"
#include "tracing/tracing.h"

#include <stdlib.h>
#include <string.h>

#define BAR_WIDTH   24
#define DEPTH_SHOWN 16

#define CHECK      "check"
#define SAMPLE     100
#define SAMPLE_MAX 100000
#define DELAY_MS   5000 /* OTEL_BSP_SCHEDULE_DELAY's default */
#define DELAY_MAX  600000

struct trace_options {
    const char *output;
    const char *booking_id;
    struct trace_check_options check;
};

static const struct argument trace_arguments[] = {
    ARGUMENT(IDENT, trace_options, booking_id, "BOOKING|check",
             "the booking's id, from which its trace's id follows; or check", .is_required = true),
    ARGUMENT(INT, trace_options, check.sample, "--sample",
             "check: the traces of so many decided bookings (100)", .minimum = 1,
             .maximum = SAMPLE_MAX),
    ARGUMENT(INT, trace_options, check.export_delay_ms, "--export-delay-ms",
             "check: spans come so late, and a killed process took so much along (5000)",
             .minimum = 1, .maximum = DELAY_MAX),
    OUTPUT_ARGUMENT(struct trace_options),
    { 0 },
};

static void extent(const struct spans *spans, int64_t *ret_first_ns, int64_t *ret_last_ns)
{
    *ret_first_ns = spans->all[0].started_ns;
    *ret_last_ns = spans->all[0].ended_ns;
    for (size_t i = 1; i < spans->count; i++) {
        if (spans->all[i].started_ns < *ret_first_ns)
            *ret_first_ns = spans->all[i].started_ns;
        if (spans->all[i].ended_ns > *ret_last_ns)
            *ret_last_ns = spans->all[i].ended_ns;
    }
}

/* Where in the trace's time the span lies; one that is too short to be seen gets a thin mark. */
static void bar_make(const struct trace_span *span, int64_t first_ns, int64_t last_ns,
                     char ret_text[4 * BAR_WIDTH + 1])
{
    int64_t whole = last_ns > first_ns ? last_ns - first_ns : 1;
    int64_t from = (span->started_ns - first_ns) * BAR_WIDTH / whole;
    int64_t to = (span->ended_ns - first_ns) * BAR_WIDTH / whole;
    bool is_thin = from == to;
    size_t length = 0;
    if (from >= BAR_WIDTH)
        from = BAR_WIDTH - 1;
    if (to <= from)
        to = from + 1;
    for (int64_t i = 0; i < to && i < BAR_WIDTH; i++) {
        const char *cell = i < from ? " " : is_thin ? "▏" : "█";
        size_t bytes = strlen(cell);
        memcpy(ret_text + length, cell, bytes);
        length += bytes;
    }
    ret_text[length] = '\0';
}

/* Rounded to what is shown: tenths of a second below a minute, then seconds. */
static void duration_make(int64_t duration_ns, char ret_text[TEXT_DURATION_SIZE])
{
    int64_t unit = duration_ns < INT64_C(59950000000) ? INT64_C(100000000) : INT64_C(1000000000);
    if (duration_ns < INT64_C(995000))
        snprintf(ret_text, TEXT_DURATION_SIZE, "%.2f ms", (double)duration_ns / 1e6);
    else if (duration_ns < INT64_C(999950000))
        snprintf(ret_text, TEXT_DURATION_SIZE, "%.1f ms", (double)duration_ns / 1e6);
    else
        text_duration((duration_ns + unit / 2) / unit * (unit / INT64_C(1000000)), ret_text);
}

/* "│ ├ ": goes_on tells which of its ancestors have more children to come. */
static void branch_make(const struct trace_span *span, bool goes_on[DEPTH_SHOWN], char *text,
                        size_t size)
{
    int depth = span->depth < DEPTH_SHOWN ? span->depth : DEPTH_SHOWN;
    size_t length = 0;
    text[0] = '\0';
    for (int i = 1; i < depth; i++)
        length += (size_t)snprintf(text + length, size - length, "%s", goes_on[i] ? "│ " : "  ");
    if (depth > 0)
        length += (size_t)snprintf(text + length, size - length, "%s", span->is_last ? "└ " : "├ ");
    if (span->is_orphan)
        snprintf(text + length, size - length, "? ");
    if (depth < DEPTH_SHOWN)
        goes_on[depth] = depth > 0 && !span->is_last;
}

static void span_add(struct table *table, const struct trace_span *span, bool goes_on[DEPTH_SHOWN],
                     int64_t first_ns, int64_t last_ns)
{
    char branch[4 * (DEPTH_SHOWN + 2)];
    char after[TEXT_DURATION_SIZE];
    char duration[TEXT_DURATION_SIZE];
    char bar[4 * BAR_WIDTH + 1];
    bool has_states = span->state_to[0] != '\0' && strcmp(span->state_from, span->state_to) != 0;
    branch_make(span, goes_on, branch, sizeof branch);
    duration_make(span->started_ns - first_ns, after);
    duration_make(span->ended_ns - span->started_ns, duration);
    bar_make(span, first_ns, last_ns, bar);
    table_add(table, "%s%s", branch, span->name);
    table_add(table, "%s", span->service);
    table_add(table, "+%s", after);
    table_add(table, "%s", duration);
    table_add(table, "%s", bar);
    table_add(table, "%s%s%s%s%s%s%s", span->decision, has_states ? " " : "",
              has_states ? span->state_from : "", has_states ? " → " : "",
              has_states ? span->state_to : "", span->error[0] != '\0' ? " ERROR " : "",
              span->error);
}

static size_t services_count(const struct spans *spans)
{
    size_t count = 0;
    for (size_t i = 0; i < spans->count; i++) {
        bool is_new = true;
        for (size_t j = 0; j < i && is_new; j++)
            is_new = strcmp(spans->all[i].service, spans->all[j].service) != 0;
        count += is_new;
    }
    return count;
}

static void trace_print(const struct cli *cli, const char *booking_id, const char *trace_id,
                        const struct spans *spans, const uint32_t *order)
{
    static const char *const heads[] = { "span", "service", "#start", "#duration", "", "decision" };
    int64_t first_ns;
    int64_t last_ns;
    char whole[TEXT_DURATION_SIZE];
    size_t orphans = 0;
    bool goes_on[DEPTH_SHOWN] = { false };
    struct table table;
    extent(spans, &first_ns, &last_ns);
    duration_make(last_ns - first_ns, whole);
    text_print(cli->out, cli->has_colours, COLOUR_BOLD, "%s", booking_id);
    /* Without dashes: as Jaeger's search box wants it. */
    fprintf(cli->out, "  trace %s  %zu spans of %zu services, %s\n", trace_id, spans->count,
            services_count(spans), whole);
    if (cli->settings.jaeger_url[0] != '\0')
        fprintf(cli->out, "%s/trace/%s\n", cli->settings.jaeger_url, trace_id);
    fputc('\n', cli->out);
    table_start(&table, heads, sizeof heads / sizeof heads[0]);
    for (size_t i = 0; i < spans->count; i++) {
        span_add(&table, &spans->all[order[i]], goes_on, first_ns, last_ns);
        orphans += spans->all[order[i]].is_orphan;
    }
    table_print(&table, cli->out, cli->has_colours);
    table_done(&table);
    if (orphans > 0)
        fprintf(
            cli->out,
            "\n? the parent of %zu is not here: yet to come, of somebody who sends no spans, or "
            "lost with a process that was killed\n",
            orphans);
    if (spans->is_cut)
        fprintf(cli->out, "\nonly the first %d spans are shown\n", SPANS_MAX);
}

static void trace_print_json(const struct cli *cli, const char *booking_id, const char *trace_id,
                             const struct spans *spans, const uint32_t *order)
{
    cJSON *json = cJSON_CreateObject();
    json_put_text(json, "bookingId", booking_id);
    json_put_text(json, "traceId", trace_id);
    cJSON *array = cJSON_AddArrayToObject(json, "spans");
    for (size_t i = 0; i < spans->count; i++) {
        const struct trace_span *span = &spans->all[order[i]];
        cJSON *part = cJSON_CreateObject();
        cJSON_AddItemToArray(array, part);
        json_put_text(part, "spanId", span->id);
        json_put_text(part, "parentSpanId", span->parent);
        cJSON_AddNumberToObject(part, "depth", span->depth);
        json_put_text(part, "service", span->service);
        json_put_text(part, "name", span->name);
        json_put_text(part, "kind", span->kind);
        json_put_int64(part, "startNs", span->started_ns);
        json_put_int64(part, "durationNs", span->ended_ns - span->started_ns);
        json_put_text(part, "decision", span->decision);
        json_put_text(part, "from", span->state_from);
        json_put_text(part, "to", span->state_to);
        json_put_text(part, "error", span->error);
    }
    json_print(cli->out, json);
}

static enum exit_status trace_run(struct cli *cli, const void *self)
{
    const struct trace_options *options = self;
    char trace_id[33];
    struct spans spans;
    if (strcmp(options->booking_id, CHECK) == 0) {
        struct trace_check_options check = options->check;
        check.is_json = output_is_json(options->output);
        check.sample = check.sample > 0 ? check.sample : SAMPLE;
        check.export_delay_ms = check.export_delay_ms > 0 ? check.export_delay_ms : DELAY_MS;
        return trace_check(cli, &check);
    }
    tracing_booking_trace_hex(options->booking_id, trace_id);
    spans_start(&spans);
    enum exit_status status = spans_load(cli, trace_id, &spans);
    if (status == EXIT_OK && spans.count == 0) {
        complain("no span of trace %s (booking %s) is there: spans come some seconds late; is the "
                 "booking known? roundtrip show %s",
                 trace_id, options->booking_id, options->booking_id);
        status = EXIT_NOT_FOUND;
    } else if (status == EXIT_OK) {
        uint32_t *order = arena_alloc(&spans.arena, spans.count * sizeof *order);
        spans_tree(&spans, order);
        if (output_is_json(options->output))
            trace_print_json(cli, options->booking_id, trace_id, &spans, order);
        else
            trace_print(cli, options->booking_id, trace_id, &spans, order);
    }
    spans_done(&spans);
    return status;
}

const struct command command_trace = {
    .name = "trace",
    .summary = "one booking's trace across all services, as a tree with durations",
    .details =
        "Reads Jaeger if ROUNDTRIP_JAEGER_URL is set, else the trace file that the services "
        "write.\nThe trace's id, as Jaeger's search box wants it, has no dashes.\n\n"
        "trace check looks at the traces of a random sample of decided bookings, by the shape "
        "that\ndocs/tracing.md describes: one root, no orphan, no hole, none of Jaeger's "
        "warnings. What a\nkilled process took along is named and counted apart. Status 1: "
        "something else is missing.\n",
    .arguments = trace_arguments,
    .options_size = sizeof(struct trace_options),
    .run = trace_run,
};
