/* load.h - intents and signed webhooks for a running system, and what is measured of it.
 *
 * Open loop (rate > 0): saga i is due at i / rate, whatever the system does, and every latency
 * counts from the moment the request was due: a system that stalls cannot hide what it delays.
 * Closed loop (rate 0): as many as the connections carry, at most `outstanding` unsettled ones.
 *
 * A third of the payments comes before its intent, a third after it, a third at the same time (up
 * to LOAD_GAP_MS apart). Settled sagas are counted by the gateway's own /metrics. For one saga in
 * `watch_every` a GET with Prefer: wait is waiting at the gateway from its 202 on; its answer with
 * the outcome is the moment it was visible. One thread. */
#pragma once

#include "common/base/attributes.h"
#include "common/base/error.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define LOAD_GAP_MS          100
#define LOAD_CONNECTIONS_MAX 48

struct load_options {
    const char *gateway_url, *payment_url, *secret;
    int64_t rate, seconds, warmup_s, connections, outstanding, watch_every;
    int64_t duplicate_percent, mismatch_percent;
    bool is_edge_only; /* nothing settles: what was answered is done */
    const volatile sig_atomic_t *is_stopped;
};

struct load_samples {
    int64_t *ns;
    size_t count, room;
};

enum load_metric {
    LOAD_INTENT,       /* POST /booking/intent: due -> 202 */
    LOAD_WEBHOOK,      /* POST /payment/captured: due -> 200 */
    LOAD_OUTCOME,      /* the later of both was due -> outcome visible at the gateway */
    LOAD_OUTCOME_HELD, /* the later of both was accepted -> the same */
    LOAD_METRIC_COUNT
};

struct load_result {
    struct load_samples samples[LOAD_METRIC_COUNT]; /* of sagas that began after the warm-up */
    uint64_t started, settled, unavailable, lost, refused;
    double measured_s, settled_per_s;
    double drained_s; /* from the last start until all were settled */
};

/* False: a service cannot be reached, or refuses what it should take. */
MUST_CHECK bool load_run(const struct load_options *options, struct load_result *result,
                         struct error *error);
void load_result_done(struct load_result *result);
void load_sample(struct load_samples *samples, int64_t ns);
void load_result_print(struct load_result *result, bool is_json, FILE *out);
