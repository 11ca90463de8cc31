/* command_case.h - for tests: a command is run with its words, and asks a service that is this
 * test's own. What it printed is in `out`, what it said on stderr in `said`. */
#pragma once

#include "booking/service.h"
#include "cli/commands/command.h"
#include "gateway/service.h"
#include "payment/service.h"
#include "tests/unit/http_peer.h"
#include "tests/unit/settings_case.h"
#include "tests/unit/stderr_text.h"

#include <stdlib.h>

#define STORE_SIZE      64
#define STORE_SCHEME    "sqlite:"
#define GATEWAY_NOWHERE STORE_SCHEME "/nowhere/gateway.db"

static char out[8192];
static char said[1024];
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

/* An answer of the service, with the length that it has. */
static inline const char *answer(const char *status, const char *body)
{
    static char texts[4][2048];
    static int next;
    char *text = texts[next++ % 4];
    snprintf(text, sizeof texts[0], "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n%s", status,
             strlen(body), body);
    return text;
}

/* Runs a command whose words are parted by blanks; answers as many as there are. */
static inline enum exit_status run(const struct command *command, const char *line,
                                   const char *first, const char *second, const char *third)
{
    static volatile sig_atomic_t is_stopped;
    const char *answers[] = { first, second, third };
    char text[256];
    char url[64];
    char *words[16];
    int count = 0;
    char *rest = text;
    struct stderr_text heard;
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
    snprintf(text, sizeof text, "%s", line);
    for (char *word = strsep(&rest, " "); word != NULL; word = strsep(&rest, " "))
        if (word[0] != '\0')
            words[count++] = word;
    void *options = calloc(1, command->options_size);
    memset(out, 0, sizeof out);
    cli.out = fmemopen(out, sizeof out - 1, "w");
    assert_true(cli.out != NULL && options != NULL);
    assert_true(arguments_read(command->arguments, count, words, options, stderr));
    stderr_text_begin(&heard);
    enum exit_status status = command->run(&cli, options);
    stderr_text_end(&heard, said, sizeof said);
    fclose(cli.out);
    free(options);
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
