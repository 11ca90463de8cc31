/* desk.h - where the provider's callers are served: what all its HTTP handlers share. Handlers run
 * on several threads at a time. */
#pragma once

#include "common/http/http_server.h"
#include "provider/courier.h"
#include "provider/faults.h"
#include "provider/journal.h"
#include "provider/service.h"
#include "tracing/tracing.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct desk {
    const struct provider_options *options;
    struct journal *journal;
    struct courier *courier;
    struct tracing_observer *observer; /* may be NULL */
    struct daemon_tracing tracing;

    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t stopping;
    struct faults faults;
    int64_t waiting; /* handlers that a fault keeps waiting */
    bool is_stopping;

    atomic_int_least64_t charges, refunds, replays, refusals, injected;
};

/* The options must outlive the desk. False: the configured faults are malformed. */
MUST_CHECK bool desk_init(struct desk *desk, const struct provider_options *options,
                          struct error *error);
void desk_stop(struct desk *desk); /* lets waiting handlers go; new waits end at once */
void desk_done(struct desk *desk);

/* The routes, with the desk as their self. */
#define DESK_ROUTES 14
void desk_routes(struct desk *desk, struct http_route ret_routes[DESK_ROUTES]);

http_handler desk_charge, desk_refund, desk_refund_by_key; /* desk_money.c */
http_handler desk_ledger, desk_account, desk_summary;      /* desk_ledger.c */
http_handler desk_faults_list, desk_faults_arm, desk_faults_clear;
http_handler desk_livez, desk_readyz, desk_health, desk_metrics; /* desk_health.c */

/* problem+json with a code for programs; refund_id may be NULL. */
void desk_problem(struct http_answer *answer, int status, const char *code, const char *detail,
                  const char *refund_id);
void desk_unavailable(struct http_answer *answer, const struct error *error);

/* The call's fault, drawn and carried out as far as it comes before the work. True: go on, and
 * call desk_fault_after at the end; false: the answer is given. */
bool desk_fault_before(struct desk *desk, enum fault_target target, const char *payment_id,
                       const struct http_request *request, struct http_answer *answer,
                       struct fault *ret_fault);
/* The work is done; true: the answer was taken over by the fault. */
bool desk_fault_after(struct desk *desk, const struct fault *fault, struct http_answer *answer);
