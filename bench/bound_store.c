/* bound_store.c - the least that any correct system writes for one saga: six compare-and-set
 * writes, an insert and an update in each of three databases, in batches, as durable as ours.
 * Nothing is loaded, no outbox is cleared, no index but the key. Each database has its thread.
 *
 *   bound_store mongodb://... SECONDS [BATCH]    majority + journal; databases bench_bound_0 .. 2
 *   bound_store sqlite:DIR SECONDS [BATCH]       WAL, synchronous=FULL; files bound0.db ..
 * bound2.db
 *
 * Drops what an earlier run left. Prints one line of JSON. */
#include "bench/bound_store.h"

#include "common/base/clock.h"
#include "common/base/exit_status.h"

#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WARMUP_MS     1000
#define BATCH_DEFAULT 256
#define SERVICES      3

struct writer {
    const char *url;
    size_t index, batch;
    const atomic_bool *is_over;
    atomic_ulong sagas;
};

void bound_fail(const char *what, const char *why)
{
    fprintf(stderr, "bound: %s: %s\n", what, why);
    exit(1);
}

static void *writer_run(void *self)
{
    struct writer *writer = self;
    bool is_mongo = strncmp(writer->url, "mongodb", 7) == 0;
    struct bound_backend backend = is_mongo ? bound_mongo_open(writer->url, writer->index)
                                            : bound_sqlite_open(writer->url, writer->index);
    for (uint64_t first = 0; !atomic_load(writer->is_over); first += writer->batch) {
        backend.write(backend.self, first, writer->batch, 0);
        backend.write(backend.self, first, writer->batch, 1);
        atomic_fetch_add(&writer->sagas, writer->batch);
    }
    backend.close(backend.self);
    return NULL;
}

/* A saga is done when the slowest of the three has written its part. */
static uint64_t sagas_done(struct writer writers[SERVICES])
{
    uint64_t least = UINT64_MAX;
    for (size_t i = 0; i < SERVICES; i++) {
        uint64_t sagas = atomic_load(&writers[i].sagas);
        least = sagas < least ? sagas : least;
    }
    return least;
}

static void pause_ms(int64_t ms)
{
    (void)poll(NULL, 0, (int)ms);
}

int main(int argc, char **argv)
{
    int64_t seconds = argc >= 3 ? strtol(argv[2], NULL, 10) : 0;
    int64_t batch = argc >= 4 ? strtol(argv[3], NULL, 10) : BATCH_DEFAULT;
    if (seconds <= 0 || batch <= 0 || batch > BOUND_BATCH_MAX) {
        fputs("usage: bound_store mongodb://...|sqlite:DIR SECONDS [BATCH]\n", stderr);
        return EXIT_USAGE;
    }
    atomic_bool is_over = false;
    struct writer writers[SERVICES];
    pthread_t threads[SERVICES];
    for (size_t i = 0; i < SERVICES; i++) {
        writers[i] = (struct writer){
            .url = argv[1], .index = i, .batch = (size_t)batch, .is_over = &is_over
        };
        if (pthread_create(&threads[i], NULL, writer_run, &writers[i]) != 0)
            abort();
    }
    pause_ms(WARMUP_MS);
    uint64_t begin = sagas_done(writers);
    int64_t begin_ms = clock_monotonic_ms();
    pause_ms(seconds * 1000);
    uint64_t sagas = sagas_done(writers) - begin;
    double took_s = (double)(clock_monotonic_ms() - begin_ms) / 1000;
    atomic_store(&is_over, true);
    for (size_t i = 0; i < SERVICES; i++)
        pthread_join(threads[i], NULL);
    printf("{\"sagas\":%" PRIu64 ",\"sagas_with_warmup\":%" PRIu64
           ",\"seconds\":%.3f,\"sagas_per_s\":%.1f,\"batch\":%" PRId64 "}\n",
           sagas, sagas_done(writers), took_s, (double)sagas / took_s, batch);
    return 0;
}
