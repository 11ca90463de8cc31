/* replay_print.c - prints each finding as it comes, counts them, and shows progress to a terminal.
 * */
#include "cli/commands/replay_print.h"

#include "cli/screen/text.h"
#include "common/base/clock.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define PROGRESS_PACE_MS 500

void replay_report_start(struct replay_report *report, const struct cli *cli, const char *output,
                         bool is_short)
{
    memset(report, 0, sizeof *report);
    report->cli = cli;
    report->is_json = output_is_json(output);
    report->is_short = is_short;
    report->is_telling = is_short && isatty(STDERR_FILENO) == 1;
    report->told_ms = clock_monotonic_ms();
    report->findings = cJSON_CreateArray();
}

static int64_t seen(const struct replay_report *report)
{
    return report->counts[REPLAY_EQUAL] + report->counts[REPLAY_DIFFERS] +
           report->counts[REPLAY_IMPOSSIBLE];
}

static void progress_clear(const struct replay_report *report)
{
    if (report->is_telling)
        fputs("\r\x1b[K", stderr);
}

static void progress_tell(struct replay_report *report)
{
    int64_t now_ms = clock_monotonic_ms();
    if (!report->is_telling || now_ms - report->told_ms < PROGRESS_PACE_MS)
        return;
    report->told_ms = now_ms;
    progress_clear(report);
    fprintf(stderr, "%" PRId64 " documents, %" PRId64 " differ", seen(report),
            report->counts[REPLAY_DIFFERS]);
    fflush(stderr);
}

static void json_add(const struct replay_report *report, const struct service_description *service,
                     const char *id, const struct replay_finding *finding)
{
    cJSON *json = cJSON_CreateObject();
    json_put_text(json, "service", service->name);
    json_put_text(json, "id", id);
    json_put_text(json, "result", replay_result_text(finding->result));
    cJSON_AddNumberToObject(json, "decisions", (double)finding->decisions);
    cJSON_AddNumberToObject(json, "decision", (double)finding->decision);
    cJSON_AddNumberToObject(json, "dropped", (double)finding->dropped);
    json_put_text(json, "field", finding->field);
    json_put_text(json, "stored", finding->stored);
    json_put_text(json, "replayed", finding->replayed);
    json_put_text(json, "why", finding->why);
    cJSON_AddItemToArray(report->findings, json);
}

static void clean_print(const struct cli *cli, const char *label, const char *text)
{
    char clean[ERROR_MESSAGE_BYTES];
    snprintf(clean, sizeof clean, "%s", text);
    fprintf(cli->out, "           %-9s %s\n", label, text_clean(clean));
}

static void text_add(const struct replay_report *report, const struct service_description *service,
                     const char *id, const struct replay_finding *finding)
{
    const struct cli *cli = report->cli;
    fprintf(cli->out, "%-8s %s: ", service->name, id);
    switch (finding->result) {
    case REPLAY_EQUAL:
        text_print(cli->out, cli->has_colours, COLOUR_GOOD, "ok");
        fprintf(cli->out, ", %zu decision%s\n", finding->decisions,
                finding->decisions == 1 ? "" : "s");
        return;
    case REPLAY_DIFFERS:
        text_print(cli->out, cli->has_colours, COLOUR_BAD, "differs");
        if (finding->decision > 0)
            fprintf(cli->out, " at decision %zu: %s\n", finding->decision, finding->field);
        else
            fprintf(cli->out, " in the end: %s\n", finding->field);
        clean_print(cli, "stored", finding->stored);
        clean_print(cli, "replayed", finding->replayed);
        return;
    case REPLAY_IMPOSSIBLE:
        text_print(cli->out, cli->has_colours, COLOUR_WAITING, "cannot be replayed");
        fprintf(cli->out, ": %s\n", finding->why);
        return;
    }
}

void replay_report_add(struct replay_report *report, const struct service_description *service,
                       const char *id, const struct replay_finding *finding)
{
    report->counts[finding->result]++;
    if (!report->is_short || finding->result != REPLAY_EQUAL) {
        progress_clear(report);
        if (report->is_json)
            json_add(report, service, id, finding);
        else
            text_add(report, service, id, finding);
    }
    progress_tell(report);
}

enum exit_status replay_report_end(struct replay_report *report)
{
    const int64_t *counts = report->counts;
    progress_clear(report);
    if (report->is_json) {
        cJSON *json = cJSON_CreateObject();
        for (int i = REPLAY_EQUAL; i <= REPLAY_IMPOSSIBLE; i++)
            cJSON_AddNumberToObject(json, replay_result_text((enum replay_result)i),
                                    (double)counts[i]);
        cJSON_AddItemToObject(json, "documents", report->findings);
        report->findings = NULL;
        json_print(report->cli->out, json);
    } else if (report->is_short) {
        fprintf(report->cli->out,
                "%" PRId64 " documents: %" PRId64 " equal, %" PRId64 " different, %" PRId64
                " cannot be replayed\n",
                seen(report), counts[REPLAY_EQUAL], counts[REPLAY_DIFFERS],
                counts[REPLAY_IMPOSSIBLE]);
    }
    cJSON_Delete(report->findings);
    return counts[REPLAY_EQUAL] == seen(report) ? EXIT_OK : EXIT_WRONG;
}
