/* desk.c - the route table, the form of problems, and the faults that an answer may meet before or
 * after its work. */
#include "provider/desk.h"

#include "common/base/clock.h"
#include "common/base/thread.h"
#include "common/json/json_write.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define PROBLEM_BYTES 1024

bool desk_init(struct desk *desk, const struct provider_options *options, struct error *error)
{
    *desk = (struct desk){ .options = options };
    if (!faults_init(&desk->faults, options->faults, (uint64_t)options->seed, error))
        return error_wrap(error, "ROUNDTRIP_PROVIDER_FAULTS");
    pthread_mutex_init(&desk->mutex, NULL);
    pthread_cond_init(&desk->stopping, NULL);
    return true;
}

void desk_stop(struct desk *desk)
{
    pthread_mutex_lock(&desk->mutex);
    desk->is_stopping = true;
    pthread_cond_broadcast(&desk->stopping);
    pthread_mutex_unlock(&desk->mutex);
}

void desk_done(struct desk *desk)
{
    pthread_cond_destroy(&desk->stopping);
    pthread_mutex_destroy(&desk->mutex);
}

void desk_routes(struct desk *desk, struct http_route ret_routes[DESK_ROUTES])
{
    const struct http_route routes[DESK_ROUTES] = {
        { "POST", "/charges", true, desk_charge, desk },
        { "POST", "/refunds", true, desk_refund, desk },
        { "GET", "/refunds/by-key/{id}", false, desk_refund_by_key, desk },
        { "GET", "/ledger", false, desk_ledger, desk },
        { "GET", "/ledger/summary", false, desk_summary, desk },
        { "GET", "/ledger/{id}", false, desk_account, desk },
        { "GET", "/faults", false, desk_faults_list, desk },
        { "POST", "/faults", true, desk_faults_arm, desk },
        { "POST", "/faults/clear", false, desk_faults_clear, desk },
        { "DELETE", "/faults", false, desk_faults_clear, desk },
        { "GET", "/livez", false, desk_livez, desk },
        { "GET", "/readyz", false, desk_readyz, desk },
        { "GET", "/health", false, desk_health, desk },
        { "GET", "/metrics", false, desk_metrics, desk },
    };
    memcpy(ret_routes, routes, sizeof routes);
}

void desk_problem(struct http_answer *answer, int status, const char *code, const char *detail,
                  const char *refund_id)
{
    char type[96];
    (void)snprintf(type, sizeof type, "urn:roundtrip:provider:%s", code);
    struct json_writer writer;
    json_write_init(&writer, answer->body, PROBLEM_BYTES);
    json_write_object_begin(&writer, NULL);
    json_write_string(&writer, "type", type);
    json_write_string(&writer, "title", code);
    json_write_int(&writer, "status", status);
    json_write_string(&writer, "detail", detail);
    json_write_string(&writer, "code", code);
    if (refund_id)
        json_write_string(&writer, "refundId", refund_id);
    json_write_bool(&writer, "retryable", status >= 500 || status == 429);
    json_write_object_end(&writer);
    answer->body_length = json_write_finish(&writer);
    assert(answer->body_length > 0);
    answer->status = status;
    answer->content_type = "application/problem+json";
    if (status == 429 || status == 503)
        http_answer_header(answer, "Retry-After", "1");
}

void desk_unavailable(struct http_answer *answer, const struct error *error)
{
    desk_problem(answer, 503, "unavailable", error->message, NULL);
}

/* Keeps this handler's thread for wait_ms; less when the provider stops, or when so many wait
 * already that nobody else could be served. */
static void handler_wait(struct desk *desk, int64_t wait_ms)
{
    int64_t until_ms = clock_monotonic_ms() + wait_ms;
    pthread_mutex_lock(&desk->mutex);
    if (desk->waiting < desk->options->http_threads * 3 / 4) {
        desk->waiting++;
        while (!desk->is_stopping && thread_wait(&desk->stopping, &desk->mutex, until_ms))
            continue;
        desk->waiting--;
    }
    pthread_mutex_unlock(&desk->mutex);
}

static void silence_answer(struct desk *desk, const struct fault *fault, struct http_answer *answer)
{
    handler_wait(desk, fault->argument);
    desk_problem(answer, 504, "timeout", "a fault on request: no answer in time", NULL);
    answer->close = true;
}

static void page_answer(struct http_answer *answer, int status)
{
    int length = snprintf(answer->body, PROBLEM_BYTES,
                          "<!DOCTYPE html><html><head><title>%d</title></head><body><h1>%d</h1>"
                          "</body></html>\n",
                          status, status);
    answer->body_length = (size_t)length;
    answer->status = status;
    answer->content_type = "text/html; charset=utf-8";
}

bool desk_fault_before(struct desk *desk, enum fault_target target, const char *payment_id,
                       const struct http_request *request, struct http_answer *answer,
                       struct fault *ret_fault)
{
    const char *header = http_request_header(request, "Roundtrip-Fault", NULL);
    struct error error;
    pthread_mutex_lock(&desk->mutex);
    bool is_ok = faults_draw_call(&desk->faults, target, payment_id, header, ret_fault, &error);
    pthread_mutex_unlock(&desk->mutex);
    if (!is_ok) {
        desk_problem(answer, 400, "invalid_fault", error.message, NULL);
        return false;
    }
    if (ret_fault->kind != FAULT_NONE)
        atomic_fetch_add(&desk->injected, 1);
    switch (ret_fault->kind) {
    case FAULT_REFUSE:
        desk_problem(answer, 402, "refused", "a fault on request: refused for ever", NULL);
        return false;
    case FAULT_5XX:
        desk_problem(answer, 500, "internal", "a fault on request: nothing was done", NULL);
        return false;
    case FAULT_429:
        desk_problem(answer, 429, "too_many_requests", "a fault on request: later", NULL);
        return false;
    case FAULT_HTTP:
        desk_problem(answer, (int)ret_fault->argument, "blocked",
                     "a fault on request: nobody is answered", NULL);
        return false;
    case FAULT_HTML:
        page_answer(answer, (int)ret_fault->argument);
        return false;
    case FAULT_TIMEOUT_BEFORE:
        silence_answer(desk, ret_fault, answer);
        return false;
    case FAULT_DELAY:
        handler_wait(desk, ret_fault->argument);
        return true;
    case FAULT_NONE:
    case FAULT_TIMEOUT_AFTER:
    case FAULT_5XX_AFTER:
    case FAULT_DUPLICATE:
    case FAULT_OUT_OF_ORDER:
    case FAULT_LATE:
    case FAULT_FORGED:
    case FAULT_DROP:
        return true;
    }
    return true;
}

bool desk_fault_after(struct desk *desk, const struct fault *fault, struct http_answer *answer)
{
    if (fault->kind == FAULT_TIMEOUT_AFTER) {
        silence_answer(desk, fault, answer);
        return true;
    }
    if (fault->kind == FAULT_5XX_AFTER) {
        desk_problem(answer, 500, "internal", "a fault on request: it was done all the same", NULL);
        return true;
    }
    return false;
}
