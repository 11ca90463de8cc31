/* load_report.c - samples and their quantiles, printed as a table or as one line of JSON. */
#include "bench/load.h"

#include "common/base/memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_MIN 4096

static const char *const metric_names[LOAD_METRIC_COUNT] = {
    [LOAD_INTENT] = "intent_ms",
    [LOAD_WEBHOOK] = "webhook_ms",
    [LOAD_OUTCOME] = "outcome_ms",
    [LOAD_OUTCOME_HELD] = "outcome_from_accepted_ms",
};
static const char *const metric_texts[LOAD_METRIC_COUNT] = {
    [LOAD_INTENT] = "POST /booking/intent",
    [LOAD_WEBHOOK] = "POST /payment/captured",
    [LOAD_OUTCOME] = "due -> outcome visible",
    [LOAD_OUTCOME_HELD] = "accepted -> outcome visible",
};

void load_sample(struct load_samples *samples, int64_t ns)
{
    if (samples->count == samples->room) {
        size_t room = samples->room > 0 ? 2 * samples->room : ROOM_MIN;
        samples->ns = memory_grow(samples->ns, room, sizeof *samples->ns);
        samples->room = room;
    }
    samples->ns[samples->count++] = ns;
}

void load_result_done(struct load_result *result)
{
    for (size_t i = 0; i < LOAD_METRIC_COUNT; i++)
        free(result->samples[i].ns);
    memset(result, 0, sizeof *result);
}

static int compare(const void *one, const void *other)
{
    int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;
    return a < b ? -1 : a > b;
}

/* The smallest sample that so many thousandths of all do not exceed: no interpolation. */
static double quantile_ms(const struct load_samples *samples, size_t per_mille)
{
    if (samples->count == 0)
        return 0;
    size_t rank = (samples->count * per_mille + 999) / 1000;
    return (double)samples->ns[rank > 0 ? rank - 1 : 0] / 1e6;
}

struct quantile {
    const char *name;
    size_t per_mille;
};
static const struct quantile quantiles[] = {
    { "p50", 500 }, { "p90", 900 }, { "p99", 990 }, { "p999", 999 }, { "max", 1000 }
};
#define QUANTILE_COUNT (sizeof quantiles / sizeof quantiles[0])

static void json_print(const struct load_result *result, FILE *out)
{
    fprintf(out,
            "{\"started\":%" PRIu64 ",\"settled\":%" PRIu64 ",\"refused\":%" PRIu64
            ",\"unavailable\":%" PRIu64 ",\"lost\":%" PRIu64
            ",\"measured_s\":%.3f,\"settled_per_s\":%.1f,\"drained_s\":%.3f",
            result->started, result->settled, result->refused, result->unavailable, result->lost,
            result->measured_s, result->settled_per_s, result->drained_s);
    for (size_t i = 0; i < LOAD_METRIC_COUNT; i++) {
        const struct load_samples *samples = &result->samples[i];
        fprintf(out, ",\"%s\":{\"count\":%zu", metric_names[i], samples->count);
        for (size_t k = 0; k < QUANTILE_COUNT; k++)
            fprintf(out, ",\"%s\":%.3f", quantiles[k].name,
                    quantile_ms(samples, quantiles[k].per_mille));
        fputc('}', out);
    }
    fputs("}\n", out);
}

static void text_print(const struct load_result *result, FILE *out)
{
    fprintf(out, "%" PRIu64 " sagas, %" PRIu64 " settled; %.0f settled a second in %.1f s\n",
            result->started, result->settled, result->settled_per_s, result->measured_s);
    fprintf(out, "drained in %.2f s; answers 503: %" PRIu64 ", connections lost: %" PRIu64 "\n",
            result->drained_s, result->unavailable, result->lost);
    fprintf(out, "%-30s%9s", "ms", "samples");
    for (size_t k = 0; k < QUANTILE_COUNT; k++)
        fprintf(out, "%10s", quantiles[k].name);
    fputc('\n', out);
    for (size_t i = 0; i < LOAD_METRIC_COUNT; i++) {
        const struct load_samples *samples = &result->samples[i];
        fprintf(out, "%-30s%9zu", metric_texts[i], samples->count);
        for (size_t k = 0; k < QUANTILE_COUNT; k++)
            fprintf(out, "%10.2f", quantile_ms(samples, quantiles[k].per_mille));
        fputc('\n', out);
    }
}

void load_result_print(struct load_result *result, bool is_json, FILE *out)
{
    for (size_t i = 0; i < LOAD_METRIC_COUNT; i++)
        if (result->samples[i].count > 0)
            qsort(result->samples[i].ns, result->samples[i].count, sizeof(int64_t), compare);
    if (is_json)
        json_print(result, out);
    else
        text_print(result, out);
}
