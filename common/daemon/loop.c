/* loop.c - the thin loop around the engine: time, sleep, signals. */
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/daemon/daemon_private.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define IDLE_MS_MAX   1000 /* heartbeats are answered at least so often */
#define DRAIN_MS_MAX  6000 /* HTTP takes 2 s more to stop, and tracing may flush: below 10 s */
#define DRAIN_POLL_MS 10
#define LEFT_MAX      64

static bool signal_has_come(const struct daemon *daemon)
{
    struct signalfd_siginfo info;
    return read(daemon->signal_fd, &info, sizeof info) == (ssize_t)sizeof info;
}

static void wait_for_work(struct daemon *daemon, int64_t idle_ms)
{
    if (amqp_bus_has_buffered(daemon->bus))
        return;
    int publish_fd;
    int consume_fd;
    amqp_bus_fds(daemon->bus, &publish_fd, &consume_fd);
    struct pollfd fds[] = {
        { .fd = inbox_event_fd(daemon->inbox), .events = POLLIN },
        { .fd = daemon->signal_fd, .events = POLLIN },
        { .fd = publish_fd, .events = POLLIN }, /* poll leaves out what is below 0 */
        { .fd = consume_fd, .events = POLLIN },
    };
    int timeout_ms = (int)(idle_ms < IDLE_MS_MAX ? idle_ms : IDLE_MS_MAX);
    (void)poll(fds, sizeof fds / sizeof fds[0],
               timeout_ms); /* whatever it says, the step looks itself */
    if (fds[0].revents != 0)
        inbox_clear_event(daemon->inbox);
}

/* What changed for people: broker and outbox. Pauses are logged by the metrics observer. */
static void transitions_log(const struct engine_status *before, const struct engine_status *after)
{
    if (before->bus.can_publish != after->bus.can_publish)
        log_write(after->bus.can_publish ? LOG_INFO : LOG_WARNING, "publishing: %s",
                  after->bus.can_publish ? "on" : after->bus.detail);
    if (before->bus.can_consume != after->bus.can_consume)
        log_write(after->bus.can_consume ? LOG_INFO : LOG_WARNING, "consuming: %s",
                  after->bus.can_consume ? "on" : after->bus.detail);
    if (before->is_outbox_full != after->is_outbox_full)
        log_write(after->is_outbox_full ? LOG_ERROR : LOG_INFO,
                  "outbox: %zu documents owe messages, %s", after->owed_documents,
                  after->is_outbox_full ? "requests get 503" : "requests are taken again");
}

static void status_copy(struct daemon *daemon)
{
    struct engine_status status;
    engine_status_get(daemon->engine, &status);
    pthread_mutex_lock(&daemon->status_mutex);
    struct engine_status before = daemon->status;
    daemon->status = status;
    (void)snprintf(daemon->bus_detail, sizeof daemon->bus_detail, "%s",
                   status.bus.detail != NULL ? status.bus.detail : "");
    pthread_mutex_unlock(&daemon->status_mutex);
    transitions_log(&before, &status);
}

/* A second one ends the process at once, wherever it hangs. */
static void signals_unblock(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    (void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* HTTP cannot stop while anybody waits. */
void daemon_turn_away(struct daemon *daemon)
{
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
    while (!engine_drain_step(daemon->engine, clock_wall_ms()) && clock_monotonic_ms() < until_ms)
        wait_for_work(daemon, DRAIN_POLL_MS);
    inbox_close(daemon->inbox);
    engine_drain_step(daemon->engine, clock_wall_ms()); /* answers what came in between */
    daemon_turn_away(daemon);                           /* it takes a batch at most */
}

void daemon_loop(struct daemon *daemon)
{
    while (!signal_has_come(daemon)) {
        struct engine_turn turn = engine_step(daemon->engine, clock_wall_ms());
        status_copy(daemon);
        if (turn.idle_ms > 0)
            wait_for_work(daemon, turn.idle_ms);
    }
    log_write(LOG_INFO, "stopping: finishing what is in hand");
    signals_unblock();
    atomic_store(&daemon->is_stopping, true);
    watch_over(&daemon->watch);
    drain(daemon);
}
