/* command_case.h - for tests: a command is run with its words, and asks a service that is this
 * test's own. What it printed is in `out`, what it said on stderr in `said`. */
#pragma once

#include "booking/service.h"
#include "gateway/service.h"
#include "payment/service.h"
#include "tests/unit/command_run.h"
#include "tests/unit/http_peer.h"
#include "tests/unit/settings_case.h"

#include <stdlib.h>

#define STORE_SIZE      64
#define STORE_SCHEME    "sqlite:"
#define GATEWAY_NOWHERE STORE_SCHEME "/nowhere/gateway.db"

static struct http_peer peer;
static char store_gateway[STORE_SIZE] = GATEWAY_NOWHERE;
static char store_booking[STORE_SIZE]; /* "" = none is set */

/* One with nothing in it. */
static inline void store_make(char store[STORE_SIZE])
{
    char path[] = "/tmp/roundtrip-commands-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    snprintf(store, STORE_SIZE, STORE_SCHEME "%s", path);
}

static inline void store_remove(char store[STORE_SIZE])
{
    unlink(store + sizeof STORE_SCHEME - 1);
    store[0] = '\0';
}

/* Runs a command whose words are parted by blanks; answers as many as there are. */
static inline enum exit_status run(const struct command *command, const char *line,
                                   const char *first, const char *second, const char *third)
{
    static volatile sig_atomic_t is_stopped;
    const char *answers[] = { first, second, third };
    char url[64];
    peer = (struct http_peer){ .listener = -1 };
    while (peer.answer_count < 3 && answers[peer.answer_count] != NULL) {
        peer.answers[peer.answer_count] = answers[peer.answer_count];
        peer.answer_count++;
    }
    http_peer_start(&peer);
    snprintf(url, sizeof url, "http://127.0.0.1:%d", peer.port);
    struct cli cli = { .settings = { .jaeger_url = "", .trace_file = "/dev/null" },
                       .is_stopped = &is_stopped };
    places_set(&cli.settings, url);
    place_of(&cli.settings, &gateway_service)->store = store_gateway;
    place_of(&cli.settings, &booking_service)->store = store_booking;
    place_of(&cli.settings, &payment_service)->url = "http://127.0.0.1:9";
    enum exit_status status = command_run(command, &cli, line);
    shutdown(peer.listener, SHUT_RDWR); /* for a question that never came */
    pthread_join(peer.thread, NULL);
    close(peer.listener);
    return status;
}

static inline void assert_asked(size_t number, const char *line, const char *body)
{
    if (strncmp(peer.received[number], line, strlen(line)) != 0)
        fail_msg("asked was %s", peer.received[number]);
    if (body != NULL && strstr(peer.received[number], body) == NULL)
        fail_msg("%s is not in %s", body, peer.received[number]);
}
