/* bound_http.c - the least that the HTTP edge costs: civetweb answers two POSTs a saga from memory,
 * to the same clients that load the system.
 *
 *   bound_http SECONDS
 *
 * Two servers, as the system has. Prints one line of JSON. */
#include "bench/load.h"
#include "common/base/exit_status.h"

#include <civetweb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS     "64"
#define CONNECTIONS 32
#define BODY_MAX    2048
#define SECRET      "whsec_bound"
#define ANSWER_BODY                                                                                \
    "{\"intentId\":\"01a0f5a7-6a1e-7b3c-9d2e-3f4a5b6c7d8e\",\"userId\":\"alice\",\"amount\":1000," \
    "\"currency\":\"EUR\",\"state\":\"pending\"}"

static int request_begin(struct mg_connection *connection)
{
    char body[BODY_MAX];
    const struct mg_request_info *info = mg_get_request_info(connection);
    for (long long left = info->content_length; left > 0;) {
        int got = mg_read(connection, body, left < BODY_MAX ? (size_t)left : BODY_MAX);
        if (got <= 0)
            break;
        left -= got;
    }
    static const char answer[] = "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\n"
                                 "Connection: keep-alive\r\nContent-Length: ";
    char text[sizeof answer + sizeof ANSWER_BODY + 16];
    int length =
        snprintf(text, sizeof text, "%s%zu\r\n\r\n%s", answer, sizeof ANSWER_BODY - 1, ANSWER_BODY);
    (void)mg_write(connection, text, (size_t)length);
    return 202;
}

/* Returns the port. */
static int server_start(struct mg_context **ret_context)
{
    const char *settings[] = {
        "listening_ports", "127.0.0.1:0", "num_threads", THREADS, "enable_keep_alive", "yes",
        "tcp_nodelay",     "1",           NULL
    };
    const struct mg_callbacks callbacks = { .begin_request = request_begin };
    struct mg_server_port port = { 0 };
    *ret_context = mg_start(&callbacks, NULL, settings);
    if (*ret_context == NULL || mg_get_server_ports(*ret_context, 1, &port) != 1)
        return 0;
    return port.port;
}

/* A process of its own, as a service is; ends with us. */
static int server_fork(pid_t *ret_child)
{
    int ends[2];
    int port = 0;
    if (pipe(ends) != 0)
        return 0;
    *ret_child = fork();
    if (*ret_child == 0) {
        struct mg_context *context;
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        port = server_start(&context);
        (void)!write(ends[1], &port, sizeof port);
        for (;;)
            pause();
    }
    (void)!read(ends[0], &port, sizeof port);
    return port;
}

int main(int argc, char **argv)
{
    int64_t seconds = argc == 2 ? strtol(argv[1], NULL, 10) : 0;
    if (seconds < 2) {
        fputs("usage: bound_http SECONDS (2 or more)\n", stderr);
        return EXIT_USAGE;
    }
    pid_t children[2];
    char urls[2][48];
    for (size_t i = 0; i < 2; i++) {
        int port = server_fork(&children[i]);
        if (port == 0)
            return 1;
        (void)snprintf(urls[i], sizeof urls[i], "http://127.0.0.1:%d", port);
    }
    const struct load_options options = { .gateway_url = urls[0],
                                          .payment_url = urls[1],
                                          .secret = SECRET,
                                          .seconds = seconds,
                                          .warmup_s = 1,
                                          .connections = CONNECTIONS,
                                          .outstanding = 1000,
                                          .watch_every = 1,
                                          .is_edge_only = true };
    struct load_result result;
    struct error error;
    bool is_done = load_run(&options, &result, &error);
    if (is_done)
        printf("{\"sagas\":%.0f,\"seconds\":%.3f,\"sagas_per_s\":%.1f}\n",
               result.settled_per_s * result.measured_s, result.measured_s, result.settled_per_s);
    else
        fprintf(stderr, "bound_http: %s\n", error.message);
    load_result_done(&result);
    for (size_t i = 0; i < 2; i++) {
        kill(children[i], SIGKILL);
        waitpid(children[i], NULL, 0);
    }
    return is_done ? 0 : 1;
}
