/* provider_client.c - the worker threads and their calls; log, metrics and readiness hear from here
 * how the provider does. */
#include "payment/provider_client.h"

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/http/http_client.h"
#include "common/json/json_write.h"
#include "common/log/log.h"

#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALERT_EVERY_MS    60000 /* a provider that comes and goes is no news each time */
#define CALL_BODY_BYTES   512
#define CALL_HEADER_BYTES 160

struct worker {
    struct provider_client *client;
    struct http_client *http;
    pthread_t thread;
    bool is_running;
    bool is_for_later_ones; /* prefers calls that are not the first of their payment */
};

struct provider_client {
    struct provider_client_options options;
    char url[PROVIDER_CLIENT_URL_BYTES_MAX];
    pthread_mutex_t mutex; /* guards what follows up to is_stopping; never held during a call */
    pthread_cond_t changed;
    struct call_queue *queue;
    int64_t alerted_at_ms;
    bool is_stopping;
    pthread_mutex_t wake_mutex; /* held during a wake: unset means that none is under way */
    void (*wake)(void *self);
    void *wake_self;
    struct worker workers[PROVIDER_CLIENT_THREADS];
};

static bool effect_start(void *self, const struct effect *effect)
{
    struct provider_client *client = self;
    pthread_mutex_lock(&client->mutex);
    bool is_added =
        !client->is_stopping && call_queue_add(client->queue, effect, clock_monotonic_ms());
    pthread_cond_broadcast(&client->changed); /* those that sleep may prefer other calls */
    pthread_mutex_unlock(&client->mutex);
    return is_added;
}

static size_t effect_take(void *self, size_t limit, struct input *ret_results)
{
    struct provider_client *client = self;
    pthread_mutex_lock(&client->mutex);
    size_t count = call_queue_take(client->queue, limit, ret_results);
    pthread_mutex_unlock(&client->mutex);
    return count;
}

static bool effect_holds(void *self, const char *document_id)
{
    struct provider_client *client = self;
    pthread_mutex_lock(&client->mutex);
    bool is_held = call_queue_holds(client->queue, document_id);
    pthread_mutex_unlock(&client->mutex);
    return is_held;
}

void provider_client_status_get(struct provider_client *client,
                                struct call_queue_status *ret_status)
{
    pthread_mutex_lock(&client->mutex);
    call_queue_status_get(client->queue, ret_status);
    pthread_mutex_unlock(&client->mutex);
}

static bool effects_trouble(void *self, char *ret_why, size_t size)
{
    struct call_queue_status status;
    provider_client_status_get(self, &status);
    if (status.is_open)
        (void)snprintf(ret_why, size,
                       "the provider answers no refund (%s): %zu wait, one at a time is tried",
                       status.reason, status.waiting);
    return status.is_open;
}

static void number_write(const char *name, const char *help, const char *type, uint64_t value,
                         char *buffer, size_t size, size_t *length)
{
    size_t room = size - *length;
    int written = snprintf(buffer + *length, room, "# HELP %s %s\n# TYPE %s %s\n%s %" PRIu64 "\n",
                           name, help, name, type, name, value);
    if (written > 0 && (size_t)written < room)
        *length += (size_t)written;
    else
        buffer[*length] = '\0';
}

static void effects_metrics(void *self, char *buffer, size_t size, size_t *length)
{
    struct call_queue_status status;
    provider_client_status_get(self, &status);
    const struct {
        const char *name, *help, *type;
        uint64_t value;
    } numbers[] = {
        { "roundtrip_provider_calls_total", "Calls to the provider.", "counter", status.calls },
        { "roundtrip_provider_probes_total", "Of those while it answered nobody.", "counter",
          status.probes },
        { "roundtrip_provider_outages_total", "How often it began to answer nobody.", "counter",
          status.openings },
        { "roundtrip_provider_unanswering", "1 while it answers nobody.", "gauge", status.is_open },
        { "roundtrip_provider_calls_waiting", "Calls that wait for their turn.", "gauge",
          status.waiting },
        { "roundtrip_provider_calls_turned_away_total",
          "Calls that found no room; their deadlines ask again.", "counter", status.turned_away },
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        number_write(numbers[i].name, numbers[i].help, numbers[i].type, numbers[i].value, buffer,
                     size, length);
}

static size_t refund_body_write(const struct refund_effect *effect, char *buffer, size_t size)
{
    struct json_writer writer;
    json_write_init(&writer, buffer, size);
    json_write_object_begin(&writer, NULL);
    json_write_string(&writer, "paymentId", effect->payment_id);
    json_write_string(&writer, "intentId", effect->intent_id);
    json_write_int(&writer, "amount", effect->amount);
    json_write_string(&writer, "currency", effect->currency);
    json_write_object_end(&writer);
    return json_write_finish(&writer);
}

/* The CLIENT span's name is method and route; it ends as error unless the call was answered. */
static void call_trace_end(const struct provider_client *client, const struct tracing_call *span,
                           const struct effect *effect, const struct http_call *call,
                           const struct refund_effect *refund, int http_status,
                           const struct refund_result *result, const char *error_type)
{
    struct tracing_facts facts = { .returned.amount = refund->amount };
    struct tracing_call told = *span;
    if (!client->options.observer)
        return;
    memcpy(facts.payment_id, refund->payment_id, sizeof facts.payment_id);
    memcpy(facts.returned.currency, refund->currency, sizeof facts.returned.currency);
    memcpy(facts.refund_id, result->refund_id, sizeof facts.refund_id);
    told.facts = &facts;
    tracing_call_end(client->options.observer, &told, effect->correlation_id, call->method,
                     effect->type == EFFECT_LOOKUP ? "/refunds/by-key/{id}" : "/refunds", call->url,
                     http_status, refund->attempt, error_type);
}

static void call_make(const struct provider_client *client, struct http_client *http,
                      const struct effect *effect, const struct refund_effect *refund,
                      char traceparent[TRACEPARENT_SIZE], struct refund_result *ret_result)
{
    bool is_lookup = effect->type == EFFECT_LOOKUP;
    char url[PROVIDER_CLIENT_URL_BYTES_MAX + IDENT_SIZE + sizeof "/refunds/by-key/"];
    (void)snprintf(url, sizeof url, "%s/refunds%s%s", client->url, is_lookup ? "/by-key/" : "",
                   is_lookup ? refund->key : "");
    char body[CALL_BODY_BYTES];
    size_t body_length = is_lookup ? 0 : refund_body_write(refund, body, sizeof body);
    assert(is_lookup || body_length > 0);

    struct tracing_call span = { 0 };
    if (client->options.observer)
        tracing_call_begin(client->options.observer, effect->correlation_id, effect->traceparent,
                           &span, traceparent);
    else
        memcpy(traceparent, effect->traceparent, TRACEPARENT_SIZE);

    char key[CALL_HEADER_BYTES], trace[CALL_HEADER_BYTES];
    const char *headers[4] = { NULL };
    size_t header_count = 0;
    if (!is_lookup) {
        (void)snprintf(key, sizeof key, "Idempotency-Key: \"%s\"", refund->key);
        headers[header_count++] = "Content-Type: application/json";
        headers[header_count++] = key;
    }
    if (traceparent[0] != '\0') {
        (void)snprintf(trace, sizeof trace, "traceparent: %.55s", traceparent);
        headers[header_count++] = trace;
    }
    struct http_call call = { .method = is_lookup ? "GET" : "POST",
                              .url = url,
                              .headers = headers,
                              .body = is_lookup ? NULL : body,
                              .body_length = body_length,
                              .timeout_ms = (long)client->options.call_timeout_ms };
    struct http_reply reply = { .retry_after_s = -1 };
    struct error error;
    if (http_client_call(http, &call, &reply, &error)) {
        refund_answer_read((enum refund_effect_type)effect->type, refund, reply.status, reply.body,
                           reply.body_length, reply.retry_after_s, ret_result);
        call_trace_end(client, &span, effect, &call, refund, reply.status, ret_result, NULL);
    } else {
        /* A look-up that was lost has changed nothing: it is simply asked again. */
        refund_failure_read(reply.was_sent && !is_lookup, ret_result);
        call_trace_end(client, &span, effect, &call, refund, 0, ret_result, ret_result->reason);
    }
}

/* With the mutex held. Its end is told by the readiness check. */
static void news_log(struct provider_client *client, enum breaker_news news)
{
    struct call_queue_status status;
    int64_t now_ms = clock_monotonic_ms();
    call_queue_status_get(client->queue, &status);
    if (news != BREAKER_OPENED ||
        (status.openings > 1 && now_ms - client->alerted_at_ms < ALERT_EVERY_MS))
        return;
    client->alerted_at_ms = now_ms;
    log_write(LOG_ERROR, "needs a look: the provider answers no refund (%s)", status.reason);
}

static void call_run(struct worker *worker, struct call *call)
{
    struct provider_client *client = worker->client;
    struct refund_effect refund;
    struct refund_result result;
    char traceparent[TRACEPARENT_SIZE];
    memcpy(&refund, call_effect(call)->payload, sizeof refund);
    call_make(client, worker->http, call_effect(call), &refund, traceparent, &result);
    pthread_mutex_lock(&client->mutex);
    news_log(client,
             call_queue_finish(client->queue, call, &result, traceparent, clock_monotonic_ms()));
    pthread_cond_broadcast(&client->changed);
    pthread_mutex_unlock(&client->mutex);
    pthread_mutex_lock(&client->wake_mutex);
    if (client->wake)
        client->wake(client->wake_self);
    pthread_mutex_unlock(&client->wake_mutex);
}

/* Until something changes, or the next probe is due. */
static void turn_wait(struct provider_client *client)
{
    int64_t until_ms = call_queue_look_again_ms(client->queue);
    if (until_ms < 0) {
        pthread_cond_wait(&client->changed, &client->mutex);
        return;
    }
    const struct timespec until = clock_timespec(until_ms);
    (void)pthread_cond_timedwait(&client->changed, &client->mutex, &until);
}

static void *worker_run(void *argument)
{
    struct worker *worker = argument;
    struct provider_client *client = worker->client;
    pthread_mutex_lock(&client->mutex);
    while (!client->is_stopping) {
        struct call *call =
            call_queue_next(client->queue, worker->is_for_later_ones, clock_monotonic_ms());
        if (!call) {
            turn_wait(client);
            continue;
        }
        pthread_mutex_unlock(&client->mutex);
        call_run(worker, call);
        pthread_mutex_lock(&client->mutex);
    }
    pthread_mutex_unlock(&client->mutex);
    return NULL;
}

static void changed_init(pthread_cond_t *changed)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

static bool url_keep(struct provider_client *client, const char *url, struct error *error)
{
    size_t length = strlen(url);
    while (length > 0 && url[length - 1] == '/')
        length--;
    if (length == 0 || length >= sizeof client->url)
        return error_set(error, ERROR_REJECT, "provider url: 1 to %d characters",
                         PROVIDER_CLIENT_URL_BYTES_MAX - 1);
    memcpy(client->url, url, length);
    client->url[length] = '\0';
    return true;
}

struct provider_client *provider_client_start(const struct provider_client_options *options,
                                              struct error *error)
{
    struct provider_client *client = memory_alloc(1, sizeof *client);
    pthread_mutex_init(&client->mutex, NULL);
    pthread_mutex_init(&client->wake_mutex, NULL);
    changed_init(&client->changed);
    client->options = *options;
    client->queue =
        call_queue_new(PROVIDER_CLIENT_SLOTS, options->result_type, options->result_type_name);
    if (client->options.call_timeout_ms <= 0)
        client->options.call_timeout_ms = PROVIDER_CLIENT_TIMEOUT_MS;
    if (!url_keep(client, options->url, error))
        goto fail;
    for (size_t i = 0; i < PROVIDER_CLIENT_THREADS; i++) {
        struct worker *worker = &client->workers[i];
        worker->client = client;
        worker->is_for_later_ones = i == 0;
        worker->http = http_client_new();
        int failure = pthread_create(&worker->thread, NULL, worker_run, worker);
        if (failure != 0) {
            error_set(error, ERROR_RETRY, "provider client: thread: %s", strerror(failure));
            goto fail;
        }
        worker->is_running = true;
    }
    return client;
fail:
    return provider_client_stop(client);
}

void provider_client_on_result(struct provider_client *client, void (*wake)(void *self),
                               void *wake_self)
{
    pthread_mutex_lock(&client->wake_mutex);
    client->wake = wake;
    client->wake_self = wake_self;
    pthread_mutex_unlock(&client->wake_mutex);
}

struct effect_port provider_client_port(struct provider_client *client)
{
    return (struct effect_port){ .self = client,
                                 .start = effect_start,
                                 .take = effect_take,
                                 .holds = effect_holds,
                                 .trouble = effects_trouble,
                                 .metrics = effects_metrics };
}

struct provider_client *provider_client_stop(struct provider_client *client)
{
    if (!client)
        return NULL;
    pthread_mutex_lock(&client->mutex);
    client->is_stopping = true;
    pthread_cond_broadcast(&client->changed);
    pthread_mutex_unlock(&client->mutex);
    for (size_t i = 0; i < PROVIDER_CLIENT_THREADS; i++) {
        struct worker *worker = &client->workers[i];
        if (worker->is_running)
            pthread_join(worker->thread, NULL);
        worker->http = http_client_free(worker->http);
    }
    client->queue = call_queue_free(client->queue);
    pthread_cond_destroy(&client->changed);
    pthread_mutex_destroy(&client->wake_mutex);
    pthread_mutex_destroy(&client->mutex);
    free(client);
    return NULL;
}
