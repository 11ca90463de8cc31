/* bound_broker.c - the least that any correct system makes the broker do for one saga, with
 * rabbitmq-c and nothing else: no store, no HTTP, no JSON read.
 *
 *   bound_broker URL saga SECONDS   3 publishes with confirms (intent, captured, outcome) and 4
 *                                   deliveries with acks (2 to booking, the outcome to two)
 *   bound_broker URL drain SAGAS    booking's share: what `feed` left, 2 in and 1 out a saga; an
 *                                   event is acked once what it caused is confirmed
 *   bound_broker URL feed SAGAS     publishes the 2 events of so many sagas to booking's queue
 *
 * Publishes go in bursts of 256 and acks cover up to 128 deliveries, which is cheapest for the
 * broker; all stages overlap. Purges the three queues first
 * (not drain). Prints one line of JSON. */
#include "bench/bound_actor.h"
#include "bench/events.h"
#include "common/base/clock.h"
#include "common/base/exit_status.h"

#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WARMUP_MS   2000
#define OUTSTANDING 1000 /* sagas, as in roundtrip bench */
#define BURST       256  /* publishes at a time: single ones cost the broker more */
#define FEED_SHIFT  300  /* sagas between the two events of one, more than a batch */
#define PACE_MS     10

static void pause_ms(int64_t ms)
{
    (void)poll(NULL, 0, (int)ms);
}

static void publish_event(struct actor *actor, enum bench_event event, uint64_t saga)
{
    struct message message;
    char body[EVENT_BODY_SIZE];
    bench_event_write(event, (uint64_t)actor->options->run, saga, &message, body);
    actor_publish(actor, &message);
}

/* The gateway and the payment service: announce, and take the outcomes. */
static void *source_run(void *self)
{
    struct actor *actor = self;
    bool is_gateway = strcmp(actor->options->queue, QUEUE_GATEWAY) == 0;
    while (!atomic_load(actor->options->is_over)) {
        uint64_t unsettled = actor->published - atomic_load(&actor->taken);
        bool has_room = unsettled + BURST <= OUTSTANDING &&
                        actor->published - actor->confirmed + BURST <= ACTOR_WINDOW;
        for (size_t i = 0; has_room && i < BURST; i++)
            publish_event(actor, is_gateway ? BENCH_INTENT : BENCH_CAPTURED, actor->published);
        struct taken taken;
        while (actor_take(actor, &taken))
            actor_finish(actor, taken.tag, 0);
        actor_turn(actor);
    }
    return NULL;
}

/* The booking service: one outcome for each captured payment. */
static void *booking_run(void *self)
{
    struct actor *actor = self;
    while (!atomic_load(actor->options->is_over)) {
        struct taken taken;
        while (actor_may_publish(actor) && actor_take(actor, &taken)) {
            if (taken.is_captured)
                publish_event(actor, BENCH_CONFIRMED, actor->published);
            actor_finish(actor, taken.tag, taken.is_captured ? actor->published : 0);
        }
        actor_turn(actor);
    }
    return NULL;
}

static int saga_mode(const char *url, int64_t seconds)
{
    atomic_bool is_over = false;
    struct actor_options options[3] = {
        { .url = url, .queue = QUEUE_GATEWAY, .is_over = &is_over, .is_purging = true },
        { .url = url, .queue = QUEUE_PAYMENT, .is_over = &is_over, .is_purging = true },
        { .url = url, .queue = QUEUE_BOOKING, .is_over = &is_over, .is_purging = true },
    };
    struct actor *actors[3];
    pthread_t threads[3];
    for (size_t i = 0; i < 3; i++)
        actors[i] = actor_new(&options[i]);
    for (size_t i = 0; i < 3; i++)
        if (pthread_create(&threads[i], NULL, i == 2 ? booking_run : source_run, actors[i]) != 0)
            abort();
    pause_ms(WARMUP_MS);
    uint64_t begin = atomic_load(&actors[0]->taken);
    int64_t begin_ms = clock_monotonic_ms();
    pause_ms(seconds * 1000);
    uint64_t sagas = atomic_load(&actors[0]->taken) - begin;
    double took_s = (double)(clock_monotonic_ms() - begin_ms) / 1000;
    atomic_store(&is_over, true);
    for (size_t i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    uint64_t all = atomic_load(&actors[0]->taken);
    for (size_t i = 0; i < 3; i++)
        actor_free(actors[i]);
    printf("{\"sagas\":%" PRIu64 ",\"sagas_with_warmup\":%" PRIu64
           ",\"seconds\":%.3f,\"sagas_per_s\":%.1f}\n",
           sagas, all, took_s, (double)sagas / took_s);
    return 0;
}

static int drain_mode(const char *url, uint64_t sagas)
{
    atomic_bool is_over = false;
    const struct actor_options options = { .url = url,
                                           .queue = QUEUE_BOOKING,
                                           .is_over = &is_over };
    int64_t begin_ms = clock_monotonic_ms();
    struct actor *actor = actor_new(&options);
    pthread_t thread;
    if (pthread_create(&thread, NULL, booking_run, actor) != 0)
        abort();
    while (atomic_load(&actor->acked) < 2 * sagas)
        pause_ms(PACE_MS);
    double took_s = (double)(clock_monotonic_ms() - begin_ms) / 1000;
    atomic_store(&is_over, true);
    pthread_join(thread, NULL);
    actor_free(actor);
    printf("{\"sagas\":%" PRIu64 ",\"seconds\":%.3f,\"sagas_per_s\":%.1f}\n", sagas, took_s,
           (double)sagas / took_s);
    return 0;
}

/* A third of the payments FEED_SHIFT sagas before its intent, a third beside it, a third after. */
static int feed_mode(const char *url, uint64_t sagas)
{
    atomic_bool is_over = false;
    const struct actor_options options = {
        .url = url, .is_over = &is_over, .is_purging = true, .run = clock_wall_ms()
    };
    int64_t begin_ms = clock_monotonic_ms();
    struct actor *actor = actor_new(&options);
    for (uint64_t at = 0; at < sagas + 2 * FEED_SHIFT;) {
        for (; actor_may_publish(actor) && at < sagas + 2 * FEED_SHIFT; at++) {
            uint64_t saga = at - FEED_SHIFT;
            if (saga < sagas)
                publish_event(actor, BENCH_INTENT, saga);
            for (uint64_t shift = 0; shift <= 2; shift++)
                if (at - shift * FEED_SHIFT < sagas && (at - shift * FEED_SHIFT) % 3 == shift)
                    publish_event(actor, BENCH_CAPTURED, at - shift * FEED_SHIFT);
        }
        actor_turn(actor);
    }
    while (actor->confirmed < actor->published)
        actor_turn(actor);
    double took_s = (double)(clock_monotonic_ms() - begin_ms) / 1000;
    bool is_whole = actor->published == 2 * sagas;
    printf("{\"events\":%" PRIu64 ",\"seconds\":%.3f}\n", actor->published, took_s);
    actor_free(actor);
    return is_whole ? 0 : 1;
}

int main(int argc, char **argv)
{
    int64_t number = argc == 4 ? strtol(argv[3], NULL, 10) : 0;
    if (number > 0 && strcmp(argv[2], "saga") == 0)
        return saga_mode(argv[1], number);
    if (number > 0 && strcmp(argv[2], "drain") == 0)
        return drain_mode(argv[1], (uint64_t)number);
    if (number > 0 && strcmp(argv[2], "feed") == 0)
        return feed_mode(argv[1], (uint64_t)number);
    fputs("usage: bound_broker URL saga SECONDS | drain SAGAS | feed SAGAS\n", stderr);
    return EXIT_USAGE;
}
