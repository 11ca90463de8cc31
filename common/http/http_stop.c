/* http_stop.c - knocks at the listener until mg_stop has returned on another thread. */
#include "common/http/http_stop.h"

#include "common/base/thread.h"

#include <arpa/inet.h>
#include <assert.h>
#include <civetweb.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#define KNOCK_PACE_MS 5

static void *context_stop(void *context)
{
    mg_stop(context);
    return NULL;
}

static void knock(struct in_addr address, int port)
{
    const struct sockaddr_in place = { .sin_family = AF_INET,
                                       .sin_port = htons((uint16_t)port),
                                       .sin_addr = address };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return;
    (void)connect(fd, (const struct sockaddr *)&place, sizeof place);
    close(fd);
}

void http_stop(struct mg_context *context, struct in_addr address, int port)
{
    assert(context != NULL && port > 0);
    pthread_t stopping;
    if (!thread_start(&stopping, context_stop, context)) {
        mg_stop(context); /* then it takes its time */
        return;
    }
    while (pthread_tryjoin_np(stopping, NULL) != 0) {
        poll(NULL, 0, KNOCK_PACE_MS);
        knock(address, port);
    }
}
