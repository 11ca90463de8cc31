/* provider_client.c - one call to the provider by HTTP, and the pool of those who make them. */
#include "payment/provider_client.h"

#include "common/base/memory.h"
#include "common/http/http_client.h"
#include "common/json/json_write.h"
#include "payment/refund_effects.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALL_BODY_BYTES   512
#define CALL_HEADER_BYTES 160

struct provider_client {
    struct provider_client_options options;
    char url[PROVIDER_CLIENT_URL_BYTES_MAX];
    struct http_client *https[PROVIDER_CLIENT_THREADS]; /* one a thread */
    struct effect_pool *pool;
};

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
        payment_refund_answer_read((enum refund_effect_type)effect->type, refund, reply.status,
                                   reply.body, reply.body_length, reply.retry_after_s, ret_result);
        call_trace_end(client, &span, effect, &call, refund, reply.status, ret_result, NULL);
    } else {
        /* A look-up that was lost has changed nothing: it is simply asked again. */
        payment_refund_failure_read(reply.was_sent && !is_lookup, ret_result);
        call_trace_end(client, &span, effect, &call, refund, 0, ret_result, ret_result->reason);
    }
}

static void pool_call(void *self, size_t thread, const struct effect *effect, bool is_probe,
                      struct input *ret_result, struct effect_end *ret_end)
{
    const struct provider_client *client = self;
    struct refund_effect refund;
    struct refund_result result;
    char traceparent[TRACEPARENT_SIZE];
    memcpy(&refund, effect->payload, sizeof refund);
    call_make(client, client->https[thread], effect, &refund, traceparent, &result);
    result.is_uncounted = is_probe;
    payment_refund_input_make(effect, &result, traceparent, ret_result);
    payment_refund_end_get(&result, ret_end);
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

struct provider_client *payment_provider_client_start(const struct provider_client_options *options,
                                                      struct error *error)
{
    struct provider_client *client = memory_alloc(1, sizeof *client);
    client->options = *options;
    if (client->options.call_timeout_ms <= 0)
        client->options.call_timeout_ms = PROVIDER_CLIENT_TIMEOUT_MS;
    const struct effect_pool_options pool_options = {
        .kind = &payment_refund_effects,
        .capacity = PROVIDER_CLIENT_SLOTS,
        .threads = PROVIDER_CLIENT_THREADS,
        .peer = "provider",
        .silence = "the provider answers no refund",
        .self = client,
        .call = pool_call,
    };
    for (size_t i = 0; i < PROVIDER_CLIENT_THREADS; i++)
        client->https[i] = http_client_new();
    if (url_keep(client, options->url, error))
        client->pool = effect_pool_start(&pool_options, error);
    return client->pool != NULL ? client : payment_provider_client_stop(client);
}

struct effect_pool *payment_provider_client_pool(struct provider_client *client)
{
    return client->pool;
}

struct provider_client *payment_provider_client_stop(struct provider_client *client)
{
    if (!client)
        return NULL;
    client->pool = effect_pool_stop(client->pool);
    for (size_t i = 0; i < PROVIDER_CLIENT_THREADS; i++)
        client->https[i] = http_client_free(client->https[i]);
    free(client);
    return NULL;
}
