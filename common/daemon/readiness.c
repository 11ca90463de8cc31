/* readiness.c - looks at every condition, words what is wrong, and logs what has become of it. */
#include "common/daemon/readiness.h"

#include "common/base/clock.h"
#include "common/daemon/daemon_private.h"
#include "common/http/http_accept.h"
#include "common/log/log.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define TELL_EVERY_MS       200
#define LOG_UNREAD_MS_MAX   2000
#define LOG_DROP_HOLD_MS    10000
#define DESCRIPTORS_HOLD_MS 5000

const char *const check_names[CHECK_COUNT] = {
    [CHECK_BROKER] = "broker",           [CHECK_STORE] = "store",
    [CHECK_OUTBOX] = "outbox",           [CHECK_LOOP] = "loop",
    [CHECK_PROCESS] = "process",         [CHECK_LOG] = "log",
    [CHECK_EFFECTS] = "effects",         [CHECK_DOCUMENTS] = "documents",
    [CHECK_DESCRIPTORS] = "descriptors", [CHECK_RELEASE] = "release",
};

static void PRINTF_LIKE(4, 5) check_set(struct readiness *readiness, enum check check,
                                        enum check_status status, const char *format, ...)
{
    assert(check < CHECK_COUNT && status != CHECK_PASS);
    va_list values;
    va_start(values, format);
    readiness->checks[check].status = status;
    (void)vsnprintf(readiness->checks[check].detail, ERROR_MESSAGE_BYTES, format, values);
    va_end(values);
    if (status == CHECK_FAIL)
        readiness->is_ready = false;
}

static void store_look(struct daemon *daemon, const struct engine_status *status,
                       struct readiness *readiness)
{
    char why[ERROR_MESSAGE_BYTES];
    if (!store_gauge_passes(daemon->gauge, why))
        check_set(readiness, CHECK_STORE, CHECK_FAIL, "%s", why);
    else if (status->is_paused)
        check_set(readiness, CHECK_STORE, CHECK_FAIL, "%s", status->pause_reason);
}

/* No reason to take no work: but somebody has to see to it, and the log cannot say so. */
static void log_look(struct readiness *readiness)
{
    struct log_status status;
    log_status_get(&status);
    if (status.unread_ms > LOG_UNREAD_MS_MAX)
        check_set(readiness, CHECK_LOG, CHECK_WARN,
                  "nobody has read the log for %" PRId64 " s; %" PRIu64 " lines were dropped",
                  status.unread_ms / 1000, status.dropped);
    else if (status.since_drop_ms < LOG_DROP_HOLD_MS)
        check_set(readiness, CHECK_LOG, CHECK_WARN, "%" PRIu64 " lines were dropped",
                  status.dropped);
}

/* Nor this: what waits is done once the other side answers. */
static void effects_look(const struct daemon *daemon, struct readiness *readiness)
{
    char why[ERROR_MESSAGE_BYTES];
    const struct effect_port *effects = &daemon->service->effects;
    if (effects->trouble != NULL && effects->trouble(effects->self, why, sizeof why))
        check_set(readiness, CHECK_EFFECTS, CHECK_WARN, "%s", why);
}

static void descriptors_look(struct readiness *readiness)
{
    struct http_accept_status status;
    http_accept_status_get(&status);
    if (status.since_ms < DESCRIPTORS_HOLD_MS)
        check_set(readiness, CHECK_DESCRIPTORS, CHECK_WARN,
                  "no descriptors are left for connections: raise the limit of open files "
                  "(ulimit -n, LimitNOFILE)");
}

void readiness_look(struct daemon *daemon, struct readiness *ret_readiness)
{
    assert(ret_readiness != NULL);
    struct engine_status status;
    char bus_detail[ERROR_MESSAGE_BYTES];
    daemon_status_get(daemon, &status, bus_detail);
    *ret_readiness = (struct readiness){ .is_ready = true };
    if (!status.bus.can_publish || !status.bus.can_consume)
        check_set(ret_readiness, CHECK_BROKER, CHECK_FAIL, "%s",
                  bus_detail[0] != '\0' ? bus_detail : "not connected yet");
    store_look(daemon, &status, ret_readiness);
    if (status.is_outbox_full)
        check_set(ret_readiness, CHECK_OUTBOX, CHECK_FAIL,
                  "%zu documents owe messages that the broker has not taken: requests get 503",
                  status.owed_documents);
    else if (status.refused[0] != '\0')
        check_set(ret_readiness, CHECK_OUTBOX, CHECK_WARN, "%s; the outbox keeps them",
                  status.refused);
    if (status.unreadable > 0 && status.passed_over > 0)
        check_set(ret_readiness, CHECK_DOCUMENTS, CHECK_WARN,
                  "%zu stored documents can only be passed over: %s", status.passed_over,
                  status.unreadable_reason);
    int64_t still_ms = daemon_loop_still_ms(daemon);
    if (still_ms > LOOP_STILL_MS_MAX)
        check_set(ret_readiness, CHECK_LOOP, CHECK_FAIL,
                  "nothing has been done for %" PRId64 " s: the process hangs", still_ms / 1000);
    log_look(ret_readiness);
    effects_look(daemon, ret_readiness);
    descriptors_look(ret_readiness);
    if (status.has_newer) /* no trouble of this process: a newer one has to be there */
        check_set(ret_readiness, CHECK_RELEASE, CHECK_WARN,
                  "left to a newer release, which has to run beside this one: %s",
                  status.newer_reason);
    if (daemon_is_stopping(daemon))
        check_set(ret_readiness, CHECK_PROCESS, CHECK_FAIL, "stopping");
}

void readiness_tell(struct daemon *daemon, struct readiness_log *log)
{
    assert(log != NULL);
    int64_t now_ms = clock_monotonic_ms();
    assert(log->looked_ms <= now_ms);
    struct readiness readiness;
    if (now_ms - log->looked_ms < TELL_EVERY_MS)
        return;
    log->looked_ms = now_ms;
    readiness_look(daemon, &readiness);
    for (int i = 0; i < CHECK_COUNT; i++) {
        bool passes = readiness.checks[i].status == CHECK_PASS;
        const char *detail = passes ? NULL : readiness.checks[i].detail;
        int64_t lasted_ms = 0;
        switch (trouble_look(&log->troubles[i], detail, now_ms, &lasted_ms)) {
        case TROUBLE_BEGINS:
            log_write(readiness.checks[i].status == CHECK_FAIL ? LOG_ERROR : LOG_WARNING,
                      "%s%s: %s", readiness.checks[i].status == CHECK_FAIL ? "not ready: " : "",
                      check_names[i], readiness.checks[i].detail);
            break;
        case TROUBLE_IS_OVER:
            log_write(LOG_INFO, "%s: well again, after %" PRId64 ".%" PRId64 " s", check_names[i],
                      lasted_ms / 1000, lasted_ms % 1000 / 100);
            break;
        case TROUBLE_NOTHING_NEW:
            break;
        }
    }
}
