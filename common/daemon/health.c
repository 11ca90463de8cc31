/* health.c - /livez, /readyz, /health and /metrics of every service. */
#include "common/base/json_write.h"
#include "common/daemon/daemon_private.h"

#include <string.h>

struct checks {
    struct engine_status status;
    bool is_stopping;
    bool broker, store, outbox;
    char bus_detail[ERROR_MESSAGE_BYTES];
};

static struct checks checks_make(struct daemon *daemon)
{
    struct checks checks = { .is_stopping = daemon_is_stopping(daemon) };
    daemon_status_get(daemon, &checks.status, checks.bus_detail);
    checks.broker = checks.status.bus.can_publish && checks.status.bus.can_consume;
    checks.store = !checks.status.is_paused;
    checks.outbox = !checks.status.is_outbox_full;
    return checks;
}

static bool checks_pass(const struct checks *checks)
{
    return checks->broker && checks->store && checks->outbox && !checks->is_stopping;
}

static void check_write(struct json_writer *writer, const char *name, bool passes,
                        const char *detail)
{
    json_write_object_begin(writer, name);
    json_write_string(writer, "status", passes ? "pass" : "fail");
    if (!passes && detail != NULL && detail[0] != '\0')
        json_write_string(writer, "detail", detail);
    json_write_object_end(writer);
}

static void checks_write(struct json_writer *writer, const struct checks *checks)
{
    json_write_string(writer, "status", checks_pass(checks) ? "pass" : "fail");
    json_write_object_begin(writer, "checks");
    check_write(writer, "broker", checks->broker, checks->bus_detail);
    check_write(writer, "store", checks->store, checks->status.pause_reason);
    check_write(writer, "outbox", checks->outbox,
                "too many documents owe messages: the broker is away");
    check_write(writer, "process", !checks->is_stopping, "stopping");
    json_write_object_end(writer);
}

static void livez_handle(void *self, const struct http_request *request, struct http_answer *answer)
{
    (void)self, (void)request;
    static const char body[] = "{\"status\":\"pass\"}";
    memcpy(answer->body, body, sizeof body - 1);
    answer->body_length = sizeof body - 1;
    answer->status = 200;
}

static void readyz_handle(void *self, const struct http_request *request,
                          struct http_answer *answer)
{
    (void)request;
    struct checks checks = checks_make(self);
    struct json_writer writer;
    json_write_init(&writer, answer->body, HTTP_ANSWER_BYTES_MAX);
    json_write_object_begin(&writer, NULL);
    checks_write(&writer, &checks);
    json_write_object_end(&writer);
    answer->body_length = json_write_finish(&writer);
    answer->status = checks_pass(&checks) ? 200 : 503;
}

static void health_handle(void *self, const struct http_request *request,
                          struct http_answer *answer)
{
    (void)request;
    struct daemon *daemon = self;
    struct checks checks = checks_make(daemon);
    struct json_writer writer;
    json_write_init(&writer, answer->body, HTTP_ANSWER_BYTES_MAX);
    json_write_object_begin(&writer, NULL);
    json_write_string(&writer, "service", daemon->service->name);
    json_write_string(&writer, "version", ROUNDTRIP_VERSION);
    checks_write(&writer, &checks);
    json_write_object_begin(&writer, "messages");
    json_write_int(&writer, "delivered", (int64_t)checks.status.delivered);
    json_write_int(&writer, "applied", (int64_t)checks.status.applied);
    json_write_int(&writer, "duplicates", (int64_t)checks.status.duplicates);
    json_write_int(&writer, "rejected", (int64_t)checks.status.rejected);
    json_write_int(&writer, "quarantined", (int64_t)checks.status.quarantined);
    json_write_object_end(&writer);
    json_write_int(&writer, "owedDocuments", (int64_t)checks.status.owed_documents);
    json_write_object_end(&writer);
    answer->body_length = json_write_finish(&writer);
    answer->status = 200;
}

static void metrics_handle(void *self, const struct http_request *request,
                           struct http_answer *answer)
{
    (void)request;
    struct daemon *daemon = self;
    const struct daemon_tracing *tracing = &daemon->service->tracing;
    struct engine_status status;
    char bus_detail[ERROR_MESSAGE_BYTES];
    daemon_status_get(daemon, &status, bus_detail);
    answer->content_type = "text/plain; version=0.0.4; charset=utf-8";
    answer->body_length = 0;
    metrics_write(daemon->metrics, &status, answer->body, HTTP_ANSWER_BYTES_MAX,
                  &answer->body_length);
    if (tracing->metrics != NULL)
        tracing->metrics(tracing->self, answer->body, HTTP_ANSWER_BYTES_MAX, &answer->body_length);
    answer->status = 200;
}

void health_routes(struct daemon *daemon, struct http_route ret_routes[HEALTH_ROUTES])
{
    const struct http_route routes[HEALTH_ROUTES] = {
        { "GET", "/livez", false, livez_handle, daemon },
        { "GET", "/readyz", false, readyz_handle, daemon },
        { "GET", "/health", false, health_handle, daemon },
        { "GET", "/metrics", false, metrics_handle, daemon },
    };
    memcpy(ret_routes, routes, sizeof routes);
}
