/* http_client.c - libcurl's options for a call, its answer in memory, and whether any byte of the
 * request went out. */
#include "common/http/http_client.h"
#include "common/base/memory.h"
#include "common/base/url.h"

#include <assert.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLY_BYTES_MAX    262144
#define REPLY_BYTES_FIRST  4096
#define IDLE_MAX_S         20
#define CONNECT_TIMEOUT_MS 2000L

struct http_client {
    CURL *curl;
    char *body;
    size_t length, room;
    bool is_too_large;
    char error_text[CURL_ERROR_SIZE];
};

static void body_grow(struct http_client *client, size_t needed)
{
    if (needed <= client->room)
        return;
    while (client->room < needed)
        client->room *= 2;
    client->body = memory_grow(client->body, client->room, 1);
}

/* curl's callback: fewer bytes than given make curl give up. */
static size_t body_receive(char *bytes, size_t size, size_t count, void *self)
{
    struct http_client *client = self;
    size_t length = size * count;
    if (length > REPLY_BYTES_MAX - client->length) {
        client->is_too_large = true;
        return 0;
    }
    body_grow(client, client->length + length + 1);
    memcpy(client->body + client->length, bytes, length);
    client->length += length;
    return length;
}

/* curl sets up its global state on the first handle, under a lock of its own (since 7.84). */
struct http_client *http_client_new(void)
{
    struct http_client *client = memory_alloc(1, sizeof *client);
    client->curl = memory_check(curl_easy_init());
    client->room = REPLY_BYTES_FIRST;
    client->body = memory_room(client->room);
    return client;
}

struct http_client *http_client_free(struct http_client *client)
{
    if (client == NULL)
        return NULL;
    curl_easy_cleanup(client->curl);
    free(client->body);
    free(client);
    return NULL;
}

static void option_long(CURL *curl, CURLoption option, long value, bool *is_good)
{
    *is_good = curl_easy_setopt(curl, option, value) == CURLE_OK && *is_good;
}

static void option_text(CURL *curl, CURLoption option, const char *value, bool *is_good)
{
    *is_good = curl_easy_setopt(curl, option, value) == CURLE_OK && *is_good;
}

/* What a call must never do: raise signals, follow a redirect with its headers, leave HTTP. */
static void bounds_set(struct http_client *client, long timeout_ms, bool *is_good)
{
    CURL *curl = client->curl;
    option_long(curl, CURLOPT_NOSIGNAL, 1, is_good);
    option_long(curl, CURLOPT_FOLLOWLOCATION, 0, is_good);
    option_text(curl, CURLOPT_PROTOCOLS_STR, "http,https", is_good);
    option_long(curl, CURLOPT_TIMEOUT_MS, timeout_ms, is_good);
    option_long(curl, CURLOPT_CONNECTTIMEOUT_MS,
                timeout_ms < CONNECT_TIMEOUT_MS ? timeout_ms : CONNECT_TIMEOUT_MS, is_good);
    option_long(curl, CURLOPT_TCP_KEEPALIVE, 1, is_good);
    /* Servers and what lies between forget a connection that is idle, often without a word. */
    option_long(curl, CURLOPT_MAXAGE_CONN, IDLE_MAX_S, is_good);
    /* A container that is made again has another address: connections are kept, names are not. */
    option_long(curl, CURLOPT_DNS_CACHE_TIMEOUT, 0, is_good);
    option_text(curl, CURLOPT_USERAGENT, "roundtrip/" ROUNDTRIP_VERSION, is_good);
    option_text(curl, CURLOPT_ACCEPT_ENCODING, NULL, is_good);
}

static bool call_set(struct http_client *client, const struct http_call *call,
                     struct curl_slist *headers)
{
    CURL *curl = client->curl;
    bool is_good = true;
    curl_easy_reset(curl); /* keeps the connection */
    bounds_set(client, call->timeout_ms, &is_good);
    option_text(curl, CURLOPT_URL, call->url, &is_good);
    if (url_is_loopback(call->url))
        option_text(curl, CURLOPT_NOPROXY, "*", &is_good);
    if (call->body != NULL || strcmp(call->method, "POST") == 0) {
        option_long(curl, CURLOPT_POST, 1, &is_good);
        is_good = curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                                   (curl_off_t)call->body_length) == CURLE_OK &&
                  is_good;
        option_text(curl, CURLOPT_POSTFIELDS, call->body != NULL ? call->body : "", &is_good);
    }
    if (strcmp(call->method, "HEAD") == 0)
        option_long(curl, CURLOPT_NOBODY, 1, &is_good);
    option_text(curl, CURLOPT_CUSTOMREQUEST, call->method, &is_good);
    is_good = curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) == CURLE_OK && is_good;
    is_good = curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, client->error_text) == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, body_receive) == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_WRITEDATA, client) == CURLE_OK && is_good;
    return is_good;
}

static struct curl_slist *headers_make(const struct http_call *call)
{
    /* No "Expect: 100-continue": it would cost a round trip or a second of waiting. */
    struct curl_slist *headers = memory_check(curl_slist_append(NULL, "Expect:"));
    for (const char *const *header = call->headers; header != NULL && *header != NULL; header++)
        headers = memory_check(curl_slist_append(headers, *header));
    return headers;
}

/* Only where curl wrote no byte of the request can the server not have got it. */
static bool was_sent(CURL *curl)
{
    long request_bytes = 0;
    return curl_easy_getinfo(curl, CURLINFO_REQUEST_SIZE, &request_bytes) != CURLE_OK ||
           request_bytes > 0;
}

static long retry_after_read(curl_off_t seconds)
{
    if (seconds <= 0)
        return -1;
    return seconds < HTTP_RETRY_AFTER_S_MAX ? (long)seconds : HTTP_RETRY_AFTER_S_MAX;
}

static void reply_read(struct http_client *client, struct http_reply *ret_reply)
{
    long status = 0;
    curl_off_t retry_after_s = 0;
    (void)curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(client->curl, CURLINFO_RETRY_AFTER, &retry_after_s);
    client->body[client->length] = '\0';
    *ret_reply = (struct http_reply){
        .status = (int)status,
        .body = client->body,
        .body_length = client->length,
        .retry_after_s = retry_after_read(retry_after_s),
        .was_sent = true,
    };
}

bool http_client_call(struct http_client *client, const struct http_call *call,
                      struct http_reply *ret_reply, struct error *error)
{
    assert(call->method != NULL && call->url != NULL && call->timeout_ms > 0);
    assert(call->body != NULL || call->body_length == 0);
    *ret_reply = (struct http_reply){ .retry_after_s = -1 };
    client->length = 0;
    client->is_too_large = false;
    client->error_text[0] = '\0';
    struct curl_slist *headers = headers_make(call);
    if (!call_set(client, call, headers)) {
        curl_slist_free_all(headers);
        return error_set(error, ERROR_RETRY, "%s %.120s: a bad address", call->method, call->url);
    }
    CURLcode code = curl_easy_perform(client->curl);
    if (code == CURLE_OK)
        reply_read(client, ret_reply);
    else
        ret_reply->was_sent = was_sent(client->curl);
    /* The list and the buffers belong to this call: nothing may point at them afterwards. */
    (void)curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, (struct curl_slist *)NULL);
    curl_slist_free_all(headers);
    if (code == CURLE_OK)
        return true;
    if (client->is_too_large)
        return error_set(error, ERROR_RETRY, "%s %.120s: an answer of more than %d bytes",
                         call->method, call->url, REPLY_BYTES_MAX);
    return error_set(error, ERROR_RETRY, "%s %.120s: %.100s", call->method, call->url,
                     client->error_text[0] != '\0' ? client->error_text : curl_easy_strerror(code));
}
