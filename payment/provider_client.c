#include "payment/provider_client.h"

#include "common/base/json_write.h"
#include "common/http/http_client.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALL_BODY_BYTES   512
#define CALL_HEADER_BYTES 160

enum slot_state { SLOT_FREE, SLOT_QUEUED, SLOT_RUNNING, SLOT_FINISHED };

struct slot {
    enum slot_state state;
    uint64_t order; /* of entering its state: both queues are first in, first out */
    struct effect effect;
    struct input result;
};

struct worker {
    struct provider_client *client;
    struct http_client *http;
    pthread_t thread;
    bool is_running;
};

struct provider_client {
    struct provider_client_options options;
    char url[PROVIDER_CLIENT_URL_BYTES_MAX];
    pthread_mutex_t mutex; /* guards slots to is_stopping; never held during a call */
    pthread_cond_t changed;
    struct slot slots[PROVIDER_CLIENT_SLOTS];
    uint64_t order_next;
    bool is_stopping;
    pthread_mutex_t wake_mutex; /* held during a wake: unset means that none is under way */
    void (*wake)(void *self);
    void *wake_self;
    struct worker workers[PROVIDER_CLIENT_THREADS];
};

/* The slot that has been in this state longest, or NULL. */
static struct slot *slot_oldest(struct provider_client *client, enum slot_state state)
{
    struct slot *oldest = NULL;
    for (size_t i = 0; i < PROVIDER_CLIENT_SLOTS; i++) {
        struct slot *slot = &client->slots[i];
        if (slot->state == state && (!oldest || slot->order < oldest->order))
            oldest = slot;
    }
    return oldest;
}

static void slot_move(struct provider_client *client, struct slot *slot, enum slot_state state)
{
    slot->state = state;
    slot->order = client->order_next++;
}

/* A document's effect that has not started yet gives way to a newer one of the same document: when
 * the provider is slow, deadlines ask again and again for what waits already. */
static struct slot *slot_for(struct provider_client *client, const struct effect *effect)
{
    for (size_t i = 0; i < PROVIDER_CLIENT_SLOTS; i++) {
        struct slot *slot = &client->slots[i];
        if (slot->state == SLOT_QUEUED &&
            strcmp(slot->effect.document_id, effect->document_id) == 0)
            return slot;
    }
    return slot_oldest(client, SLOT_FREE);
}

static bool effect_start(void *self, const struct effect *effect)
{
    struct provider_client *client = self;
    assert(effect->type == EFFECT_REFUND || effect->type == EFFECT_LOOKUP);
    pthread_mutex_lock(&client->mutex);
    struct slot *slot = client->is_stopping ? NULL : slot_for(client, effect);
    if (slot) {
        slot->effect = *effect;
        if (slot->state == SLOT_FREE)
            slot_move(client, slot, SLOT_QUEUED);
        pthread_cond_signal(&client->changed);
    }
    pthread_mutex_unlock(&client->mutex);
    return slot != NULL;
}

static size_t effect_take(void *self, size_t limit, struct input *ret_results)
{
    struct provider_client *client = self;
    size_t count = 0;
    pthread_mutex_lock(&client->mutex);
    while (count < limit) {
        struct slot *slot = slot_oldest(client, SLOT_FINISHED);
        if (!slot)
            break;
        ret_results[count++] = slot->result;
        slot_move(client, slot, SLOT_FREE);
    }
    pthread_mutex_unlock(&client->mutex);
    return count;
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
                           int http_status, int32_t attempt, const char *error_type)
{
    if (!client->options.observer)
        return;
    tracing_call_end(client->options.observer, span, effect->correlation_id, call->method,
                     effect->type == EFFECT_LOOKUP ? "/refunds/by-key/{id}" : "/refunds", call->url,
                     http_status, attempt, error_type);
}

static void call_make(const struct provider_client *client, struct http_client *http,
                      const struct effect *effect, const struct refund_effect *refund,
                      char traceparent[TRACEPARENT_SIZE], struct refund_result *ret_result)
{
    bool is_lookup = effect->type == EFFECT_LOOKUP;
    char url[PROVIDER_CLIENT_URL_BYTES_MAX + IDENT_SIZE + sizeof "/refunds/by-key/"];
    (void)snprintf(url, sizeof url, "%s/refunds%s%s", client->url, is_lookup ? "/by-key/" : "",
                   is_lookup ? refund->payment_id : "");
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
        (void)snprintf(key, sizeof key, "Idempotency-Key: \"%s\"", refund->payment_id);
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
        call_trace_end(client, &span, effect, &call, reply.status, refund->attempt, NULL);
    } else {
        /* A look-up that was lost has changed nothing: it is simply asked again. */
        refund_failure_read(reply.was_sent && !is_lookup, ret_result);
        call_trace_end(client, &span, effect, &call, 0, refund->attempt, ret_result->reason);
    }
}

static void effect_run(const struct provider_client *client, struct http_client *http,
                       const struct effect *effect, struct input *ret_result)
{
    struct refund_effect refund;
    memcpy(&refund, effect->payload, sizeof refund);
    *ret_result = (struct input){ .source = INPUT_FROM_EFFECT,
                                  .type = client->options.result_type,
                                  .type_name = client->options.result_type_name };
    (void)snprintf(ret_result->id, sizeof ret_result->id, "refund:%s:%d", refund.payment_id,
                   (int)refund.attempt);
    memcpy(ret_result->document_id, effect->document_id, sizeof ret_result->document_id);
    memcpy(ret_result->correlation_id, effect->correlation_id, sizeof ret_result->correlation_id);
    struct refund_result result;
    call_make(client, http, effect, &refund, ret_result->traceparent, &result);
    memcpy(ret_result->payload, &result, sizeof result);
}

static void *worker_run(void *argument)
{
    struct worker *worker = argument;
    struct provider_client *client = worker->client;
    pthread_mutex_lock(&client->mutex);
    while (!client->is_stopping) {
        struct slot *slot = slot_oldest(client, SLOT_QUEUED);
        if (!slot) {
            pthread_cond_wait(&client->changed, &client->mutex);
            continue;
        }
        slot_move(client, slot, SLOT_RUNNING);
        pthread_mutex_unlock(&client->mutex);
        effect_run(client, worker->http, &slot->effect, &slot->result);
        pthread_mutex_lock(&client->mutex);
        slot_move(client, slot, SLOT_FINISHED);
        pthread_mutex_unlock(&client->mutex);
        pthread_mutex_lock(&client->wake_mutex);
        if (client->wake)
            client->wake(client->wake_self);
        pthread_mutex_unlock(&client->wake_mutex);
        pthread_mutex_lock(&client->mutex);
    }
    pthread_mutex_unlock(&client->mutex);
    return NULL;
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
    struct provider_client *client = calloc(1, sizeof *client);
    assert(client);
    pthread_mutex_init(&client->mutex, NULL);
    pthread_mutex_init(&client->wake_mutex, NULL);
    pthread_cond_init(&client->changed, NULL);
    client->options = *options;
    if (client->options.call_timeout_ms <= 0)
        client->options.call_timeout_ms = PROVIDER_CLIENT_TIMEOUT_MS;
    if (!url_keep(client, options->url, error))
        goto fail;
    for (size_t i = 0; i < PROVIDER_CLIENT_THREADS; i++) {
        struct worker *worker = &client->workers[i];
        worker->client = client;
        worker->http = http_client_new(error);
        if (!worker->http)
            goto fail;
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
    return (struct effect_port){ .self = client, .start = effect_start, .take = effect_take };
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
    pthread_cond_destroy(&client->changed);
    pthread_mutex_destroy(&client->wake_mutex);
    pthread_mutex_destroy(&client->mutex);
    free(client);
    return NULL;
}
