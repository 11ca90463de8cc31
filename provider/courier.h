/* courier.h - carries the journal's pending webhooks to the payment service: a few threads, one
 * connection each. What is pending when the process dies goes on after the restart. */
#pragma once

#include "common/base/attributes.h"
#include "common/base/error.h"
#include "provider/journal.h"
#include "tracing/tracing.h"

#include <stdatomic.h>
#include <stdint.h>

#define COURIER_THREADS    4
#define COURIER_TIMEOUT_MS 3000 /* of one attempt; also bounds courier_stop */

struct courier_counts { /* since the start; for the metrics */
    atomic_int_least64_t acknowledged, failed, given_up;
    atomic_int_least64_t forged_accepted; /* the receiver took a wrong signature for a right one */
    atomic_int_least64_t forged_refused;
};

struct courier_options {
    struct journal *journal;
    const char *url;                   /* http://127.0.0.1:3002 */
    const char *secret;                /* "" = unsigned */
    struct tracing_observer *observer; /* may be NULL */
};

struct courier;
MUST_CHECK struct courier *courier_start(const struct courier_options *options,
                                         struct error *error);
struct courier *courier_stop(struct courier *courier); /* NULL is fine; returns NULL */
void courier_wake(struct courier *courier);            /* something new is pending; any thread */
const struct courier_counts *courier_counts(const struct courier *courier);
