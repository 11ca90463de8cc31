/* http_exchange.c - which refusal a head deserves or which route it means, and the bytes of the
 * answer in one piece. */
#include "common/http/http_exchange.h"

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/http/http_status.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HEAD_ROOM (HTTP_HEADERS_EXTRA_SIZE + 512)
#define DATE_SIZE 40

/* The head of an answer is written right before its body: one write, one packet. */
struct http_workspace {
    char request_body[HTTP_BODY_BYTES_MAX + 1];
    char head[HEAD_ROOM];
    char bytes[HEAD_ROOM + HTTP_ANSWER_BYTES_MAX];
};

struct http_workspace *http_workspace_new(void)
{
    return memory_room(sizeof(struct http_workspace));
}

struct http_workspace *http_workspace_free(struct http_workspace *workspace)
{
    free(workspace);
    return NULL;
}

char *http_workspace_body(struct http_workspace *workspace)
{
    return workspace->request_body;
}

void http_exchange_init(struct http_exchange *exchange, struct http_workspace *workspace)
{
    assert(workspace != NULL);
    memset(exchange, 0, sizeof *exchange);
    exchange->workspace = workspace;
    exchange->started_ns = clock_wall_ns();
    exchange->head =
        (struct http_head){ .method = "", .path = "", .version = "", .fields = exchange->fields };
    exchange->request = (struct http_request){ .method = "",
                                               .route = "",
                                               .path = "",
                                               .query = "",
                                               .body = "",
                                               .remote_address = "",
                                               .connection = &exchange->head };
    exchange->answer = (struct http_answer){ .status = 200, .body = workspace->bytes + HEAD_ROOM };
}

static void exchange_problem(struct http_exchange *exchange, const struct http_problem *problem)
{
    http_answer_problem(&exchange->answer, problem);
    exchange->answer.close = true;
    exchange->is_refused = true;
}

void http_exchange_refuse(struct http_exchange *exchange, int status, const char *type,
                          const char *detail)
{
    assert(status >= 400 && status < 600 && type != NULL && detail != NULL);
    const struct http_problem problem = { .status = status, .type = type, .detail = detail };
    exchange_problem(exchange, &problem);
}

void http_exchange_route(struct http_exchange *exchange, const struct http_route *routes,
                         size_t count)
{
    assert(routes != NULL || count == 0);
    struct http_problem refusal;
    struct http_match *match = &exchange->match;
    struct http_request *request = &exchange->request;
    if (!http_guard_head(&exchange->head, &exchange->framing, &refusal)) {
        exchange->framing.has_length = false; /* nobody knows where its body ends */
        exchange_problem(exchange, &refusal);
        return;
    }
    http_routes_match(routes, count, exchange->head.method, exchange->head.path, match);
    if (match->route == NULL && match->allow[0] == '\0') {
        http_exchange_refuse(exchange, 404, "not-found", "nothing is here");
        return;
    }
    if (match->route == NULL) {
        http_answer_header(&exchange->answer, "Allow", match->allow);
        http_exchange_refuse(exchange, 405, "method-not-allowed", match->allow);
        return;
    }
    exchange->route = match->route;
    request->route = match->route->path;
    request->path_parameter = match->parameter[0] != '\0' ? match->parameter : NULL;
    if (!http_guard_body(&exchange->head, &exchange->framing, match->route->needs_json_body,
                         &refusal))
        exchange_problem(exchange, &refusal);
}

static void date_write(char ret_text[DATE_SIZE])
{
    time_t now = (time_t)(clock_wall_ms() / 1000);
    struct tm utc;
    gmtime_r(&now, &utc);
    (void)strftime(ret_text, DATE_SIZE, "%a, %d %b %Y %H:%M:%S GMT", &utc);
}

const char *http_exchange_render(struct http_exchange *exchange, size_t *ret_length)
{
    struct http_workspace *workspace = exchange->workspace;
    struct http_answer *answer = &exchange->answer;
    bool has_body = answer->status != 204 && answer->status != 304;
    bool is_head = strcmp(exchange->head.method, "HEAD") == 0;
    const char *type = answer->content_type != NULL ? answer->content_type : "application/json";
    char date[DATE_SIZE], content[128] = "";
    assert(answer->body_length <= HTTP_ANSWER_BYTES_MAX);
    date_write(date);
    if (has_body)
        (void)snprintf(content, sizeof content, "Content-Type: %s\r\nContent-Length: %zu\r\n", type,
                       answer->body_length);
    int length = snprintf(workspace->head, sizeof workspace->head,
                          "HTTP/1.1 %d %s\r\n"
                          "Date: %s\r\n"
                          "%s%s"
                          "Cache-Control: no-store\r\n"
                          "X-Content-Type-Options: nosniff\r\n"
                          "Connection: %s\r\n\r\n",
                          answer->status, http_status_text(answer->status), date, content,
                          answer->headers, answer->close ? "close" : "keep-alive");
    assert(length > 0 && (size_t)length < sizeof workspace->head);
    char *start = answer->body - length;
    memcpy(start, workspace->head, (size_t)length);
    *ret_length = (size_t)length + (has_body && !is_head ? answer->body_length : 0);
    return start;
}

void http_exchange_observe(struct http_exchange *exchange, const struct http_observer *observer)
{
    assert(observer != NULL);
    if (observer->answered != NULL)
        observer->answered(observer->self, &exchange->request, &exchange->answer,
                           exchange->started_ns, clock_wall_ns());
}
