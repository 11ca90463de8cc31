/* load_saga.h - what one saga of the load is made of, and the bytes that are sent for it.
 * Private to load.c. Pure: everything follows from the run and the saga's number. */
#pragma once

#include "bench/load_http.h"

#include <stdbool.h>
#include <stdint.h>

#define LOAD_ID_SIZE 37 /* a UUID and its NUL */

enum load_kind {
    LOAD_JOB_INTENT,
    LOAD_JOB_PAYMENT,
    LOAD_JOB_INTENT_AGAIN, /* a duplicate */
    LOAD_JOB_PAYMENT_AGAIN,
    LOAD_JOB_WATCH,
    LOAD_JOB_COUNT
};

struct load_plan {
    int64_t intent_after_ns, payment_after_ns;             /* from the saga's begin */
    int64_t intent_again_after_ns, payment_again_after_ns; /* 0: not doubled */
};

struct load_run_id {
    int64_t begin_ms; /* Unix time: the ids of a run are new, and grow like those of real clients */
    uint64_t salt;    /* of this run alone */
    int64_t duplicate_percent, mismatch_percent;
    const char *secret;
};

struct load_plan load_plan_make(const struct load_run_id *run, uint32_t saga);
void load_booking_id(const struct load_run_id *run, uint32_t saga, char ret_id[LOAD_ID_SIZE]);
size_t load_request_write(const struct load_run_id *run, const struct load_job *job,
                          char request[LOAD_REQUEST_SIZE]);
/* The bookings whose outcome the gateway has taken, by its /metrics. */
uint64_t load_settled_read(const char *metrics);
