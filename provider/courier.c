/* courier.c - threads that take the next due webhook from the journal, send it, and settle it by
 * the answer. */
#include "provider/courier.h"

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/base/thread.h"
#include "common/http/http_client.h"
#include "common/log/log.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IDLE_WAIT_MS_MAX 1000 /* also how long the journal is left alone after it failed */
#define URL_BYTES_MAX    512
#define HEADER_BYTES     160

struct carrier {
    struct courier *courier;
    struct http_client *http;
    pthread_t thread;
    bool is_running;
};

struct courier {
    struct courier_options options;
    char url[URL_BYTES_MAX]; /* without a final slash */
    struct courier_counts counts;
    pthread_mutex_t mutex; /* guards what follows; held while the next webhook is chosen */
    pthread_cond_t changed;
    int64_t busy[COURIER_THREADS]; /* ids of webhooks under way */
    size_t busy_count;
    uint64_t wakes;
    bool is_stopping;
    struct carrier carriers[COURIER_THREADS];
};

static void busy_remove(struct courier *courier, int64_t id)
{
    for (size_t i = 0; i < courier->busy_count; i++) {
        if (courier->busy[i] == id) {
            courier->busy[i] = courier->busy[--courier->busy_count];
            return;
        }
    }
    assert(false && "it was under way");
}

static void wait_until_changed(struct courier *courier, int64_t wait_ms)
{
    if (wait_ms > IDLE_WAIT_MS_MAX)
        wait_ms = IDLE_WAIT_MS_MAX;
    int64_t until_ms = clock_monotonic_ms() + wait_ms;
    uint64_t seen = courier->wakes;
    while (!courier->is_stopping && courier->wakes == seen &&
           thread_wait(&courier->changed, &courier->mutex, until_ms))
        continue;
}

/* Waits for a webhook that is due and marks it as under way; false: stopping. Called with the
 * mutex held. */
static bool webhook_take(struct courier *courier, struct webhook *ret_webhook)
{
    while (!courier->is_stopping) {
        struct error error;
        bool is_found = false;
        int64_t wait_ms = IDLE_WAIT_MS_MAX;
        if (!journal_webhook_next(courier->options.journal, courier->busy, courier->busy_count,
                                  &is_found, ret_webhook, &error))
            log_write(LOG_ERROR, "webhooks wait: %s", error.message);
        if (is_found) {
            wait_ms = ret_webhook->due_ms - clock_wall_ms();
            if (wait_ms <= 0) {
                assert(courier->busy_count < COURIER_THREADS);
                courier->busy[courier->busy_count++] = ret_webhook->id;
                return true;
            }
        }
        wait_until_changed(courier, wait_ms);
    }
    return false;
}

static bool webhook_send(const struct courier *courier, struct http_client *http,
                         const struct webhook *webhook, struct http_reply *ret_reply)
{
    char url[URL_BYTES_MAX + WEBHOOK_PATH_SIZE];
    (void)snprintf(url, sizeof url, "%s%s", courier->url, webhook->path);
    char signature[WEBHOOK_SIGNATURE_SIZE], signature_header[HEADER_BYTES];
    char traceparent[TRACEPARENT_SIZE] = "", trace_header[HEADER_BYTES];
    const char *headers[4] = { "Content-Type: application/json" };
    size_t header_count = 1;
    if (courier->options.secret[0] != '\0' || webhook->is_forged) {
        webhook_sign(courier->options.secret, webhook->body, clock_wall_ms() / 1000,
                     webhook->is_forged, signature);
        (void)snprintf(signature_header, sizeof signature_header, "Roundtrip-Signature: %s",
                       signature);
        headers[header_count++] = signature_header;
    }
    struct tracing_observer *observer = webhook->intent_id[0] ? courier->options.observer : NULL;
    struct tracing_call span = { 0 };
    if (observer) {
        tracing_call_begin(observer, webhook->intent_id, webhook->traceparent, &span, traceparent);
        (void)snprintf(trace_header, sizeof trace_header, "traceparent: %.55s", traceparent);
        headers[header_count++] = trace_header;
    }
    struct http_call call = { .method = "POST",
                              .url = url,
                              .headers = headers,
                              .body = webhook->body,
                              .body_length = strlen(webhook->body),
                              .timeout_ms = COURIER_TIMEOUT_MS };
    struct error error;
    *ret_reply = (struct http_reply){ .retry_after_s = -1 };
    bool is_answered = http_client_call(http, &call, ret_reply, &error);
    if (!is_answered) {
        *ret_reply = (struct http_reply){ .retry_after_s = -1 };
        log_write(LOG_DEBUG, "webhook %s: %s", webhook->path, error.message);
    }
    if (observer)
        tracing_call_end(observer, &span, webhook->intent_id, "POST", webhook->path, url,
                         ret_reply->status, (int)webhook->attempts,
                         is_answered ? NULL : "no_answer");
    return is_answered;
}

static void attempt_count(struct courier *courier, const struct webhook *webhook, bool was_forged,
                          const struct http_reply *reply, enum webhook_fate fate)
{
    struct log_subject subject = { .booking_id = webhook->intent_id,
                                   .payment_id = webhook->payment_id };
    bool is_acknowledged = reply->status >= 200 && reply->status < 300;
    struct courier_counts *counts = &courier->counts;
    if (was_forged) {
        atomic_fetch_add(is_acknowledged ? &counts->forged_accepted : &counts->forged_refused, 1);
        if (is_acknowledged)
            log_write_about(LOG_ERROR, &subject, "webhook %s: a forged signature was accepted",
                            webhook->path);
        return;
    }
    atomic_fetch_add(is_acknowledged ? &counts->acknowledged : &counts->failed, 1);
    if (fate == WEBHOOK_GIVEN_UP) {
        atomic_fetch_add(&counts->given_up, 1);
        log_write_about(LOG_ERROR, &subject, "webhook %s: given up after %lld attempts",
                        webhook->path, (long long)webhook->attempts);
    } else if (!is_acknowledged) {
        log_write_about(webhook->attempts == 1 ? LOG_WARNING : LOG_DEBUG, &subject,
                        "webhook %s: answered %d, again in %lld ms", webhook->path, reply->status,
                        (long long)webhook_backoff_ms(webhook->attempts));
    }
}

static void webhook_carry(struct courier *courier, struct http_client *http,
                          struct webhook *webhook)
{
    bool was_forged = webhook->is_forged;
    struct http_reply reply;
    (void)webhook_send(courier, http, webhook, &reply);
    int64_t now_ms = clock_wall_ms();
    enum webhook_fate fate = webhook_settle(webhook, reply.status, reply.retry_after_s, now_ms);
    bool is_acknowledged = !was_forged && reply.status >= 200 && reply.status < 300;
    attempt_count(courier, webhook, was_forged, &reply, fate);
    /* Not settled means sent once more: the receiver knows duplicates. */
    struct error error;
    if (!journal_webhook_settle(courier->options.journal, webhook, fate, is_acknowledged, now_ms,
                                &error))
        log_write(LOG_ERROR, "webhook %s: %s", webhook->path, error.message);
}

static void *carrier_run(void *argument)
{
    struct carrier *carrier = argument;
    struct courier *courier = carrier->courier;
    struct webhook webhook;
    pthread_mutex_lock(&courier->mutex);
    while (webhook_take(courier, &webhook)) {
        int64_t id = webhook.id;
        pthread_mutex_unlock(&courier->mutex);
        webhook_carry(courier, carrier->http, &webhook);
        pthread_mutex_lock(&courier->mutex);
        busy_remove(courier, id);
        /* It may be due again, or have let go one that was held; others may sleep longer. */
        courier->wakes++;
        pthread_cond_broadcast(&courier->changed);
    }
    pthread_mutex_unlock(&courier->mutex);
    return NULL;
}

struct courier *courier_start(const struct courier_options *options, struct error *error)
{
    struct courier *courier = memory_alloc(1, sizeof *courier);
    courier->options = *options;
    pthread_mutex_init(&courier->mutex, NULL);
    pthread_cond_init(&courier->changed, NULL);
    size_t url_length = strlen(options->url);
    while (url_length > 0 && options->url[url_length - 1] == '/')
        url_length--;
    if (url_length >= sizeof courier->url) {
        error_set(error, ERROR_REJECT, "webhook url: up to %d characters", URL_BYTES_MAX - 1);
        goto fail;
    }
    memcpy(courier->url, options->url, url_length);
    for (size_t i = 0; i < COURIER_THREADS; i++) {
        struct carrier *carrier = &courier->carriers[i];
        carrier->courier = courier;
        carrier->http = http_client_new();
        carrier->is_running = thread_start(&carrier->thread, carrier_run, carrier);
        if (!carrier->is_running) {
            error_set(error, ERROR_RETRY, "courier: no thread to be had");
            goto fail;
        }
    }
    return courier;
fail:
    return courier_stop(courier);
}

struct courier *courier_stop(struct courier *courier)
{
    if (!courier)
        return NULL;
    pthread_mutex_lock(&courier->mutex);
    courier->is_stopping = true;
    pthread_cond_broadcast(&courier->changed);
    pthread_mutex_unlock(&courier->mutex);
    for (size_t i = 0; i < COURIER_THREADS; i++) {
        struct carrier *carrier = &courier->carriers[i];
        if (carrier->is_running)
            pthread_join(carrier->thread, NULL);
        carrier->http = http_client_free(carrier->http);
    }
    pthread_cond_destroy(&courier->changed);
    pthread_mutex_destroy(&courier->mutex);
    free(courier);
    return NULL;
}

void courier_wake(struct courier *courier)
{
    pthread_mutex_lock(&courier->mutex);
    courier->wakes++;
    pthread_cond_broadcast(&courier->changed);
    pthread_mutex_unlock(&courier->mutex);
}

const struct courier_counts *courier_counts(const struct courier *courier)
{
    return &courier->counts;
}
