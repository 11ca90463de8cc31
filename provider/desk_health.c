/* desk_health.c - health and metrics, as small as a provider for tests needs them. */
#include "common/json/json_write.h"
#include "provider/desk.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void status_answer(struct http_answer *answer, int status, const char *text)
{
    struct json_writer writer;
    json_write_init(&writer, answer->body, HTTP_ANSWER_BYTES_MAX);
    json_write_object_begin(&writer, NULL);
    json_write_string(&writer, "status", text);
    json_write_string(&writer, "service", "provider");
    json_write_string(&writer, "version", ROUNDTRIP_VERSION);
    json_write_object_end(&writer);
    answer->body_length = json_write_finish(&writer);
    answer->status = status;
}

void desk_livez(void *self, const struct http_request *request, struct http_answer *answer)
{
    (void)self;
    (void)request;
    status_answer(answer, 200, "ok");
}

/* The books can be read and nobody has asked us to stop. */
static bool desk_is_ready(struct desk *desk)
{
    struct ledger_refund refund;
    struct error error;
    bool is_found;
    pthread_mutex_lock(&desk->mutex);
    bool is_stopping = desk->is_stopping;
    pthread_mutex_unlock(&desk->mutex);
    return !is_stopping && journal_refund_by_key(desk->journal, "", &is_found, &refund, &error);
}

void desk_readyz(void *self, const struct http_request *request, struct http_answer *answer)
{
    (void)request;
    bool is_ready = desk_is_ready(self);
    status_answer(answer, is_ready ? 200 : 503, is_ready ? "ready" : "not ready");
}

void desk_health(void *self, const struct http_request *request, struct http_answer *answer)
{
    desk_readyz(self, request, answer);
}

static void line_add(struct http_answer *answer, const char *format, ...) PRINTF_LIKE(2, 3);
static void line_add(struct http_answer *answer, const char *format, ...)
{
    size_t room = HTTP_ANSWER_BYTES_MAX - answer->body_length;
    va_list values;
    va_start(values, format);
    int length = vsnprintf(answer->body + answer->body_length, room, format, values);
    va_end(values);
    assert(length >= 0 && (size_t)length < room);
    answer->body_length += (size_t)length;
}

static void counter_add(struct http_answer *answer, const char *name, const char *help,
                        int64_t value)
{
    line_add(answer,
             "# HELP roundtrip_provider_%s %s\n# TYPE roundtrip_provider_%s counter\n"
             "roundtrip_provider_%s %" PRId64 "\n",
             name, help, name, name, value);
}

void desk_metrics(void *self, const struct http_request *request, struct http_answer *answer)
{
    struct desk *desk = self;
    (void)request;
    answer->status = 200;
    answer->content_type = "text/plain; version=0.0.4; charset=utf-8";
    answer->body_length = 0;
    const struct courier_counts *counts = courier_counts(desk->courier);
    counter_add(answer, "charges_total", "New charges.", atomic_load(&desk->charges));
    counter_add(answer, "refunds_total", "Refund effects.", atomic_load(&desk->refunds));
    counter_add(answer, "replays_total", "Calls answered from an earlier one.",
                atomic_load(&desk->replays));
    counter_add(answer, "refusals_total", "Calls that the ledger refused.",
                atomic_load(&desk->refusals));
    counter_add(answer, "faults_injected_total", "Calls that met a fault on request.",
                atomic_load(&desk->injected));
    counter_add(answer, "webhooks_acknowledged_total", "Webhook attempts answered 2xx.",
                atomic_load(&counts->acknowledged));
    counter_add(answer, "webhooks_failed_total", "Webhook attempts not answered 2xx.",
                atomic_load(&counts->failed));
    counter_add(answer, "webhooks_given_up_total", "Webhooks never acknowledged.",
                atomic_load(&counts->given_up));
    counter_add(answer, "webhooks_forged_accepted_total",
                "Forged webhooks that the receiver took for ours.",
                atomic_load(&counts->forged_accepted));
    counter_add(answer, "webhooks_forged_refused_total", "Forged webhooks that were refused.",
                atomic_load(&counts->forged_refused));
    if (desk->tracing.metrics)
        desk->tracing.metrics(desk->tracing.self, answer->body, HTTP_ANSWER_BYTES_MAX,
                              &answer->body_length);
}
