/* tracing.c - reads the environment, opens the outlet, starts the exporter; without one all goes
 * on, and no span leaves. */
#include "tracing/tracing_state.h"

#include "common/base/memory.h"
#include "common/log/log.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lasting_text {
    struct lasting_text *next;
    char text[];
};

const char *tracing_intern(struct tracing *tracing, const char *text)
{
    size_t length = text != NULL ? strlen(text) : 0;
    if (length > OTLP_LASTING_MAX)
        length = OTLP_LASTING_MAX;
    struct lasting_text *copy = memory_alloc(1, sizeof *copy + length + 1);
    if (length > 0)
        memcpy(copy->text, text, length);
    copy->next = tracing->texts;
    tracing->texts = copy;
    return copy->text;
}

bool tracing_records(const struct tracing *tracing, const uint8_t trace_id[16])
{
    assert(tracing->environment.sampler.threshold <= SAMPLER_RANKS);
    return tracing->exporter != NULL && sampler_wants(&tracing->environment.sampler, trace_id);
}

static void warn(void *self, const char *text)
{
    (void)self;
    log_write(LOG_WARNING, "tracing: %s", text);
}

static void report(void *self, const char *text)
{
    const struct tracing *tracing = self;
    if (!tracing->environment.is_quiet)
        warn(NULL, text);
}

static bool outlet_open(const struct tracing_environment *environment, struct outlet *ret_outlet,
                        struct error *error)
{
    switch (environment->exporter) {
    case EXPORTER_OTLP:
        return outlet_http_open(environment, ret_outlet, error);
    case EXPORTER_STDOUT:
        *ret_outlet = outlet_stdout();
        return true;
    case EXPORTER_FILE:
        return outlet_file_open(environment->file, ret_outlet, error);
    case EXPORTER_NONE:
        break;
    }
    return error_set(error, ERROR_BUG, "no exporter is wanted");
}

static struct exporter_options options_of(struct tracing *tracing, const struct outlet *outlet)
{
    const struct tracing_environment *environment = &tracing->environment;
    return (struct exporter_options){
        .resource = { .service_name = tracing->service_name,
                      .instance_id = tracing->instance_id,
                      .extra = environment->resource,
                      .extra_count = environment->resource_count },
        .saga = { .service_name = TRACING_SAGA,
                  .instance_id = "",
                  .extra = environment->resource,
                  .extra_count = environment->resource_count,
                  .is_shared = true },
        .sampler = environment->sampler,
        .limits = { .attributes_max = environment->attributes_max,
                    .events_max = environment->events_max,
                    .links_max = environment->links_max },
        .outlet = *outlet,
        .queue_max = (size_t)environment->queue_max,
        .batch_max = (size_t)environment->batch_max,
        .schedule_delay_ms = environment->schedule_delay_ms,
        .export_timeout_ms = environment->export_timeout_ms,
        .report_self = tracing,
        .report = report,
    };
}

static void name_choose(struct tracing *tracing, const char *service_name)
{
    const char *named = tracing->environment.service_name;
    if (named[0] == '\0' && service_name != NULL)
        named = service_name;
    if (named[0] != '\0')
        snprintf(tracing->service_name, sizeof tracing->service_name, "%s", named);
    else
        snprintf(tracing->service_name, sizeof tracing->service_name, "unknown_service:%s",
                 program_invocation_short_name);
}

struct tracing *tracing_new(const struct tracing_environment *environment,
                            const struct outlet *outlet, const char *service_name,
                            const char *instance_id)
{
    assert(environment != NULL && instance_id != NULL);
    struct tracing *tracing = memory_alloc(1, sizeof *tracing);
    struct outlet opened;
    struct error error;
    tracing->environment = *environment;
    name_choose(tracing, service_name);
    snprintf(tracing->instance_id, sizeof tracing->instance_id, "%s",
             instance_id != NULL ? instance_id : "");
    if (outlet == NULL && environment->exporter == EXPORTER_NONE)
        return tracing;
    for (size_t i = 0; i < environment->resource_count; i++)
        tracing->environment.resource[i] = (struct environment_attribute){
            .key = tracing_intern(tracing, environment->resource[i].key),
            .value = tracing_intern(tracing, environment->resource[i].value),
        };
    if (outlet == NULL && outlet_open(environment, &opened, &error))
        outlet = &opened;
    if (outlet != NULL) {
        struct exporter_options options = options_of(tracing, outlet);
        tracing->exporter = exporter_new(&options, &error);
    }
    if (tracing->exporter == NULL) {
        warn(NULL, error.message);
        warn(NULL, "no spans leave this process; nothing else is affected");
    }
    return tracing;
}

static const char *environment_get(void *self, const char *name)
{
    (void)self;
    return getenv(name);
}

struct tracing *tracing_start(const char *service_name, const char *instance_id)
{
    assert(service_name != NULL);
    char made_id[UUID_TEXT_SIZE];
    uint8_t random[16];
    struct environment_source source = { .get = environment_get, .warn = warn };
    struct tracing_environment *environment = memory_alloc(1, sizeof *environment);
    environment_read(&source, environment);
    if (instance_id == NULL || instance_id[0] == '\0') {
        uuid_random_bytes(random, sizeof random);
        uuid_v8_derive(random, sizeof random, made_id);
        instance_id = made_id;
    }
    struct tracing *tracing = tracing_new(environment, NULL, service_name, instance_id);
    free(environment);
    return tracing;
}

struct tracing *tracing_stop(struct tracing *tracing)
{
    if (tracing == NULL)
        return NULL;
    if (tracing->exporter != NULL) {
        int64_t timeout_ms = tracing->environment.export_timeout_ms;
        exporter_stop(tracing->exporter,
                      timeout_ms < TRACING_STOP_MS_MAX ? timeout_ms : TRACING_STOP_MS_MAX);
        tracing->exporter = exporter_free(tracing->exporter);
    }
    while (tracing->texts != NULL) {
        struct lasting_text *next = tracing->texts->next;
        free(tracing->texts);
        tracing->texts = next;
    }
    free(tracing);
    return NULL;
}
