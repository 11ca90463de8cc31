/* trace_check.c - draws the sample from the gateway's list, judges each trace, a flawed one again
 * later, and prints the result. */
#include "cli/commands/trace_check.h"

#include "cli/commands/trace_shape.h"
#include "cli/screen/complain.h"
#include "cli/screen/text.h"
#include "cli/sources/fetch.h"
#include "cli/sources/spans_source.h"
#include "common/base/hash.h"
#include "common/base/memory.h"
#include "gateway/service.h"
#include "tracing/tracing.h"

#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_LIMIT   100
#define BOOKINGS_MAX 200000 /* of the gateway's list are looked at */
#define CURSOR_SIZE  512
#define FLAWS_SHOWN  50

struct candidate {
    uint64_t order; /* the lowest are the sample: random, and the same ones each time */
    char id[IDENT_SIZE];
};

struct checking {
    struct cli *cli;
    const struct trace_check_options *options;
    struct candidate *candidates;
    size_t candidate_count, looked_at;
    struct shapes shapes;
    size_t roots, whole, lost;     /* traces; lost: flawed only by what a killed process took */
    size_t flaws_lost, flaws_left; /* flaws */
};

/* ---- the sample ---- */

static bool is_decided(const char *state)
{
    return strcmp(state, "confirmed") == 0 || strcmp(state, "failed") == 0 ||
           strcmp(state, "cancelled") == 0;
}

static void page_take(struct checking *checking, const cJSON *page, char cursor[CURSOR_SIZE])
{
    const cJSON *one;
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(page, "data"))
    {
        const char *id = json_text(one, "intentId");
        checking->looked_at++;
        if (!is_decided(json_text(one, "state")) || !ident_is_valid(id, strlen(id)))
            continue;
        struct candidate *candidate = &checking->candidates[checking->candidate_count++];
        candidate->order = hash_fingerprint(id, strlen(id));
        snprintf(candidate->id, sizeof candidate->id, "%s", id);
    }
    bool has_more = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(page, "has_more"));
    snprintf(cursor, CURSOR_SIZE, "%s", has_more ? json_text(page, "next_cursor") : "");
}

static int compare_order(const void *one, const void *other)
{
    const struct candidate *a = one;
    const struct candidate *b = other;
    return (a->order > b->order) - (a->order < b->order);
}

static enum exit_status sample_take(struct checking *checking)
{
    char cursor[CURSOR_SIZE] = "";
    do {
        char path[CURSOR_SIZE + 64];
        snprintf(path, sizeof path, "/bookings?limit=%d%s%s", PAGE_LIMIT,
                 cursor[0] != '\0' ? "&starting_after=" : "", cursor);
        const struct question question = { .service = &gateway_service,
                                           .method = "GET",
                                           .path = path };
        CLEANUP(json_free) cJSON *page = NULL;
        enum exit_status status = fetch(checking->cli, &question, &page);
        if (status != EXIT_OK)
            return status;
        page_take(checking, page, cursor);
    } while (cursor[0] != '\0' && checking->looked_at + PAGE_LIMIT <= BOOKINGS_MAX &&
             !*checking->cli->is_stopped);
    qsort(checking->candidates, checking->candidate_count, sizeof *checking->candidates,
          compare_order);
    if (checking->candidate_count > (size_t)checking->options->sample)
        checking->candidate_count = (size_t)checking->options->sample;
    if (checking->candidate_count > 0)
        return EXIT_OK;
    complain("none of %zu bookings is decided: there is no trace to check", checking->looked_at);
    return EXIT_NOT_FOUND;
}

/* ---- the traces ---- */

static enum exit_status trace_judge(struct checking *checking, const char *booking_id,
                                    bool *ret_is_flawed)
{
    char trace_id[33];
    struct spans spans;
    tracing_booking_trace_hex(booking_id, trace_id);
    shapes_forget(&checking->shapes, booking_id);
    spans_start(&spans);
    enum exit_status status = spans_load(checking->cli, trace_id, &spans);
    size_t flaws = status == EXIT_OK ? shapes_judge(&checking->shapes, &spans, booking_id) : 0;
    spans_done(&spans);
    int64_t warnings = status == EXIT_OK ? spans_warnings(checking->cli, trace_id) : 0;
    if (warnings > 0) {
        struct flaw *flaw = shapes_flaw_add(&checking->shapes, FLAW_WARNING, booking_id);
        snprintf(flaw->text, sizeof flaw->text, "%" PRId64 " of Jaeger's", warnings);
        flaws++;
    }
    *ret_is_flawed = flaws > 0;
    return status;
}

/* Spans come late: what is flawed is looked at once more after the export delay. */
static enum exit_status traces_judge(struct checking *checking)
{
    enum exit_status status = EXIT_OK;
    bool *is_flawed = memory_alloc(checking->candidate_count + 1, sizeof *is_flawed);
    for (size_t i = 0; i < checking->candidate_count && status == EXIT_OK; i++)
        status = trace_judge(checking, checking->candidates[i].id, &is_flawed[i]);
    if (checking->shapes.flaws != NULL)
        (void)poll(NULL, 0, (int)checking->options->export_delay_ms);
    for (size_t i = 0; i < checking->candidate_count && status == EXIT_OK; i++)
        if (is_flawed[i])
            status = trace_judge(checking, checking->candidates[i].id, &is_flawed[i]);
    free(is_flawed);
    return status;
}

/* ---- the judgement ---- */

static int64_t delay_ns(const struct checking *checking)
{
    return checking->options->export_delay_ms * INT64_C(1000000);
}

static void flaws_count(struct checking *checking)
{
    checking->roots = checking->whole = checking->candidate_count;
    for (size_t i = 0; i < checking->candidate_count; i++) {
        bool has_root = true, has_lost = false, has_left = false;
        for (const struct flaw *flaw = checking->shapes.flaws; flaw != NULL; flaw = flaw->next) {
            if (strcmp(flaw->booking_id, checking->candidates[i].id) != 0)
                continue;
            bool is_lost = shapes_lost_with(&checking->shapes, flaw, delay_ns(checking)) != NULL;
            has_root = has_root && flaw->kind != FLAW_NO_ROOT;
            has_lost = has_lost || is_lost;
            has_left = has_left || !is_lost;
            checking->flaws_lost += is_lost;
            checking->flaws_left += !is_lost;
        }
        checking->roots -= !has_root;
        checking->whole -= has_lost || has_left;
        checking->lost += has_lost && !has_left;
    }
}

static void flaws_print(const struct checking *checking)
{
    FILE *out = checking->cli->out;
    size_t shown = 0;
    for (const struct flaw *flaw = checking->shapes.flaws; flaw != NULL; flaw = flaw->next) {
        const struct shape_process *process =
            shapes_lost_with(&checking->shapes, flaw, delay_ns(checking));
        if (++shown > FLAWS_SHOWN) {
            fprintf(out, "  … and more: -o json has all\n");
            return;
        }
        fprintf(out, "  %s  %s: %s", flaw->booking_id, flaw_text(flaw->kind), flaw->text);
        if (process != NULL)
            fprintf(out, " (went with %s %s)", process->service, process->instance);
        fputc('\n', out);
    }
}

static void result_print(const struct checking *checking)
{
    FILE *out = checking->cli->out;
    fprintf(out, "%zu traces of %zu bookings: %zu roots, %zu whole\n", checking->candidate_count,
            checking->looked_at, checking->roots, checking->whole);
    if (checking->lost > 0)
        fprintf(out,
                "%zu are whole but for %zu spans that processes took along when they were killed\n",
                checking->lost, checking->flaws_lost);
    if (checking->flaws_left > 0)
        fprintf(out, "%zu flaws that no killed process explains\n", checking->flaws_left);
    flaws_print(checking);
}

static void result_print_json(const struct checking *checking)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddNumberToObject(json, "traces", (double)checking->candidate_count);
    cJSON_AddNumberToObject(json, "bookings", (double)checking->looked_at);
    cJSON_AddNumberToObject(json, "roots", (double)checking->roots);
    cJSON_AddNumberToObject(json, "whole", (double)checking->whole);
    cJSON_AddNumberToObject(json, "lostWithKilled", (double)checking->flaws_lost);
    cJSON_AddNumberToObject(json, "flaws", (double)checking->flaws_left);
    cJSON *array = cJSON_AddArrayToObject(json, "missing");
    for (const struct flaw *flaw = checking->shapes.flaws; flaw != NULL; flaw = flaw->next) {
        const struct shape_process *process =
            shapes_lost_with(&checking->shapes, flaw, delay_ns(checking));
        cJSON *part = cJSON_CreateObject();
        cJSON_AddItemToArray(array, part);
        json_put_text(part, "bookingId", flaw->booking_id);
        json_put_text(part, "kind", flaw_text(flaw->kind));
        json_put_text(part, "what", flaw->text);
        json_put_text(part, "wentWith", process != NULL ? process->instance : "");
    }
    json_print(checking->cli->out, json);
}

enum exit_status trace_check(struct cli *cli, const struct trace_check_options *options)
{
    struct checking checking = { .cli = cli, .options = options };
    checking.candidates = memory_alloc(BOOKINGS_MAX + PAGE_LIMIT, sizeof *checking.candidates);
    enum exit_status status = sample_take(&checking);
    if (status == EXIT_OK)
        status = traces_judge(&checking);
    if (status == EXIT_OK) {
        flaws_count(&checking);
        if (options->is_json)
            result_print_json(&checking);
        else
            result_print(&checking);
        status = checking.flaws_left == 0 ? EXIT_OK : EXIT_WRONG;
    }
    shapes_done(&checking.shapes);
    free(checking.candidates);
    return status;
}
