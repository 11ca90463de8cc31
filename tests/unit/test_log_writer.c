/* Nobody who logs waits for a reader, nor does the end of the process, even where the wall clock is
 * set back all the time. */
#include "common/base/clock.h"
#include "common/log/log.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define LINES      20000 /* more than pipe and buffer hold */
#define PROMPT_MS  5000
#define TEXT_BYTES 2000
#define READ_BYTES 65536
#define NOTICE     "lines of the log were dropped"
#define UNREAD_MS  100

/* Each time it was read the wall clock is set back by an hour: a wait until a time of that clock
 * takes an hour. */
int clock_gettime(clockid_t clock, struct timespec *now)
{
    int failed = (int)syscall(SYS_clock_gettime, clock, now);
    if (clock == CLOCK_REALTIME)
        now->tv_sec += 3600;
    return failed;
}

/* Standard output is a pipe while the log has a writer. */
static int reader, stdout_copy;

static int pipe_begin(void **state)
{
    (void)state;
    int ends[2];
    fflush(stdout);
    if (pipe(ends) != 0)
        return 1;
    stdout_copy = dup(STDOUT_FILENO);
    (void)dup2(ends[1], STDOUT_FILENO);
    close(ends[1]);
    reader = ends[0];
    return log_writer_start() ? 0 : 1;
}

static int pipe_end(void **state)
{
    (void)state;
    (void)dup2(stdout_copy, STDOUT_FILENO);
    close(stdout_copy);
    close(reader);
    return 0;
}

/* The pipe stays full and open, so that the thread stays where it is, and out of our output. */
static int pipe_leave(void **state)
{
    (void)state;
    (void)dup2(stdout_copy, STDOUT_FILENO);
    close(stdout_copy);
    return 0;
}

static void pause_ms(int ms)
{
    nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000L }, NULL);
}

/* Reads until the text has come, or nothing comes any more. */
static bool comes(const char *wanted)
{
    static char bytes[READ_BYTES + 1];
    size_t kept = 0, tail = strlen(wanted) - 1; /* it may come in two parts */
    for (int idle = 0; idle < 200;) {
        (void)fcntl(reader, F_SETFL, O_NONBLOCK);
        ssize_t got = read(reader, bytes + kept, READ_BYTES - kept);
        if (got <= 0) {
            pause_ms(10);
            idle++;
            continue;
        }
        idle = 0;
        size_t length = kept + (size_t)got;
        bytes[length] = '\0';
        if (strstr(bytes, wanted) != NULL)
            return true;
        kept = length < tail ? length : tail;
        memmove(bytes, bytes + length - kept, kept);
    }
    return false;
}

static void a_log_that_nobody_reads_makes_nobody_wait(void **state)
{
    (void)state;
    char text[TEXT_BYTES + 1];
    struct log_status status;
    memset(text, 'x', TEXT_BYTES);
    text[TEXT_BYTES] = '\0';
    int64_t began_ms = clock_monotonic_ms();
    for (int i = 0; i < LINES; i++)
        log_write(LOG_INFO, "%s", text);
    assert_in_range(clock_monotonic_ms() - began_ms, 0, PROMPT_MS);
    pause_ms(2 * UNREAD_MS);
    log_status_get(&status);
    assert_in_range(status.dropped, LINES / 2, LINES);
    assert_in_range(status.unread_ms, UNREAD_MS, PROMPT_MS);
    assert_in_range(status.since_drop_ms, 0, PROMPT_MS);
    assert_true(comes(NOTICE)); /* somebody reads again, and is told */
    log_write(LOG_INFO, "the last line");
    assert_true(comes("the last line"));
    log_writer_stop(1000);
}

static void what_waits_at_the_end_is_written(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++)
        log_write(LOG_INFO, "line %d.", i);
    log_writer_stop(1000);
    assert_true(comes("line 99."));
    log_write(LOG_INFO, "after the writer");
    assert_true(comes("after the writer"));
}

/* The last test: the process keeps a thread in a write for ever. */
static void an_end_that_nobody_reads_comes_in_time(void **state)
{
    (void)state;
    char text[TEXT_BYTES + 1];
    memset(text, 'x', TEXT_BYTES);
    text[TEXT_BYTES] = '\0';
    for (int i = 0; i < LINES / 10; i++)
        log_write(LOG_INFO, "%s", text);
    int64_t began_ms = clock_monotonic_ms();
    log_writer_stop(100);
    log_write(LOG_INFO, "nobody waits for this one either");
    assert_in_range(clock_monotonic_ms() - began_ms, 50, 2000);
}

int main(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    log_start("test", "info", "json");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_log_that_nobody_reads_makes_nobody_wait, pipe_begin,
                                        pipe_end),
        cmocka_unit_test_setup_teardown(what_waits_at_the_end_is_written, pipe_begin, pipe_end),
        cmocka_unit_test_setup_teardown(an_end_that_nobody_reads_comes_in_time, pipe_begin,
                                        pipe_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
