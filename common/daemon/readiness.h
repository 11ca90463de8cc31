/* readiness.h - every condition that makes a service not ready, or is worth a warning, in one
 * table; docs/operations.md tells it to operators. Any thread, but for the log. */
#pragma once

#include "common/base/error.h"
#include "common/daemon/trouble.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct daemon;

enum check {
    CHECK_BROKER,
    CHECK_STORE,
    CHECK_OUTBOX,
    CHECK_LOOP,
    CHECK_LOG,
    CHECK_EFFECTS,
    CHECK_DOCUMENTS,
    CHECK_DESCRIPTORS,
    CHECK_RELEASE,
    CHECK_PROCESS,
    CHECK_COUNT
};

enum check_status {
    CHECK_PASS,
    CHECK_WARN, /* somebody should look; it works on */
    CHECK_FAIL, /* not ready */
};

struct readiness {
    bool is_ready;
    struct {
        enum check_status status;
        char detail[ERROR_MESSAGE_BYTES];
    } checks[CHECK_COUNT];
};

extern const char *const check_names[CHECK_COUNT];

void readiness_look(struct daemon *daemon, struct readiness *ret_readiness);

/* One thread: a line when a check begins to fail, and one when it passes again. */
struct readiness_log {
    struct trouble troubles[CHECK_COUNT];
    int64_t looked_ms;
};
void readiness_tell(struct daemon *daemon, struct readiness_log *log);
