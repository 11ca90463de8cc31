/* queries.c - the requests that only read. They go to the store on their own thread and
 * never see less than a 202 has promised: an answer follows its save. */
#include "common/base/clock.h"
#include "common/log/log.h"
#include "common/saga/document.h"
#include "gateway/handlers.h"
#include "gateway/prefer_wait.h"
#include "gateway/views.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST_LIMIT_DEFAULT 10
#define LOOK_AGAIN_MS      500 /* an outcome is seen within a second, whoever saved it */

struct found {
    struct gateway_view view;
    struct record record;
};

static void read_refuse(struct http_answer *answer, const struct error *error,
                        const char *booking_id)
{
    if (error->code == ERROR_NOT_FOUND)
        gateway_problem(answer, 404, "unknown-booking", "no booking has this id", NULL, booking_id);
    else if (error->code == ERROR_RETRY)
        gateway_problem(answer, 503, "unavailable", "the store is away; ask again", NULL,
                        booking_id);
    else if (error->code == ERROR_NEWER)
        gateway_problem(answer, 503, "unavailable",
                        "a newer release has stored this booking; ask again", NULL, booking_id);
    else
        gateway_problem(answer, 500, "internal", "the stored booking cannot be read", NULL,
                        booking_id);
}

/* A document may exist for a booking of which nothing is known: one that somebody tried to cancel.
 */
static bool booking_find(struct gateway_http *http, const char *booking_id, struct found *found,
                         struct error *error)
{
    if (!daemon_read(http->daemon, booking_id, &found->view, &found->record, error))
        return false;
    if (found->view.booking_id[0] == '\0')
        return error_set(error, ERROR_NOT_FOUND, "nothing is known of this booking");
    return true;
}

/* Looks again whenever the booking has changed here, and at times, for another gateway may have
 * saved its outcome; until that is known or the time is up, or the place is wanted by others. */
static bool outcome_await(struct gateway_http *http, const struct http_request *request,
                          struct watcher *watcher, int64_t wait_ms, struct found *found,
                          struct error *error)
{
    int64_t until_ms = clock_monotonic_ms() + wait_ms;
    for (;;) {
        if (!booking_find(http, watcher->document_id, found, error))
            return false;
        int64_t left_ms = until_ms - clock_monotonic_ms();
        if (gateway_is_settled(&found->view) || left_ms <= 0 || !daemon_may_wait(http->daemon) ||
            http_request_is_abandoned(request))
            return true;
        tracing_request_waited();
        watch_wait(watcher, left_ms < LOOK_AGAIN_MS ? left_ms : LOOK_AGAIN_MS);
    }
}

/* Each waiter holds a thread: beyond the bound the answer comes at once, without the preference. */
static bool booking_await(struct gateway_http *http, const struct http_request *request,
                          struct found *found, struct http_answer *answer, struct error *error)
{
    const char *booking_id = request->path_parameter;
    struct watch *watch = daemon_watch(http->daemon);
    struct watcher watcher;
    int64_t wait_s = gateway_prefer_wait_read(http_request_header(request, "Prefer", NULL));
    if (wait_s == 0 || !daemon_may_wait(http->daemon) || !watch_begin(watch, &watcher, booking_id))
        return booking_find(http, booking_id, found, error);
    bool is_found = outcome_await(http, request, &watcher, wait_s * 1000, found, error);
    watch_end(watch, &watcher);
    if (is_found)
        http_answer_header(answer, "Preference-Applied", "wait");
    return is_found;
}

static bool etag_matches(const struct http_request *request, const char *etag)
{
    const char *known = http_request_header(request, "If-None-Match", NULL);
    return known != NULL && (strcmp(known, "*") == 0 || strstr(known, etag) != NULL);
}

void gateway_booking_get(void *self, const struct http_request *request, struct http_answer *answer)
{
    struct gateway_http *http = self;
    const char *booking_id = request->path_parameter;
    struct found found;
    struct error error;
    char etag[GATEWAY_ETAG_SIZE];
    tracing_request_begin(http->observer, booking_id, NULL);
    if (!booking_await(http, request, &found, answer, &error)) {
        read_refuse(answer, &error, booking_id);
        return;
    }
    gateway_etag_write(found.record.version, etag);
    http_answer_header(answer, "ETag", etag);
    http_answer_header(answer, "Vary", "Prefer");
    gateway_trace_header(answer, booking_id);
    if (etag_matches(request, etag))
        answer->status = 304;
    else
        gateway_write_booking(answer, booking_id, &found.view, &found.record);
}

static bool parameter_is_there(const struct http_request *request, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = request->query; at != NULL && *at != '\0';) {
        if (strncmp(at, name, length) == 0 && (at[length] == '=' || at[length] == '\0'))
            return true;
        at = strchr(at, '&');
        if (at != NULL)
            at++;
    }
    return false;
}

static bool limit_read(const struct http_request *request, size_t *ret_limit)
{
    char text[8];
    *ret_limit = LIST_LIMIT_DEFAULT;
    if (!parameter_is_there(request, "limit"))
        return true;
    if (!http_request_query(request, "limit", text, sizeof text) ||
        strspn(text, "0123456789") != strlen(text))
        return false;
    *ret_limit = strtoul(text, NULL, 10);
    return *ret_limit >= 1 && *ret_limit <= STORE_LIST_MAX;
}

static bool after_read(const struct http_request *request, struct store_cursor *ret_after)
{
    char text[GATEWAY_CURSOR_SIZE];
    memset(ret_after, 0, sizeof *ret_after);
    if (!parameter_is_there(request, "starting_after"))
        return true;
    return http_request_query(request, "starting_after", text, sizeof text) &&
           gateway_cursor_read(text, ret_after);
}

/* Is there anything after the last one? */
static bool more_find(struct gateway_http *http, const struct record *last, struct arena *arena,
                      bool *ret_has_more, struct error *error)
{
    struct store_cursor after = { .created_at_ms = last->created_at_ms };
    struct record *next = arena_alloc(arena, sizeof *next);
    size_t count = 0;
    memcpy(after.id, last->id, sizeof after.id);
    if (!daemon_list(http->daemon, &after, 1, arena, next, &count, error))
        return false;
    *ret_has_more = count > 0;
    return true;
}

/* What cannot be read is no reason to keep the rest back: it is named. */
static void list_write(struct gateway_http *http, const struct record *records, size_t count,
                       bool has_more, struct http_answer *answer)
{
    struct json_writer writer;
    struct error error;
    const char *unreadable[STORE_LIST_MAX];
    size_t unreadable_count = 0;
    gateway_write_list_begin(&writer, answer);
    for (size_t i = 0; i < count; i++) {
        struct gateway_view view;
        if (!document_state_decode(http->participant, &records[i], &view, &error)) {
            /* While two releases run beside each other that is as it should be. */
            log_write(error.code == ERROR_NEWER ? LOG_DEBUG : LOG_ERROR, "left out of a list: %s",
                      error.message);
            unreadable[unreadable_count++] = records[i].id;
        } else if (view.booking_id[0] != '\0') {
            gateway_write_list_item(&writer, records[i].id, &view, &records[i]);
        }
    }
    gateway_write_list_unreadable(&writer, unreadable, unreadable_count);
    gateway_write_list_end(&writer, answer, count > 0 ? &records[count - 1] : NULL, has_more);
}

void gateway_bookings_get(void *self, const struct http_request *request,
                          struct http_answer *answer)
{
    struct gateway_http *http = self;
    struct store_cursor after;
    struct error error;
    size_t limit;
    size_t count = 0;
    bool has_more = false;
    if (!limit_read(request, &limit)) {
        gateway_problem(answer, 422, "invalid-parameter", "limit must be 1 to 100", NULL, NULL);
        return;
    }
    if (!after_read(request, &after)) {
        gateway_problem(answer, 422, "invalid-parameter",
                        "starting_after must be a cursor that a list has given", NULL, NULL);
        return;
    }
    CLEANUP(arena_done) struct arena arena = { NULL, NULL };
    struct record *records = arena_alloc(&arena, limit * sizeof *records);
    if (!daemon_list(http->daemon, &after, limit, &arena, records, &count, &error) ||
        (count == limit && !more_find(http, &records[count - 1], &arena, &has_more, &error)))
        read_refuse(answer, &error, NULL);
    else
        list_write(http, records, count, has_more, answer);
}
