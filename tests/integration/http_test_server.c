/* http_test_server.c - the HTTP door alone, for test_http_*.py: no store, no broker.
 * Usage: http_test_server PORT THREADS CONNECTIONS_PER_ADDRESS. Prints its port, runs until
 * SIGTERM. */
#include "common/base/exit_status.h"
#include "common/http/http_server.h"
#include "common/json/json_write.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct order {
    char intent_id[IDENT_SIZE];
    char user_id[IDENT_SIZE];
    int64_t amount;
    char currency[CURRENCY_SIZE];
};

static const struct json_field order_fields[] = {
    { "intentId", JSON_FIELD_IDENT, false, offsetof(struct order, intent_id), 0 },
    { "userId", JSON_FIELD_IDENT, true, offsetof(struct order, user_id), 0 },
    { "amount", JSON_FIELD_AMOUNT, true, offsetof(struct order, amount), 0 },
    { "currency", JSON_FIELD_CURRENCY, false, offsetof(struct order, currency), 0 },
};

struct counters {
    atomic_int orders, hits, answered;
};

static void write_end(struct json_writer *writer, struct http_answer *answer)
{
    json_write_object_end(writer);
    answer->body_length = json_write_finish(writer);
}

static void order_take(void *self, const struct http_request *request, struct http_answer *answer)
{
    struct counters *counters = self;
    struct order order = { .currency = "EUR" };
    struct json_problem problem;
    if (!json_read(request->body, request->body_length, order_fields,
                   sizeof order_fields / sizeof order_fields[0], JSON_UNKNOWN_REFUSED, &order,
                   &problem)) {
        http_answer_json_problem(answer, &problem);
        return;
    }
    atomic_fetch_add(&counters->orders, 1);
    struct json_writer writer;
    json_write_init(&writer, answer->body, HTTP_ANSWER_BYTES_MAX);
    json_write_object_begin(&writer, NULL);
    json_write_string(&writer, "userId", order.user_id);
    json_write_int(&writer, "amount", order.amount);
    write_end(&writer, answer);
    answer->status = 202;
    http_answer_header(answer, "Location", "/orders/1");
}

static void order_show(void *self, const struct http_request *request, struct http_answer *answer)
{
    struct counters *counters = self;
    atomic_fetch_add(&counters->hits, 1);
    char note[32] = "";
    struct json_writer writer;
    json_write_init(&writer, answer->body, HTTP_ANSWER_BYTES_MAX);
    json_write_object_begin(&writer, NULL);
    json_write_string(&writer, "id", request->path_parameter);
    json_write_string(&writer, "note",
                      http_request_query(request, "note", note, sizeof note) ? note : NULL);
    json_write_string(&writer, "route", request->route);
    write_end(&writer, answer);
}

static void order_cancel(void *self, const struct http_request *request, struct http_answer *answer)
{
    (void)self;
    const struct http_problem problem = { .status = 503,
                                          .type = "unavailable",
                                          .detail = "try again",
                                          .intent_id = request->path_parameter };
    http_answer_problem(answer, &problem);
}

static void counters_show(void *self, const struct http_request *request,
                          struct http_answer *answer)
{
    (void)request;
    struct counters *counters = self;
    struct json_writer writer;
    json_write_init(&writer, answer->body, HTTP_ANSWER_BYTES_MAX);
    json_write_object_begin(&writer, NULL);
    json_write_int(&writer, "orders", atomic_load(&counters->orders));
    json_write_int(&writer, "hits", atomic_load(&counters->hits));
    json_write_int(&writer, "answered", atomic_load(&counters->answered));
    write_end(&writer, answer);
}

static void large_show(void *self, const struct http_request *request, struct http_answer *answer)
{
    (void)self;
    (void)request;
    memset(answer->body, 'x', HTTP_ANSWER_BYTES_MAX);
    answer->body_length = HTTP_ANSWER_BYTES_MAX;
    answer->content_type = "text/plain";
}

static void count_answered(void *self, const struct http_request *request,
                           const struct http_answer *answer, int64_t started_ns, int64_t ended_ns)
{
    struct counters *counters = self;
    if (request->route != NULL && answer->status > 0 && ended_ns >= started_ns)
        atomic_fetch_add(&counters->answered, 1);
}

int main(int argc, char **argv)
{
    struct counters counters = { 0 };
    const struct http_route routes[] = {
        { "POST", "/orders", true, order_take, &counters },
        { "GET", "/orders/{id}", false, order_show, &counters },
        { "POST", "/orders/{id}/cancel", false, order_cancel, &counters },
        { "GET", "/orders/summary", false, large_show, &counters },
        { "GET", "/counters", false, counters_show, &counters },
    };
    const struct http_observer observer = { &counters, count_answered };
    sigset_t signals;
    int received;
    if (argc != 4)
        return EXIT_USAGE;
    struct http_server_options options = {
        .bind_address = "127.0.0.1",
        .port = (int)strtol(argv[1], NULL, 10),
        .threads = (int)strtol(argv[2], NULL, 10),
        .connections_per_address_max = (int)strtol(argv[3], NULL, 10),
    };
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    struct error error;
    struct http_server *server =
        http_server_start(&options, routes, sizeof routes / sizeof routes[0], &observer, &error);
    if (server == NULL) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    printf("%d\n", http_server_port(server));
    fflush(stdout);
    sigwait(&signals, &received);
    http_server_stop(server);
    return 0;
}
