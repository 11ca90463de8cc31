/* log_writer.c - a ring of lines and the thread that writes them to stdout; what finds no room is
 * dropped, counted and told later. */
#include "common/log/log_writer.h"

#include "common/base/clock.h"
#include "common/base/thread.h"
#include "common/log/log.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_BYTES 1048576
#define PART_BYTES   4096 /* what a pipe takes as a whole once poll says so */

enum writer_state {
    WRITER_NONE, /* lines are written by those who log */
    WRITER_RUNS,
    WRITER_ENDS,  /* writes what is left */
    WRITER_STUCK, /* it was left behind in a write that nobody takes: lines are dropped */
};

/* The one state of this file: a process has one log. */
static struct {
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t filled, ended;
    pthread_t thread;
    enum writer_state state;
    bool is_thread_over;
    size_t first, length; /* of what waits, in a ring */
    uint64_t dropped, told;
    int64_t dropped_ms;       /* the last one; 0 = none */
    int64_t write_began_ms;   /* of the write that runs; 0 = none does */
    char bytes[BUFFER_BYTES]; /* touched as far as it is used */
} writer = { .mutex = PTHREAD_MUTEX_INITIALIZER,
             .filled = PTHREAD_COND_INITIALIZER,
             .ended = PTHREAD_COND_INITIALIZER };

static void drop_count(uint64_t lines)
{
    writer.dropped += lines;
    writer.dropped_ms = clock_monotonic_ms();
}

bool log_writer_put(const char *line, size_t length)
{
    assert(line != NULL && length > 0 && line[length - 1] == '\n');
    pthread_mutex_lock(&writer.mutex);
    bool is_ours = writer.state != WRITER_NONE;
    if (is_ours && (writer.state == WRITER_STUCK || BUFFER_BYTES - writer.length < length)) {
        drop_count(1);
    } else if (is_ours) {
        size_t at = (writer.first + writer.length) % BUFFER_BYTES;
        size_t part = BUFFER_BYTES - at < length ? BUFFER_BYTES - at : length;
        memcpy(writer.bytes + at, line, part);
        memcpy(writer.bytes, line + part, length - part);
        writer.length += length;
        pthread_cond_signal(&writer.filled);
    }
    pthread_mutex_unlock(&writer.mutex);
    return is_ours;
}

/* ---- the thread ------------------------------------------------------------------------------ */

static uint64_t lines_count(const char *bytes, size_t length)
{
    uint64_t count = 0;
    for (size_t i = 0; i < length; i++)
        count += bytes[i] == '\n';
    return count;
}

/* Without the lock; nobody else moves what waits. */
static ssize_t part_write(size_t part)
{
    ssize_t written;
    do {
        written = write(STDOUT_FILENO, writer.bytes + writer.first, part);
        if (written < 0 && errno == EAGAIN) { /* somebody made stdout non-blocking */
            struct pollfd ready = { .fd = STDOUT_FILENO, .events = POLLOUT };
            (void)poll(&ready, 1, 1000);
            errno = EINTR;
        }
    } while (written < 0 && errno == EINTR);
    return written;
}

/* A log that refuses what it is given is given up line by line: there is no other place for it. */
static void part_take_out(void)
{
    assert(writer.length > 0 && writer.length <= BUFFER_BYTES && writer.first < BUFFER_BYTES);
    size_t part = BUFFER_BYTES - writer.first;
    part = part < writer.length ? part : writer.length;
    part = part < PART_BYTES ? part : PART_BYTES;
    writer.write_began_ms = clock_monotonic_ms();
    pthread_mutex_unlock(&writer.mutex);
    ssize_t written = part_write(part);
    pthread_mutex_lock(&writer.mutex);
    writer.write_began_ms = 0;
    size_t gone = written > 0 ? (size_t)written : part;
    if (written <= 0)
        drop_count(lines_count(writer.bytes + writer.first, part));
    writer.first = (writer.first + gone) % BUFFER_BYTES;
    writer.length -= gone;
}

static void drops_tell(void)
{
    uint64_t lines = writer.dropped - writer.told;
    if (lines == 0 || writer.length > BUFFER_BYTES / 2 || writer.state != WRITER_RUNS)
        return;
    writer.told = writer.dropped;
    pthread_mutex_unlock(&writer.mutex);
    log_write(LOG_WARNING, "%" PRIu64 " lines of the log were dropped: nobody took them", lines);
    pthread_mutex_lock(&writer.mutex);
}

static void *writer_run(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&writer.mutex);
    while (writer.state == WRITER_RUNS || (writer.state == WRITER_ENDS && writer.length > 0)) {
        if (writer.length == 0)
            pthread_cond_wait(&writer.filled, &writer.mutex);
        else
            part_take_out();
        drops_tell();
    }
    writer.is_thread_over = true;
    pthread_cond_signal(&writer.ended);
    pthread_mutex_unlock(&writer.mutex);
    return NULL;
}

/* ---- for daemons ----------------------------------------------------------------------------- */

bool log_writer_start(void)
{
    pthread_mutex_lock(&writer.mutex);
    assert(writer.state == WRITER_NONE);
    writer.is_thread_over = false;
    writer.state = WRITER_RUNS;
    if (!thread_start(&writer.thread, writer_run, NULL))
        writer.state = WRITER_NONE;
    bool is_started = writer.state == WRITER_RUNS;
    pthread_mutex_unlock(&writer.mutex);
    return is_started;
}

void log_writer_stop(int64_t timeout_ms)
{
    assert(timeout_ms >= 0);
    int64_t until_ms = clock_monotonic_ms() + timeout_ms;
    pthread_mutex_lock(&writer.mutex);
    if (writer.state == WRITER_RUNS) {
        writer.state = WRITER_ENDS;
        pthread_cond_signal(&writer.filled);
        while (!writer.is_thread_over && thread_wait(&writer.ended, &writer.mutex, until_ms))
            continue;
        writer.state = writer.is_thread_over ? WRITER_NONE : WRITER_STUCK;
        if (writer.is_thread_over)
            pthread_join(writer.thread, NULL); /* it holds nothing any more */
    }
    pthread_mutex_unlock(&writer.mutex);
}

void log_status_get(struct log_status *ret_status)
{
    assert(ret_status != NULL);
    pthread_mutex_lock(&writer.mutex);
    int64_t now_ms = clock_monotonic_ms();
    *ret_status = (struct log_status){
        .dropped = writer.dropped,
        .since_drop_ms = writer.dropped_ms != 0 ? now_ms - writer.dropped_ms : INT64_MAX,
        .unread_ms = writer.write_began_ms != 0 ? now_ms - writer.write_began_ms : 0,
    };
    pthread_mutex_unlock(&writer.mutex);
}
