/* health.c - /livez, /readyz, /health and /metrics of every service. */
#include "common/daemon/daemon_private.h"
#include "common/daemon/metric_family.h"
#include "common/http/http_accept.h"
#include "common/json/json_write.h"

#include <assert.h>
#include <string.h>

static const char *const status_texts[] = {
    [CHECK_PASS] = "pass", [CHECK_WARN] = "warn", [CHECK_FAIL] = "fail"
};

static void checks_write(struct json_writer *writer, const struct readiness *readiness)
{
    enum check_status gravest = CHECK_PASS;
    for (int i = 0; i < CHECK_COUNT; i++)
        if (readiness->checks[i].status > gravest)
            gravest = readiness->checks[i].status;
    json_write_string(writer, "status", status_texts[gravest]);
    json_write_object_begin(writer, "checks");
    for (int i = 0; i < CHECK_COUNT; i++) {
        json_write_object_begin(writer, check_names[i]);
        json_write_string(writer, "status", status_texts[readiness->checks[i].status]);
        if (readiness->checks[i].detail[0] != '\0')
            json_write_string(writer, "detail", readiness->checks[i].detail);
        json_write_object_end(writer);
    }
    json_write_object_end(writer);
}

static void livez_handle(void *self, const struct http_request *request, struct http_answer *answer)
{
    (void)request;
    bool is_alive = daemon_loop_still_ms(self) <= LOOP_STILL_MS_MAX;
    struct json_writer writer;
    json_write_init(&writer, answer->body, HTTP_ANSWER_BYTES_MAX);
    json_write_object_begin(&writer, NULL);
    json_write_string(&writer, "status", status_texts[is_alive ? CHECK_PASS : CHECK_FAIL]);
    json_write_object_end(&writer);
    answer->body_length = json_write_finish(&writer);
    answer->status = is_alive ? 200 : 503;
}

static void readyz_handle(void *self, const struct http_request *request,
                          struct http_answer *answer)
{
    (void)request;
    struct readiness readiness;
    readiness_look(self, &readiness);
    struct json_writer writer;
    json_write_init(&writer, answer->body, HTTP_ANSWER_BYTES_MAX);
    json_write_object_begin(&writer, NULL);
    checks_write(&writer, &readiness);
    json_write_object_end(&writer);
    answer->body_length = json_write_finish(&writer);
    assert(answer->body_length > 0);
    answer->status = readiness.is_ready ? 200 : 503;
}

static void health_handle(void *self, const struct http_request *request,
                          struct http_answer *answer)
{
    (void)request;
    struct daemon *daemon = self;
    struct engine_status status;
    char bus_detail[ERROR_MESSAGE_BYTES];
    struct readiness readiness;
    daemon_status_get(daemon, &status, bus_detail);
    readiness_look(daemon, &readiness);
    struct json_writer writer;
    json_write_init(&writer, answer->body, HTTP_ANSWER_BYTES_MAX);
    json_write_object_begin(&writer, NULL);
    json_write_string(&writer, "service", daemon->service->name);
    json_write_string(&writer, "version", ROUNDTRIP_VERSION);
    checks_write(&writer, &readiness);
    json_write_object_begin(&writer, "messages");
    json_write_int(&writer, "delivered", (int64_t)status.delivered);
    json_write_int(&writer, "applied", (int64_t)status.applied);
    json_write_int(&writer, "duplicates", (int64_t)status.duplicates);
    json_write_int(&writer, "rejected", (int64_t)status.rejected);
    json_write_int(&writer, "deferred", (int64_t)status.deferred);
    json_write_int(&writer, "later", (int64_t)status.later);
    json_write_int(&writer, "quarantined", (int64_t)status.quarantined);
    json_write_object_end(&writer);
    json_write_int(&writer, "owedDocuments", (int64_t)status.owed_documents);
    json_write_object_end(&writer);
    answer->body_length = json_write_finish(&writer);
    assert(answer->body_length > 0);
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
    const struct effect_port *effects = &daemon->service->effects;
    if (effects->metrics != NULL)
        effects->metrics(effects->self, answer->body, HTTP_ANSWER_BYTES_MAX, &answer->body_length);
    struct http_accept_status accepting;
    http_accept_status_get(&accepting);
    metric_gauge_write("roundtrip_http_connections_refused",
                       "Connections that there was no descriptor for, since the start.", "",
                       (double)accepting.refused, answer->body, HTTP_ANSWER_BYTES_MAX,
                       &answer->body_length);
    pthread_mutex_lock(&daemon->status_mutex);
    uint64_t topology_checks = daemon->topology_checks;
    pthread_mutex_unlock(&daemon->status_mutex);
    metric_gauge_write("roundtrip_topology_checks",
                       "How often queues and bindings were made sure of since the start.", "",
                       (double)topology_checks, answer->body, HTTP_ANSWER_BYTES_MAX,
                       &answer->body_length);
    if (tracing->metrics != NULL)
        tracing->metrics(tracing->self, answer->body, HTTP_ANSWER_BYTES_MAX, &answer->body_length);
    answer->status = 200;
}

void health_routes(struct daemon *daemon, struct http_route ret_routes[HEALTH_ROUTES])
{
    assert(daemon != NULL);
    const struct http_route routes[HEALTH_ROUTES] = {
        { "GET", "/livez", false, livez_handle, daemon },
        { "GET", "/readyz", false, readyz_handle, daemon },
        { "GET", "/health", false, health_handle, daemon },
        { "GET", "/metrics", false, metrics_handle, daemon },
    };
    memcpy(ret_routes, routes, sizeof routes);
}
