/* outlet_http.c - one POST per request to the collector. The only file of tracing that knows
 * libcurl; common/http's client is not used, because this one needs certificates, a bound on the
 * answer and a way to be hurried while it runs. */
#include "tracing/export/outlet.h"

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/base/url.h"

#include <assert.h>
#include <curl/curl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_BYTES_MAX  ((size_t)4194304) /* 4 MiB; more is a failure, OTLP says */
#define ANSWER_BYTES_KEPT 65536
#define RETRY_AFTER_S_MAX INT64_C(86400) /* a day: nobody makes us wait for longer */
#define USER_AGENT        "roundtrip/" ROUNDTRIP_VERSION " OTel-OTLP-Exporter-C/" ROUNDTRIP_VERSION

struct http_outlet {
    CURL *curl;
    struct curl_slist *headers;
    char answer[ANSWER_BYTES_KEPT];
    size_t answer_length, answer_kept;
    _Atomic int64_t give_up_ms;
    char problem[CURL_ERROR_SIZE];
};

static size_t body_take(char *bytes, size_t size, size_t count, void *self)
{
    struct http_outlet *http = self;
    size_t length = size * count;
    http->answer_length += length;
    if (http->answer_length > ANSWER_BYTES_MAX)
        return 0; /* aborts the call */
    size_t room = sizeof http->answer - http->answer_kept;
    size_t kept = length < room ? length : room;
    memcpy(http->answer + http->answer_kept, bytes, kept);
    http->answer_kept += kept;
    return length;
}

/* Called by libcurl at least once a second: the way to stop a call that runs. */
static int hurry_check(void *self, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    (void)a, (void)b, (void)c, (void)d;
    struct http_outlet *http = self;
    return clock_monotonic_ms() >= atomic_load(&http->give_up_ms);
}

/* A failed connect, or a connection that was lost before the answer. */
static bool may_send_again(CURL *curl, CURLcode code)
{
    curl_off_t connected_us = 0;
    if (code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST ||
        code == CURLE_GOT_NOTHING || code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR)
        return true;
    return code == CURLE_OPERATION_TIMEDOUT &&
           curl_easy_getinfo(curl, CURLINFO_CONNECT_TIME_T, &connected_us) == CURLE_OK &&
           connected_us == 0;
}

/* libcurl reads both forms, seconds and a date (RFC 9110, 10.2.3); 0 is neither, or at once. */
static int64_t retry_after_ms(CURL *curl)
{
    curl_off_t seconds = 0;
    if (curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &seconds) != CURLE_OK || seconds <= 0)
        return -1;
    return (seconds < RETRY_AFTER_S_MAX ? (int64_t)seconds : RETRY_AFTER_S_MAX) * 1000;
}

static enum outlet_result http_send(void *self, const char *json, size_t length,
                                    struct outlet_answer *ret_answer)
{
    struct http_outlet *http = self;
    long status = 0;
    http->answer_length = 0;
    http->answer_kept = 0;
    http->problem[0] = '\0';
    curl_easy_setopt(http->curl, CURLOPT_POSTFIELDS, json);
    curl_easy_setopt(http->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)length);
    CURLcode code = curl_easy_perform(http->curl);
    if (code != CURLE_OK) {
        snprintf(ret_answer->message, sizeof ret_answer->message, "%s",
                 http->problem[0] != '\0' ? http->problem : curl_easy_strerror(code));
        return may_send_again(http->curl, code) ? OUTLET_RETRY : OUTLET_FAILED;
    }
    curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &status);
    ret_answer->retry_after_ms = retry_after_ms(http->curl);
    return outlet_answer_read((int)status, http->answer, http->answer_kept, ret_answer);
}

static void http_hurry(void *self, int64_t give_up_ms)
{
    struct http_outlet *http = self;
    atomic_store(&http->give_up_ms, give_up_ms);
}

static void http_free(void *self)
{
    struct http_outlet *http = self;
    if (http == NULL)
        return;
    curl_easy_cleanup(http->curl);
    curl_slist_free_all(http->headers);
    free(http);
    curl_global_cleanup(); /* counted by libcurl, so others keep theirs */
}

static void header_add(struct http_outlet *http, const char *line)
{
    http->headers = memory_check(curl_slist_append(http->headers, line));
}

static void headers_make(struct http_outlet *http, const struct tracing_environment *environment)
{
    header_add(http, "Content-Type: application/json");
    /* Without "Expect:" curl would ask for permission before each larger body. */
    header_add(http, "Expect:");
    for (size_t i = 0; i < environment->header_count; i++)
        header_add(http, environment->headers[i]);
}

static void options_set(struct http_outlet *http, const struct tracing_environment *environment)
{
    CURL *curl = http->curl;
    curl_easy_setopt(curl, CURLOPT_URL, environment->endpoint);
    if (url_is_loopback(environment->endpoint))
        curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, USER_AGENT);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, http->headers);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, http->problem);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, body_take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, http);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, hurry_check);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, http);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)environment->timeout_ms);
    /* No less for connecting: a resolver that lost a packet asks again after five seconds. */
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)environment->timeout_ms);
    if (environment->certificate[0] != '\0')
        curl_easy_setopt(curl, CURLOPT_CAINFO, environment->certificate);
    if (environment->client_certificate[0] != '\0')
        curl_easy_setopt(curl, CURLOPT_SSLCERT, environment->client_certificate);
    if (environment->client_key[0] != '\0')
        curl_easy_setopt(curl, CURLOPT_SSLKEY, environment->client_key);
}

bool outlet_http_open(const struct tracing_environment *environment, struct outlet *ret_outlet,
                      struct error *error)
{
    assert(environment->endpoint[0] != '\0');
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return error_set(error, ERROR_RETRY, "libcurl does not start");
    struct http_outlet *http = memory_alloc(1, sizeof *http);
    atomic_init(&http->give_up_ms, INT64_MAX);
    http->curl = memory_check(curl_easy_init());
    headers_make(http, environment);
    options_set(http, environment);
    *ret_outlet =
        (struct outlet){ .self = http, .send = http_send, .hurry = http_hurry, .free = http_free };
    return true;
}
