#include "common/http/inbox.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* On the stack of the thread that waits in inbox_submit. A semaphore each: with a condition, all
 * that are woken at once would queue for the one mutex. */
struct waiter {
    sem_t answered;
};

struct inbox {
    pthread_mutex_t mutex; /* guards what follows */
    struct request **ring;
    size_t room, first, count;
    bool is_closed;
    int event_fd;
};

struct inbox *inbox_new(size_t requests_max)
{
    assert(requests_max > 0);
    struct inbox *inbox = calloc(1, sizeof *inbox);
    if (inbox == NULL)
        return NULL;
    inbox->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    inbox->ring = calloc(requests_max, sizeof(struct request *));
    inbox->room = requests_max;
    pthread_mutex_init(&inbox->mutex, NULL);
    if (inbox->event_fd < 0 || inbox->ring == NULL)
        return inbox_free(inbox);
    return inbox;
}

struct inbox *inbox_free(struct inbox *inbox)
{
    if (inbox == NULL)
        return NULL;
    assert(inbox->count == 0); /* nobody waits for an answer that cannot come any more */
    if (inbox->event_fd >= 0)
        close(inbox->event_fd);
    pthread_mutex_destroy(&inbox->mutex);
    free(inbox->ring);
    free(inbox);
    return NULL;
}

/* A full counter (EAGAIN) is readable already, which is all that is wanted. */
void inbox_wake(struct inbox *inbox)
{
    int saved = errno;
    uint64_t one = 1;
    ssize_t written = write(inbox->event_fd, &one, sizeof one);
    (void)written;
    errno = saved;
}

void inbox_clear_event(struct inbox *inbox)
{
    uint64_t count;
    ssize_t got = read(inbox->event_fd, &count, sizeof count);
    (void)got; /* EAGAIN: it was clear */
}

int inbox_event_fd(const struct inbox *inbox)
{
    return inbox->event_fd;
}

bool inbox_submit(struct inbox *inbox, struct request *request)
{
    struct waiter waiter;
    pthread_mutex_lock(&inbox->mutex);
    if (inbox->is_closed || inbox->count == inbox->room) {
        pthread_mutex_unlock(&inbox->mutex);
        return false;
    }
    sem_init(&waiter.answered, 0, 0);
    request->waiter = &waiter;
    bool is_first = inbox->count == 0;
    inbox->ring[(inbox->first + inbox->count) % inbox->room] = request;
    inbox->count++;
    if (is_first) /* further ones find the engine awake, or about to be */
        inbox_wake(inbox);
    pthread_mutex_unlock(&inbox->mutex);
    while (sem_wait(&waiter.answered) != 0) /* a signal's handler ran on this thread */
        assert(errno == EINTR);
    sem_destroy(&waiter.answered);
    request->waiter = NULL;
    return true;
}

void inbox_close(struct inbox *inbox)
{
    pthread_mutex_lock(&inbox->mutex);
    inbox->is_closed = true;
    pthread_mutex_unlock(&inbox->mutex);
    inbox_wake(inbox);
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
    bool is_left = inbox->count > 0;
    pthread_mutex_unlock(&inbox->mutex);
    if (is_left) /* the event may have been cleared before this take */
        inbox_wake(inbox);
    return count;
}

/* The waiter and the request are gone as soon as their thread sees the answer. */
static void request_answer(void *self, struct request *request)
{
    (void)self;
    struct waiter *waiter = request->waiter;
    int status = sem_post(&waiter->answered);
    assert(status == 0);
}

struct request_port inbox_port(struct inbox *inbox)
{
    return (struct request_port){ .self = inbox, .take = requests_take, .answer = request_answer };
}
