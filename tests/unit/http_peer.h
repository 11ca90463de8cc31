/* http_peer.h - for tests: the other end of an HTTP client, which answers what the test says, byte
 * for byte. */
#pragma once

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define HTTP_PEER_ANSWERS_MAX 6

/* Answers each request with the next answer, on one connection while it lasts; "" closes it
 * instead. */
struct http_peer {
    int listener, port;
    const char *answers[HTTP_PEER_ANSWERS_MAX];
    size_t answer_count, connections, requests;
    char received[HTTP_PEER_ANSWERS_MAX][2048]; /* read them after the join */
    pthread_t thread;
};

static inline bool http_peer_take(int connection, char received[2048])
{
    size_t length = 0;
    while (length < 2047) {
        ssize_t got = recv(connection, received + length, 2047 - length, 0);
        if (got <= 0)
            return false;
        length += (size_t)got;
        received[length] = '\0';
        const char *body = strstr(received, "\r\n\r\n");
        const char *declared = strstr(received, "Content-Length: ");
        size_t body_length = declared != NULL ? strtoul(declared + 16, NULL, 10) : 0;
        if (body != NULL && strlen(body + 4) >= body_length)
            return true;
    }
    return false;
}

static inline void *http_peer_run(void *self)
{
    struct http_peer *peer = self;
    while (peer->requests < peer->answer_count) {
        int connection = accept(peer->listener, NULL, NULL);
        if (connection < 0)
            return NULL;
        peer->connections++;
        while (peer->requests < peer->answer_count &&
               http_peer_take(connection, peer->received[peer->requests])) {
            const char *answer = peer->answers[peer->requests++];
            if (answer[0] == '\0')
                break; /* lost before the answer */
            send(connection, answer, strlen(answer), MSG_NOSIGNAL);
        }
        close(connection);
    }
    return NULL;
}

static inline void http_peer_start(struct http_peer *peer)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;
    peer->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(peer->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(peer->listener, 4), 0);
    getsockname(peer->listener, (struct sockaddr *)&address, &size);
    peer->port = ntohs(address.sin_port);
    pthread_create(&peer->thread, NULL, http_peer_run, peer);
}

/* An answer with the length that it has; good until four more were made. */
static inline const char *http_peer_answer(const char *status, const char *body)
{
    static char texts[4][2048];
    static int next;
    char *text = texts[next++ % 4];
    snprintf(text, sizeof texts[0], "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n%s", status,
             strlen(body), body);
    return text;
}
