/* inbox.c - a ring of requests, whose threads wait on a semaphore each. */
#include "common/daemon/inbox.h"

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/base/thread.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdlib.h>

/* On the stack of the thread that waits in inbox_submit. A semaphore each: with a condition, all
 * that are woken at once would queue for the one mutex. */
struct waiter {
    sem_t answered;
};

struct inbox {
    pthread_mutex_t mutex; /* guards what follows */
    struct request **ring; /* those that are not taken yet, [room] */
    size_t room, first, count;
    size_t open_count; /* not answered yet, taken or not */
    bool is_closed;
    const struct wake *wake;
    int64_t take_ms_max;
};

struct inbox *inbox_new(size_t requests_max, int64_t take_ms_max, const struct wake *wake)
{
    assert(take_ms_max >= 0 && wake != NULL);
    assert(requests_max > 0);
    struct inbox *inbox = memory_alloc(1, sizeof *inbox);
    inbox->ring = memory_alloc(requests_max, sizeof(struct request *));
    inbox->room = requests_max;
    inbox->take_ms_max = take_ms_max;
    inbox->wake = wake;
    pthread_mutex_init(&inbox->mutex, NULL);
    return inbox;
}

struct inbox *inbox_free(struct inbox *inbox)
{
    if (inbox == NULL)
        return NULL;
    assert(inbox->open_count == 0); /* nobody waits for an answer that cannot come any more */
    pthread_mutex_destroy(&inbox->mutex);
    free(inbox->ring);
    free(inbox);
    return NULL;
}

static bool request_put(struct inbox *inbox, struct request *request)
{
    pthread_mutex_lock(&inbox->mutex);
    bool is_taken_in = !inbox->is_closed && inbox->open_count < inbox->room;
    if (is_taken_in) {
        bool is_first = inbox->count == 0;
        inbox->ring[(inbox->first + inbox->count) % inbox->room] = request;
        inbox->count++;
        inbox->open_count++;
        if (is_first) /* further ones find the engine awake, or about to be */
            wake_up(inbox->wake);
    }
    assert(inbox->count <= inbox->open_count && inbox->open_count <= inbox->room);
    pthread_mutex_unlock(&inbox->mutex);
    return is_taken_in;
}

/* False: the engine has it. */
static bool request_withdraw(struct inbox *inbox, const struct request *request)
{
    bool is_found = false;
    pthread_mutex_lock(&inbox->mutex);
    for (size_t i = 0; i < inbox->count; i++) {
        struct request **place = &inbox->ring[(inbox->first + i) % inbox->room];
        if (is_found)
            inbox->ring[(inbox->first + i - 1) % inbox->room] = *place;
        is_found |= *place == request;
    }
    inbox->count -= is_found;
    pthread_mutex_unlock(&inbox->mutex);
    return is_found;
}

/* False: the time was over, and the engine has not taken it. */
static bool answer_wait(struct inbox *inbox, const struct request *request, sem_t *answered)
{
    if (thread_wait_semaphore(answered, clock_monotonic_ms() + inbox->take_ms_max))
        return true;
    if (request_withdraw(inbox, request))
        return false;
    while (sem_wait(answered) != 0) /* taken: its step ends, and answers */
        assert(errno == EINTR);
    return true;
}

bool inbox_submit(struct inbox *inbox, struct request *request)
{
    assert(inbox->room > 0 && request != NULL);
    struct waiter waiter;
    sem_init(&waiter.answered, 0, 0);
    request->waiter = &waiter;
    bool is_taken_in = request_put(inbox, request);
    bool is_answered = is_taken_in && answer_wait(inbox, request, &waiter.answered);
    if (is_taken_in) {
        pthread_mutex_lock(&inbox->mutex);
        assert(inbox->open_count > inbox->count); /* this one is not queued any more */
        inbox->open_count--;
        pthread_mutex_unlock(&inbox->mutex);
    }
    sem_destroy(&waiter.answered);
    request->waiter = NULL;
    return is_answered;
}

void inbox_close(struct inbox *inbox)
{
    pthread_mutex_lock(&inbox->mutex);
    inbox->is_closed = true;
    pthread_mutex_unlock(&inbox->mutex);
    wake_up(inbox->wake);
}

static size_t requests_take(void *self, size_t limit, struct request **ret_requests)
{
    struct inbox *inbox = self;
    pthread_mutex_lock(&inbox->mutex);
    size_t count = inbox->count < limit ? inbox->count : limit;
    for (size_t i = 0; i < count; i++)
        ret_requests[i] = inbox->ring[(inbox->first + i) % inbox->room];
    inbox->first = (inbox->first + count) % inbox->room;
    inbox->count -= count;
    assert(inbox->first < inbox->room && inbox->count <= inbox->open_count);
    bool is_left = inbox->count > 0;
    pthread_mutex_unlock(&inbox->mutex);
    if (is_left) /* the event may have been cleared before this take */
        wake_up(inbox->wake);
    return count;
}

/* The waiter and the request are gone as soon as their thread sees the answer. */
static void request_answer(void *self, struct request *request)
{
    (void)self;
    assert(request->waiter != NULL); /* once each */
    struct waiter *waiter = request->waiter;
    int status = sem_post(&waiter->answered);
    assert(status == 0);
}

struct request_port inbox_port(struct inbox *inbox)
{
    assert(inbox != NULL);
    return (struct request_port){ .self = inbox, .take = requests_take, .answer = request_answer };
}
