/* loop.c - the thin loop around the engine: time and sleep. */
#include "common/base/clock.h"
#include "common/daemon/daemon_private.h"

#include <assert.h>
#include <poll.h>
#include <stdio.h>

#define IDLE_MS_MAX   1000 /* heartbeats are answered at least so often */
#define DRAIN_MS_MAX  1500 /* HTTP stops and tracing flushes within MINDER_STOP_MS_MAX too */
#define DRAIN_POLL_MS 10
#define LEFT_MAX      64

static void wait_for_work(struct daemon *daemon, int64_t idle_ms)
{
    assert(idle_ms > 0);
    if (amqp_bus_has_buffered(daemon->bus))
        return;
    int publish_fd;
    int consume_fd;
    amqp_bus_fds(daemon->bus, &publish_fd, &consume_fd);
    struct pollfd fds[] = {
        { .fd = daemon->wake.fd, .events = POLLIN },
        { .fd = publish_fd, .events = POLLIN }, /* poll leaves out what is below 0 */
        { .fd = consume_fd, .events = POLLIN },
    };
    int timeout_ms = (int)(idle_ms < IDLE_MS_MAX ? idle_ms : IDLE_MS_MAX);
    (void)poll(fds, sizeof fds / sizeof fds[0],
               timeout_ms); /* whatever it says, the step looks itself */
    if (fds[0].revents != 0)
        wake_clear(&daemon->wake);
}

static void status_copy(struct daemon *daemon)
{
    struct engine_status status;
    engine_status_get(daemon->engine, &status);
    pthread_mutex_lock(&daemon->status_mutex);
    daemon->status = status;
    daemon->topology_checks = amqp_bus_topology_checks(daemon->bus);
    (void)snprintf(daemon->bus_detail, sizeof daemon->bus_detail, "%s",
                   status.bus.detail != NULL ? status.bus.detail : "");
    pthread_mutex_unlock(&daemon->status_mutex);
}

/* HTTP cannot stop while anybody waits. */
void daemon_turn_away(struct daemon *daemon)
{
    assert(daemon->inbox != NULL);
    inbox_close(daemon->inbox);
    struct request_port port = inbox_port(daemon->inbox);
    struct request *left[LEFT_MAX];
    for (size_t count = LEFT_MAX; count == LEFT_MAX;) {
        count = port.take(port.self, LEFT_MAX, left);
        for (size_t i = 0; i < count; i++) {
            left[i]->reply = REPLY_UNAVAILABLE;
            left[i]->verdict = NULL;
            port.answer(port.self, left[i]);
        }
    }
}

static void drain(struct daemon *daemon)
{
    int64_t until_ms = clock_monotonic_ms() + DRAIN_MS_MAX;
    while (!engine_drain_step(daemon->engine, clock_wall_ms(), clock_monotonic_ms()) &&
           clock_monotonic_ms() < until_ms) {
        atomic_store(&daemon->turned_ms, clock_monotonic_ms());
        wait_for_work(daemon, DRAIN_POLL_MS);
    }
    inbox_close(daemon->inbox);
    engine_drain_step(daemon->engine, clock_wall_ms(),
                      clock_monotonic_ms()); /* answers what came in between */
    daemon_turn_away(daemon);                /* it takes a batch at most */
}

void daemon_loop(struct daemon *daemon)
{
    assert(daemon->engine != NULL);
    while (!daemon_is_stopping(daemon)) {
        struct engine_turn turn =
            engine_step(daemon->engine, clock_wall_ms(), clock_monotonic_ms());
        status_copy(daemon);
        atomic_store(&daemon->turned_ms, clock_monotonic_ms());
        if (turn.idle_ms > 0)
            wait_for_work(daemon, turn.idle_ms);
    }
    drain(daemon);
}
