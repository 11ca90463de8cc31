/* http_span.c - places the span in the booking's trace or the caller's; reads that change nothing
 * get one only if the caller traces. */
#include "tracing/http_span.h"

#include "common/base/hex.h"
#include "tracing/span_facts.h"
#include "tracing/url_clean.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

bool http_span_is_wanted(const char *route)
{
    assert(route != NULL);
    static const char *const probes[] = { "/livez", "/readyz", "/health", "/metrics" };
    for (size_t i = 0; i < sizeof probes / sizeof probes[0]; i++)
        if (strcmp(route, probes[i]) == 0)
            return false;
    return true;
}

static bool method_is_known(const char *method)
{
    static const char *const known[] = { "GET",     "HEAD",  "POST",  "PUT",    "DELETE",
                                         "CONNECT", "TRACE", "PATCH", "OPTIONS" };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(method, known[i]) == 0)
            return true;
    return false;
}

static void random_id(uint8_t *ret_id, size_t length)
{
    uuid_random_bytes(ret_id, length);
    ret_id[length - 1] |= 1; /* never zero */
}

static bool is_read(const struct http_exchange *exchange, const struct served *served)
{
    bool is_safe = strcmp(exchange->method, "GET") == 0 || strcmp(exchange->method, "HEAD") == 0;
    return is_safe && served->is_set && served->input_type[0] == '\0' && !served->has_waited &&
           exchange->status < 500;
}

/* In the booking's trace, under the caller where the caller is in it too, else under the root. A
 * request that concerns no booking goes on with the caller's trace or has one of its own. */
static void place_find(const struct tracing *tracing, const struct http_exchange *exchange,
                       const struct served *served, struct lineage *ret_lineage)
{
    char random_name[33];
    uint8_t random[16];
    uuid_random_bytes(random, sizeof random);
    hex_write(random, sizeof random, random_name);
    const char *booking_id = is_read(exchange, served) ? "" : served->booking_id;
    lineage_find(tracing, booking_id, exchange->traceparent, random_name, true, ret_lineage);
    if (served->is_set)
        memcpy(ret_lineage->place.span_id, served->span_id, sizeof served->span_id);
    else
        random_id(ret_lineage->place.span_id, sizeof ret_lineage->place.span_id);
}

static void name_make(struct span *span, const struct http_exchange *exchange, bool is_known)
{
    span_name_add(span, is_known ? exchange->method : "HTTP");
    if (exchange->route[0] != '\0') {
        span_name_add(span, " ");
        span_name_add(span, exchange->route);
    }
}

static void http_add(struct span *span, const struct http_exchange *exchange, bool is_known)
{
    char query[URL_CLEAN_SIZE];
    span_text(span, KEY_HTTP_METHOD, is_known ? exchange->method : "_OTHER");
    if (!is_known)
        span_text(span, KEY_HTTP_METHOD_ORIGINAL, exchange->method);
    span_lasting(span, KEY_URL_SCHEME, "http");
    span_text(span, KEY_HTTP_ROUTE, exchange->route);
    span_int(span, KEY_HTTP_STATUS, exchange->status);
    if (exchange->port > 0)
        span_int(span, KEY_SERVER_PORT, exchange->port);
    if (exchange->status >= 500 && span->status != SPAN_STATUS_ERROR) {
        char code[16];
        snprintf(code, sizeof code, "%d", exchange->status);
        span_text(span, KEY_ERROR_TYPE, code);
        span_fail(span, NULL);
    }
    span_text(span, KEY_URL_PATH, exchange->path);
    if (exchange->query[0] != '\0' && url_query_clean(exchange->query, query))
        span_text(span, KEY_URL_QUERY, query);
}

static void decision_add(struct span *span, const struct served *served)
{
    span_text(span, KEY_BOOKING_ID, served->booking_id);
    span_text(span, KEY_INPUT_TYPE, served->input_type);
    span_text(span, KEY_INPUT_ID, served->input_id);
    span_text(span, KEY_DECISION, served->verdict);
    span_text(span, KEY_DECISION_REASON, served->reason);
    span_text(span, KEY_STATE_FROM, served->state_from);
    span_text(span, KEY_STATE_TO, served->state_to);
    span_facts(span, &served->facts);
    if (served->facts.problem != NULL) {
        span_lasting(span, KEY_ERROR_TYPE, served->facts.problem);
        span_fail(span, NULL);
    }
    for (int i = 0; i < served->note_count; i++)
        if (served->notes[i].event_name != NULL)
            span_event(span, served->notes[i].event_name, served->decided_ns,
                       span_wait_ms(served->decided_ns, served->notes[i].since_ms));
}

bool http_span_make(const struct tracing *tracing, const struct http_exchange *exchange,
                    const struct served *served, struct span *ret_span)
{
    assert(served != NULL && ret_span != NULL);
    struct lineage lineage;
    bool is_known = method_is_known(exchange->method);
    place_find(tracing, exchange, served, &lineage);
    bool is_poll = is_read(exchange, served);
    if (!lineage.is_recorded || (is_poll && !lineage.carried.is_set))
        return false;
    span_begin(ret_span, &lineage.place, SPAN_SERVER, exchange->started_ns);
    name_make(ret_span, exchange, is_known);
    decision_add(ret_span, served); /* first: a long path must not push these out */
    http_add(ret_span, exchange, is_known);
    if (lineage.carried.is_set && served->booking_id[0] != '\0' && !is_poll)
        span_link(ret_span, &lineage.carried, true);
    span_end(ret_span, exchange->ended_ns);
    return true;
}
