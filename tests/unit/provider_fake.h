/* provider_fake.h - a provider of the test's own and a client of it. What it answers is said by the
 * payment id's first letter. Included by one test. */
#pragma once

#include "payment/provider_client.h"

#include "common/base/clock.h"
#include "common/http/http_server.h"

#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define TIMEOUT_MS  300
#define DEADLINE_S  10
#define TRACEPARENT "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

struct fake {
    struct http_server *server;
    struct provider_client *client;
    char url[64];
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t changed;
    bool is_gate_open; /* payments "gate..." are answered only then */
    int waiting;
    int wakes;
    int calls;
    char key[64], traceparent[64], body[512];
};

static struct timespec deadline(void)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += DEADLINE_S;
    return until;
}

static void header_keep(const struct http_request *request, const char *name, char ret_text[64])
{
    const char *value = http_request_header(request, name, NULL);
    (void)snprintf(ret_text, 64, "%s", value ? value : "");
}

static void gate_wait(struct fake *fake)
{
    struct timespec until = deadline();
    fake->waiting++;
    pthread_cond_broadcast(&fake->changed);
    while (!fake->is_gate_open && pthread_cond_timedwait(&fake->changed, &fake->mutex, &until) == 0)
        continue;
    fake->waiting--;
    pthread_cond_broadcast(&fake->changed);
}

static void refund_handle(void *self, const struct http_request *request,
                          struct http_answer *answer)
{
    struct fake *fake = self;
    char payment_id[IDENT_SIZE] = "";
    const char *at = strstr(request->body, "\"paymentId\":\"");
    (void)sscanf(at ? at : "", "\"paymentId\":\"%64[^\"]", payment_id);
    pthread_mutex_lock(&fake->mutex);
    (void)snprintf(fake->body, sizeof fake->body, "%s", request->body);
    header_keep(request, "Idempotency-Key", fake->key);
    header_keep(request, "traceparent", fake->traceparent);
    fake->calls++;
    if (payment_id[0] == 'g')
        gate_wait(fake);
    pthread_mutex_unlock(&fake->mutex);
    answer->status = payment_id[0] == 'b' ? 503 : 201;
    int length = snprintf(answer->body, 512,
                          "{\"refundId\":\"re_1\",\"paymentId\":\"%s\",\"amount\":500,"
                          "\"currency\":\"EUR\",\"status\":\"succeeded\"}",
                          payment_id);
    answer->body_length = (size_t)length;
}

static void lookup_handle(void *self, const struct http_request *request,
                          struct http_answer *answer)
{
    struct fake *fake = self;
    pthread_mutex_lock(&fake->mutex);
    fake->calls++;
    if (request->path_parameter[0] == 'g')
        gate_wait(fake);
    pthread_mutex_unlock(&fake->mutex);
    answer->status = 404;
    answer->body_length = (size_t)snprintf(answer->body, 64, "{\"code\":\"unknown_refund\"}");
}

static void wake(void *self)
{
    struct fake *fake = self;
    pthread_mutex_lock(&fake->mutex);
    fake->wakes++;
    pthread_cond_broadcast(&fake->changed);
    pthread_mutex_unlock(&fake->mutex);
}

static struct provider_client *client_start(const char *url)
{
    const struct provider_client_options options = { .url = url, .call_timeout_ms = TIMEOUT_MS };
    struct error error;
    struct provider_client *client = payment_provider_client_start(&options, &error);
    assert_non_null(client);
    return client;
}

/* One server for all tests, since stopping one takes civetweb two seconds; a client for each. */
static int server_open(void **state)
{
    struct fake *fake = calloc(1, sizeof *fake);
    pthread_mutex_init(&fake->mutex, NULL);
    pthread_cond_init(&fake->changed, NULL);
    const struct http_server_options options = { .bind_address = "127.0.0.1", .threads = 16 };
    const struct http_route routes[] = {
        { "POST", "/refunds", true, refund_handle, fake },
        { "GET", "/refunds/by-key/{id}", false, lookup_handle, fake },
    };
    struct error error;
    fake->server = http_server_start(&options, routes, 2, NULL, &error);
    if (!fake->server)
        return -1;
    (void)snprintf(fake->url, sizeof fake->url, "http://127.0.0.1:%d/",
                   http_server_port(fake->server));
    *state = fake;
    return 0;
}

static int server_close(void **state)
{
    struct fake *fake = *state;
    fake->server = http_server_stop(fake->server);
    pthread_cond_destroy(&fake->changed);
    pthread_mutex_destroy(&fake->mutex);
    free(fake);
    return 0;
}

static void gate_open(struct fake *fake)
{
    pthread_mutex_lock(&fake->mutex);
    fake->is_gate_open = true;
    pthread_cond_broadcast(&fake->changed);
    pthread_mutex_unlock(&fake->mutex);
}

static int client_open(void **state)
{
    struct fake *fake = *state;
    fake->is_gate_open = false;
    fake->waiting = fake->wakes = fake->calls = 0;
    fake->key[0] = fake->traceparent[0] = fake->body[0] = '\0';
    fake->client = client_start(fake->url);
    effect_pool_on_result(payment_provider_client_pool(fake->client), wake, fake);
    return 0;
}

/* Nobody is left at the gate: what a test began is not seen by the next one. */
static int client_close(void **state)
{
    struct fake *fake = *state;
    gate_open(fake);
    fake->client = payment_provider_client_stop(fake->client);
    struct timespec until = deadline();
    int wait = 0;
    pthread_mutex_lock(&fake->mutex);
    while (fake->waiting > 0 && wait == 0)
        wait = pthread_cond_timedwait(&fake->changed, &fake->mutex, &until);
    pthread_mutex_unlock(&fake->mutex);
    return wait;
}

static bool start(struct provider_client *client, int type, const char *payment_id, int64_t amount)
{
    struct refund_effect refund = {
        .amount = amount, .currency = "EUR", .intent_id = "B1", .attempt = 2
    };
    (void)snprintf(refund.payment_id, sizeof refund.payment_id, "%s", payment_id);
    (void)snprintf(refund.key, sizeof refund.key, "%s", payment_id);
    struct effect effect = {
        .is_wanted = true, .type = type, .correlation_id = "B1", .traceparent = TRACEPARENT
    };
    (void)snprintf(effect.document_id, sizeof effect.document_id, "%s", payment_id);
    memcpy(effect.payload, &refund, sizeof refund);
    struct effect_port port = effect_pool_port(payment_provider_client_pool(client));
    return port.start(port.self, &effect);
}

/* Takes the next result, waiting for the wake that announces it. */
static struct input take(struct fake *fake, struct refund_result *ret_result)
{
    struct effect_port port = effect_pool_port(payment_provider_client_pool(fake->client));
    struct timespec until = deadline();
    struct input input;
    pthread_mutex_lock(&fake->mutex);
    int wait = 0;
    while (wait == 0 && port.take(port.self, 1, &input) == 0)
        wait = pthread_cond_timedwait(&fake->changed, &fake->mutex, &until);
    pthread_mutex_unlock(&fake->mutex);
    assert_int_equal(wait, 0);
    memcpy(ret_result, input.payload, sizeof *ret_result);
    return input;
}

static void wait_for_calls_at_the_gate(struct fake *fake, int count)
{
    struct timespec until = deadline();
    pthread_mutex_lock(&fake->mutex);
    while (fake->waiting < count)
        assert_int_equal(pthread_cond_timedwait(&fake->changed, &fake->mutex, &until), 0);
    pthread_mutex_unlock(&fake->mutex);
}
