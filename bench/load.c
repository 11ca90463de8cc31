/* load.c - the run: starts what is due, takes what comes back, and keeps the times from which
 * latencies count. */
#include "bench/load.h"

#include "bench/load_http.h"
#include "bench/load_saga.h"
#include "bench/load_timers.h"
#include "common/base/clock.h"
#include "common/base/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S       INT64_C(1000000000)
#define NS_PER_MS      INT64_C(1000000)
#define COUNT_PACE_NS  (25 * NS_PER_MS)
#define RETRY_NS       (100 * NS_PER_MS) /* after a 503 or a lost connection */
#define WATCH_AGAIN_NS (2 * NS_PER_MS)
#define WAIT_MAX_NS    (50 * NS_PER_MS)
#define QUIET_NS_MAX   (60 * NS_PER_S) /* without one more that settles: given up */
#define WATCHERS       12 /* of the gateway's threads, beside the connections that post */
#define ANSWER_SIZE    8192
#define METRICS_SIZE   262144
#define EVENTS_MAX     64

enum { POOL_INTENT, POOL_PAYMENT, POOL_WATCH, POOL_COUNT, POOLS };

struct saga {
    int64_t intent_due_ns, payment_due_ns;
    int64_t intent_held_ns, payment_held_ns; /* accepted; 0 = not yet */
    int64_t visible_ns;
    bool is_intent_sent, is_payment_sent;
};

struct load {
    const struct load_options *options;
    struct load_result *result;
    struct load_run_id run;
    struct load_pool *pools[POOLS];
    struct load_timers timers;
    struct saga *sagas;
    size_t saga_room;
    uint32_t saga_count;
    int64_t begin_ns, measured_ns, last_ns, settled_ns; /* settled_ns: the last one that settled */
    bool has_counted;
    uint64_t settled_before; /* by whatever ran earlier */
    uint64_t settled, settled_at_measured, settled_at_last;
    int64_t measured_at_ns; /* 0: the warm-up is not over */
    struct error failure;
    size_t watched; /* waiting for their outcome */
    int epoll_fd;
};

static int64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* ---- what comes back ---- */

static bool is_measured(const struct load *load, uint32_t saga)
{
    int64_t intent_ns = load->sagas[saga].intent_due_ns;
    return intent_ns >= load->measured_ns && load->sagas[saga].payment_due_ns >= load->measured_ns;
}

static int64_t later(int64_t one, int64_t other)
{
    return one > other ? one : other;
}

/* The outcome may be seen before the answer to the request that caused it is read: then 0. */
static void outcome_sample(struct load *load, uint32_t number)
{
    const struct saga *saga = &load->sagas[number];
    if (saga->visible_ns == 0 || saga->intent_held_ns == 0 || saga->payment_held_ns == 0 ||
        !is_measured(load, number))
        return;
    int64_t held_ns = saga->visible_ns - later(saga->intent_held_ns, saga->payment_held_ns);
    load_sample(&load->result->samples[LOAD_OUTCOME],
                saga->visible_ns - later(saga->intent_due_ns, saga->payment_due_ns));
    load_sample(&load->result->samples[LOAD_OUTCOME_HELD], held_ns > 0 ? held_ns : 0);
}

static void later_again(struct load *load, const struct load_job *job, int64_t pause_ns)
{
    struct load_job again = *job;
    again.due_ns = now_ns() + pause_ns;
    load_timers_add(&load->timers, &again);
}

static void watch_answered(struct load *load, const struct load_job *job,
                           const struct load_answer *answer)
{
    static const char *const ends[] = { "\"state\":\"confirmed\"", "\"state\":\"failed\"",
                                        "\"state\":\"cancelled\"" };
    for (size_t i = 0; answer->status == 200 && i < sizeof ends / sizeof ends[0]; i++) {
        if (strstr(answer->body, ends[i]) == NULL)
            continue;
        load->sagas[job->saga].visible_ns = now_ns();
        load->watched--;
        outcome_sample(load, job->saga);
        return;
    }
    later_again(load, job, WATCH_AGAIN_NS);
}

static void count_answered(struct load *load, const struct load_job *job,
                           const struct load_answer *answer)
{
    int64_t now = now_ns();
    later_again(load, job, COUNT_PACE_NS);
    if (answer->status != 200)
        return;
    uint64_t settled = load_settled_read(answer->body);
    if (!load->has_counted)
        load->settled_before = settled;
    load->has_counted = true;
    settled -= load->settled_before;
    if (settled > load->settled)
        load->settled_ns = now;
    load->settled = settled;
}

static void post_accepted(struct load *load, const struct load_job *job)
{
    struct saga *saga = &load->sagas[job->saga];
    bool is_intent = job->kind == LOAD_JOB_INTENT;
    int64_t now = now_ns();
    if (is_measured(load, job->saga))
        load_sample(&load->result->samples[is_intent ? LOAD_INTENT : LOAD_WEBHOOK],
                    now - (is_intent ? saga->intent_due_ns : saga->payment_due_ns));
    *(is_intent ? &saga->intent_held_ns : &saga->payment_held_ns) = now;
    outcome_sample(load, job->saga);
    if (load->options->is_edge_only) {
        load->settled += saga->intent_held_ns > 0 && saga->payment_held_ns > 0 ? 1 : 0;
        load->settled_ns = now;
    } else if (is_intent && job->saga % load->options->watch_every == 0) {
        struct load_job watch = { .kind = LOAD_JOB_WATCH, .saga = job->saga };
        load_pool_submit(load->pools[POOL_WATCH], &watch);
        load->watched++;
    }
}

static void answered(void *self, const struct load_job *job, const struct load_answer *answer)
{
    struct load *load = self;
    if (job->kind == LOAD_JOB_WATCH) {
        watch_answered(load, job, answer);
    } else if (job->kind == LOAD_JOB_COUNT) {
        count_answered(load, job, answer);
    } else if (answer->status == 0 || answer->status == 503) {
        *(answer->status == 0 ? &load->result->lost : &load->result->unavailable) += 1;
        later_again(load, job, RETRY_NS);
    } else if (answer->status != 202 && answer->status != 200) {
        load->result->refused++;
        error_set(&load->failure, ERROR_REJECT, "answer %d: %.160s", answer->status, answer->body);
    } else if (job->kind == LOAD_JOB_INTENT || job->kind == LOAD_JOB_PAYMENT) {
        post_accepted(load, job);
    }
}

/* ---- what is sent ---- */

/* In the closed loop a request is due when a connection is free for it. */
static size_t request_write(void *self, struct load_job *job, char request[LOAD_REQUEST_SIZE])
{
    struct load *load = self;
    if (load->options->rate == 0 && job->kind <= LOAD_JOB_PAYMENT) {
        struct saga *saga = &load->sagas[job->saga];
        bool is_intent = job->kind == LOAD_JOB_INTENT;
        bool *is_sent = is_intent ? &saga->is_intent_sent : &saga->is_payment_sent;
        if (!*is_sent)
            *(is_intent ? &saga->intent_due_ns : &saga->payment_due_ns) = now_ns();
        *is_sent = true;
    }
    return load_request_write(&load->run, job, request);
}

static void job_add(struct load *load, enum load_kind kind, uint32_t saga, int64_t due_ns)
{
    load_timers_add(&load->timers,
                    &(struct load_job){ .kind = (int)kind, .saga = saga, .due_ns = due_ns });
}

static void saga_start(struct load *load, int64_t begin_ns)
{
    uint32_t number = load->saga_count++;
    if (number == load->saga_room) {
        load->saga_room = load->saga_room > 0 ? 2 * load->saga_room : 4096;
        load->sagas = memory_grow(load->sagas, load->saga_room, sizeof *load->sagas);
    }
    struct load_plan plan = load_plan_make(&load->run, number);
    load->sagas[number] = (struct saga){
        .intent_due_ns = begin_ns + plan.intent_after_ns,
        .payment_due_ns = begin_ns + plan.payment_after_ns,
    };
    job_add(load, LOAD_JOB_INTENT, number, begin_ns + plan.intent_after_ns);
    job_add(load, LOAD_JOB_PAYMENT, number, begin_ns + plan.payment_after_ns);
    if (plan.intent_again_after_ns > 0)
        job_add(load, LOAD_JOB_INTENT_AGAIN, number, begin_ns + plan.intent_again_after_ns);
    if (plan.payment_again_after_ns > 0)
        job_add(load, LOAD_JOB_PAYMENT_AGAIN, number, begin_ns + plan.payment_again_after_ns);
    load->result->started++;
}

static bool pools_have_room(const struct load *load)
{
    return load_pool_queued(load->pools[POOL_INTENT]) <
               load_pool_idle(load->pools[POOL_INTENT]) + 1 &&
           load_pool_queued(load->pools[POOL_PAYMENT]) <
               load_pool_idle(load->pools[POOL_PAYMENT]) + 1;
}

static int64_t saga_due_ns(const struct load *load)
{
    return load->begin_ns + (int64_t)load->saga_count * NS_PER_S / load->options->rate;
}

/* Starts what is due; returns when the next one is. */
static int64_t sagas_start(struct load *load, int64_t now)
{
    if (now >= load->last_ns)
        return INT64_MAX;
    if (load->options->rate > 0) {
        while (saga_due_ns(load) <= now)
            saga_start(load, saga_due_ns(load));
        return saga_due_ns(load);
    }
    if (load->saga_count - load->settled < (uint64_t)load->options->outstanding &&
        pools_have_room(load))
        saga_start(load, now);
    return pools_have_room(load) ? now : INT64_MAX;
}

static void jobs_send(struct load *load, int64_t now)
{
    static const int pool_of[] = {
        [LOAD_JOB_INTENT] = POOL_INTENT,       [LOAD_JOB_PAYMENT] = POOL_PAYMENT,
        [LOAD_JOB_INTENT_AGAIN] = POOL_INTENT, [LOAD_JOB_PAYMENT_AGAIN] = POOL_PAYMENT,
        [LOAD_JOB_WATCH] = POOL_WATCH,         [LOAD_JOB_COUNT] = POOL_COUNT,
    };
    struct load_job job;
    while (load_timers_take(&load->timers, now, &job))
        load_pool_submit(load->pools[pool_of[job.kind]], &job);
    for (size_t i = 0; i < POOLS; i++)
        if (!load_pool_send(load->pools[i], &load->failure))
            return;
}

/* ---- the run ---- */

static bool pools_open(struct load *load, struct error *error)
{
    const struct load_options *options = load->options;
    const struct {
        const char *url;
        size_t connections, answer_size;
    } kinds[POOLS] = {
        [POOL_INTENT] = { options->gateway_url, (size_t)options->connections, ANSWER_SIZE },
        [POOL_PAYMENT] = { options->payment_url, (size_t)options->connections, ANSWER_SIZE },
        [POOL_WATCH] = { options->gateway_url, WATCHERS, ANSWER_SIZE },
        [POOL_COUNT] = { options->gateway_url, 1, METRICS_SIZE },
    };
    load->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (load->epoll_fd < 0)
        return error_set(error, ERROR_BUG, "epoll: %s", strerror(errno));
    for (size_t i = 0; i < POOLS; i++) {
        const struct load_pool_options pool = {
            .url = kinds[i].url,
            .connections = kinds[i].connections,
            .answer_size = kinds[i].answer_size,
            .epoll_fd = load->epoll_fd,
            .speaker = { load, request_write, answered },
        };
        load->pools[i] = load_pool_new(&pool, error);
        if (load->pools[i] == NULL)
            return false;
    }
    return true;
}

static void load_done(struct load *load)
{
    for (size_t i = 0; i < POOLS; i++)
        load_pool_free(load->pools[i]);
    if (load->epoll_fd >= 0)
        close(load->epoll_fd);
    load_timers_done(&load->timers);
    free(load->sagas);
}

static void events_wait(struct load *load, int64_t until_ns)
{
    struct epoll_event events[EVENTS_MAX];
    int64_t wait_ns = later(until_ns - now_ns(), 0);
    if (wait_ns > WAIT_MAX_NS)
        wait_ns = WAIT_MAX_NS;
    const struct timespec timeout = { .tv_sec = 0, .tv_nsec = wait_ns };
    int count = epoll_pwait2(load->epoll_fd, events, EVENTS_MAX, &timeout, NULL);
    for (int i = 0; i < count; i++)
        load_pool_event(events[i].data.ptr);
}

/* One round; false: it is over, for whatever reason. */
static bool load_turn(struct load *load)
{
    int64_t now = now_ns();
    int64_t next_ns = sagas_start(load, now);
    jobs_send(load, now);
    int64_t timer_ns = load_timers_next_ns(&load->timers);
    events_wait(load, next_ns < timer_ns ? next_ns : timer_ns);
    if (load->measured_at_ns == 0 && now >= load->measured_ns) {
        load->measured_at_ns = now;
        load->settled_at_measured = load->settled;
    }
    if (now < load->last_ns)
        load->settled_at_last = load->settled;
    bool is_stopped = load->options->is_stopped != NULL && *load->options->is_stopped;
    if (is_stopped || load->failure.code != ERROR_NONE)
        return false;
    bool is_settled = load->settled >= load->saga_count && load->watched == 0;
    int64_t quiet_since_ns = later(load->settled_ns, load->last_ns);
    return now < load->last_ns || (!is_settled && now - quiet_since_ns < QUIET_NS_MAX);
}

/* What settled before is not ours. */
static bool count_first(struct load *load, struct error *error)
{
    int64_t until_ns = now_ns() + 5 * NS_PER_S;
    if (load->options->is_edge_only)
        return true;
    job_add(load, LOAD_JOB_COUNT, 0, 0);
    while (!load->has_counted && now_ns() < until_ns && load->failure.code == ERROR_NONE) {
        jobs_send(load, now_ns());
        events_wait(load, until_ns);
    }
    if (load->failure.code != ERROR_NONE)
        *error = load->failure;
    else if (!load->has_counted)
        error_set(error, ERROR_RETRY, "%s/metrics gives no answer", load->options->gateway_url);
    return load->has_counted;
}

static void result_make(struct load *load)
{
    struct load_result *result = load->result;
    result->settled = load->settled;
    result->measured_s = (double)(load->last_ns - load->measured_ns) / (double)NS_PER_S;
    result->settled_per_s =
        (double)(load->settled_at_last - load->settled_at_measured) / result->measured_s;
    result->drained_s = (double)later(load->settled_ns - load->last_ns, 0) / (double)NS_PER_S;
}

bool load_run(const struct load_options *options, struct load_result *result, struct error *error)
{
    struct load load = {
        .options = options,
        .result = result,
        .run = { clock_wall_ms(), (uint64_t)clock_wall_ns(), options->duplicate_percent,
                 options->mismatch_percent, options->secret },
        .epoll_fd = -1,
    };
    *result = (struct load_result){ 0 };
    bool is_done = pools_open(&load, error) && count_first(&load, error);
    if (is_done) {
        load.begin_ns = now_ns();
        load.measured_ns = load.begin_ns + options->warmup_s * NS_PER_S;
        load.last_ns = load.begin_ns + options->seconds * NS_PER_S;
        while (load_turn(&load))
            continue;
        result_make(&load);
        if (load.failure.code != ERROR_NONE)
            *error = load.failure;
        else if (load.settled < load.saga_count)
            error_set(error, ERROR_RETRY, "%" PRIu64 " of %" PRIu32 " sagas have not settled",
                      load.saga_count - load.settled, load.saga_count);
        is_done = load.failure.code == ERROR_NONE && load.settled >= load.saga_count;
    }
    load_done(&load);
    return is_done;
}
